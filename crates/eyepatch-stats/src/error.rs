use serde::{Deserialize, Serialize};

/// Why a statistic cannot be computed from the data at hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotEstimable {
    /// There are no scores.
    #[error("there are no scores")]
    Empty,
    /// Labels, scores and patients differ in number.
    #[error("{labels} labels do not go with {found} {what}")]
    LengthMismatch {
        /// What differs in number from the labels: `scores`, `patients`, `weights` or `groups`.
        what: String,
        /// Number of labels.
        labels: usize,
        /// Number of the others.
        found: usize,
    },
    /// All labels are the same.
    #[error("all {n} labels are {}", if *.positive { "positive" } else { "negative" })]
    OneClass {
        /// The class there is.
        positive: bool,
        /// How many labels.
        n: usize,
    },
    /// A score is not a number.
    #[error("the score at index {index} is not a number")]
    NanScore {
        /// 0-based index of the first.
        index: usize,
    },
    /// A score that is read as a probability is none.
    #[error("the score at index {index} is no probability: below 0 or above 1")]
    NotProbability {
        /// 0-based index of the first.
        index: usize,
    },
    /// A probability of 0 or 1 has no logit.
    #[error("the probability at index {index} is 0 or 1, so its logit is infinite")]
    InfiniteLogit {
        /// 0-based index of the first.
        index: usize,
    },
    /// All values are the same where they must differ.
    #[error("all {what} are the same")]
    Constant {
        /// What is: `probabilities`, `ratings`.
        what: String,
    },
    /// The classes do not overlap, so a likelihood grows without end.
    #[error("the scores part the classes without overlap, so no slope is the most likely one")]
    Separated,
    /// There are fewer of something than its statistic needs.
    #[error("{n} {what} are too few: at least {needed} are needed")]
    TooFew {
        /// What there is too little of: `raters`, `subjects`.
        what: String,
        /// How many there are.
        n: usize,
        /// How many there must be.
        needed: usize,
    },
    /// A weight is negative or not finite.
    #[error("the weight at index {index} is negative or not a finite number")]
    BadWeight {
        /// 0-based index of the first.
        index: usize,
    },
    /// A test divides by a variance that is 0, though there is a difference to test.
    #[error(
        "the AUCs differ, and their difference does not vary from image to image: each is 0, 1 or of equal scores"
    )]
    NoVariance,
    /// A variance between images needs two of them in each class.
    #[error("there is one {} image, and a variance needs 2", if *.positive { "positive" } else { "negative" })]
    OneImage {
        /// The class that is short.
        positive: bool,
    },
    /// Too many bootstrap replicates lack a class to make an interval of the others.
    #[error("{failed} of {replicates} bootstrap replicates have no AUC: a class has too few patients")]
    FewReplicates {
        /// Replicates without a value.
        failed: usize,
        /// All replicates.
        replicates: usize,
    },
    /// A jackknife leaves out one patient at a time, and a class has only that one.
    #[error("a fold without one of its patients has no AUC")]
    NoJackknife,
    /// A variance between patients needs two of them in each class.
    #[error("{n} patient has a {} image, and a variance needs 2", if *.positive { "positive" } else { "negative" })]
    OnePatient {
        /// The class that is short.
        positive: bool,
        /// How many patients it has.
        n: usize,
    },
}

