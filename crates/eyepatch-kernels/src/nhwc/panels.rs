use super::{Buffer, Isa};
use crate::KernelError;

/// A matrix of weights, `k` x `n`, packed for one instruction set: panels of two registers' width, each with its rows one
/// after the other; what is left over fills a panel of one or two registers, the rest of it zero.
#[derive(Debug, Clone)]
pub struct Panels {
    pub(super) isa: Isa,
    pub(super) k: usize,
    pub(super) n: usize,
    pub(super) values: Buffer,
    pub(super) bias: Vec<f32>,
}

impl Panels {
    /// Packs `weights`, `n` rows of `k` (a convolution's order: output channel first), with a bias for each of the `n`.
    ///
    /// # Errors
    /// [`KernelError::Length`] where the lengths do not fit.
    pub fn new(isa: Isa, (k, n): (usize, usize), weights: &[f32], bias: &[f32]) -> Result<Self, KernelError> {
        KernelError::length("weights", k.saturating_mul(n), weights.len())?;
        KernelError::length("bias", n, bias.len())?;
        let padded = n.next_multiple_of(isa.lanes());
        let mut values = Vec::with_capacity(k * padded);
        for (start, width) in widths(isa, n) {
            for row in 0..k {
                let column = |j: usize| if start + j < n { weights[(start + j) * k + row] } else { 0.0 };
                values.extend((0..width).map(column));
            }
        }
        let mut bias = bias.to_vec();
        bias.resize(padded, 0.0);
        Ok(Self { isa, k, n, values: Buffer::from(values.as_slice()), bias })
    }

    /// Rows and columns.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.k, self.n)
    }

    /// Bytes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        4 * (self.values.len() + self.bias.len())
    }

    /// Each panel's first column, columns in use, and values.
    pub(super) fn panels(&self) -> impl Iterator<Item = (usize, usize, &[f32])> {
        let mut at = 0;
        widths(self.isa, self.n).map(move |(start, width)| {
            let values = &self.values[at..at + self.k * width];
            at += self.k * width;
            (start, (self.n - start).min(width), values)
        })
    }
}

/// First column and width of each panel.
fn widths(isa: Isa, n: usize) -> impl Iterator<Item = (usize, usize)> {
    let lanes = isa.lanes();
    (0..n).step_by(2 * lanes).map(move |start| (start, if n - start > lanes { 2 * lanes } else { lanes }))
}
