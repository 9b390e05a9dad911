//! Changing training images at random, the same way for the same seed.

use super::rotate::rotate;
use crate::error::{NnError, Result};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};

/// Random changes of a training image, in this order. The default changes nothing.
///
/// Values are not clamped: where torchvision's `ColorJitter` cuts off at 1, a factor above 1 may lead beyond.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Augmentation {
    /// Turn about the centre by an angle within plus or minus so many degrees, 0 to 180: bilinear, zeros from outside.
    pub rotation: f32,
    /// Mirror left and right with this probability, 0 to 1.
    pub flip: f32,
    /// Move by up to this many pixels along each axis; what is uncovered becomes zero.
    pub shift: usize,
    /// Multiply by a factor from the first to the second of these; both above 0 and below 10.
    pub brightness: [f32; 2],
}

impl Default for Augmentation {
    fn default() -> Self {
        Self { rotation: 0.0, flip: 0.0, shift: 0, brightness: [1.0, 1.0] }
    }
}

impl Augmentation {
    /// Rotation up to 45 degrees, mirrored every other time, brightness 0.7 to 1.1.
    pub fn study() -> Self {
        Self { rotation: 45.0, flip: 0.5, shift: 0, brightness: [0.7, 1.1] }
    }

    /// Whether images stay as they are.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// # Errors
    /// [`NnError::Config`] naming what is out of range.
    pub fn check(&self) -> Result<()> {
        let [low, high] = self.brightness;
        if !(0.0..=180.0).contains(&self.rotation) {
            return Err(NnError::config("rotation", self.rotation, "must lie in 0 ..= 180 degrees"));
        }
        if !(0.0..=1.0).contains(&self.flip) {
            return Err(NnError::config("flip", self.flip, "must lie in 0 ..= 1"));
        }
        if !(low > 0.0 && low <= high && high < 10.0) {
            return Err(NnError::config(
                "brightness",
                self.brightness,
                "must be two factors, 0 < low <= high < 10",
            ));
        }
        Ok(())
    }

    /// Changes one image `[c, h, w]` in place, all its channels alike.
    pub fn apply(&self, image: &mut [f32], (_, h, w): (usize, usize, usize), rng: &mut ChaCha8Rng) {
        if h * w == 0 {
            return;
        }
        // All numbers are drawn, used or not, so that switching one change on leaves the others as they were.
        let mut unit = || f64::from(rng.next_u32()) / (f64::from(u32::MAX) + 1.0);
        let [flip, down, right, brightness, angle] = [unit(), unit(), unit(), unit(), unit()];
        let offset = |u: f64| (u * (2 * self.shift + 1) as f64) as isize - self.shift as isize;
        let (dy, dx) = (offset(down), offset(right));
        if self.rotation > 0.0 {
            rotate(image, (h, w), f64::from(self.rotation) * (2.0 * angle - 1.0));
        }
        let [low, high] = self.brightness.map(f64::from);
        let factor = (low + (high - low) * brightness) as f32;
        for plane in image.chunks_exact_mut(h * w) {
            if flip < f64::from(self.flip) {
                plane.chunks_exact_mut(w).for_each(<[f32]>::reverse);
            }
            if (dy, dx) != (0, 0) {
                let from = plane.to_vec();
                eyepatch_kernels::shift::gather(&from, (h, w), (dy, dx), plane, (h, w));
            }
            if self.brightness != [1.0, 1.0] {
                plane.iter_mut().for_each(|v| *v *= factor);
            }
        }
    }
}

/// Which random change of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// That of an epoch, from 0: another one each time.
    Epoch(usize),
    /// A fixed view. View 0 is the image as it is.
    View(usize),
}

impl Draw {
    /// The draw of an epoch with so many fixed views; 0 views draw afresh.
    pub fn of(epoch: usize, views: usize) -> Self {
        if views == 0 { Self::Epoch(epoch) } else { Self::View(epoch % views) }
    }

    /// The random numbers that change one image, which depend on nothing but these; `None` for the image as it is.
    pub fn rng(self, seed: u64, image: u64) -> Option<ChaCha8Rng> {
        let (kind, number) = match self {
            Self::View(0) => return None,
            Self::View(view) => (*b"the view", view),
            Self::Epoch(epoch) => (*b"an epoch", epoch),
        };
        let mut key = [0u8; 32];
        for (to, from) in key.chunks_exact_mut(8).zip([
            seed.to_le_bytes(),
            image.to_le_bytes(),
            (number as u64).to_le_bytes(),
            kind,
        ]) {
            to.copy_from_slice(&from);
        }
        Some(ChaCha8Rng::from_seed(key))
    }
}
