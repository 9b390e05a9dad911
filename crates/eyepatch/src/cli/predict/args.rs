use std::path::PathBuf;

use clap::ValueEnum;
use eyepatch_nn::Precision;
use eyepatch_nn::device::DeviceChoice;

#[derive(clap::Args)]
pub(crate) struct PredictArgs {
    /// The network: densenet121, densenet161, densenet169, densenet201 or densenet-small [default: what the file of
    /// weights says].
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// Its weights.
    #[arg(long)]
    pub(crate) weights: PathBuf,
    /// A folder (every PNG, JPEG and TIFF below it, sorted by path), one image, a CSV table with a column of paths, or
    /// any other file with a path a line. Paths in a file are taken from its own folder.
    #[arg(long)]
    pub(crate) images: PathBuf,
    /// The table's column of paths [default: found].
    #[arg(long)]
    pub(crate) image_column: Option<String>,
    /// The table's column that names the samples [default: their paths].
    #[arg(long)]
    pub(crate) id: Option<String>,
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
    /// Where to write the table sample,class,logit,score, a row an image and class (CSV).
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Where to write the embeddings, 32-bit floats [images, features] in the table's order (NPY).
    #[arg(long)]
    pub(crate) features: Option<PathBuf>,
    /// Write logits only, without a score.
    #[arg(long, conflicts_with = "score")]
    pub(crate) logits: bool,
    /// What turns logits into scores [default: sigmoid].
    #[arg(long, value_enum)]
    pub(crate) score: Option<ScoreArg>,
    /// Names of the classes, in the network's order [default: the file's, else 0,1,…].
    #[arg(long, value_delimiter = ',')]
    pub(crate) classes: Vec<String>,
    /// How images come to their size; the aspect is kept and black put around.
    #[arg(long, value_enum, default_value_t = ResizeArg::Study)]
    pub(crate) resize: ResizeArg,
    /// What pixel values become, after the resize.
    #[arg(long, value_enum, default_value_t = NormaliseArg::ImageMaximum)]
    pub(crate) normalise: NormaliseArg,
    /// Write the table although images are broken, without these; the exit code is 2 all the same. Otherwise it would be
    /// OUT with `partial` in its name.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Replace files that are there.
    #[arg(long)]
    pub(crate) force: bool,
    /// Threads in all; results do not depend on it [default: all cores].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Print JSON: what was written, and how.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum PrecisionArg {
    /// 32 bits.
    F32,
    /// on CPUs with AMX or avx512_bf16 factors split in two 16-bit numbers, nearly as exact; on GPUs 16 bits.
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

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScoreArg {
    /// Each class for itself: 1 / (1 + exp(-logit)).
    #[default]
    Sigmoid,
    /// One class of all: they add up to 1.
    Softmax,
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
