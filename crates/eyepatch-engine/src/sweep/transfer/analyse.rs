//! What the models lose abroad.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::{Interval, Labelled, Question, ScoreSet, Table};
use eyepatch_report::schema::{self, Estimate, TransferClass, TransferGroup, TransferRow};
use eyepatch_stats::{AucInfluence, ContrastEstimate, FoldScores, contrast};

use super::calibrate::calibration;
use super::carry::carried;
use super::external::External;
use crate::sweep::assemble::LEVEL;
use crate::sweep::gathered::Gathered;
use crate::sweep::plan::SweepPlan;

/// A patient of the audit's own data, or one of the external data: an id that both have is two patients.
pub(super) type Patient<'a> = (bool, &'a str);

/// All external data of a plan.
pub(in crate::sweep) fn transfers(plan: &SweepPlan, gathered: &Gathered) -> Vec<schema::Transfer> {
    plan.externals.iter().enumerate().map(|(i, external)| one(plan, gathered, external, i)).collect()
}

fn one(plan: &SweepPlan, gathered: &Gathered, external: &External, index: usize) -> schema::Transfer {
    let (own, abroad) = (&plan.shared, &external.shared);
    let sets: Vec<&ScoreSet> =
        gathered.abroad.iter().filter(|(of, _)| *of == index).map(|(_, set)| set).collect();
    let names: Vec<&str> =
        abroad.evaluations.iter().map(|e| abroad.maskings[e.masking].card.name.as_str()).collect();
    let full = own.trained_name(own.full);
    let class = |class: usize| {
        Compared { own: &own.table, abroad: &abroad.table, home: &gathered.scores, sets: &sets, class }
            .answer(external, (full, &own.maskings[own.full].card.name))
    };
    schema::Transfer {
        plugin: abroad.dataset.spec().clone(),
        card: abroad.dataset.card(),
        n_images: abroad.table.rows.len(),
        n_patients: abroad.table.rows.iter().map(|r| r.patient.as_str()).collect::<BTreeSet<_>>().len(),
        preparation: [own, abroad].map(|s| s.preparation_hash(&names)),
        classes: (0..own.table.classes.len()).map(class).collect(),
        notes: external.notes.clone(),
    }
}

/// Scores of one class at home and abroad.
pub(super) struct Compared<'a> {
    pub(super) own: &'a Table,
    pub(super) abroad: &'a Table,
    home: &'a [ScoreSet],
    sets: &'a [&'a ScoreSet],
    pub(super) class: usize,
}

