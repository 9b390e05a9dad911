//! Images that do not load.

use eyepatch_core::Table;
use eyepatch_report::schema::{CheckFinding, Severity};

use crate::finding::finding;
use crate::gather::{Failure, Gathered};
use crate::words::{first, plural};

pub(crate) fn check(table: &Table, gathered: &Gathered) -> Vec<CheckFinding> {
    let rows = |is: &dyn Fn(usize) -> bool| (0..table.rows.len()).filter(|&r| is(r)).collect::<Vec<_>>();
    let unread = rows(&|r| gathered.failed[r] == Some(Failure::Image));
    let plain = rows(&|r| gathered.images[r].as_ref().is_some_and(|f| f.thumbnail.is_none()));
    let cases = [
        (
            unread,
            "cannot be loaded",
            "`eyepatch run` stops at the first of them and says what is wrong; mend or drop the rows.",
        ),
        (
            plain,
            "of one value all over (black, for instance)",
            "Export them again or drop the rows: a division by their maximum gives no number.",
        ),
    ];
    let told = |(rows, what, remedy): (Vec<usize>, &str, &str)| {
        if rows.is_empty() {
            return None;
        }
        let verb = if what.starts_with("of") { if rows.len() == 1 { " is" } else { " are" } } else { "" };
        let sentence = format!("{}{verb} {what}.", plural(rows.len(), "image"));
        let mut found = finding(Severity::Warning, "files", sentence, remedy);
        found.samples = first(rows.iter().map(|&r| table.rows[r].id.as_str()));
        Some(found)
    };
    cases.into_iter().filter_map(told).collect()
}
