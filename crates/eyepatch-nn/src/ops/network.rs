//! A DenseNet up to its pooled embedding, as one operation.

use super::chain::{Stage, Workspace, chain};
use super::conv::ConvShape;
use super::dense::{BlockStatistics, Dense, DenseBlockShape};
use super::norm::{ChannelStats, Statistics};
use super::stages::{Pooled, Shrink, StageNorm, Stem};
use candle_core::{Result, Tensor};
use std::sync::Arc;

/// A part of a network. Its parameters follow those of the part before in one vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Convolution, normalisation, ReLU, and [`super::max_pool`] where `pool` is set. Parameters: weight
    /// `[output, input, kernel, kernel]`, scale, shift.
    Stem {
        /// Channels of the image.
        input: usize,
        /// Channels after the convolution.
        output: usize,
        /// Side of the kernel.
        kernel: usize,
        /// Stride and padding.
        shape: ConvShape,
        /// Whether maximum pooling follows.
        pool: bool,
    },
    /// See [`super::dense_block`].
    Dense(DenseBlockShape),
    /// Normalisation, ReLU, [`super::avg_pool2`], 1 x 1 convolution to half the channels. Parameters: scale, shift,
    /// weight.
    Shrink {
        /// Channels that enter.
        input: usize,
    },
    /// Normalisation, ReLU, mean over the plane: `[n, c, 1, 1]`. Parameters: scale, shift.
    Pooled {
        /// Channels that enter.
        input: usize,
    },
}

/// How a [`Part`] is run.
#[derive(Debug, Clone)]
pub enum Learning {
    /// Batch statistics; parameters get gradients where candle tracks them.
    Learns,
    /// Batch statistics, as in PyTorch's training mode; parameters get zero gradients.
    Drifts,
    /// These statistics, one for each normalisation; parameters get zero gradients.
    Frozen(Vec<Arc<ChannelStats>>),
}

/// Runs parts of a network one after the other. `params` holds all their parameters. Backward stops at the first part
/// that learns, unless candle tracks `x`.
///
/// Returns the result and, for each normalisation, the batch's statistics, or `None` where it is frozen.
///
/// # Errors
/// Shapes that do not fit, a tensor outside host memory, or another dtype.
pub fn network(
    x: &Tensor,
    params: &Tensor,
    parts: &[(Part, Learning)],
    eps: f64,
    workspace: &Workspace,
) -> Result<(Tensor, Vec<Option<Arc<ChannelStats>>>)> {
    let stages =
        parts.iter().map(|(part, learning)| stage(part, learning, eps)).collect::<Result<Vec<_>>>()?;
    chain(x, params, stages, workspace)
}

fn stage(part: &Part, learning: &Learning, eps: f64) -> Result<Box<dyn Stage>> {
    let trainable = matches!(learning, Learning::Learns);
    let norm = || match learning {
        Learning::Learns | Learning::Drifts => Ok(StageNorm { statistics: Statistics::Batch, eps }),
        Learning::Frozen(stats) => match stats.as_slice() {
            [one] => Ok(StageNorm { statistics: Statistics::Frozen(one.clone()), eps }),
            _ => Err(candle_core::Error::Msg(format!("{} statistics for one normalisation", stats.len()))),
        },
    };
    Ok(match *part {
        Part::Stem { input, output, kernel, shape, pool } => {
            Box::new(Stem { input, output, kernel, shape, pool, norm: norm()?, trainable })
        }
        Part::Dense(shape) => {
            let statistics = match learning {
                Learning::Learns | Learning::Drifts => BlockStatistics::Batch,
                Learning::Frozen(stats) => {
                    let (pairs, rest) = stats.as_chunks::<2>();
                    if !rest.is_empty() {
                        return Err(candle_core::Error::Msg("a dense layer has two normalisations".into()));
                    }
                    BlockStatistics::Frozen(pairs.to_vec())
                }
            };
            Box::new(Dense { shape, statistics, trainable, eps })
        }
        Part::Shrink { input } => Box::new(Shrink { input, norm: norm()?, trainable }),
        Part::Pooled { input } => Box::new(Pooled { input, norm: norm()?, trainable }),
    })
}
