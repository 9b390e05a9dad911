use std::path::PathBuf;

use clap::ValueEnum;

use super::fill::Fill;
use crate::cli::network::NetworkArgs;

#[derive(clap::Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// The image; it comes to the network as with `eyepatch predict`.
    #[arg(long)]
    pub(crate) image: PathBuf,
    /// How it is explained.
    #[arg(long, value_enum, default_value_t = MethodArg::Partition)]
    pub(crate) method: MethodArg,
    /// What hidden parts become: black, mean, noise, inpaint, blur:KX,KY (a box, pixels) or gaussian:SIGMA (pixels) [default: black].
    /// Given several times, SHAP's values are the mean over all of them, which share the evaluations.
    #[arg(long)]
    pub(crate) fill: Vec<Fill>,
    /// Images shown to the network at most: partition, permutation and kernel explain all classes from them, the others one
    /// class [default: 1000 for these three, for the others what they take].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) evals: Option<u32>,
    /// A class to explain, by name or number from 0; may be given several times [default: all].
    #[arg(long = "class", value_name = "CLASS")]
    pub(crate) chosen: Vec<String>,
    /// Further parameters of the method as JSON, for instance '{"layer": "features.denseblock3"}'; `eyepatch list` names
    /// the plugins.
    #[arg(long)]
    pub(crate) params: Option<String>,
    /// Seed of whatever is drawn.
    #[arg(long, default_value_t = 1907)]
    pub(crate) seed: u64,
    /// A ROI of the image's size: outlined in the picture, and the shares of the attribution inside and outside are told.
    #[arg(long)]
    pub(crate) roi: Option<PathBuf>,
    /// Keep the image's channels apart in --out; only partition tells them apart.
    #[arg(long)]
    pub(crate) channels: bool,
    /// Where to write the values, 32-bit floats [classes, rows, columns] on the method's own grid, summed over channels, or
    /// with --channels [classes, channels, rows, columns] (NPY).
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Where to write the picture: the image, then a column a class, of more than five those with the largest outputs (PNG).
    #[arg(long)]
    pub(crate) plot: Option<PathBuf>,
    /// Replace files that are there.
    #[arg(long)]
    pub(crate) force: bool,
    /// Print JSON: what was found, what was written, and how.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MethodArg {
    /// SHAP: Owen values of nested boxes, as shap's partition explainer.
    Partition,
    /// SHAP: parts of the image in random orders, forwards and backwards.
    Permutation,
    /// SHAP: weighted least squares over coalitions of parts.
    Kernel,
    /// How much the output falls where a patch is covered.
    Occlusion,
    /// Integrated gradients.
    Ig,
    /// Grad-CAM.
    Gradcam,
    /// Grad-CAM++.
    #[value(name = "gradcam++")]
    GradcamPlusPlus,
    /// Mean gradient over noisy copies.
    Smoothgrad,
    /// Network input times gradient.
    InputXGradient,
}
