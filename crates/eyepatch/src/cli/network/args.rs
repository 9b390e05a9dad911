use std::path::PathBuf;

use clap::ValueEnum;
use eyepatch_nn::Precision;
use eyepatch_nn::device::DeviceChoice;

/// A network and how images come to it.
#[derive(clap::Args)]
pub(crate) struct NetworkArgs {
    /// The network: densenet121, densenet161, densenet169, densenet201 or densenet-small [default: what the file of
    /// weights says].
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// Its weights.
    #[arg(long)]
    pub(crate) weights: PathBuf,
    /// Height and width in pixels that the network is shown.
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u16).range(16..=4096))]
    pub(crate) size: u16,
    /// Images that go through the network at once; results do not depend on it.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) batch: u16,
    /// auto (the first GPU, else the processor), cpu, cuda or cuda:N.
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    pub(crate) device: DeviceChoice,
    /// What the network counts in.
    #[arg(long, value_enum, default_value_t = PrecisionArg::F32)]
    pub(crate) precision: PrecisionArg,
    /// Names of the classes, in the network's order [default: the file's, else 0,1,…].
    #[arg(long, value_delimiter = ',')]
    pub(crate) classes: Vec<String>,
    /// How images come to their size; the aspect is kept and black put around.
    #[arg(long, value_enum, default_value_t = ResizeArg::Study)]
    pub(crate) resize: ResizeArg,
    /// What pixel values become, after the resize.
    #[arg(long, value_enum, default_value_t = NormaliseArg::ImageMaximum)]
    pub(crate) normalise: NormaliseArg,
    /// Threads in all; results do not depend on it [default: all cores].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum PrecisionArg {
    /// 32 bits.
    F32,
    /// on CPUs with AMX or avx512_bf16 factors split in two 16-bit numbers, nearly as exact; on GPUs factors
    /// rounded to 11 bits (TF32). Sums are 32 bits wide everywhere.
    Bf16,
}

impl From<PrecisionArg> for Precision {
    fn from(precision: PrecisionArg) -> Self {
        match precision {
            PrecisionArg::F32 => Self::F32,
            PrecisionArg::Bf16 => Self::Bf16,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ResizeArg {
    /// As in the study: bilinear with half-pixel centres, not antialiased (TensorFlow's resize_with_pad).
    Study,
    /// As in audits: antialiased, at the image's own depth.
    Antialias,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NormaliseArg {
    /// 0 to 1 by the depth: 8 bit by 255, 16 bit by 65535. As in audits.
    FullScale,
    /// Divided by the original image's largest value, as the study did with images that it met as they were.
    ImageMaximum,
    /// The same, then stretched (least to 0, largest to 255), cut to 8 bit and divided by 255, as the study did with the
    /// films that it prepared for training.
    StudyFilm,
    /// By the depth, then (v - mean) / deviation of ImageNet's red, green and blue, as torchvision's weights expect.
    Imagenet,
}
