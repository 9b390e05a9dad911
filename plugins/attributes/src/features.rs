//! Features of one layer and masking, made short by principal components of the training rows.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_clusters::{Rows, principal_components};
use eyepatch_core::{Embeddings, Evidence, Keep};
use eyepatch_stats::group_kfold;

use crate::Attributes;

/// A layer under a masking.
pub(crate) struct Features<'e> {
    pub(crate) layer: &'e str,
    pub(crate) masking: &'e str,
    /// Rows of the table, ascending.
    pub(crate) rows: Vec<usize>,
    values: Rows,
}

/// Places that train, and places that are tested.
pub(crate) type Fold = (Vec<usize>, Vec<usize>);

/// The part of one fold of patients.
pub(crate) struct Part {
    /// Places in the rows.
    pub(crate) train: Vec<usize>,
    pub(crate) test: Vec<usize>,
    /// Components of all rows, row after row, and how many a row has.
    pub(crate) values: Vec<f64>,
    pub(crate) width: usize,
}

/// Every layer under every masking that is asked for, layer by layer in the evidence's order.
///
/// # Errors
/// In words, where embeddings do not fit together.
pub(crate) fn all<'e>(probe: &Attributes, evidence: &Evidence<'e>) -> Result<Vec<Features<'e>>, String> {
    let wanted = maskings(probe, evidence);
    let mut layers: Vec<&str> = Vec::new();
    for e in evidence.embeddings {
        if !layers.contains(&e.layer.as_str()) {
            layers.push(&e.layer);
        }
    }
    let mut found = Vec::new();
    for layer in layers {
        for masking in &wanted {
            let set = evidence.embeddings.iter().find(|e| e.layer == layer && e.evaluated == *masking);
            found.extend(set.map(sorted).transpose()?);
        }
    }
    Ok(found)
}

/// Names of the maskings that features are read under.
fn maskings<'e>(probe: &Attributes, evidence: &Evidence<'e>) -> Vec<&'e str> {
    if !probe.maskings.is_empty() {
        let named = evidence.maskings.iter().filter(|m| probe.maskings.contains(&m.name));
        return named.map(|m| m.name.as_str()).collect();
    }
    let seen = |name: &str| evidence.embeddings.iter().any(|e| e.evaluated == name);
    let first = |keep: Keep| evidence.maskings.iter().find(|m| m.keep == keep && seen(&m.name));
    [Keep::Full, Keep::Outside, Keep::Inside].into_iter().filter_map(first).map(|m| m.name.as_str()).collect()
}

fn sorted(e: &Embeddings) -> Result<Features<'_>, String> {
    let wrong = |why: String| format!("features of `{}` under {}: {why}", e.layer, e.evaluated);
    if e.dim == 0 || e.values.len() != e.rows.len() * e.dim {
        return Err(wrong(format!("{} values for {} rows of {}", e.values.len(), e.rows.len(), e.dim)));
    }
    let order: BTreeMap<usize, usize> = e.rows.iter().enumerate().map(|(i, &row)| (row, i)).collect();
    let values =
        order.values().flat_map(|&i| e.values[i * e.dim..(i + 1) * e.dim].iter().copied().map(f64::from));
    Ok(Features {
        layer: &e.layer,
        masking: &e.evaluated,
        rows: order.keys().copied().collect(),
        values: Rows::new(values.collect(), e.dim).map_err(|why| wrong(why.to_string()))?,
    })
}

/// Folds of patients: places that train and places that are tested. Which patient is in which fold knows nothing of any answer, so that a
/// permutation of answers is as good as the answers; there are as many folds as asked for, or fewer where an answer is so rare that
/// a fold would have fewer than two patients of it.
///
/// # Errors
/// In words, where two folds are too many.
pub(crate) fn folds(
    most: usize,
    patients: &[&str],
    answer: impl Fn(usize) -> Option<bool>,
    seed: u64,
) -> Result<Vec<Fold>, String> {
    for count in (2..=most).rev() {
        let Ok(of) = group_kfold(patients, None, count, seed) else { continue };
        let both = |k: usize| {
            // A variance between patients needs two of them.
            let has = |wanted: bool| {
                let of = (0..of.len()).filter(|&i| of[i] == k && answer(i) == Some(wanted));
                of.map(|i| patients[i]).collect::<BTreeSet<_>>().len() > 1
            };
            has(true) && has(false)
        };
        if (0..count).all(both) {
            let places = |k: usize, tested: bool| (0..of.len()).filter(|&i| (of[i] == k) == tested).collect();
            return Ok((0..count).map(|k| (places(k, false), places(k, true))).collect());
        }
    }
    Err("too few patients have the value, or another".into())
}

impl Features<'_> {
    /// One part a fold.
    ///
    /// # Errors
    /// In words, where features do not vary.
    pub(crate) fn parts(&self, components: usize, folds: &[Fold]) -> Result<Vec<Part>, String> {
        folds.iter().map(|fold| self.part(components, fold)).collect()
    }

    fn part(&self, components: usize, (train, test): &Fold) -> Result<Part, String> {
        let width = self.values.columns();
        let (train, test) = (train.clone(), test.clone());
        if width <= components {
            return Ok(Part { train, test, values: self.values.values().to_vec(), width });
        }
        let known: Vec<f64> = train.iter().flat_map(|&i| self.values.row(i).iter().copied()).collect();
        let known = Rows::new(known, width).map_err(|e| e.to_string())?;
        let found = principal_components(&known, components.min(train.len())).map_err(|e| e.to_string())?;
        let short = found.project(&self.values).map_err(|e| e.to_string())?;
        Ok(Part { train, test, width: short.columns(), values: short.values().to_vec() })
    }
}
