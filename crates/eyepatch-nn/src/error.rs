//! What can go wrong in this crate.

use crate::densenet::Misfit;
use crate::weights::Refused;
use std::path::PathBuf;
use thiserror::Error;

/// Errors of networks, weight files and training.
#[derive(Debug, Error)]
pub enum NnError {
    /// A tensor operation failed.
    #[error("tensor operation failed: {0}")]
    Tensor(#[from] candle_core::Error),
    /// A tensor has the wrong shape for what was asked.
    #[error("{what} has shape {got:?}, expected {expected}")]
    Shape {
        /// What the tensor is.
        what: String,
        /// Its shape.
        got: Vec<usize>,
        /// The shape that would do, in words.
        expected: String,
    },
    /// A kernel was given what does not fit.
    #[error(transparent)]
    Kernel(#[from] eyepatch_kernels::KernelError),
    /// A configuration that cannot be built or trained.
    #[error("parameter {name} = {value}: {why}")]
    Config {
        /// Name of the parameter.
        name: &'static str,
        /// The value it has.
        value: String,
        /// What it must be.
        why: &'static str,
    },
    /// A device that was asked for and cannot be had.
    #[error("device {device}: {why}")]
    Device {
        /// The device.
        device: String,
        /// Why not: what the build lacks, or the driver's words.
        why: String,
    },
    /// A weight file that is not read.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A weight file whose tensors are not those of the network.
    #[error(transparent)]
    Misfit(#[from] Box<Misfit>),
    /// Weights that cannot be taken over or written, or a network that they do not fit.
    #[error("weights do not fit the network: {0}")]
    Weights(String),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Training data that cannot be used.
    #[error("training data: {0}")]
    Data(String),
    /// Whoever provides training data could not.
    #[error("training data: {0}")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The loss or a weight became NaN or infinite.
    #[error(
        "loss became {value} in epoch {epoch}, batch {batch}: lower the learning rate or look for bad pixels"
    )]
    NotFinite {
        /// Epoch, from 0.
        epoch: usize,
        /// Batch in the epoch, from 0.
        batch: usize,
        /// The loss.
        value: f64,
    },
    /// The loss stays far above that of a network that knows nothing.
    #[error(
        "training diverged: for {epochs} epochs up to epoch {epoch} the loss was {loss:.3} or more, above {limit:.3}, \
         where knowing nothing costs {chance:.3}: lower the learning rate"
    )]
    Diverged {
        /// Last epoch, from 0.
        epoch: usize,
        /// Epochs in a row.
        epochs: usize,
        /// The least loss of these.
        loss: f64,
        /// What it was above.
        limit: f64,
        /// Loss with every logit zero.
        chance: f64,
    },
    /// A network that cannot be parted into a trunk and a tail.
    #[error("no shared trunk: {0}")]
    NoBoundary(String),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Result with [`NnError`].
pub type Result<T> = std::result::Result<T, NnError>;

impl NnError {
    pub(crate) fn config(name: &'static str, value: impl std::fmt::Debug, why: &'static str) -> Self {
        Self::Config { name, value: format!("{value:?}"), why }
    }
}
