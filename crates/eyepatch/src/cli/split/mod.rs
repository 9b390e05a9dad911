//! `eyepatch split`: folds of any table, by our own scheme or by scikit-learn's.

mod args;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_report::escape::csv_cell;
use eyepatch_stats::sklearn::{
    Folds, GroupKFold, GroupShuffleSplit, Keys, StratifiedGroupKFold, StratifiedKFold,
};
use eyepatch_stats::{Holdout, StatsError, group_kfold, joint_strata};
use serde_json::json;

use args::Scheme;
pub(crate) use args::{AFTER_HELP, SplitArgs};
use rows::Rows;

use super::error::CliError;
use super::{Outcome, files};

const DEFAULT_SEED: u64 = 1907;
const DEFAULT_TEST: f64 = 0.2;

/// Folds of a table, as `--splits` reads them.
pub(crate) fn split(args: &SplitArgs) -> Result<Outcome, CliError> {
    for note in notes(args)? {
        files::complain(&format!("note: {note}"));
    }
    let rows = Rows::read(args)?;
    let made = folds(args, &rows)?;
    for warning in warnings(args, &rows, &made) {
        files::complain(&format!("warning: {warning}"));
    }
    let text = written(&rows, &made.folds).map_err(|e| CliError::file(&args.out, e, ""))?;
    files::write_bytes(&args.out, &text)?;
    if !args.json {
        return Ok(Outcome::Fine);
    }
    let tested = |(k, fold): (usize, &Holdout)| {
        let of =
            |groups: &Vec<String>| fold.held_out.iter().map(|&r| &groups[r]).collect::<BTreeSet<_>>().len();
        json!({ "fold": k, "test_rows": fold.held_out.len(), "test_patients": rows.groups.as_ref().map(of) })
    };
    let folds: Vec<_> = made.folds.iter().enumerate().map(tested).collect();
    let scheme = args.scheme.name();
    files::print_json(&json!({ "out": args.out, "scheme": scheme, "rows": rows.count, "folds": folds }))
}

/// Refuses what a scheme cannot do without, and tells what it has no use for.
fn notes(args: &SplitArgs) -> Result<Vec<String>, CliError> {
    let scheme = args.scheme;
    let missing = |what: &str, option: &str| {
        let remedy = format!("name its column with {option}");
        Err(CliError::usage(format!("{} needs {what}", scheme.name()), remedy))
    };
    if scheme.groups() && args.group.is_none() {
        return missing("the patient of every row", "--group");
    }
    if scheme.stratifies() && scheme != Scheme::Balanced && args.stratify.is_empty() {
        return missing("a class to stratify by", "--stratify");
    }
    let idle = [
        ("--stratify", !args.stratify.is_empty() && !scheme.stratifies()),
        ("--test", args.test.is_some() && scheme != Scheme::GroupShuffle),
        ("--shuffle", args.shuffle && !scheme.may_shuffle()),
        ("--id", args.id.is_some() && scheme != Scheme::Balanced),
    ];
    let mut notes: Vec<String> = idle
        .into_iter()
        .filter(|(_, idle)| *idle)
        .map(|(option, _)| format!("{option} changes nothing: {} does not use it", scheme.name()))
        .collect();
    if args.seed.is_some() && scheme.may_shuffle() && !args.shuffle {
        notes.push(format!("--seed changes nothing: {} shuffles only with --shuffle", scheme.name()));
    }
    Ok(notes)
}

fn folds(args: &SplitArgs, rows: &Rows) -> Result<Folds, CliError> {
    let n_splits = usize::from(args.folds.unwrap_or(if args.scheme == Scheme::Balanced { 3 } else { 5 }));
    let seed = args.seed.unwrap_or(DEFAULT_SEED);
    let none = Vec::new();
    let patients = rows.groups.as_ref().unwrap_or(&none);
    let refused = |e: StatsError| CliError::file(&args.table, &e, remedy(&e));
    if args.scheme == Scheme::Balanced {
        return balanced(patients, &rows.strata, n_splits, seed).map_err(refused);
    }
    let random_state = u32::try_from(seed).map_err(|_| {
        CliError::usage(format!("a seed of {seed}"), "scikit-learn's seeds go from 0 to 4294967295")
    })?;
    let shuffle = args.shuffle.then_some(random_state);
    let groups = Keys::parsed(patients);
    let classes = || combined(&rows.strata);
    let made = match args.scheme {
        Scheme::GroupShuffle => {
            let test_size = args.test.unwrap_or(DEFAULT_TEST);
            GroupShuffleSplit { n_splits, test_size, random_state }.split(&groups)
        }
        Scheme::GroupKfold | Scheme::Balanced => GroupKFold { n_splits, shuffle }.split(&groups),
        Scheme::StratifiedKfold => classes().and_then(|c| StratifiedKFold { n_splits, shuffle }.split(&c)),
        Scheme::StratifiedGroupKfold => {
            classes().and_then(|c| StratifiedGroupKFold { n_splits, shuffle }.split(&c, &groups))
        }
    };
    made.map_err(refused)
}