/// What can go wrong in this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatsError {
    /// A statistic of the whole is not estimable.
    #[error(transparent)]
    NotEstimable(#[from] NotEstimable),
    /// One fold's AUC is not estimable. The caller may leave that fold out, and then says so.
    #[error("fold {fold}: {reason}")]
    FoldNotEstimable {
        /// The fold, as the caller numbers it.
        fold: usize,
        /// Why.
        reason: NotEstimable,
    },
    /// Two folds carry one number.
    #[error("fold {fold} is given twice")]
    DuplicateFold {
        /// The number.
        fold: usize,
    },
    /// A contrast of nothing.
    #[error("a contrast needs at least one AUC")]
    NoTerms,
    /// Folds and slices of weights, or of groups, differ in number.
    #[error("{folds} folds have {weights} sets of weights")]
    WeightCount {
        /// Number of folds.
        folds: usize,
        /// Number of slices.
        weights: usize,
    },
    /// A group has images of one label only, so no weight makes it say nothing of the label.
    #[error("group {group} has {} images only", if *.positive { "positive" } else { "negative" })]
    GroupOfOneLabel {
        /// The group, as the caller numbers it.
        group: usize,
        /// The label there is.
        positive: bool,
    },
    /// A number lies outside its range.
    #[error("{name} must be {range} and is {found}")]
    OutOfRange {
        /// The argument.
        name: &'static str,
        /// What it may be.
        range: &'static str,
        /// What it is.
        found: f64,
    },
    /// There are no rows to split.
    #[error("there are no rows to split")]
    NoRows,
    /// Groups and labels differ in number.
    #[error("{groups} rows have {labels} labels")]
    LabelCount {
        /// Number of rows.
        groups: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A row that is to be split does not exist.
    #[error("row {row} is not one of the {rows} rows")]
    RowOutOfRange {
        /// The 0-based row asked for.
        row: usize,
        /// How many there are.
        rows: usize,
    },
    /// A row is named twice.
    #[error("row {row} is given twice")]
    DuplicateRow {
        /// The 0-based row.
        row: usize,
    },
    /// There are fewer patients than parts to spread them over.
    #[error("{}{patients} patients cannot fill {parts} parts", class_text(*class))]
    TooFewPatients {
        /// The class that is short; `None` where all patients together are.
        class: Option<usize>,
        /// Patients it has.
        patients: usize,
        /// Parts to fill.
        parts: usize,
    },
    /// Patients hold several classes in such a way that no part-by-part placing gave each part every class.
    #[error("part {part} received no patient of class {class}; use fewer parts or another seed")]
    ClassMissing {
        /// The 0-based part.
        part: usize,
        /// The class.
        class: usize,
    },
    /// A patient lies in two parts of a split.
    #[error("patient `{patient}` is in `{first}` (row {first_row}) and in `{second}` (row {second_row})")]
    PatientOverlap {
        /// The patient.
        patient: String,
        /// One part.
        first: String,
        /// 0-based row that put the patient there.
        first_row: usize,
        /// The other part.
        second: String,
        /// 0-based row that put the patient there.
        second_row: usize,
    },
    /// A number of folds below 2; in scikit-learn's words, as what follows.
    #[error(
        "k-fold cross-validation requires at least one train/test split by setting n_splits=2 or more, got \
         n_splits={n_splits}."
    )]
    TooFewSplits {
        /// Folds asked for.
        n_splits: usize,
    },
    /// More folds than rows.
    #[error(
        "Cannot have number of splits n_splits={n_splits} greater than the number of samples: n_samples={rows}."
    )]
    MoreSplitsThanRows {
        /// Folds asked for.
        n_splits: usize,
        /// Rows.
        rows: usize,
    },
    /// More folds than groups.
    #[error("Cannot have number of splits n_splits={n_splits} greater than the number of groups: {groups}.")]
    MoreSplitsThanGroups {
        /// Folds asked for.
        n_splits: usize,
        /// Different groups.
        groups: usize,
    },
    /// No class has a row for every fold.
    #[error("n_splits={n_splits} cannot be greater than the number of members in each class.")]
    MoreSplitsThanMembers {
        /// Folds asked for.
        n_splits: usize,
    },
    /// A test share that is none.
    #[error(
        "test_size={test_size:?} should be either positive and smaller than the number of samples {groups} or a \
         float in the (0, 1) range"
    )]
    TestSize {
        /// The share asked for.
        test_size: f64,
        /// Different groups.
        groups: usize,
    },
    /// The test part takes every group.
    #[error(
        "With n_samples={groups}, test_size={test_size:?} and train_size=None, the resulting train set will be \
         empty. Adjust any of the aforementioned parameters."
    )]
    EmptyTraining {
        /// The share asked for.
        test_size: f64,
        /// Different groups.
        groups: usize,
    },
    /// The column to stratify by holds numbers that are not whole.
    #[error(
        "Supported target types are: ('binary', 'multiclass'). Got 'continuous' instead. (row {row}: {value})"
    )]
    NotClasses {
        /// The first 0-based row with a fraction.
        row: usize,
        /// Its cell.
        value: String,
    },
}

fn class_text(class: Option<usize>) -> String {
    class.map_or_else(String::new, |c| format!("class {c}: "))
}
