use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::args::{HowArgs, SweepArgs};

/// Reader studies.
#[derive(Subcommand)]
pub(crate) enum ReaderCommand {
    /// Write a page on which people read masked images of a finished run, and the sealed key to it.
    Export(Box<ExportArgs>),
    /// Hold readers' answers against the key: AUC, sensitivity, specificity, agreement.
    Score(ScoreArgs),
}

#[derive(clap::Args)]
pub(crate) struct ExportArgs {
    /// Folder of a run.
    pub(crate) folder: PathBuf,
    /// Folder for reader.html and key.json.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// The audit's id [default: the run's only one].
    #[arg(long)]
    pub(crate) audit: Option<String>,
    /// The run's store [default: FOLDER/store].
    #[arg(long)]
    pub(crate) store: Option<PathBuf>,
    /// The fold whose tested images are shown; folds count from 0.
    #[arg(long, default_value_t = 0)]
    pub(crate) fold: usize,
    /// A masking that is shown, as the report names it; give one or more [default: all that models were trained on].
    #[arg(long)]
    pub(crate) masking: Vec<String>,
    /// A class that readers are asked about; give one or more [default: all].
    #[arg(long)]
    pub(crate) class: Vec<String>,
    /// Positions among the scores of a masking, class and label at which images are taken, from 0 to 1.
    #[arg(long, value_delimiter = ',', default_value = "0.25,0.5,0.75")]
    pub(crate) positions: Vec<f64>,
    /// Positive images a position.
    #[arg(long, default_value_t = 1)]
    pub(crate) per_position: usize,
    /// Negative images a position [default: as many as positive ones].
    #[arg(long)]
    pub(crate) negatives: Option<usize>,
    /// Seed of the choice, the order and the codes. Keep it to yourself: who knows it can undo the blinding [default: drawn, and
    /// kept in the key].
    #[arg(long)]
    pub(crate) study_seed: Option<u64>,
    /// Score from which on the model says yes, for its agreement with readers [default: where it does so as often as the label].
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) threshold: Option<f32>,
    /// What stands on top of the page. It must not tell what readers must not know.
    #[arg(long, default_value = "What do you see in these images?")]
    pub(crate) title: String,
    /// A text file with what readers are told first; blank lines divide paragraphs.
    #[arg(long)]
    pub(crate) instructions: Option<PathBuf>,
    /// Replace a study that is in the folder already. Its key is lost with it.
    #[arg(long)]
    pub(crate) force: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) how: HowArgs,
    #[command(flatten)]
    pub(crate) sweep: SweepArgs,
}

#[derive(clap::Args)]
pub(crate) struct ScoreArgs {
    /// The study's key.json.
    pub(crate) key: PathBuf,
    /// Files that readers saved, one a reader.
    #[arg(required = true)]
    pub(crate) answers: Vec<PathBuf>,
    /// Also write scores.json, scores.md, readings.csv and agreement.csv into this folder.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
