//! The check of the data set, in a cell of its own.

use eyepatch_check::{Input, SplitPart};
use eyepatch_core::{ContentHash, Hasher};

use super::shared::Shared;
use crate::Result;
use crate::cell::CellCtx;
use crate::data::Part;

pub(super) const CHECK_FILE: &str = "check.json";

/// Checks the rows that the sweep uses, split as it splits them.
pub(super) fn check(shared: &Shared, cell: &CellCtx) -> Result<()> {
    let splits = parts(shared);
    let input =
        Input { dataset: &*shared.dataset, table: &shared.table, sources: &shared.sources, splits: &splits };
    cell.write_json(CHECK_FILE, &eyepatch_check::check(&input, cell.ctx)?)
}

fn parts(shared: &Shared) -> Vec<SplitPart> {
    let folds = shared.splits.folds.iter().enumerate();
    let part =
        |fold, part: Part, rows: &[usize]| SplitPart { fold, part: part.to_string(), rows: rows.to_vec() };
    folds.flat_map(|(k, fold)| Part::ALL.map(|p| part(k, p, p.of(fold)))).collect()
}

/// Hash over the table's metadata, which the check reads and the content of samples does not hold.
pub(super) fn table_hash(shared: &Shared) -> ContentHash {
    let rows = shared.table.rows.iter();
    let hasher = rows.fold(Hasher::new(), |h, row| {
        h.part(serde_json::to_vec(&(&row.id, &row.patient, &row.labels, &row.meta)).unwrap_or_default())
    });
    hasher.finish()
}
