//! Changing training images at random, the same way for the same seed.

use crate::error::{NnError, Result};
use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;
use serde::{Deserialize, Serialize};

/// Random changes of a training image. The default changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Mirror left and right, every other time.
    pub flip: bool,
    /// Move by up to this many pixels along each axis; what is uncovered becomes zero.
    pub shift: usize,
    /// Multiply by a factor within `1 - brightness ..= 1 + brightness`; below 1.
    pub brightness: f32,
}

impl Augmentation {
    /// Whether images stay as they are.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn check(&self) -> Result<()> {
        if !(0.0..1.0).contains(&self.brightness) {
            return Err(NnError::config("brightness", self.brightness, "must lie in 0 .. 1"));
        }
        Ok(())
    }

    /// Changes one image `[c, h, w]` in place, all its channels alike.
    pub fn apply(&self, image: &mut [f32], (_, h, w): (usize, usize, usize), rng: &mut ChaCha8Rng) {
        if h * w == 0 {
            return;
        }
        // All numbers are drawn, used or not, so that switching one change on leaves the others as they were.
        let flip = rng.next_u32() & 1 == 1;
        let span = 2 * self.shift as u64 + 1;
        let mut offset = || ((u64::from(rng.next_u32()) * span) >> 32) as isize - self.shift as isize;
        let (dy, dx) = (offset(), offset());
        let unit = f64::from(rng.next_u32()) / f64::from(u32::MAX);
        for plane in image.chunks_exact_mut(h * w) {
            if self.flip && flip {
                plane.chunks_exact_mut(w).for_each(<[f32]>::reverse);
            }
            if (dy, dx) != (0, 0) {
                let from = plane.to_vec();
                eyepatch_kernels::shift::gather(&from, (h, w), (dy, dx), plane, (h, w));
            }
            if self.brightness > 0.0 {
                let factor = (1.0 + f64::from(self.brightness) * (2.0 * unit - 1.0)) as f32;
                plane.iter_mut().for_each(|v| *v *= factor);
            }
        }
    }
}
