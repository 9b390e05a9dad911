//! Rows that cannot be used: listed in one error, or left out and counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use eyepatch_core::{Error, Table};
use eyepatch_data::{Fault, Sheet};

use crate::params::Folder;
use crate::pictures::Absent;
use crate::read::Loaded;
use crate::sample;

/// All files that are not there, in one error: the first five by name and how many.
pub(crate) fn missing_error(sheet: &Sheet, rows: usize, absent: &[Absent]) -> Error {
    let named: Vec<String> = absent.iter().take(5).map(|a| format!("{} (line {})", a.what, a.line)).collect();
    let more = if absent.len() > 5 { format!(" and {} more", absent.len() - 5) } else { String::new() };
    let count = absent.len();
    let problem = format!("files of {count} of {rows} rows are missing: {}{more}", named.join(", "));
    let mut remedy =
        "check the images and ROI folders and the column that names the files, remove these rows, or set \
                      `on_bad` to \"drop\""
            .to_owned();
    if absent.iter().any(|a| a.what.contains('\\')) {
        remedy.push_str("; write `/` instead of `\\` in paths");
    }
    sheet.error(absent.first().map(|a| a.line), None, problem, remedy)
}

/// Leaves out the rows that cannot be used, and notes how many and why.
pub(crate) fn unusable(folder: &Folder, loaded: Loaded, absent: &[Absent], threads: usize) -> Loaded {
    let mut faults: Vec<Option<Fault>> = vec![None; loaded.table.rows.len()];
    let share = faults.len().div_ceil(threads.max(1)).max(1);
    // Threads of our own: the table's lock is held here, and a rayon worker that waits may steal a task that wants it.
    std::thread::scope(|scope| {
        for (part, faults) in faults.chunks_mut(share).enumerate() {
            let loaded = &loaded;
            scope.spawn(move || {
                for (i, fault) in faults.iter_mut().enumerate() {
                    *fault = sample::pixels(folder, loaded, part * share + i).err().map(|bad| bad.fault);
                }
            });
        }
    });
    let mut counts: BTreeMap<Fault, usize> = BTreeMap::new();
    for fault in faults.iter().flatten().copied().chain(absent.iter().map(|a| a.fault)) {
        *counts.entry(fault).or_default() += 1;
    }
    let Loaded { table, sources, annotations, mut notes, roi_origin } = loaded;
    let total: usize = counts.values().sum();
    let reasons: Vec<String> = counts.iter().map(|(fault, n)| format!("{n} {fault}")).collect();
    notes.push(match total {
        0 => "rows with unusable files would be dropped; there are none".to_owned(),
        _ => format!("{total} rows with unusable files dropped: {}", reasons.join(", ")),
    });
    let good = |i: &usize| faults[*i].is_none();
    let rows = (0..table.rows.len()).filter(good).map(|i| table.rows[i].clone()).collect();
    let sources = sources.into_iter().enumerate().filter(|(i, _)| good(i)).map(|(_, s)| s).collect();
    Loaded {
        table: Arc::new(Table { classes: table.classes.clone(), rows }),
        sources,
        annotations,
        notes,
        roi_origin,
    }
}
