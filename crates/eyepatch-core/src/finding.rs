//! What probes find, as data.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Labelled;

/// An interval estimate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Interval {
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// Confidence level, for instance 0.95.
    pub level: f64,
}

impl Interval {
    /// On which side of a value it lies.
    #[must_use]
    pub fn side_of(&self, reference: f64) -> Direction {
        match (self.lower, self.upper) {
            (lower, _) if lower > reference => Direction::Above,
            (_, upper) if upper < reference => Direction::Below,
            _ => Direction::Undecided,
        }
    }
}

/// Which way an estimate lies from its reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The whole interval lies above.
    Above,
    /// The whole interval lies below.
    Below,
    /// The interval holds the reference.
    #[default]
    Undecided,
}

/// One piece of evidence, as data. End a literal with `..Finding::default()`, so that a field that is added later
/// breaks nothing. `N` is what counts are: numbers, but where a result is shared and small ones are held back.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Finding"))]
pub struct Finding<N = usize> {
    /// What is compared, for instance `auc`.
    pub contrast: String,
    /// Where: class, trained, evaluated, dilation, ... Findings of one contrast differ in these.
    pub at: BTreeMap<String, String>,
    /// The quantity estimated, in words.
    pub estimand: String,
    /// The value that the estimate is held against (0.5 for an AUC against chance).
    pub reference: f64,
    /// How far from the reference counts, declared before results are seen.
    pub margin: Option<f64>,
    /// The estimate; `None` where it is not estimable.
    pub estimate: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
    /// One-sided p against "estimate <= reference + margin".
    pub p: Option<f64>,
    /// Images it rests on.
    pub n_images: N,
    /// Patients it rests on.
    pub n_patients: N,
    /// Patients with at least one positive image.
    pub n_patients_positive: N,
    /// Patients with at least one negative image; a patient may be on both sides.
    pub n_patients_negative: N,
    /// Which way it points.
    pub direction: Direction,
    /// Name of the figure that shows it.
    pub figure: Option<String>,
    /// Name of the table that shows it.
    pub table: Option<String>,
    /// Anything the reader must know, why it is not estimable, for instance.
    pub note: Option<String>,
}

impl Finding {
    /// What is looked for and where, before anything is measured.
    #[must_use]
    pub fn of(contrast: &str, estimand: &str, reference: f64, at: &[(&str, &str)]) -> Self {
        Self {
            contrast: contrast.to_owned(),
            at: at.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            estimand: estimand.to_owned(),
            reference,
            ..Self::default()
        }
    }

    /// With the images and patients of these folds; what several folds test (a common test set) counts once.
    #[must_use]
    pub fn counting(self, folds: &[Labelled<'_>]) -> Self {
        let patients = |wanted: fn(bool) -> bool| {
            let all = folds.iter().flat_map(|f| f.labels.iter().zip(&f.patients));
            all.filter(|(l, _)| wanted(**l)).map(|(_, p)| *p).collect::<BTreeSet<_>>().len()
        };
        Self {
            n_images: folds.iter().flat_map(|f| &f.rows).collect::<BTreeSet<_>>().len(),
            n_patients: patients(|_| true),
            n_patients_positive: patients(|label| label),
            n_patients_negative: patients(|label| !label),
            ..self
        }
    }

    /// With an estimate, its interval, and the side of the reference on which that lies.
    #[must_use]
    pub fn measured(self, estimate: f64, interval: Interval) -> Self {
        let direction = interval.side_of(self.reference);
        Self { estimate: Some(estimate), interval: Some(interval), direction, ..self }
    }

    /// With a note that says why there is no estimate.
    #[must_use]
    pub fn not_estimable(self, why: impl std::fmt::Display) -> Self {
        Self { note: Some(format!("not estimable: {why}")), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_lies_above_or_below_only_as_a_whole() {
        let side = |lower, upper| Interval { lower, upper, level: 0.95 }.side_of(0.5);
        assert_eq!(side(0.51, 0.6), Direction::Above);
        assert_eq!(side(0.4, 0.49), Direction::Below);
        assert_eq!([side(0.5, 0.6), side(0.4, 0.5), side(0.4, 0.6)], [Direction::Undecided; 3]);
    }

    /// Two folds share an image; patient `a` stands on both sides.
    #[test]
    fn images_and_patients_count_once() {
        let fold = |fold, rows: &[usize], labels: &[bool], patients: &[&'static str]| Labelled {
            fold,
            rows: rows.to_vec(),
            labels: labels.to_vec(),
            scores: vec![0.0; rows.len()],
            patients: patients.to_vec(),
        };
        let folds =
            [fold(0, &[1, 2], &[true, false], &["a", "a"]), fold(1, &[2, 5], &[false, false], &["a", "b"])];
        let found = Finding::of("auc", "an AUC", 0.5, &[("class", "c")]).counting(&folds);
        assert_eq!((found.n_images, found.n_patients), (3, 2));
        assert_eq!((found.n_patients_positive, found.n_patients_negative), (1, 2));
        let found = found.measured(0.7, Interval { lower: 0.6, upper: 0.8, level: 0.95 });
        assert_eq!((found.direction, found.estimate), (Direction::Above, Some(0.7)));
        let nothing = Finding::of("auc", "an AUC", 0.5, &[]).not_estimable("one class");
        assert_eq!(nothing.note.as_deref(), Some("not estimable: one class"));
    }
}
