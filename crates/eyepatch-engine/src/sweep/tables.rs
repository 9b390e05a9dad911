//! Tables beside the result: every score and every row of the splits.

use std::collections::BTreeMap;

use eyepatch_core::ScoreSet;
use eyepatch_report::scores::{ScoreRow, scores};

use super::gathered::Gathered;
use super::plan::SweepPlan;
use super::shared::Shared;
use super::shown::scores_file;
use crate::Result;
use crate::cell::audit_name;
use crate::data::split_file;

/// By file name.
pub(super) fn tables(plan: &SweepPlan, gathered: &Gathered) -> Result<BTreeMap<String, Vec<u8>>> {
    let s = &plan.shared;
    let in_folder = |name: &str| format!("tables/{}/{name}", audit_name(&s.audit.id));
    let mut files = BTreeMap::new();
    files.insert(scores_file(&s.audit.id), scores(gathered.scores.iter().flat_map(|set| rows(s, set)))?);
    for (i, external) in plan.externals.iter().enumerate() {
        let sets = gathered.abroad.iter().filter(|(of, _)| *of == i);
        let table = scores(sets.flat_map(|(_, set)| rows(&external.shared, set)))?;
        files.insert(in_folder(&format!("scores-external-{}.csv", i + 1)), table);
    }
    files.insert(in_folder("split-rows.csv"), split_file::to_csv(&s.splits, &s.table)?);
    Ok(files)
}

/// A row an image and class.
fn rows<'a>(s: &'a Shared, set: &'a ScoreSet) -> impl Iterator<Item = ScoreRow<'a>> {
    let masking = s.maskings.iter().find(|m| m.card.name == set.evaluated);
    let fill = masking.map_or("", |m| m.card.fill.as_str());
    set.rows.iter().enumerate().flat_map(move |(i, &row)| {
        let of = &s.table.rows[row];
        s.table.classes.iter().enumerate().map(move |(c, class)| ScoreRow {
            sample: &of.id,
            patient: &of.patient,
            trained: &set.trained,
            masking: &set.evaluated,
            fill,
            dilation: set.dilation,
            fold: set.fold,
            class,
            label: of.labels[c],
            score: set.scores.row(i)[c],
        })
    })
}
