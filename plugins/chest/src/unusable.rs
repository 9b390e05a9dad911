//! Rows that cannot be used: left out and counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use eyepatch_data::Fault;

use crate::loaded::Loaded;
use crate::options::Options;

/// Decodes every image once and leaves out the rows that cannot be used.
pub(crate) fn drop_rows(options: &Options<'_>, loaded: Loaded, threads: usize) -> Loaded {
    let faults = faults(options, &loaded, threads);
    let mut counts: BTreeMap<Fault, usize> = BTreeMap::new();
    faults.iter().flatten().for_each(|fault| *counts.entry(*fault).or_default() += 1);
    let total: usize = counts.values().sum();
    let reasons: Vec<String> = counts.iter().map(|(fault, n)| format!("{n} {fault}")).collect();
    let Loaded { table, mut sources, masks, boxes, mut notes } = loaded;
    notes.push(match total {
        0 => "films with unusable files would be dropped; there are none".to_owned(),
        _ => format!("{total} films with unusable files dropped: {}", reasons.join(", ")),
    });
    let mut table = Arc::unwrap_or_clone(table);
    let mut good = faults.iter().map(Option::is_none);
    table.rows.retain(|_| good.next() == Some(true));
    let mut good = faults.iter().map(Option::is_none);
    sources.retain(|_| good.next() == Some(true));
    Loaded { table: Arc::new(table), sources, masks, boxes, notes }
}

fn faults(options: &Options<'_>, loaded: &Loaded, threads: usize) -> Vec<Option<Fault>> {
    let mut faults: Vec<Option<Fault>> = vec![None; loaded.table.rows.len()];
    let share = faults.len().div_ceil(threads.max(1)).max(1);
    // Threads of our own: the table's lock is held here, and a rayon worker that waits may steal a task that wants it.
    std::thread::scope(|scope| {
        for (part, faults) in faults.chunks_mut(share).enumerate() {
            scope.spawn(move || {
                for (i, fault) in faults.iter_mut().enumerate() {
                    *fault = loaded.pixels(options, part * share + i).err().map(|bad| bad.fault);
                }
            });
        }
    });
    faults
}
