//! Writes a run's result and the files beside it.

use std::collections::BTreeMap;
use std::path::Path;

use eyepatch_report::schema::{RunResult, Timings};

use crate::Result;
use crate::cell::audit_name;
use crate::store::write_atomically;

/// Writes `result.json`, `timings.json`, pictures, tables, figures, TensorBoard event files, `supplement.md` and `report.html` into
/// `folder`, each whole or not at all. All but the timings and the report, which prints them, are the same bytes whenever the audit is.
///
/// # Errors
/// [`crate::Error::Io`], [`crate::Error::Report`].
pub fn write_run(
    folder: &Path,
    result: &RunResult,
    files: &BTreeMap<String, Vec<u8>>,
    timings: &Timings,
) -> Result<()> {
    for (name, bytes) in files {
        write_atomically(&folder.join(name), bytes)?;
    }
    for audit in &result.audits {
        let tables = folder.join("tables").join(audit_name(&audit.id));
        for (name, text) in eyepatch_report::csv::tables(audit)? {
            write_atomically(&tables.join(name), text.as_bytes())?;
        }
    }
    for audit in &result.audits {
        let figures = folder.join("figures").join(audit_name(&audit.id));
        for (name, svg) in eyepatch_report::figures::files(audit) {
            write_atomically(&figures.join(name), svg.as_bytes())?;
        }
    }
    for audit in &result.audits {
        let events = folder.join("tensorboard").join(audit_name(&audit.id));
        for (name, bytes) in eyepatch_report::tensorboard::files(audit) {
            write_atomically(&events.join(name), &bytes)?;
        }
    }
    write_atomically(
        &folder.join("timings.json"),
        eyepatch_report::json::timings_to_string(timings)?.as_bytes(),
    )?;
    write_atomically(
        &folder.join("result.json"),
        eyepatch_report::json::result_to_string(result)?.as_bytes(),
    )?;
    let supplement = eyepatch_report::supplement::markdown(result, &audit_name);
    write_atomically(&folder.join("supplement.md"), supplement.as_bytes())?;
    write_report(folder, result, Some(timings))
}

/// Makes `report.html` from a result and the pictures beside it.
///
/// # Errors
/// As [`write_run`].
pub fn write_report(folder: &Path, result: &RunResult, timings: Option<&Timings>) -> Result<()> {
    let html = eyepatch_report::html::render(result, timings, &eyepatch_report::html::pictures_in(folder))?;
    write_atomically(&folder.join("report.html"), html.as_bytes())
}
