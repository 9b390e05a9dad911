use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::{Ctx, Error, Evidence, Finding, Interval, Labelled, Result, ScoreSet, Table};
use eyepatch_stats::{AucEstimate, FoldScores, StatsError, mean_auc_over_folds};

use crate::AucMatrix;

const CHANCE: f64 = 0.5;

/// One finding a class, training masking, evaluation masking and dilation, in that order; maskings in the order of
/// the evidence's maskings, others (such as `delivered`) before them by name.
pub(crate) fn findings(probe: &AucMatrix, evidence: &Evidence<'_>, ctx: &Ctx) -> Result<Vec<Finding>> {
    let place = |name: &str| {
        let known = evidence.maskings.iter().position(|m| m.name == name);
        (known.map_or(0, |i| i + 1), name.to_owned())
    };
    let mut cells: BTreeMap<_, BTreeMap<usize, &ScoreSet>> = BTreeMap::new();
    for set in evidence.scores {
        check(set, evidence.table)?;
        let cell = cells.entry((place(&set.trained), place(&set.evaluated), set.dilation)).or_default();
        if cell.insert(set.fold, set).is_some() {
            let what = format!("scores of {} on {}, dilation {}", set.trained, set.evaluated, set.dilation);
            return Err(Error::shape(what, "one set a fold", format!("two sets of fold {}", set.fold)));
        }
    }
    let mut found = Vec::with_capacity(cells.len() * evidence.table.classes.len());
    for (class, name) in evidence.table.classes.iter().enumerate() {
        for (((_, trained), (_, evaluated), dilation), sets) in &cells {
            ctx.check()?;
            let at = [
                ("class", name.clone()),
                ("trained", trained.clone()),
                ("evaluated", evaluated.clone()),
                ("dilation", dilation.to_string()),
            ];
            let at = at.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            found.push(finding(probe, evidence.table, class, sets, at, *dilation));
        }
    }
    Ok(found)
}

/// The scores belong to the table.
fn check(set: &ScoreSet, table: &Table) -> Result<()> {
    let what = || format!("scores of {} on {}, fold {}", set.trained, set.evaluated, set.fold);
    if set.scores.classes != table.classes.len() || set.scores.len() != set.rows.len() {
        let expected = format!("{} x {}", set.rows.len(), table.classes.len());
        return Err(Error::shape(what(), expected, format!("{} x {}", set.scores.len(), set.scores.classes)));
    }
    if let Some(row) = set.rows.iter().find(|r| **r >= table.rows.len()) {
        return Err(Error::shape(what(), format!("rows below {}", table.rows.len()), format!("row {row}")));
    }
    let mut seen = BTreeSet::new();
    match set.rows.iter().find(|r| !seen.insert(**r)) {
        Some(row) => Err(Error::shape(what(), "each row once", format!("row {row} twice"))),
        None => Ok(()),
    }
}

fn finding(
    probe: &AucMatrix,
    table: &Table,
    class: usize,
    sets: &BTreeMap<usize, &ScoreSet>,
    at: BTreeMap<String, String>,
    dilation: i32,
) -> Finding {
    let mut notes = Vec::new();
    let mut folds: Vec<Labelled<'_>> =
        sets.values().map(|set| set.labelled(table, class, |_| true)).collect();
    let scored: BTreeSet<usize> = sets.values().flat_map(|s| s.rows.iter().copied()).collect();
    let missing = scored.iter().filter(|&&row| table.rows[row].labels[class].is_none()).count();
    if missing > 0 {
        notes.push(format!("{missing} images without this label are left out"));
    }
    let estimate = estimate(&mut folds, probe.level, &mut notes);
    let counted = Finding {
        contrast: "auc".into(),
        at,
        estimand: "mean over folds of the within-fold AUC, for new patients and these trained models".into(),
        reference: CHANCE,
        margin: Some(probe.margin),
        p: estimate.as_ref().map(|e| e.p_above(CHANCE + probe.margin)),
        figure: Some(if dilation == 0 { "matrix" } else { "curve" }.into()),
        note: (!notes.is_empty()).then(|| notes.join("; ")),
        ..Finding::default()
    }
    .counting(&folds);
    match estimate {
        Some(e) => counted.measured(e.auc, Interval { lower: e.lower, upper: e.upper, level: e.level }),
        None => counted,
    }
}

/// The mean over the folds that have an AUC. Others are left out of `folds` and noted; where none is left, nothing is
/// left out, so that the counts say what there was.
fn estimate(folds: &mut Vec<Labelled<'_>>, level: f64, notes: &mut Vec<String>) -> Option<AucEstimate> {
    let mut kept: Vec<usize> = (0..folds.len()).collect();
    loop {
        let given: Vec<FoldScores<'_, &str>> = kept
            .iter()
            .map(|&i| &folds[i])
            .map(|f| FoldScores { fold: f.fold, labels: &f.labels, scores: &f.scores, patients: &f.patients })
            .collect();
        match mean_auc_over_folds(&given, level) {
            Ok(found) => {
                let mut index = 0;
                folds.retain(|_| {
                    index += 1;
                    kept.contains(&(index - 1))
                });
                return Some(found);
            }
            Err(StatsError::FoldNotEstimable { fold, reason }) => {
                notes.push(format!("fold {fold} is left out: {reason}"));
                kept.retain(|&i| folds[i].fold != fold);
            }
            Err(other) => {
                notes.push(format!("not estimable: {other}"));
                return None;
            }
        }
        if kept.is_empty() {
            notes.push("not estimable: no fold has an AUC".into());
            return None;
        }
    }
}
