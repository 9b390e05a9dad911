//! Losses of logits, with their gradients in closed form.

use crate::error::{NnError, Result};
use candle_core::Tensor;

/// Sum of a loss over a batch, how many terms it has, and its gradient.
#[derive(Debug, Clone, PartialEq)]
pub struct Loss {
    /// Sum of the terms.
    pub sum: f64,
    /// Number of terms: labels that are known, or samples.
    pub terms: usize,
    /// Gradient of the sum by the logits, row after row.
    pub gradient: Vec<f32>,
}

impl Loss {
    /// Mean over the terms; 0 where there is none.
    pub fn mean(&self) -> f64 {
        if self.terms == 0 { 0.0 } else { self.sum / self.terms as f64 }
    }

    /// A scalar whose gradient by the logits is that of the mean loss (its value is not the loss).
    ///
    /// # Errors
    /// When `logits` has another number of elements.
    pub fn backward_from(&self, logits: &Tensor) -> Result<Tensor> {
        let scale = 1.0 / self.terms.max(1) as f64;
        let gradient = Tensor::from_slice(&self.gradient, logits.shape(), logits.device())?;
        Ok((logits * (gradient * scale)?)?.sum_all()?)
    }
}

/// Binary cross-entropy of logits, label by label: `max(x, 0) - x y + ln(1 + exp(-|x|))`. `NaN` targets are missing
/// labels: they count neither in the sum nor in the terms.
///
/// # Errors
/// [`NnError::Shape`] when the lengths differ.
pub fn bce_with_logits(logits: &[f32], targets: &[f32]) -> Result<Loss> {
    weighted_bce_with_logits(logits, targets, &[1.0])
}

/// [`bce_with_logits`] with `pos_weight`, one a class: the term of a positive label counts so many times, as in torch's
/// `BCEWithLogitsLoss`. Each positive or negative label is still one term of the mean.
///
/// # Errors
/// [`NnError::Shape`] when the lengths differ, or are no whole number of rows of classes.
pub fn weighted_bce_with_logits(logits: &[f32], targets: &[f32], pos_weight: &[f32]) -> Result<Loss> {
    if logits.len() != targets.len() {
        return Err(mismatch(targets.len(), logits.len()));
    }
    if pos_weight.is_empty() || !logits.len().is_multiple_of(pos_weight.len()) {
        return Err(mismatch(pos_weight.len(), logits.len()));
    }
    let mut loss = Loss { sum: 0.0, terms: 0, gradient: vec![0.0; logits.len()] };
    let weights = pos_weight.iter().cycle();
    for (((&x, &y), g), &weight) in logits.iter().zip(targets).zip(&mut loss.gradient).zip(weights) {
        if y.is_nan() {
            continue;
        }
        let (x, y, weight) = (f64::from(x), f64::from(y), f64::from(weight));
        // ln(1 + exp(-x)) for positive labels, ln(1 + exp(x)) for negative ones; y may lie between.
        let softplus = (-x.abs()).exp().ln_1p();
        loss.sum += (1.0 - y) * (x.max(0.0) + softplus) + weight * y * ((-x).max(0.0) + softplus);
        loss.terms += 1;
        let p = 1.0 / (1.0 + (-x).exp());
        *g = ((1.0 - y) * p - weight * y * (1.0 - p)) as f32;
    }
    Ok(loss)
}

/// Cross-entropy of a softmax over `classes` logits a sample, with the index of the true class.
///
/// # Errors
/// [`NnError::Shape`] when the lengths do not fit, [`NnError::Data`] when a target is no class.
pub fn cross_entropy(logits: &[f32], classes: usize, targets: &[u32]) -> Result<Loss> {
    if classes == 0 || logits.len() != classes * targets.len() {
        return Err(mismatch(targets.len(), logits.len()));
    }
    let mut loss = Loss { sum: 0.0, terms: targets.len(), gradient: Vec::with_capacity(logits.len()) };
    for (i, (row, &target)) in logits.chunks_exact(classes).zip(targets).enumerate() {
        let Some(&own) = row.get(target as usize) else {
            return Err(NnError::Data(format!("sample {i} has class {target}, there are {classes}")));
        };
        let largest = row.iter().fold(f64::NEG_INFINITY, |m, &x| m.max(f64::from(x)));
        let total: f64 = row.iter().map(|&x| (f64::from(x) - largest).exp()).sum();
        loss.sum += total.ln() + largest - f64::from(own);
        loss.gradient.extend(row.iter().enumerate().map(|(c, &x)| {
            let p = (f64::from(x) - largest).exp() / total;
            (p - f64::from(u8::from(c == target as usize))) as f32
        }));
    }
    Ok(loss)
}

fn mismatch(targets: usize, logits: usize) -> NnError {
    NnError::Shape {
        what: "targets".into(),
        got: vec![targets],
        expected: format!("as many as {logits} logits"),
    }
}
