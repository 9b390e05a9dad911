//! Where the model computes on a GPU, its images are put together there.

use eyepatch_core::{Device, Image, Result};
use eyepatch_device::Composer;
use eyepatch_kernels::cuda::Bounds;

use super::images::Task;
use crate::Shown;

/// The image and its baselines on a GPU.
pub(super) struct There {
    /// One a baseline.
    pub(super) composers: Vec<Composer>,
    /// Planes of the network's input, and of the image.
    planes: (u32, u32),
}

impl There {
    /// `None` where the model is elsewhere, or its input is more than the image's values one by one.
    pub(super) fn of(task: Task<'_>, hidden: &[Image]) -> Result<Option<Self>> {
        let (device, image) = (task.fitted.device(), &task.sample.image);
        if device == Device::Cpu || !task.preprocess.is_pointwise() {
            return Ok(None);
        }
        let batch = |image: &Image| task.preprocess.batch(std::slice::from_ref(image));
        let input = batch(image)?;
        let planes = (input.channels as u32, image.channels() as u32);
        let mut composers = Vec::with_capacity(hidden.len());
        for hidden in hidden {
            let Some(composer) = Composer::new(device, &input, &batch(hidden)?)? else { return Ok(None) };
            composers.push(composer);
        }
        Ok(Some(Self { composers, planes }))
    }

    /// What a coalition shows, in planes of the network's input: a grey image is all of them.
    pub(super) fn boxes(&self, shown: &Shown) -> Vec<Bounds> {
        let (planes, channels) = self.planes;
        let planes = |(first, end): (u32, u32)| if channels == planes { (first, end) } else { (0, planes) };
        let of = |(block, shown): (crate::Block, bool)| {
            shown.then(|| [block.rows, block.columns, planes(block.channels)])
        };
        shown.pieces().filter_map(of).collect()
    }
}
