use super::{FAR, check, distance::transform};
use crate::KernelError;

/// Every dilation and erosion of one mask, from one pair of distance transforms.
///
/// `r` iterations of a 3x3 plus sign (OpenCV's 3x3 `MORPH_ELLIPSE`) reach exactly the pixels at city-block distance
/// `r` or less; erosion does the same to the complement. So each pixel has a **level**, the smallest radius at
/// which it is inside, and a region is a threshold: cost does not depend on the radius.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    levels: Vec<i32>,
}

/// The level of pixels that no radius brings inside.
const NEVER: i32 = i32::MAX;
/// The level of pixels that no erosion takes away.
const ALWAYS: i32 = i32::MIN;

impl Levels {
    /// Measures a mask.
    ///
    /// # Errors
    /// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
    pub fn new(mask: &[u8], width: usize, height: usize) -> Result<Self, KernelError> {
        check(mask, width, height)?;
        let to_inside = transform(mask, width, |b| b != 0);
        let to_outside = transform(mask, width, |b| b == 0);
        let levels =
            to_inside.iter().zip(&to_outside).map(|(&inside, &outside)| level(inside, outside)).collect();
        Ok(Self { levels })
    }

    /// The mask dilated by `radius` pixels, eroded by `-radius` where it is negative; 0 and 1.
    #[must_use]
    pub fn at(&self, radius: i32) -> Vec<u8> {
        let mut out = vec![0; self.levels.len()];
        self.write(radius, &mut out);
        out
    }

    /// As [`Levels::at`], into a buffer that is already there.
    ///
    /// # Errors
    /// [`KernelError::BufferLength`] where `out` is not as long as the mask.
    pub fn at_into(&self, radius: i32, out: &mut [u8]) -> Result<(), KernelError> {
        if out.len() != self.levels.len() {
            return Err(KernelError::BufferLength { expected: self.levels.len(), found: out.len() });
        }
        self.write(radius, out);
        Ok(())
    }

    fn write(&self, radius: i32, out: &mut [u8]) {
        let radius = radius.min(NEVER - 1);
        for (byte, &level) in out.iter_mut().zip(&self.levels) {
            *byte = u8::from(level <= radius);
        }
    }
}

/// Outside pixels lie at levels 1 and up; inside pixels at 0 and below, since `k` erosions keep what is more than
/// `k` away from the outside.
fn level(to_inside: u32, to_outside: u32) -> i32 {
    let finite = |d: u32| if d >= FAR { None } else { i32::try_from(d).ok() };
    if to_inside > 0 {
        finite(to_inside).unwrap_or(NEVER)
    } else {
        finite(to_outside).map_or(ALWAYS, |d| 1 - d)
    }
}

/// The mask dilated by `radius` pixels, eroded by `-radius` where it is negative; 0 and 1. Equal bit for bit to
/// `radius` iterations of OpenCV's `dilate` (`erode`) with its 3x3 `MORPH_ELLIPSE`. For several radii of one mask
/// use [`Levels`].
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn dilate(mask: &[u8], width: usize, height: usize, radius: i32) -> Result<Vec<u8>, KernelError> {
    Ok(Levels::new(mask, width, height)?.at(radius))
}
