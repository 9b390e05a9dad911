use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use eyepatch_core::{Keep, Shape};
use eyepatch_nn::device::DeviceChoice;

use super::cache::CacheArgs;
use super::dataset::TableArgs;
use super::explain::ExplainArgs;
use super::predict::PredictArgs;
use super::split::{AFTER_HELP, SplitArgs};

/// Cover the part of the image that matters and see whether the model still answers: if it does, it learnt a shortcut.
#[derive(Parser)]
#[command(name = "eyepatch", version, max_term_width = 100)]
pub(crate) struct Args {
    /// Log more to standard error (-v info, -vv debug, -vvv trace); EYEPATCH_LOG sets a filter.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the audits and plugins that are linked into this program.
    List(ListArgs),
    /// Run audits to a report. A run that was stopped goes on where it was.
    Run(Box<RunArgs>),
    /// Show what a run would do before it starts: cells, time, disk, minimal detectable gap.
    Plan(Box<PlanArgs>),
    /// Make the report again from a run's result.
    Report(ReportArgs),
    /// Tell what changed between two runs, and whether it is more than noise.
    Compare(super::compare::CompareArgs),
    /// Check this machine and this program.
    Doctor(DoctorArgs),
    /// Work on a ROI: any non-zero pixel is inside; written as 0 and 255.
    #[command(subcommand)]
    Roi(RoiCommand),
    /// Mask one image, or with --plan all images of an audit, for a model that lives elsewhere.
    Mask(MaskArgs),
    /// Look for what gives a data set's labels away: leaks, copies, columns that tell the class, mistakes of preparation.
    Check(Box<super::check::CheckArgs>),
    /// Prepare a data set: images of one size in a file that runs map into memory and share.
    Prepare(Box<super::prepare::PrepareArgs>),
    /// Split a table into folds by patient, by our own scheme or as scikit-learn does.
    #[command(after_help = AFTER_HELP)]
    Split(SplitArgs),
    /// Compute one statistic of a table as JSON: AUC, DeLong's test, bootstrap, adjusted p-values, calibration, kappa, power.
    #[command(subcommand, after_help = super::stats::AFTER_HELP)]
    Stats(super::stats::StatsCommand),
    /// Look into weight files (safetensors, and .pth, .pt or .tar of PyTorch) and convert them.
    #[command(subcommand)]
    Weights(super::weights::WeightsCommand),
    /// Show images to a network and write its scores.
    Predict(Box<PredictArgs>),
    /// Tell what a network's answer for one image comes from: SHAP, occlusion, gradients, Grad-CAM.
    Explain(Box<ExplainArgs>),
    /// Reader studies: let people read masked images of a run, and hold their answers against the model's.
    #[command(subcommand)]
    Reader(super::reader::ReaderCommand),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual pages of all commands.
    Man(ManArgs),
}

#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
pub(crate) struct ManArgs {
    /// Write one file a page (eyepatch.1, eyepatch-run.1, …) into this folder instead.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(crate) struct RunArgs {
    /// Part of an audit's id, or one of its tags; `sweep` for a masking sweep of your own table.
    pub(crate) filter: String,
    /// Folder for the result [default: eyepatch-out/FILTER].
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Folder of the run store, which several runs may share [default: OUT/store].
    #[arg(long)]
    pub(crate) store: Option<PathBuf>,
    /// Where models are trained and asked: auto (the first GPU, else the processor), cpu, cuda or cuda:N.
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    pub(crate) device: DeviceChoice,
    #[command(flatten)]
    pub(crate) gate: super::gate::GateArgs,
    /// Print the result's summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) how: HowArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    #[command(flatten)]
    pub(crate) sweep: SweepArgs,
}

#[derive(clap::Args)]
pub(crate) struct PlanArgs {
    /// Part of an audit's id, or one of its tags; `sweep` for a masking sweep of your own table.
    pub(crate) filter: String,
    /// Also write the plan to this file, for `eyepatch mask --plan` and `eyepatch run sweep --plan`.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) how: HowArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    #[command(flatten)]
    pub(crate) sweep: SweepArgs,
}

#[derive(clap::Args)]
pub(crate) struct HowArgs {
    /// The audit's quick form: fewer images, folds and epochs, for trying out only.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Threads in all; results do not depend on it [default: all cores].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
}