impl<'a> Compared<'a> {
    fn answer(&self, external: &External, (full, whole): (&str, &str)) -> TransferClass {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for set in self.sets {
            let pair = (set.trained.as_str(), set.evaluated.as_str());
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        let rows: Vec<TransferRow> = pairs.iter().map(|&(t, e)| self.row(t, e)).collect();
        let count =
            |label: bool| self.abroad.rows.iter().filter(|r| r.labels[self.class] == Some(label)).count();
        let groups =
            external.asked.subgroups.iter().flat_map(|column| self.groups(column, (full, whole))).collect();
        let (home, there) = (self.folds(true, full, whole), self.folds(false, full, whole));
        let space = self.sets.first().map(|s| s.scores.space);
        let (calibration, mut notes) = match calibration(space, &home, &there) {
            Ok(found) => found,
            Err(why) => (Vec::new(), vec![format!("No calibration: {why}.")]),
        };
        let asked = external.asked.subgroups.iter();
        notes.extend(asked.filter(|column| Question::of(self.abroad, column).is_empty()).map(|column| {
            let most = Question::MOST_VALUES;
            format!("No groups by {column}: the external table has no values of it, one only, or more than {most} texts.")
        }));
        let operating = match carried(external.asked.sensitivity, &home, &there) {
            Ok(carried) => Some(carried),
            Err(why) => {
                notes.push(format!("No operating point: {why}."));
                None
            }
        };
        let of_full = rows.iter().find(|r| (r.trained.as_str(), r.evaluated.as_str()) == (full, whole));
        TransferClass {
            class: self.own.classes[self.class].clone(),
            positive: count(true),
            negative: count(false),
            sentence: of_full.map_or_else(|| "The full-image model was not asked.".into(), sentence),
            rows,
            groups,
            calibration,
            operating,
            note: (!notes.is_empty()).then(|| notes.join(" ")),
        }
    }

    /// One model on one masking, fold by fold.
    pub(super) fn folds(&self, home: bool, trained: &str, evaluated: &str) -> Vec<Labelled<'a>> {
        let fits = |s: &&ScoreSet| s.trained == trained && s.evaluated == evaluated && s.dilation == 0;
        let labelled = |s: &ScoreSet| {
            let table = if home { self.own } else { self.abroad };
            s.labelled(table, self.class, |_| true)
        };
        let mut folds: Vec<Labelled<'a>> = if home {
            self.home.iter().filter(fits).map(labelled).collect()
        } else {
            self.sets.iter().copied().filter(fits).map(labelled).collect()
        };
        folds.sort_by_key(|f| f.fold);
        folds
    }

    fn row(&self, trained: &str, evaluated: &str) -> TransferRow {
        let (home, there) = (self.folds(true, trained, evaluated), self.folds(false, trained, evaluated));
        let (home, there) = (influence(&home, true), influence(&there, false));
        let mut notes = Vec::new();
        let mut known = |what: &str, found: &Result<AucInfluence<Patient<'a>>, String>| match found {
            Ok(found) => contrast(&[(1.0, found)], 0.5).ok().and_then(|c| estimate(&c, 0.5)),
            Err(why) => {
                notes.push(format!("{what} not estimable: {why}"));
                None
            }
        };
        let (internal, external) = (known("at home", &home), known("there", &there));
        let drop = home.as_ref().ok().zip(there.as_ref().ok());
        let drop = drop.and_then(|(a, b)| contrast(&[(1.0, a), (-1.0, b)], 0.0).ok());
        TransferRow {
            trained: trained.to_owned(),
            evaluated: evaluated.to_owned(),
            internal,
            external,
            drop: drop.as_ref().and_then(|c| estimate(c, 0.0)),
            p: drop.map(|c| c.p_two_sided()),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        }
    }

    /// The full-image model on full images, by the values of a column of the external table.
    fn groups(&self, column: &str, (full, whole): (&str, &str)) -> Vec<TransferGroup> {
        let folds = self.folds(false, full, whole);
        let one = |column: &str, value: String, of: &dyn Fn(usize) -> bool| {
            let within: Vec<Labelled<'a>> = folds.iter().map(|f| kept(f, of)).collect();
            let side = |label: bool| {
                let of = within.iter().flat_map(|f| f.labels.iter().zip(&f.patients));
                of.filter(|(l, _)| **l == label).map(|(_, p)| *p).collect::<BTreeSet<_>>().len()
            };
            let auc = influence(&within, false).ok();
            let auc = auc.and_then(|a| contrast(&[(1.0, &a)], 0.5).ok()).and_then(|c| estimate(&c, 0.5));
            TransferGroup { column: column.to_owned(), value, n_patients: [side(true), side(false)], auc }
        };
        let questions = Question::of(self.abroad, column);
        let two = questions.len() == 1;
        let asked = |q: &Question| {
            let mut all = vec![one(&q.column, q.value.clone(), &|row| q.answers[row] == Some(true))];
            if two {
                let other = format!("other than {}", q.value);
                all.push(one(&q.column, other, &|row| q.answers[row] == Some(false)));
            }
            all
        };
        questions.iter().flat_map(asked).collect()
    }
}

/// Those of a fold's images that are wanted.
fn kept<'a>(fold: &Labelled<'a>, wanted: &dyn Fn(usize) -> bool) -> Labelled<'a> {
    let places: Vec<usize> = (0..fold.rows.len()).filter(|&i| wanted(fold.rows[i])).collect();
    Labelled {
        fold: fold.fold,
        rows: places.iter().map(|&i| fold.rows[i]).collect(),
        labels: places.iter().map(|&i| fold.labels[i]).collect(),
        scores: places.iter().map(|&i| fold.scores[i]).collect(),
        patients: places.iter().map(|&i| fold.patients[i]).collect(),
    }
}

fn influence<'a>(folds: &[Labelled<'a>], home: bool) -> Result<AucInfluence<Patient<'a>>, String> {
    let patients: BTreeMap<usize, Vec<Patient<'a>>> =
        folds.iter().map(|f| (f.fold, f.patients.iter().map(|p| (!home, *p)).collect())).collect();
    let given: Vec<FoldScores<'_, Patient<'a>>> = folds
        .iter()
        .map(|f| FoldScores {
            fold: f.fold,
            labels: &f.labels,
            scores: &f.scores,
            patients: &patients[&f.fold],
        })
        .collect();
    AucInfluence::new(&given).map_err(|e| e.to_string())
}

fn estimate(c: &ContrastEstimate, shift: f64) -> Option<Estimate> {
    let (lower, upper) = c.interval(LEVEL).ok()?;
    let interval = Some(Interval { lower: lower + shift, upper: upper + shift, level: LEVEL });
    Some(Estimate { value: c.estimate + shift, interval })
}

fn sentence(row: &TransferRow) -> String {
    let (Some(home), Some(there), Some(drop)) = (row.internal, row.external, row.drop) else {
        return format!(
            "What the full-image model loses cannot be said: {}.",
            row.note.as_deref().unwrap_or("it is not estimable")
        );
    };
    let Some(interval) = drop.interval else {
        return "What the full-image model loses has no interval.".into();
    };
    let moves = match (interval.lower > 0.0, interval.upper < 0.0) {
        (true, _) => "falls",
        (_, true) => "rises",
        _ => "is not shown to change",
    };
    format!(
        "The AUC of the full-image model {moves}: {:.3} at home, {:.3} there, a drop of {:.3} [{:.3}, {:.3}].",
        home.value, there.value, drop.value, interval.lower, interval.upper
    )
}
