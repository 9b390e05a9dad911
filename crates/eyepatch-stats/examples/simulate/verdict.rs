//! The primary contrasts of a verdict (`VERDICTS.md`), every one of them truly at the margin: the hardest case of "none is above
//! it".

use std::collections::BTreeSet;

use eyepatch_stats::{AucInfluence, StatsError, contrast, holm_adjusted, normal_cdf};

use crate::ALPHA;
use crate::cohort::{Cohort, Draws};

/// The margin d.
const MARGIN: f64 = 0.05;
const FILLS: usize = 3;
/// Correlation of the scores under two fills, given the label.
const SHARED: f64 = 0.8;
const ATTRIBUTES: usize = 5;
/// P(attribute | positive image) and P(attribute | negative image).
const SHARES: [f64; 2] = [0.7, 0.3];
/// Patients that a value must have on either side, as the engine has it.
const PATIENTS_A_VALUE: usize = 5;

/// What `ATTRIBUTES` attributes of equal effect add to a score so that breaking the association of one costs `MARGIN`.
pub(crate) fn effect(cohort: &Cohort) -> f64 {
    let positive = cohort.labels.iter().filter(|l| **l).count() as f64 / cohort.labels.len() as f64;
    let overall = positive * SHARES[0] + (1.0 - positive) * SHARES[1];
    let loss = |effect: f64| auc(effect, SHARES) - auc(effect, [overall; 2]);
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if loss(middle) < MARGIN { low = middle } else { high = middle }
    }
    assert!((loss(low) - MARGIN).abs() < 1e-9, "no effect loses the margin");
    low
}

/// The AUC where one attribute has the probabilities `one` in the two classes and all others `SHARES`.
fn auc(effect: f64, one: [f64; 2]) -> f64 {
    let counts = |class: usize| {
        (0..ATTRIBUTES).map(|k| if k == 0 { one[class] } else { SHARES[class] }).fold(vec![1.0], |of, p| {
            let mut with = vec![0.0; of.len() + 1];
            for (n, chance) in of.iter().enumerate() {
                with[n] += (1.0 - p) * chance;
                with[n + 1] += p * chance;
            }
            with
        })
    };
    let (positive, negative) = (counts(0), counts(1));
    let mut sum = 0.0;
    for (a, p) in positive.iter().enumerate() {
        for (b, q) in negative.iter().enumerate() {
            sum += p * q * normal_cdf(effect * (a as f64 - b as f64) / std::f64::consts::SQRT_2);
        }
    }
    sum
}

/// Whether any primary contrast is found above the margin, by Holm at alpha.
pub(crate) fn run(
    cohort: &Cohort,
    effect: f64,
    condition: usize,
    run: usize,
) -> Result<[bool; 1], StatsError> {
    let mut draws = Draws::new(condition, run);
    let mut scores = cohort.noise(&mut draws, FILLS + 1, SHARED);
    let attributes: Vec<Vec<bool>> = (0..ATTRIBUTES).map(|_| attribute(cohort, &mut draws)).collect();
    let full = scores.pop().unwrap_or_default();
    let full: Vec<f64> = full
        .iter()
        .enumerate()
        .map(|(i, noise)| noise + effect * attributes.iter().filter(|a| a[i]).count() as f64)
        .collect();
    let mut hidden = 0.0_f64;
    for fill in &mut scores {
        cohort.raise(fill, 0.5 + MARGIN);
        let influence = cohort.influence(fill)?;
        hidden = hidden.max(contrast(&[(1.0, &influence)], 0.5)?.p_above(MARGIN));
    }
    let mut family = vec![hidden];
    let plain = cohort.influence(&full)?;
    for attribute in &attributes {
        family.push(match groups(cohort, attribute) {
            Some(groups) => {
                let broken = AucInfluence::balanced(&[cohort.fold(&full)], &[&groups])?;
                contrast(&[(1.0, &plain), (-1.0, &broken)], 0.0)?.p_above(MARGIN)
            }
            None => 1.0,
        });
    }
    Ok([holm_adjusted(&family).iter().any(|p| *p < ALPHA)])
}

/// One value a patient where its labels are constant (a site), one an image where they are mixed (a camera).
fn attribute(cohort: &Cohort, draws: &mut Draws) -> Vec<bool> {
    let mut values: Vec<bool> = Vec::with_capacity(cohort.labels.len());
    for (i, &label) in cohort.labels.iter().enumerate() {
        let same_patient = i % cohort.design.images != 0;
        values.push(if same_patient && !cohort.design.mixed {
            values[i - 1]
        } else {
            draws.uniform() < SHARES[usize::from(!label)]
        });
    }
    values
}

/// The images' values as groups; `None` where too few patients have one.
fn groups(cohort: &Cohort, attribute: &[bool]) -> Option<Vec<usize>> {
    let mut patients: [[BTreeSet<u32>; 2]; 2] = Default::default();
    for ((&value, &label), &patient) in attribute.iter().zip(&cohort.labels).zip(&cohort.patients) {
        patients[usize::from(label)][usize::from(value)].insert(patient);
    }
    let enough = patients.iter().flatten().all(|p| p.len() >= PATIENTS_A_VALUE);
    enough.then(|| attribute.iter().map(|value| usize::from(*value)).collect())
}
