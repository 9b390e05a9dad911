use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

#[derive(Subcommand)]
pub(crate) enum StatsCommand {
    /// AUC with a patient-clustered interval, average precision, and sensitivity where the specificity is held.
    Auc(AucArgs),
    /// The difference of two models' AUCs on the same images: DeLong's paired test, clustered by patient.
    Delong(DelongArgs),
    /// AUC, or the difference of two, with intervals from a bootstrap of patients.
    Bootstrap(BootstrapArgs),
    /// Adjust p-values by Holm: at most a stated chance that any true null hypothesis is rejected.
    Holm(AdjustArgs),
    /// Adjust p-values by Benjamini and Hochberg: at most a stated expected share of false rejections.
    Bh(AdjustArgs),
    /// How near probabilities come to outcomes: Brier, ECE, calibration slope and intercept.
    Calibration(CalibrationArgs),
    /// Agreement of readers beyond chance: Cohen's kappa of two, Fleiss' kappa of more.
    Kappa(KappaArgs),
    /// What a study of a given size detects.
    Power(PowerArgs),
}

/// A table of scored images: CSV with a header, separated by commas, semicolons or tabs.
#[derive(clap::Args)]
pub(crate) struct ScoredArgs {
    /// The table: a row an image, with its sample, patient, label (1 positive, 0 negative) and score.
    pub(crate) table: PathBuf,
    /// Column of the sample's id.
    #[arg(long, default_value = "sample")]
    pub(crate) sample: String,
    /// Column of the patient; the sample's where every image is of another patient.
    #[arg(long, default_value = "patient")]
    pub(crate) patient: String,
    /// Column of the label.
    #[arg(long, default_value = "label")]
    pub(crate) label: String,
    /// Column of the fold: scores of different folds are never compared, and AUCs are averaged.
    #[arg(long)]
    pub(crate) fold: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct AucArgs {
    #[command(flatten)]
    pub(crate) scored: ScoredArgs,
    /// Column of the score; higher means more positive.
    #[arg(long, default_value = "score")]
    pub(crate) score: String,
    /// Specificities to hold, for instance 0.9,0.95; the sensitivity there is told.
    #[arg(long, value_delimiter = ',', conflicts_with = "fold")]
    pub(crate) specificity: Vec<f64>,
    /// Coverage of intervals.
    #[arg(long, default_value_t = 0.95)]
    pub(crate) level: f64,
}

/// Two scores of the same images.
#[derive(clap::Args)]
pub(crate) struct PairArgs {
    #[command(flatten)]
    pub(crate) scored: ScoredArgs,
    /// The other model's table, with the same samples; its score is compared with the first one's.
    pub(crate) other: Option<PathBuf>,
    /// Columns of the scores: one, or two of one table that are compared.
    #[arg(long, value_delimiter = ',', default_value = "score")]
    pub(crate) score: Vec<String>,
    /// Coverage of intervals.
    #[arg(long, default_value_t = 0.95)]
    pub(crate) level: f64,
}

#[derive(clap::Args)]
pub(crate) struct DelongArgs {
    #[command(flatten)]
    pub(crate) pair: PairArgs,
}

#[derive(clap::Args)]
pub(crate) struct BootstrapArgs {
    #[command(flatten)]
    pub(crate) pair: PairArgs,
    /// Draws of patients.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub(crate) replicates: u32,
    /// Seed of the draws.
    #[arg(long, default_value_t = 1907)]
    pub(crate) seed: u64,
}

#[derive(clap::Args)]
pub(crate) struct AdjustArgs {
    /// The table: a row a hypothesis.
    pub(crate) table: PathBuf,
    /// Column of the p-values.
    #[arg(long, default_value = "p")]
    pub(crate) p: String,
    /// Column of the hypotheses' names [default: the line].
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Rate of errors to be held.
    #[arg(long, default_value_t = 0.05)]
    pub(crate) alpha: f64,
}

/// How probabilities are put into bins.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum BinningArg {
    /// Edges at 0, 1/B, ..., 1.
    EqualWidth,
    /// Edges at quantiles, so that bins hold as many images as ties allow.
    EqualMass,
}

#[derive(clap::Args)]
pub(crate) struct CalibrationArgs {
    #[command(flatten)]
    pub(crate) scored: ScoredArgs,
    /// Column of the probability of being positive.
    #[arg(long, default_value = "score")]
    pub(crate) score: String,
    /// Bins of the calibration error.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) bins: u16,
    /// Kind of bins; each is closed above.
    #[arg(long, value_enum, default_value_t = BinningArg::EqualWidth)]
    pub(crate) binning: BinningArg,
    /// Coverage of intervals.
    #[arg(long, default_value_t = 0.95)]
    pub(crate) level: f64,
}

/// How much two grades disagree.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WeightsArg {
    /// Wholly, unless they are the same.
    None,
    /// By their distance.
    Linear,
    /// By its square.
    Quadratic,
}

#[derive(clap::Args)]
pub(crate) struct KappaArgs {
    /// The table: a row a rated subject.
    pub(crate) table: PathBuf,
    /// Columns of the readers' ratings, for instance reader_1,reader_2; more than two give Fleiss' kappa.
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) ratings: Vec<String>,
    /// Weights of Cohen's kappa; grades are ordered as numbers where all are numbers, else as text.
    #[arg(long, value_enum, default_value_t = WeightsArg::None)]
    pub(crate) weights: WeightsArg,
    /// Coverage of the interval.
    #[arg(long, default_value_t = 0.95)]
    pub(crate) level: f64,
}

#[derive(clap::Args)]
pub(crate) struct PowerArgs {
    /// Patients with the finding, in all folds together.
    #[arg(long)]
    pub(crate) positive: usize,
    /// Patients without it.
    #[arg(long)]
    pub(crate) negative: usize,
    /// Test folds that they are spread over.
    #[arg(long, default_value_t = 1)]
    pub(crate) folds: usize,
    /// Level of the one-sided test; of several tests the smallest adjusted one.
    #[arg(long, default_value_t = 0.05)]
    pub(crate) alpha: f64,
    /// Power that the detectable gap is told for.
    #[arg(long, default_value_t = 0.8)]
    pub(crate) power: f64,
    /// Gap AUC - 0.5 that is still tolerated.
    #[arg(long, default_value_t = 0.05)]
    pub(crate) margin: f64,
    /// Also tell with what power a true gap AUC - 0.5 of this size is found.
    #[arg(long)]
    pub(crate) gap: Option<f64>,
}

/// Below the commands.
pub(crate) const AFTER_HELP: &str = "All print JSON. A table that cannot be read as asked is refused with its line and what to \
do (exit code 2), and so is a statistic that the data do not support (one class, a single patient, ratings of one category).";
