//! The leak detector on the command line.

use std::path::PathBuf;

use eyepatch_check::{Input, check as check_dataset, read_splits};
use eyepatch_core::{Cancel, Ctx, Seed};
use eyepatch_report::schema::{Check, CheckFinding, Severity};
use serde_json::json;

use super::dataset::{DatasetArgs, dataset};
use super::error::CliError;
use super::{Linked, Outcome, files};

/// Width that sentences are broken at.
const WIDTH: usize = 100;
/// Strongest columns that are shown without `--all`.
const SHOWN: usize = 8;

#[derive(clap::Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) dataset: DatasetArgs,
    /// Also check this split: a file of `sample,fold,part` (or `row,fold,part`), as `eyepatch split` writes it.
    #[arg(long)]
    pub(crate) splits: Option<PathBuf>,
    /// Show every column that was measured, not only the strongest.
    #[arg(long)]
    pub(crate) all: bool,
    /// Exit with 1 where there is an alarm.
    #[arg(long)]
    pub(crate) gate: bool,
    /// Print JSON: all findings and all columns.
    #[arg(long)]
    pub(crate) json: bool,
    /// Threads in all; results do not depend on it [default: all cores].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
}

/// Checks a data set for what gives its labels away, before anything is trained.
pub(crate) fn check(args: &CheckArgs, linked: &Linked) -> Result<Outcome, CliError> {
    let set = dataset(&args.dataset, linked)?;
    let threads = args
        .threads
        .map_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get), usize::from);
    let cancel = Cancel::default();
    let ctx = Ctx::new(Seed::root(0), threads)?.with_cancel(cancel.clone());
    let _ = ctrlc::set_handler(move || {
        if cancel.is_cancelled() {
            std::process::exit(130);
        }
        cancel.cancel();
    });
    let table = set.table(&ctx)?;
    let splits =
        args.splits.as_deref().map(|path| read_splits(path, &table)).transpose()?.unwrap_or_default();
    let found = check_dataset(&Input { dataset: &*set, table: &table, sources: &[], splits: &splits }, &ctx)?;
    if args.json {
        files::print_json(&json!({ "dataset": set.card().name, "check": found }))?;
    } else {
        files::print(&told(&set.card().name, &found, args.all))?;
    }
    let alarm = found.count(Severity::Alarm) > 0;
    Ok(if alarm && args.gate { Outcome::Flagged } else { Outcome::Fine })
}

fn told(name: &str, check: &Check, all: bool) -> String {
    let mut text =
        format!("{name}: {} images of {} patients\n{}\n", check.n_images, check.n_patients, check.counts());
    for finding in &check.findings {
        text.push_str(&of_finding(finding));
    }
    let shown = if all { check.columns.len() } else { SHOWN.min(check.columns.len()) };
    if shown > 0 {
        text.push_str("\ncolumns alone, strongest first (AUC either way, 95 % interval, adjusted bound)\n");
    }
    for c in &check.columns[..shown] {
        let (auc, i) = (c.auc.value, c.auc.interval);
        let (mut lower, mut upper) = i.map_or((0.0, 1.0), |i| (i.lower, i.upper));
        if auc < 0.5 {
            (lower, upper) = (1.0 - upper, 1.0 - lower);
        }
        let strength = auc.max(1.0 - auc);
        let line = format!(
            "  {strength:.3} [{lower:.3}, {upper:.3}] {:.3}  {}: {}\n",
            c.lower, c.column, c.points_to
        );
        text.push_str(&line);
    }
    let hidden = check.columns.len() - shown;
    if hidden > 0 {
        text.push_str(&format!("  and {hidden} more (--all shows them, --json has everything)\n"));
    }
    text.push_str(&format!("\n{}", wrapped(&check.rule, "")));
    text
}

fn of_finding(f: &CheckFinding) -> String {
    let word = match f.severity {
        Severity::Alarm => "ALARM",
        Severity::Warning => "WARNING",
        Severity::Note => "NOTE",
    };
    let class = f.class.as_deref().map(|c| format!(" {c}")).unwrap_or_default();
    let mut text = format!("\n{word}{class}\n{}", wrapped(&f.sentence, "  "));
    text.push_str(&wrapped(&f.remedy, "  -> "));
    for (what, ids) in [("samples", &f.samples), ("patients", &f.patients)] {
        if !ids.is_empty() {
            text.push_str(&wrapped(&format!("{what}: {}", ids.join(", ")), "  "));
        }
    }
    text
}

/// Lines of at most [`WIDTH`] characters; later lines are indented as the first.
fn wrapped(text: &str, first: &str) -> String {
    let (indent, mut out, mut line) = (" ".repeat(first.len()), String::new(), first.to_owned());
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            line.clone_from(&indent);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out + line.trim_end() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_broken_between_words() {
        let long = "word ".repeat(60);
        let text = wrapped(&long, "  -> ");
        assert!(text.lines().count() > 1 && text.lines().all(|l| l.len() <= WIDTH));
        assert!(
            text.starts_with("  -> word") && text.lines().nth(1).is_some_and(|l| l.starts_with("     word"))
        );
        assert_eq!(wrapped("", "  "), "\n");
    }
}
