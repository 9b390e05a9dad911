use super::Unit;
use super::rows::split;
use crate::KernelError;
use crate::nhwc::Buffer;

/// Factors that one step of a product takes from a row.
pub(super) const STEP: usize = 32;
/// Columns of a block.
pub(super) const COLUMNS: usize = 16;

/// Weights as two bfloat16 each ([`super::split`]), packed in pairs along the sum: blocks of 16 columns, each in steps of 32
/// factors, each step as 16 rows of 16 pairs. Channels are padded to whole steps, columns to whole blocks, with zeros.
///
/// A product of split numbers takes three of their four products: high times high, high times low and low times high (Henry,
/// Tang & Heinecke 2019, "Leveraging the bfloat16 artificial intelligence datatype for higher-precision computations").
#[derive(Debug, Clone)]
pub struct Pairs {
    pub(super) unit: Unit,
    pub(super) taps: usize,
    pub(super) channels: usize,
    pub(super) n: usize,
    pub(super) values: Buffer<u32>,
    bias: Vec<f32>,
}

impl Pairs {
    /// Packs `weights`, `[n, channels, taps]` (a convolution's order), with a bias for each of the `n`.
    ///
    /// # Errors
    /// [`KernelError::Length`] where the lengths do not fit.
    pub fn new(
        unit: Unit,
        (taps, channels, n): (usize, usize, usize),
        weights: &[f32],
        bias: &[f32],
    ) -> Result<Self, KernelError> {
        KernelError::length("weights", taps * channels * n, weights.len())?;
        KernelError::length("bias", n, bias.len())?;
        let padded = channels.next_multiple_of(STEP);
        let given = taps;
        let factor = |column: usize, k: usize| {
            let (tap, channel) = (k / padded, k % padded);
            if column >= n || channel >= channels {
                return 0;
            }
            let (high, low) = split(weights[(column * channels + channel) * given + tap / 3]);
            u32::from(if tap % 3 == 1 { low } else { high })
        };
        let taps = 3 * taps;
        let mut values = Vec::with_capacity(taps * padded / 2 * n.next_multiple_of(COLUMNS));
        for block in (0..n).step_by(COLUMNS) {
            for pair in (0..taps * padded).step_by(2) {
                let both = |column: usize| factor(column, pair) | factor(column, pair + 1) << 16;
                values.extend((block..block + COLUMNS).map(both));
            }
        }
        Ok(Self {
            unit,
            taps,
            channels: padded,
            n,
            values: Buffer::from(values.as_slice()),
            bias: bias.to_vec(),
        })
    }

    /// Channels, padding included: a multiple of 32. Low parts of a row lie so far behind its high parts.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Where the factors of a sum begin in a row, for taps whose high parts begin there.
    #[must_use]
    pub fn places(&self, taps: &[usize]) -> Vec<usize> {
        taps.iter().flat_map(|&t| [t, t, t + self.channels]).collect()
    }

    /// Columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.n
    }

    /// Columns of the sums, padding included: a multiple of 16.
    #[must_use]
    pub fn width(&self) -> usize {
        self.n.next_multiple_of(COLUMNS)
    }

    /// A number a column.
    #[must_use]
    pub fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// Steps of a sum.
    pub(super) fn steps(&self) -> usize {
        self.taps * self.channels / STEP
    }

    /// The blocks of columns: all steps of each.
    pub(super) fn blocks(&self) -> std::slice::ChunksExact<'_, u32> {
        self.values.chunks_exact((self.steps() * STEP / 2 * COLUMNS).max(1))
    }
}
