//! Whether a column goes with a class, and whether the full-image model owes anything to it.

use std::collections::BTreeSet;

use eyepatch_core::{Ctx, Evidence, Finding, Keep, Labelled, Question, Result, ScoreSet, Table};
use eyepatch_stats::{AucInfluence, contrast};

use crate::Attributes;
use crate::finding::{above_chance, given, influence, with};

pub(crate) fn findings(probe: &Attributes, evidence: &Evidence<'_>, ctx: &Ctx) -> Result<Vec<Finding>> {
    let sets = full(evidence);
    let mut found = Vec::new();
    for (class, name) in evidence.table.classes.iter().enumerate() {
        for q in probe.columns.iter().flat_map(|c| Question::of(evidence.table, c)) {
            ctx.check()?;
            let at = [("class", name.as_str()), ("column", &*q.column), ("value", &*q.value)];
            found.push(association(probe, evidence.table, class, &sets, &q, &at));
            found.extend(within(probe, evidence.table, class, &sets, &q, name));
            found.push(balanced(probe, evidence.table, class, &sets, &q, &at));
        }
    }
    Ok(found)
}

/// The full-image model on full images, fold by fold.
fn full<'e>(evidence: &Evidence<'e>) -> Vec<&'e ScoreSet> {
    let is_full = |name: &str| evidence.maskings.iter().any(|m| m.name == name && m.keep == Keep::Full);
    // A model that arrived trained has a name that is no masking's.
    let own = |s: &&ScoreSet| is_full(&s.trained) || evidence.maskings.iter().all(|m| m.name != s.trained);
    let fits = |s: &&ScoreSet| s.dilation == 0 && is_full(&s.evaluated) && own(s);
    let mut sets: Vec<&ScoreSet> = evidence.scores.iter().filter(fits).collect();
    sets.sort_by_key(|s| s.fold);
    sets
}

/// Images that have the class's label and an answer, sorted by row.
fn labelled<'t>(
    sets: &[&ScoreSet],
    table: &'t Table,
    class: usize,
    wanted: impl Fn(usize) -> bool + Copy,
) -> Vec<Labelled<'t>> {
    sets.iter().map(|s| s.labelled(table, class, wanted)).collect()
}

/// How well the value alone tells the class.
fn association(
    probe: &Attributes,
    table: &Table,
    class: usize,
    sets: &[&ScoreSet],
    q: &Question,
    at: &[(&str, &str)],
) -> Finding {
    let empty = Finding::of(
        "association",
        "AUC with which the value alone tells the class, over all tested images; above 0.5 it goes with the class",
        0.5,
        at,
    );
    let tested: BTreeSet<usize> = sets.iter().flat_map(|s| s.rows.iter().copied()).collect();
    let rows: Vec<usize> = tested
        .into_iter()
        .filter(|&r| q.answers[r].is_some() && table.rows[r].labels[class].is_some())
        .collect();
    let one = Labelled {
        fold: 0,
        labels: rows.iter().map(|&r| table.rows[r].labels[class] == Some(true)).collect(),
        scores: rows.iter().map(|&r| f64::from(u8::from(q.answers[r] == Some(true)))).collect(),
        patients: rows.iter().map(|&r| table.rows[r].patient.as_str()).collect(),
        rows,
    };
    let folds = [one];
    with(empty, &folds, probe.level, above_chance(&folds))
}

/// The AUC within each answer.
fn within(
    probe: &Attributes,
    table: &Table,
    class: usize,
    sets: &[&ScoreSet],
    q: &Question,
    name: &str,
) -> Vec<Finding> {
    let one = |answer: bool| {
        let value = if answer { q.value.clone() } else { format!("other than {}", q.value) };
        let at = [("class", name), ("column", &*q.column), ("value", &*value)];
        let empty = Finding::of(
            "AUC within",
            "AUC of the full-image model on full images among those with this value",
            0.5,
            &at,
        );
        let folds = labelled(sets, table, class, |row| q.answers[row] == Some(answer));
        with(empty, &folds, probe.level, above_chance(&folds))
    };
    vec![one(true), one(false)]
}

/// What the model loses under weights in which the value says nothing of the class.
fn balanced(
    probe: &Attributes,
    table: &Table,
    class: usize,
    sets: &[&ScoreSet],
    q: &Question,
    at: &[(&str, &str)],
) -> Finding {
    let empty = Finding::of(
        "lost when broken",
        "AUC of the full-image model less the same under weights in which the value says nothing of the class",
        0.0,
        at,
    );
    let folds = labelled(sets, table, class, |row| q.answers[row].is_some());
    let groups: Vec<Vec<usize>> = folds
        .iter()
        .map(|f| f.rows.iter().map(|&r| usize::from(q.answers[r] == Some(true))).collect())
        .collect();
    let groups: Vec<&[usize]> = groups.iter().map(Vec::as_slice).collect();
    let measured = influence(&folds).and_then(|plain| {
        let weighted = AucInfluence::balanced(&given(&folds), &groups).map_err(|e| e.to_string())?;
        contrast(&[(1.0, &plain), (-1.0, &weighted)], 0.0).map_err(|e| e.to_string())
    });
    let p = measured.as_ref().ok().map(|m| m.p_above(0.0));
    Finding { p, ..with(empty, &folds, probe.level, measured) }
}