/// The study's ways of making a sweep's folds.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemeArg {
    /// As the study did with chest films: a fifth of the patients, drawn with seed 1907, is the one test set of all folds; each
    /// fold's own part watches its training (scikit-learn's GroupShuffleSplit, then GroupKFold).
    GroupHoldoutKfold,
    /// As the study did with fundus images: balanced by label (scikit-learn's StratifiedGroupKFold, not shuffled).
    StratifiedGroupKfold,
}

/// A masking sweep of one's own table, without writing Rust. An option of it that a command would not use is refused
/// in `forms`.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "For `sweep`: a table of your own")]
pub(crate) struct SweepArgs {
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// A set that `eyepatch prepare` wrote, instead of a table.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["TableArgs", "data_params"])]
    pub(crate) prepared: Option<PathBuf>,
    /// Working height and width in pixels [default: the model's]; also for declared audits.
    #[arg(long, value_parser = clap::value_parser!(u16).range(16..=4096))]
    pub(crate) size: Option<u16>,
    /// Folds, by patient [default: 3]; also for declared audits.
    #[arg(long, conflicts_with = "quick", value_parser = clap::value_parser!(u16).range(2..=50))]
    pub(crate) folds: Option<u16>,
    /// Folds from a file with the columns sample,fold,part or row,fold,part instead, for instance from `eyepatch split`.
    #[arg(long, conflicts_with_all = ["folds", "quick"])]
    pub(crate) splits: Option<PathBuf>,
    /// How folds are made instead of balanced ones, with 5 folds where --folds says nothing.
    #[arg(long, value_enum, conflicts_with = "splits")]
    pub(crate) scheme: Option<SchemeArg>,
    /// With stratified-group-kfold: the rows that are the one test set of all folds, as COLUMN=VALUE.
    #[arg(long, requires = "scheme")]
    pub(crate) test_where: Option<String>,
    /// Extra dilations of the exact regions, pixels of the working size, for instance 2,5,10.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) dilate: Vec<i32>,
    /// Flag a class whose AUC with the region hidden lies above this [default: 0.55].
    #[arg(long)]
    pub(crate) flag_above: Option<f64>,
    /// Root seed [default: 1907]; also for declared audits.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// The model's id [default: eyepatch/densenet].
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// The model's parameters as JSON, for instance '{"epochs": 20}'; also for declared audits.
    #[arg(long)]
    pub(crate) model_params: Option<String>,
    /// Further parameters of the data set as JSON, for instance '{"licence": "CC BY 4.0"}'.
    #[arg(long)]
    pub(crate) data_params: Option<String>,
    /// Scores that a model computed elsewhere (sample,masking,fill,fold,class,score).
    #[arg(long)]
    pub(crate) scores: Option<PathBuf>,
    /// The manifest that the scores answer [default: manifest.csv beside the scores].
    #[arg(long, requires = "scores")]
    pub(crate) manifest: Option<PathBuf>,
    /// A plan file instead of a table.
    #[arg(long, conflicts_with_all = ["table", "prepared"])]
    pub(crate) plan: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(crate) struct ReportArgs {
    /// Folder of a run.
    pub(crate) folder: PathBuf,
    /// Print a summary as Markdown instead of writing report.html.
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Print the result as JSON instead of writing report.html.
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) json: bool,
    /// Make the form that may leave the house: without images, paths and ids, and with counts below 5 held back. Written
    /// to report-shared.html.
    #[arg(long)]
    pub(crate) share: bool,
    /// Where the shared report is written, instead of FOLDER/report-shared.html.
    #[arg(long, value_name = "FILE", requires = "share", conflicts_with_all = ["markdown", "json"])]
    pub(crate) out: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(crate) struct DoctorArgs {
    /// Leave out the speed test, which takes about five seconds.
    #[arg(long)]
    pub(crate) no_speed: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum RoiCommand {
    /// Dilate a ROI by city-block distance (N iterations of a 3x3 plus sign); N < 0 erodes.
    Dilate(DilateArgs),
    /// The bounding box of a ROI.
    Box(BoxArgs),
    /// A ROI from run-length codes in a table, as CheXmask has them.
    Rle(RleArgs),
}

#[derive(clap::Args)]
pub(crate) struct RleArgs {
    /// The table: a row an image, with run-length codes (1-based `start length` pairs, rows first), Height and Width.
    #[arg(long)]
    pub(crate) csv: PathBuf,
    /// The image's id.
    #[arg(long)]
    pub(crate) id: String,
    /// Column of the ids [default: the first of ImageID, Image Index, image_id, dicom_id, id].
    #[arg(long)]
    pub(crate) id_column: Option<String>,
    /// Columns of the codes that are united, for instance "Left Lung,Right Lung".
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) columns: Vec<String>,
    /// The images' height in pixels, where the table does not tell it.
    #[arg(long, requires = "width")]
    pub(crate) height: Option<u16>,
    /// The images' width in pixels, where the table does not tell it.
    #[arg(long, requires = "height")]
    pub(crate) width: Option<u16>,
    /// Where to write the ROI (PNG).
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Print JSON: what was written, and how much of it is inside.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
pub(crate) struct DilateArgs {
    /// The ROI.
    #[arg(long)]
    pub(crate) roi: PathBuf,
    /// Radius in pixels.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) radius: i32,
    /// Where to write the result (PNG).
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Print JSON: what was written, and how much of it is inside.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
pub(crate) struct BoxArgs {
    /// The ROI.
    #[arg(long)]
    pub(crate) roi: PathBuf,
    /// Where to write the result (PNG).
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Print JSON: what was written, and how much of it is inside.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which side of the region stays visible.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum KeepArg {
    /// Only the region.
    Inside,
    /// All but the region.
    Outside,
}

impl From<KeepArg> for Keep {
    fn from(keep: KeepArg) -> Self {
        match keep {
            KeepArg::Inside => Self::Inside,
            KeepArg::Outside => Self::Outside,
        }
    }
}

/// The region's outline.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ShapeArg {
    /// As segmented.
    Exact,
    /// Its bounding box.
    Box,
    /// The study's box: the ROI united with its box without the box's last row and column.
    BoxPublished,
}

impl From<ShapeArg> for Shape {
    fn from(shape: ShapeArg) -> Self {
        match shape {
            ShapeArg::Exact => Self::Exact,
            ShapeArg::Box => Self::Box,
            ShapeArg::BoxPublished => Self::BoxPublished,
        }
    }
}

#[derive(clap::Args)]
pub(crate) struct MaskArgs {
    /// The image.
    #[arg(long, required_unless_present = "plan")]
    pub(crate) image: Option<PathBuf>,
    /// Its ROI, of the same size.
    #[arg(long, required_unless_present = "plan")]
    pub(crate) roi: Option<PathBuf>,
    /// What stays visible.
    #[arg(long, value_enum, required_unless_present = "plan")]
    pub(crate) keep: Option<KeepArg>,
    /// The region's outline [default: exact].
    #[arg(long, value_enum)]
    pub(crate) shape: Option<ShapeArg>,
    /// Dilate the region by N pixels before its box is taken; N < 0 erodes [default: 0].
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) dilate: Option<i32>,
    /// What hidden pixels become: black, mean, local-mean:R, visible-mean, average, donors:N, blur:KX,KY, gaussian:SIGMA,
    /// noise, own-noise, inpaint [default: black].
    #[arg(long)]
    pub(crate) fill: Option<String>,
    /// Another region than the ROI: none, swap:OTHER.png (its ROI), moved, blob, dice:D (a wrong outline), or a part of the image
    /// without it: rim:F, corners:F, background:F, with a fraction F of the shorter side [default: none].
    #[arg(long)]
    pub(crate) control: Option<String>,
    /// Width of a soft edge in pixels [default: 0].
    #[arg(long)]
    pub(crate) feather: Option<u32>,
    /// Images that `mean` and `noise` learn from, of the same channels [default: the image itself, hidden part included].
    #[arg(long, num_args = 1..)]
    pub(crate) training: Vec<PathBuf>,
    /// Seed of noise and of random regions [default: 1907].
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// A plan file (`eyepatch plan … --out`) or an audit's id: mask all its images and write manifest.csv.
    #[arg(long, conflicts_with_all = ["image", "roi", "keep", "shape", "dilate", "fill", "control", "feather", "training", "seed"])]
    pub(crate) plan: Option<PathBuf>,
    /// Where to write: a PNG, or with --plan a folder.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Print JSON: what was written.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    /// Names that clash, defaults that do not parse: the parser itself knows.
    #[test]
    fn the_parser_finds_nothing_wrong_with_the_commands() {
        super::Args::command().debug_assert();
    }
}
