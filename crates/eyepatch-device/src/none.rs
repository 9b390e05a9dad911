//! A build without a GPU.

use eyepatch_core::{Batch, Result};
use eyepatch_kernels::coalition::Coalitions;
use eyepatch_kernels::cuda::Bounds;

/// There is none.
pub(crate) enum Inner {}

impl Inner {
    #[expect(clippy::unnecessary_wraps, reason = "as where there is a GPU")]
    pub(crate) fn new(_: usize, _: &Batch, _: &Batch) -> Result<Option<Self>> {
        Ok(None)
    }

    pub(crate) fn boxes(&self, _: &[Vec<Bounds>]) -> Result<Batch> {
        match *self {}
    }

    pub(crate) fn segments(&self, _: &[u32], _: &Coalitions) -> Result<Batch> {
        match *self {}
    }
}
