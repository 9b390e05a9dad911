//! Class counts that make a verdict impossible.

use std::collections::BTreeSet;

use eyepatch_report::schema::{CheckFinding, Severity};

use crate::finding::finding;
use crate::input::Input;
use crate::words::plural;

/// Patients that a verdict needs on either side, as an audit's rule does.
const LEAST: usize = 20;

pub(crate) fn check(input: &Input<'_>) -> Vec<CheckFinding> {
    let mut findings = Vec::new();
    let all: Vec<usize> = (0..input.table.rows.len()).collect();
    for (c, class) in input.table.classes.iter().enumerate() {
        let few = few(input, c, &all);
        let sides: Vec<String> =
            few.iter().map(|(side, n)| format!("{} {side}", plural(*n, "patient"))).collect();
        if !sides.is_empty() {
            let sentence =
                format!("{class}: only {}; a verdict needs {LEAST} on either side.", sides.join(" and "));
            let remedy =
                "Add patients of that answer or leave the class out: whatever is found stays inconclusive.";
            let mut found = finding(Severity::Warning, "counts", sentence, remedy);
            found.class = Some(class.clone());
            findings.push(found);
            continue;
        }
        findings.extend(of_parts(input, c, class));
    }
    findings
}

/// Sides with too few patients among rows.
fn few(input: &Input<'_>, class: usize, rows: &[usize]) -> Vec<(&'static str, usize)> {
    let patients = |answer: bool| {
        let of = rows.iter().map(|&r| &input.table.rows[r]).filter(|r| r.labels[class] == Some(answer));
        of.map(|r| r.patient.as_str()).collect::<BTreeSet<_>>().len()
    };
    let sides = [("with it", patients(true)), ("without it", patients(false))];
    sides.into_iter().filter(|(_, n)| *n < LEAST).collect()
}

/// Test parts in which one side is short, in one finding.
fn of_parts(input: &Input<'_>, class: usize, name: &str) -> Option<CheckFinding> {
    let tests: Vec<_> = input.splits.iter().filter(|s| s.part == "test").collect();
    let short: Vec<(usize, Vec<(&str, usize)>)> = tests
        .iter()
        .map(|s| (s.fold, few(input, class, &s.rows)))
        .filter(|(_, few)| !few.is_empty())
        .collect();
    let (fold, least) =
        short.iter().flat_map(|(k, few)| few.iter().map(move |f| (*k, *f))).min_by_key(|(_, f)| f.1)?;
    // Folds are judged together; one alone may be small as long as their sum is not.
    let severity =
        if short.len() == tests.len() && tests.len() == 1 { Severity::Warning } else { Severity::Note };
    let sentence = format!(
        "{name}: {} of {} test parts have fewer than {LEAST} patients on one side, the fewest in fold {fold} ({} {}).",
        short.len(),
        tests.len(),
        plural(least.1, "patient"),
        least.0
    );
    let remedy = "Believe no number of such a fold alone; use fewer folds where one is to stand for itself.";
    let mut found = finding(severity, "counts", sentence, remedy);
    found.class = Some(name.to_owned());
    Some(found)
}