fn balanced(
    patients: &[String],
    strata: &[Vec<String>],
    folds: usize,
    seed: u64,
) -> Result<Folds, StatsError> {
    let columns: Vec<Vec<usize>> = strata.iter().map(|cells| Keys::sorted(cells).codes().to_vec()).collect();
    let joint = joint_strata(patients, &columns, folds)?;
    let fold = group_kfold(patients, (!strata.is_empty()).then_some(&joint), folds, seed)?;
    let rows = |k: usize, tested: bool| (0..fold.len()).filter(|&r| (fold[r] == k) == tested).collect();
    let made = (0..folds).map(|k| Holdout { train: rows(k, false), held_out: rows(k, true) });
    Ok(Folds { folds: made.collect(), warning: None })
}

/// One class a row from one column, or from the values of several, in the order of the first, then the second, ...
fn combined(strata: &[Vec<String>]) -> Result<Keys, StatsError> {
    let keys = strata.iter().map(|cells| Keys::classes(cells)).collect::<Result<Vec<_>, _>>()?;
    if let [one] = keys.as_slice() {
        return Ok(one.clone());
    }
    let rows = keys.first().map_or(0, |k| k.codes().len());
    let together = |row: usize| keys.iter().map(|k| k.codes()[row]).collect::<Vec<_>>();
    Ok(Keys::sorted(&(0..rows).map(together).collect::<Vec<_>>()))
}

fn remedy(error: &StatsError) -> &'static str {
    match error {
        StatsError::TestSize { .. } => {
            "give --test a share of the patients between 0 and 1, for instance 0.2"
        }
        StatsError::EmptyTraining { .. } => "give --test a smaller share of the patients",
        StatsError::NotClasses { .. } => {
            "stratify by a column of classes, or cut the numbers into ranges first"
        }
        StatsError::TooFewSplits { .. } => "give 2 folds or more",
        StatsError::MoreSplitsThanMembers { .. } | StatsError::TooFewPatients { .. } => {
            "use fewer folds, or no --stratify"
        }
        _ => "use fewer folds",
    }
}

/// What the folds' user must know.
fn warnings(args: &SplitArgs, rows: &Rows, made: &Folds) -> Vec<String> {
    let mut warnings: Vec<String> = made.warning.iter().map(ToString::to_string).collect();
    let empty = made.folds.iter().enumerate().filter(|(_, f)| f.held_out.is_empty());
    warnings.extend(empty.map(|(k, _)| format!("fold {k} tests no row: use fewer folds")));
    if args.scheme.groups() {
        return warnings;
    }
    let refuses = "a sweep refuses folds that part a patient; stratified-group-kfold parts none";
    match &rows.groups {
        None => warnings.push(format!(
            "stratified-kfold knows no patients, so images of one may be in train and in test of a fold; {refuses} \
             (with --group the parted ones are counted)"
        )),
        Some(groups) => match parted(groups, &made.folds) {
            0 => {}
            n => warnings.push(format!("{n} patients are in train and in test of a fold: {refuses}")),
        },
    }
    warnings
}

/// How many patients are on both sides of a fold.
fn parted(groups: &[String], folds: &[Holdout]) -> usize {
    let mut parted = BTreeSet::new();
    for fold in folds {
        let train: BTreeSet<&String> = fold.train.iter().map(|&row| &groups[row]).collect();
        parted.extend(fold.held_out.iter().map(|&row| &groups[row]).filter(|g| train.contains(g)));
    }
    parted.len()
}

/// A line a row and fold: rows by id where they have been read, else by number.
fn written(rows: &Rows, folds: &[Holdout]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let by_id = !rows.ids.is_empty();
    writer.write_record([if by_id { "sample" } else { "row" }, "fold", "part"])?;
    for (k, fold) in folds.iter().enumerate() {
        let of = |rows: &[usize], part: &'static str| rows.iter().map(|&r| (r, part)).collect::<Vec<_>>();
        let parts: BTreeMap<usize, &str> =
            of(&fold.train, "train").into_iter().chain(of(&fold.held_out, "test")).collect();
        for (row, part) in parts {
            let name = if by_id { csv_cell(&rows.ids[row]) } else { row.to_string() };
            writer.write_record([name.as_str(), &k.to_string(), part])?;
        }
    }
    writer.into_inner().map_err(|e| e.into_error().into())
}
