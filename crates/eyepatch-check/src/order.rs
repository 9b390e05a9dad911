//! Blocks of one label or one camera in the order of the table.

use std::collections::BTreeSet;

use eyepatch_core::Table;
use eyepatch_report::schema::{CheckFinding, Severity};
use eyepatch_stats::runs_test;

use crate::column::Column;
use crate::families::Source;
use crate::finding::finding;
use crate::words::{p, plural};

/// Familywise chance of a false finding; each column has its share (Bonferroni).
const ALPHA: f64 = 0.01;
/// Runs of which there must be fewer, of those that a random order has: what p alone shows in a large table may be slight.
const SHARE: f64 = 0.8;
const MOST_GROUPS: usize = 20;

/// Runs tests over patients in the order in which they first appear: images of one patient lie together for a good reason.
pub(crate) fn check(table: &Table, columns: &[Column], restated: &BTreeSet<String>) -> Vec<CheckFinding> {
    let mut seen = BTreeSet::new();
    let firsts: Vec<usize> =
        (0..table.rows.len()).filter(|&r| seen.insert(table.rows[r].patient.as_str())).collect();
    let mut sequences: Vec<(String, Vec<String>)> = Vec::new();
    for (c, class) in table.classes.iter().enumerate() {
        let labels = firsts.iter().filter_map(|&r| table.rows[r].labels[c]).map(|l| l.to_string());
        sequences.push((format!("label {class}"), labels.collect()));
    }
    for column in columns.iter().filter(|c| matches!(c.source, Source::Table | Source::File)) {
        if restated.contains(&column.family) || column.name.ends_with(" is missing") {
            continue;
        }
        if let Some(groups) = column.groups(MOST_GROUPS) {
            let values = firsts.iter().filter_map(|&r| groups[r].clone()).collect();
            sequences.push((column.name.clone(), values));
        }
    }
    let alpha = ALPHA / sequences.len().max(1) as f64;
    let told = |(name, values): (String, Vec<String>)| {
        let test = runs_test(&values).ok()?;
        if test.p_blocks > alpha || test.runs as f64 > SHARE * test.expected {
            return None;
        }
        let sentence = format!(
            "{name} lies in blocks: {} over {} where a random order has {:.0}, the longest of {} ({}).",
            plural(test.runs, "run"),
            plural(values.len(), "patient"),
            test.expected,
            test.longest,
            p(test.p_blocks)
        );
        let remedy = "eyepatch draws batches at random. A training that reads the table in order sees batches of one kind: \
                      shuffle it, and never split by position.";
        let mut found = finding(Severity::Warning, "order", sentence, remedy);
        found.column = Some(name);
        Some(found)
    };
    sequences.into_iter().filter_map(told).collect()
}
