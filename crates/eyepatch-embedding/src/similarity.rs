use std::collections::BTreeMap;

use crate::error::count;
use crate::{EmbeddingError, Points};

/// Cosine similarity of each masked embedding to the full one of the same image, -1 to 1; row i of `masked` and row i
/// of `full` are of one image.
///
/// # Errors
/// [`EmbeddingError::Count`]; [`EmbeddingError::Columns`]; [`EmbeddingError::ZeroRow`].
pub fn to_full(full: &Points, masked: &Points) -> Result<Vec<f64>, EmbeddingError> {
    count("masked rows", full.len(), masked.len())?;
    same_columns("masked", full, masked)?;
    let (full, masked) = (directions("full", full)?, directions("masked", masked)?);
    Ok(full.iter().zip(&masked).map(|(a, b)| dot(a, b).clamp(-1.0, 1.0)).collect())
}

/// The baseline that a masked embedding should beat: the mean of its cosine similarities to the full embeddings of all
/// images of other patients.
///
/// # Errors
/// As [`to_full`]; [`EmbeddingError::NoOther`] where there is one patient only.
pub fn to_others(full: &Points, masked: &Points, patients: &[&str]) -> Result<Vec<f64>, EmbeddingError> {
    count("masked rows", full.len(), masked.len())?;
    count("patients", full.len(), patients.len())?;
    same_columns("masked", full, masked)?;
    let (full, masked) = (directions("full", full)?, directions("masked", masked)?);
    let mut own: BTreeMap<&str, (Vec<f64>, usize)> = BTreeMap::new();
    for (patient, row) in patients.iter().zip(&full) {
        let (sum, images) = own.entry(patient).or_insert_with(|| (vec![0.0; row.len()], 0));
        sum.iter_mut().zip(row).for_each(|(s, v)| *s += v);
        *images += 1;
    }
    if own.len() < 2 {
        return Err(EmbeddingError::NoOther { row: 0 });
    }
    let all = sum(&full);
    let one = |(patient, row): (&&str, &Vec<f64>)| {
        let (sum, images) = &own[patient];
        let others: f64 = row.iter().zip(&all).zip(sum).map(|((v, all), own)| v * (all - own)).sum();
        others / (full.len() - images) as f64
    };
    Ok(patients.iter().zip(&masked).map(one).collect())
}

/// The baseline of an embedding that says nothing: the mean of each row's cosine similarities to the embeddings of noise
/// images.
///
/// # Errors
/// [`EmbeddingError::Columns`]; [`EmbeddingError::ZeroRow`].
pub fn to_noise(full: &Points, noise: &Points) -> Result<Vec<f64>, EmbeddingError> {
    same_columns("noise", full, noise)?;
    let (full, noise) = (directions("full", full)?, directions("noise", noise)?);
    let all = sum(&noise);
    Ok(full.iter().map(|row| dot(row, &all) / noise.len() as f64).collect())
}

fn same_columns(which: &'static str, full: &Points, other: &Points) -> Result<(), EmbeddingError> {
    let (expected, found) = (full.columns(), other.columns());
    if expected == found { Ok(()) } else { Err(EmbeddingError::Columns { which, expected, found }) }
}

/// Rows brought to length 1; first to a largest number of 1, so that squares do not vanish.
fn directions(which: &'static str, points: &Points) -> Result<Vec<Vec<f64>>, EmbeddingError> {
    let one = |(row, values): (usize, &[f64])| {
        let largest = values.iter().fold(0.0_f64, |l, v| l.max(v.abs()));
        if largest == 0.0 {
            return Err(EmbeddingError::ZeroRow { which, row });
        }
        let scaled: Vec<f64> = values.iter().map(|v| v / largest).collect();
        let length = dot(&scaled, &scaled).sqrt();
        Ok(scaled.into_iter().map(|v| v / length).collect())
    };
    points.iter().enumerate().map(one).collect()
}

fn sum(rows: &[Vec<f64>]) -> Vec<f64> {
    let mut all = vec![0.0; rows.first().map_or(0, Vec::len)];
    rows.iter().for_each(|row| all.iter_mut().zip(row).for_each(|(s, v)| *s += v));
    all
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
#[path = "similarity_tests.rs"]
mod tests;
