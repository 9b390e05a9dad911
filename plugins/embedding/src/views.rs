//! The evidence's embeddings of one layer, sorted, with the rows that may be compared.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::{Embeddings, Evidence, Keep, Table};
use eyepatch_embedding::Points;

use crate::Embedding;

/// Embeddings of the same rows under one masking.
pub(crate) struct View {
    pub(crate) masking: String,
    pub(crate) points: Points,
}

/// All maskings of one layer.
pub(crate) struct Views {
    /// Rows of the table, ascending; the same under every masking.
    pub(crate) rows: Vec<usize>,
    /// The full image first.
    pub(crate) views: Vec<View>,
    /// Embeddings of images of noise.
    pub(crate) noise: Option<Points>,
}

impl Views {
    /// # Errors
    /// In words, where there are no embeddings of the layer or of full images, or they do not fit together.
    pub(crate) fn new(probe: &Embedding, evidence: &Evidence<'_>) -> Result<Self, String> {
        let layer = probe.layer.as_deref().unwrap_or(Embeddings::LAST);
        let sets: Vec<&Embeddings> = evidence.embeddings.iter().filter(|e| e.layer == layer).collect();
        if sets.is_empty() {
            let known: BTreeSet<&str> = evidence.embeddings.iter().map(|e| e.layer.as_str()).collect();
            let known = known.into_iter().collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { "none".to_owned() } else { known };
            return Err(format!("the model gives no embedding at `{layer}`; it gives: {known}"));
        }
        let is_full = |e: &&&Embeddings| {
            evidence.maskings.iter().any(|m| m.name == e.evaluated && m.keep == Keep::Full)
        };
        let full =
            sets.iter().find(is_full).ok_or("there are no embeddings of full images to compare with")?;
        let mut rows = full.rows.clone();
        rows.sort_unstable();
        let masked = |e: &&&Embeddings| e.evaluated != Embeddings::NOISE && e.evaluated != full.evaluated;
        let views: Result<Vec<View>, String> =
            std::iter::once(full).chain(sets.iter().filter(masked)).map(|e| view(e, &rows)).collect();
        let noise = sets.iter().find(|e| e.evaluated == Embeddings::NOISE);
        let noise =
            noise.map(|e| Points::from_f32(&e.values, e.values.len() / e.dim.max(1), e.dim)).transpose();
        Ok(Self { rows, views: views?, noise: noise.map_err(|e| format!("images of noise: {e}"))? })
    }

    /// Patients of the rows.
    pub(crate) fn patients<'t>(&self, table: &'t Table) -> Vec<&'t str> {
        self.rows.iter().map(|&r| table.rows[r].patient.as_str()).collect()
    }

    /// Places of whole patients, of at most `most` rows together: all of them, or of patients at even steps as many as fit.
    pub(crate) fn at_most(&self, table: &Table, most: usize) -> Vec<usize> {
        let n = self.rows.len();
        if n <= most {
            return (0..n).collect();
        }
        let patients: BTreeSet<&str> = self.patients(table).into_iter().collect();
        let patients: Vec<&str> = patients.into_iter().collect();
        let mut images: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for i in 0..n {
            images.entry(&table.rows[self.rows[i]].patient).or_default().push(i);
        }
        let mut kept: Vec<usize> = Vec::new();
        // At the mean number of images a patient this many fit.
        for patient in evenly(&patients, (patients.len() * most).div_ceil(n)) {
            let own = images.get(patient).map_or(&[][..], Vec::as_slice);
            if kept.len() + own.len() <= most {
                kept.extend(own);
            }
        }
        kept.sort_unstable();
        kept
    }

    /// One place a patient, that of the first row.
    pub(crate) fn one_a_patient(&self, table: &Table, places: &[usize]) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        places.iter().copied().filter(|&i| seen.insert(&table.rows[self.rows[i]].patient)).collect()
    }
}

fn view(e: &Embeddings, rows: &[usize]) -> Result<View, String> {
    let mut order: Vec<usize> = (0..e.rows.len()).collect();
    order.sort_unstable_by_key(|&i| e.rows[i]);
    let told = order.iter().map(|&i| e.rows[i]).eq(rows.iter().copied());
    if !told || e.values.len() != e.rows.len() * e.dim {
        return Err(format!("embeddings under {} are of other images than those in full", e.evaluated));
    }
    let values: Vec<f32> =
        order.iter().flat_map(|&i| e.values[i * e.dim..(i + 1) * e.dim].iter().copied()).collect();
    let points = Points::from_f32(&values, rows.len(), e.dim);
    Ok(View {
        masking: e.evaluated.clone(),
        points: points.map_err(|why| format!("{}: {why}", e.evaluated))?,
    })
}

/// At most so many, at even steps from the first to the last.
pub(crate) fn evenly<T: Copy>(all: &[T], most: usize) -> Vec<T> {
    let n = all.len();
    if n <= most { all.to_vec() } else { (0..most).map(|i| all[i * n / most]).collect() }
}

/// Some rows of points.
pub(crate) fn part(points: &Points, places: &[usize]) -> Result<Points, String> {
    let values: Vec<f64> = places.iter().flat_map(|&i| points.row(i).iter().copied()).collect();
    Points::new(&values, places.len(), points.columns()).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use eyepatch_core::Row;

    use super::*;

    /// 300 images of 100 patients, one of whom has 102.
    fn views() -> (Views, Table) {
        let row = |i: usize| Row {
            id: i.to_string(),
            patient: format!("p{:03}", if i < 198 { i / 2 } else { 99 }),
            labels: vec![],
            meta: BTreeMap::new(),
            image: None,
            roi: None,
            line: None,
        };
        let table = Table { classes: vec![], rows: (0..300).map(row).collect() };
        (Views { rows: (0..300).collect(), views: Vec::new(), noise: None }, table)
    }

    #[test]
    fn a_limit_keeps_whole_patients_from_the_first_to_the_last() {
        let (views, table) = views();
        for most in [2, 50, 150, 299] {
            let kept = views.at_most(&table, most);
            assert!(kept.len() <= most && kept.len() * 3 >= most, "{} of {most}", kept.len());
            let whole = |patient: &str| table.rows.iter().filter(|r| r.patient == patient).count();
            let mut images: BTreeMap<&str, usize> = BTreeMap::new();
            kept.iter().for_each(|&i| *images.entry(&table.rows[i].patient).or_default() += 1);
            assert!(images.iter().all(|(p, n)| *n == whole(p)), "a patient is cut");
        }
        assert_eq!(views.at_most(&table, 300).len(), 300);
        let places: Vec<usize> = (0..300).collect();
        assert_eq!(views.one_a_patient(&table, &places).len(), 100);
        assert_eq!(evenly(&[1, 2, 3, 4, 5, 6, 7], 3), [1, 3, 5]);
        assert_eq!(evenly(&[1, 2], 3), [1, 2]);
    }
}
