use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::network::NetworkArgs;

#[derive(clap::Args)]
pub(crate) struct PredictArgs {
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
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
    /// Write the table although images are broken, without these; the exit code is 2 all the same. Otherwise it would be
    /// OUT with `partial` in its name.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Replace files that are there.
    #[arg(long)]
    pub(crate) force: bool,
    /// Print JSON: what was written, and how.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScoreArg {
    /// Each class for itself: 1 / (1 + exp(-logit)).
    #[default]
    Sigmoid,
    /// One class of all: they add up to 1.
    Softmax,
}
