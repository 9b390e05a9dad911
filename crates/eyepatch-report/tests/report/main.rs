//! The page as readers and attackers meet it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../examples/sample/mod.rs"]
mod sample;

mod browser;
mod hostile;
mod page;
mod shared;
mod verdict;

use eyepatch_report::html;
use sample::Sample;

/// A small run: every section of the page, little in each. It is the audit with the verdict.
fn small() -> Sample {
    let mut sample = Sample::new();
    sample.result.audits.remove(0);
    let [audit, ..] = sample.result.audits.as_mut_slice() else { panic!("the sample has audits") };
    let m = &mut audit.matrices[0];
    m.rows.truncate(2);
    m.columns.truncate(2);
    m.cells = vec![vec![m.cells[0][0], m.cells[0][1]], vec![None, m.cells[1][1]]];
    audit.maskings.truncate(2);
    audit.curves.truncate(2);
    audit.curves.iter_mut().for_each(|c| c.points.truncate(3));
    audit.gallery.truncate(1);
    audit.gallery[0].masked.truncate(2);
    audit.explanations.truncate(1);
    audit.findings.truncate(2);
    audit.model.training.truncate(2);
    audit.model.training.iter_mut().for_each(|t| t.history.truncate(3));
    audit.splits.parts.truncate(4);
    audit.provenance.cells.truncate(2);
    let id = audit.id.clone();
    sample.result.comparisons.clear();
    sample.timings.cells.retain(|c| c.audit == id);
    sample.timings.cells.truncate(2);
    sample
}

fn render(sample: &Sample) -> String {
    html::render(&sample.result, Some(&sample.timings), &|p| sample.bytes(p)).expect("the sample renders")
}

/// The text between the first `start` and the `end` after it.
fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = page.split_once(start).unwrap_or_else(|| panic!("no {start}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end} after {start}")).0
}
