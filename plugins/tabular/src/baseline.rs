//! The regression, and image models held against it.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::{Ctx, Evidence, Finding, FoldRows, Interval, Keep, Labelled, Result, ScoreSet, Table};
use eyepatch_logistic::{Features, LogisticRegression};
use eyepatch_stats::{AucInfluence, FoldScores, contrast};

use crate::Tabular;
use crate::encode::Encoder;

/// The logit of each tested row of a fold, by row.
type Logits = BTreeMap<usize, f64>;

pub(crate) fn findings(probe: &Tabular, evidence: &Evidence<'_>, ctx: &Ctx) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for class in 0..evidence.table.classes.len() {
        ctx.check()?;
        let folds: Result<Vec<Logits>, String> = evidence
            .splits
            .iter()
            .enumerate()
            .map(|(k, fold)| {
                logits(probe, evidence.table, class, fold).map_err(|why| format!("fold {k}: {why}"))
            })
            .collect();
        found.push(alone(probe, evidence, class, &folds));
        for (trained, evaluated) in compared(evidence) {
            found.push(against(probe, evidence, class, &folds, (trained, evaluated)));
        }
    }
    Ok(found)
}

/// The full-image model on every masking, and every other model on its own.
fn compared<'a>(evidence: &Evidence<'a>) -> BTreeSet<(&'a str, &'a str)> {
    let full = |name: &str| {
        let card = evidence.maskings.iter().find(|m| m.name == name);
        card.is_none_or(|card| card.keep == Keep::Full)
    };
    let plain = evidence.scores.iter().filter(|s| s.dilation == 0);
    let pairs = plain.map(|s| (s.trained.as_str(), s.evaluated.as_str()));
    pairs.filter(|(trained, evaluated)| trained == evaluated || full(trained)).collect()
}

/// What the regression says of the tested rows that have a label.
fn logits(probe: &Tabular, table: &Table, class: usize, fold: &FoldRows) -> Result<Logits, String> {
    let labelled = |rows: &[usize]| -> Vec<usize> {
        rows.iter().copied().filter(|&r| table.rows[r].labels[class].is_some()).collect()
    };
    let (train, test) = (labelled(&fold.train), labelled(&fold.test));
    let labels: Vec<bool> = train.iter().map(|&r| table.rows[r].labels[class] == Some(true)).collect();
    let encoder = Encoder::learn(table, &train, &probe.columns, &probe.ordinal)?;
    let (known, width) = encoder.encode(table, &train);
    let features = |values, width| Features::new(values, width).map_err(|e| e.to_string());
    let fitted =
        LogisticRegression::default().fit(features(&known, width)?, &labels).map_err(|e| e.to_string())?;
    let (asked, width) = encoder.encode(table, &test);
    if test.is_empty() {
        return Ok(Logits::new());
    }
    let told = fitted.logits(features(&asked, width)?).map_err(|e| e.to_string())?;
    Ok(test.into_iter().zip(told).collect())
}

/// The baseline on all tested rows.
fn alone(
    probe: &Tabular,
    evidence: &Evidence<'_>,
    class: usize,
    folds: &Result<Vec<Logits>, String>,
) -> Finding {
    let table = evidence.table;
    let at = [("class", table.classes[class].as_str()), ("columns", &probe.columns.join(", "))];
    let estimand = "mean over folds of the within-fold AUC of a logistic regression on metadata";
    let empty = Finding { margin: Some(0.0), ..Finding::of("metadata AUC", estimand, 0.5, &at) };
    let known = folds.as_ref().map_err(Clone::clone).map(|folds| {
        let labelled = |(fold, logits): (usize, &Logits)| Labelled {
            fold,
            rows: logits.keys().copied().collect(),
            labels: logits.keys().map(|&r| table.rows[r].labels[class] == Some(true)).collect(),
            scores: logits.values().copied().collect(),
            patients: logits.keys().map(|&r| table.rows[r].patient.as_str()).collect(),
        };
        folds.iter().enumerate().map(labelled).collect::<Vec<_>>()
    });
    estimated(probe, empty, known.map(|k| (k, None)))
}

/// An image model less the baseline, on the rows that both know.
fn against(
    probe: &Tabular,
    evidence: &Evidence<'_>,
    class: usize,
    folds: &Result<Vec<Logits>, String>,
    (trained, evaluated): (&str, &str),
) -> Finding {
    let table = evidence.table;
    let at = [("class", table.classes[class].as_str()), ("trained", trained), ("evaluated", evaluated)];
    let estimand = "AUC of the image model less that of the metadata baseline, on the same images";
    let empty = Finding { margin: Some(0.0), ..Finding::of("image less metadata", estimand, 0.0, &at) };
    let known = folds.as_ref().map_err(Clone::clone).and_then(|folds| {
        let fits = |s: &&ScoreSet| s.trained == trained && s.evaluated == evaluated && s.dilation == 0;
        let mut sets: Vec<&ScoreSet> = evidence.scores.iter().filter(fits).collect();
        sets.sort_by_key(|s| s.fold);
        let (mut images, mut metadata) = (Vec::new(), Vec::new());
        for set in sets {
            let logits =
                folds.get(set.fold).ok_or_else(|| format!("fold {} has no training rows", set.fold))?;
            let image = set.labelled(table, class, |row| logits.contains_key(&row));
            let scores = image.rows.iter().map(|row| logits[row]).collect();
            metadata.push(Labelled { scores, ..image.clone() });
            images.push(image);
        }
        Ok((images, Some(metadata)))
    });
    estimated(probe, empty, known)
}

/// Folds of a model, and of what it is held against.
type Compared<'a> = (Vec<Labelled<'a>>, Option<Vec<Labelled<'a>>>);

fn estimated(probe: &Tabular, empty: Finding, known: Result<Compared<'_>, String>) -> Finding {
    let (model, other) = match known {
        Ok(known) => known,
        Err(why) => return empty.not_estimable(why),
    };
    let counted = empty.counting(&model);
    let found = influence(&model).and_then(|own| {
        let other = other.as_deref().map(influence).transpose()?;
        let mut terms = vec![(1.0, &own)];
        terms.extend(other.iter().map(|o| (-1.0, o)));
        let mut found = contrast(&terms, counted.reference).map_err(|e| e.to_string())?;
        // The baseline's folds learn from each other, alone and in a difference.
        if learn_from_each_other(&model) {
            found = found.cross_fitted();
        }
        let bounds = found.interval(probe.level).map_err(|e| e.to_string())?;
        Ok((found, bounds))
    });
    let (found, (lower, upper)) = match found {
        Ok(found) => found,
        Err(why) => return counted.not_estimable(why),
    };
    let by = counted.reference;
    let interval = Interval { lower: lower + by, upper: upper + by, level: probe.level };
    Finding { p: Some(found.p_above(0.0)), ..counted.measured(found.estimate + by, interval) }
}

/// Whether folds test different images, and so train on each other's; with a common test set they do not.
fn learn_from_each_other(folds: &[Labelled<'_>]) -> bool {
    let tested: usize = folds.iter().map(|f| f.rows.len()).sum();
    folds.len() > 1 && folds.iter().flat_map(|f| &f.rows).collect::<BTreeSet<_>>().len() == tested
}

fn influence<'a>(folds: &[Labelled<'a>]) -> Result<AucInfluence<&'a str>, String> {
    let given: Vec<FoldScores<'_, &str>> = folds
        .iter()
        .map(|f| FoldScores { fold: f.fold, labels: &f.labels, scores: &f.scores, patients: &f.patients })
        .collect();
    AucInfluence::new(&given).map_err(|e| e.to_string())
}
