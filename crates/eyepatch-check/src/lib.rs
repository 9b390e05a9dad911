#![doc = include_str!("../README.md")]

mod column;
mod counts;
mod derived;
mod duplicates;
mod facts;
mod families;
mod files;
mod finding;
mod gather;
mod grey;
mod input;
mod labels;
mod meta;
mod order;
mod patients;
mod preparation;
mod roi;
mod screening;
mod split_file;
mod telling;
mod words;

use eyepatch_core::{Ctx, Result};
use eyepatch_report::schema::{Check, CheckFinding};

pub use input::{Input, SplitPart};
pub use split_file::read_splits;

/// Raised whenever a check measures something else, so that kept results are made anew.
pub const REVISION: u32 = 2;

/// The strength max(AUC, 1 - AUC) that a column must exceed for an alarm: chance plus a margin of 0.05, as an audit's rule.
pub const THRESHOLD: f64 = 0.55;

/// Checks a data set. Images are loaded one by one on the threads of `ctx` and reduced to less than 3 KB each; the result is
/// the same at any number of threads.
///
/// Rows that cannot be loaded are findings, not errors.
///
/// # Errors
/// [`eyepatch_core::Error::Cancelled`], and what the table itself is refused for ([`eyepatch_core::Table::check`]).
pub fn check(input: &Input<'_>, ctx: &Ctx) -> Result<Check> {
    input.table.check()?;
    let gathered = gather::gather(input, ctx)?;
    let legitimate = input.dataset.legitimate();
    let mut columns = meta::columns(input.table);
    let restated = labels::restated(input.table, &columns);
    columns.extend(derived::columns(input.table, &gathered));
    let screened = screening::screen(input.table, &columns, &restated, &legitimate, ctx)?;
    let mut findings: Vec<CheckFinding> = Vec::new();
    findings.extend(patients::check(input));
    findings.extend(duplicates::check(input, &gathered, ctx)?);
    findings.extend(screened.findings);
    findings.extend(files::check(input.table, &gathered));
    findings.extend(roi::check(&gathered));
    findings.extend(counts::check(input));
    findings.extend(order::check(input.table, &columns, &restated));
    findings.extend(preparation::check(&columns, &restated));
    findings.extend(labels::check(input.table, &columns, &restated));
    findings.sort_by(finding::gravest_first);
    Ok(Check {
        rule: screening::rule(),
        threshold: THRESHOLD,
        n_images: input.table.rows.len(),
        n_patients: words::patients(input.table.rows.iter()),
        n_unreadable: gathered.failed.iter().flatten().count(),
        n_tests: screened.tests,
        findings,
        columns: screened.columns,
    })
}
