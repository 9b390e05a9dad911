//! An operating point that was chosen at home, abroad.

use std::collections::BTreeMap;

use eyepatch_core::{Interval, Labelled};
use eyepatch_report::schema::{Carried, Estimate};
use eyepatch_stats::clustered_share;

use crate::sweep::assemble::LEVEL;

/// Each fold's threshold is the highest score at which its tested images have the sensitivity that is asked for; images with at
/// least that score are called. An external image counts with the share of folds that call it.
///
/// # Errors
/// In words, where a side has too few patients.
pub(super) fn carried(target: f64, home: &[Labelled<'_>], there: &[Labelled<'_>]) -> Result<Carried, String> {
    let thresholds: BTreeMap<usize, f64> = home
        .iter()
        .map(|f| {
            Ok((f.fold, threshold(f, target).ok_or(format!("fold {} tests no positive image", f.fold))?))
        })
        .collect::<Result<_, String>>()?;
    let (own, abroad) = (Calls::new(home, &thresholds)?, Calls::new(there, &thresholds)?);
    let [sens, spec]: [[Estimate; 2]; 2] = [
        [own.share(true)?, abroad.share(true)?],
        // What is not called of the negatives.
        [own.share(false)?, abroad.share(false)?],
    ];
    let prevalence = [own.prevalence(), abroad.prevalence()];
    let predictive = |of: fn(f64, f64, f64) -> Option<f64>| {
        [
            of(sens[0].value, spec[0].value, prevalence[0]),
            of(sens[1].value, spec[1].value, prevalence[1]),
            of(sens[1].value, spec[1].value, prevalence[0]),
        ]
    };
    Ok(Carried {
        target,
        sensitivity: sens,
        specificity: spec,
        prevalence,
        ppv: predictive(ppv),
        npv: predictive(|sens, spec, prevalence| ppv(spec, sens, 1.0 - prevalence)),
    })
}

/// By Bayes' rule; `None` where nothing is called.
fn ppv(sensitivity: f64, specificity: f64, prevalence: f64) -> Option<f64> {
    let (right, wrong) = (sensitivity * prevalence, (1.0 - specificity) * (1.0 - prevalence));
    (right + wrong > 0.0).then(|| right / (right + wrong))
}

fn threshold(fold: &Labelled<'_>, target: f64) -> Option<f64> {
    let positive = fold.labels.iter().zip(&fold.scores).filter(|(l, _)| **l);
    let mut scores: Vec<f64> = positive.map(|(_, s)| *s).collect();
    scores.sort_unstable_by(|a, b| b.total_cmp(a));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of images")]
    let called = (target * scores.len() as f64 - 1e-9).ceil().max(1.0) as usize;
    scores.get(called - 1).copied()
}

/// The share of models that call each image.
struct Calls<'a> {
    /// By row of the table: calls, models, label, patient.
    images: BTreeMap<usize, (f64, f64, bool, &'a str)>,
}

impl<'a> Calls<'a> {
    fn new(folds: &[Labelled<'a>], thresholds: &BTreeMap<usize, f64>) -> Result<Self, String> {
        let mut images = BTreeMap::new();
        for f in folds {
            let threshold = thresholds.get(&f.fold).ok_or(format!("fold {} has no threshold", f.fold))?;
            for (i, &row) in f.rows.iter().enumerate() {
                let entry = images.entry(row).or_insert((0.0, 0.0, f.labels[i], f.patients[i]));
                entry.0 += f64::from(u8::from(f.scores[i] >= *threshold));
                entry.1 += 1.0;
            }
        }
        Ok(Self { images })
    }

    fn prevalence(&self) -> f64 {
        self.images.values().filter(|i| i.2).count() as f64 / self.images.len().max(1) as f64
    }

    /// Of the positives those that are called, of the negatives those that are not.
    fn share(&self, positive: bool) -> Result<Estimate, String> {
        let of = || self.images.values().filter(|i| i.2 == positive);
        let values: Vec<f64> = of()
            .map(|(calls, models, ..)| if positive { calls / models } else { 1.0 - calls / models })
            .collect();
        let patients: Vec<&str> = of().map(|i| i.3).collect();
        let share = clustered_share(&values, &patients, LEVEL).map_err(|e| e.to_string())?;
        let interval = Interval { lower: share.lower, upper: share.upper, level: LEVEL };
        Ok(Estimate { value: share.share, interval: Some(interval) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold<'a>(number: usize, scores: &[f64], labels: &[bool], patients: &[&'a str]) -> Labelled<'a> {
        Labelled {
            fold: number,
            rows: (0..scores.len()).collect(),
            labels: labels.to_vec(),
            scores: scores.to_vec(),
            patients: patients.to_vec(),
        }
    }

    const PATIENTS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const LABELS: [bool; 8] = [true, true, true, true, false, false, false, false];

    #[test]
    fn a_threshold_from_home_is_used_there() {
        let home = [fold(0, &[4.0, 3.0, 2.0, 1.0, 2.5, 0.0, 0.0, 0.0], &LABELS, &PATIENTS)];
        // Half of the scores are shifted down there.
        let there = [fold(0, &[4.0, 3.0, 1.0, 0.0, 3.0, 2.0, 0.0, 0.0], &LABELS, &PATIENTS)];
        let found = carried(0.75, &home, &there).unwrap();
        // Three of four positives have 2 or more.
        assert_eq!([found.sensitivity[0].value, found.sensitivity[1].value], [0.75, 0.5]);
        assert_eq!([found.specificity[0].value, found.specificity[1].value], [0.75, 0.5]);
        assert_eq!(found.prevalence, [0.5, 0.5]);
        assert_eq!(found.ppv, [0.75, 0.5, 0.5].map(Some));
        assert_eq!(found.npv, [0.75, 0.5, 0.5].map(Some));
        let interval = found.sensitivity[1].interval.unwrap();
        assert!(interval.lower > 0.1 && interval.upper < 0.9);
    }

    #[test]
    fn an_image_counts_with_the_models_that_call_it() {
        let home: Vec<_> =
            (0..2).map(|k| fold(k, &[1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0], &LABELS, &PATIENTS)).collect();
        let there = [
            fold(0, &[1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0], &LABELS, &PATIENTS),
            fold(1, &[1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], &LABELS, &PATIENTS),
        ];
        let found = carried(0.9, &home, &there).unwrap();
        assert_eq!(found.sensitivity[1].value, 0.625);
        assert_eq!(found.specificity[1].value, 0.875);
    }

    #[test]
    fn fewer_positives_there_lower_the_predictive_value() {
        assert!((ppv(0.9, 0.9, 0.5).unwrap() - 0.9).abs() < 1e-12);
        assert!((ppv(0.9, 0.9, 0.1).unwrap() - 0.5).abs() < 1e-12);
        // Of no call nothing is right or wrong.
        assert_eq!(ppv(0.0, 1.0, 0.5), None);
    }
}
