use std::path::PathBuf;

use clap::ValueEnum;

/// How folds are made.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scheme {
    /// Our own: by patient, each fold with near its share of every stratum; each row is tested once.
    Balanced,
    /// scikit-learn's GroupShuffleSplit: each fold draws a share of the patients that it tests.
    GroupShuffle,
    /// scikit-learn's GroupKFold: by patient, folds with near as many rows; each row is tested once.
    GroupKfold,
    /// scikit-learn's StratifiedGroupKFold: by patient, balanced by --stratify; each row is tested once.
    StratifiedGroupKfold,
    /// scikit-learn's StratifiedKFold: balanced by --stratify, patients are parted; each row is tested once.
    StratifiedKfold,
}

impl Scheme {
    /// Its name on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Balanced => "balanced",
            Self::GroupShuffle => "group-shuffle",
            Self::GroupKfold => "group-kfold",
            Self::StratifiedGroupKfold => "stratified-group-kfold",
            Self::StratifiedKfold => "stratified-kfold",
        }
    }

    pub(super) fn stratifies(self) -> bool {
        matches!(self, Self::Balanced | Self::StratifiedGroupKfold | Self::StratifiedKfold)
    }

    pub(super) fn groups(self) -> bool {
        self != Self::StratifiedKfold
    }

    pub(super) fn may_shuffle(self) -> bool {
        matches!(self, Self::GroupKfold | Self::StratifiedGroupKfold | Self::StratifiedKfold)
    }
}

/// Below the options.
pub(crate) const AFTER_HELP: &str = "The schemes of scikit-learn give the rows that its version 1.9.1 gives for the same \
seed on the columns as pandas reads them: patients are sorted as numbers where all are numbers, else as text. They write \
row,fold,part, where row is the 0-based row of the table; balanced writes sample,fold,part. `eyepatch run sweep --splits` \
reads both; parts are train and test, and a sweep takes a validation part out of train.";

#[derive(clap::Args)]
pub(crate) struct SplitArgs {
    /// The table (CSV with a header; separated by commas, semicolons or tabs).
    #[arg(long)]
    pub(crate) table: PathBuf,
    /// Column of the patient's id. Only stratified-kfold does without.
    #[arg(long)]
    pub(crate) group: Option<String>,
    /// How folds are made.
    #[arg(long, value_enum, default_value_t = Scheme::Balanced)]
    pub(crate) scheme: Scheme,
    /// Column to balance folds by; given more than once, by their combinations (label and site, say).
    #[arg(long)]
    pub(crate) stratify: Vec<String>,
    /// Share of the patients that group-shuffle tests, rounded up to whole patients [default: 0.2].
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) test: Option<f64>,
    /// Folds; of group-shuffle the number of draws [default: 3 of balanced, else 5].
    #[arg(long, value_parser = clap::value_parser!(u16).range(..=1000))]
    pub(crate) folds: Option<u16>,
    /// Shuffle before folds are made (group-kfold, stratified-group-kfold, stratified-kfold); else --seed changes nothing.
    #[arg(long)]
    pub(crate) shuffle: bool,
    /// Seed; scikit-learn's `random_state` [default: 1907].
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Column of the sample's id, which balanced writes [default: found].
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// Where to write the folds.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Print JSON: what was written, and how many rows and patients each fold tests.
    #[arg(long)]
    pub(crate) json: bool,
}
