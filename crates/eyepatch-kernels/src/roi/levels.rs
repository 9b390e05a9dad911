use super::level::{Level, fits_16_bits};
use super::rows::RowScratch;
use super::{check, check_buffer};
use crate::KernelError;

/// The distance where there is no inside pixel at all.
pub const FAR: u32 = u32::MAX / 2;

/// City-block distance, in pixels, of every pixel to the nearest inside pixel: 0 inside, [`FAR`] everywhere in
/// an empty mask.
///
/// The metric is separable, `d(x, y) = min over rows v of (|y - v| + row distance of x in v)` (Rosenfeld and
/// Pfaltz, "Distance functions on digital pictures", 1968), so passes along rows, then along columns, are exact.
/// Linear in the number of pixels.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn city_block(mask: &[u8], width: usize, height: usize) -> Result<Vec<u32>, KernelError> {
    let distance = |level: i32| if level == i32::MAX { FAR } else { level.max(0).unsigned_abs() };
    Ok(Levels::new(mask, width, height)?.values().map(distance).collect())
}

/// Every dilation and erosion of one mask, from one distance transform.
///
/// `r` iterations of a 3x3 plus sign (OpenCV's 3x3 `MORPH_ELLIPSE`) reach exactly the pixels at city-block distance
/// `r` or less; erosion does the same to the complement. So each pixel has a **level**, the smallest radius at
/// which it is inside, and a region is a threshold: cost does not depend on the radius.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    width: usize,
    map: Map,
}

/// 16 bits a pixel wherever distances fit, for half the memory traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Map {
    Narrow(Vec<i16>),
    Wide(Vec<i32>),
}

impl Levels {
    /// Measures a mask.
    ///
    /// # Errors
    /// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
    pub fn new(mask: &[u8], width: usize, height: usize) -> Result<Self, KernelError> {
        check(mask, width, height)?;
        Ok(if fits_16_bits(width, height) { Self::narrow(mask, width) } else { Self::wide(mask, width) })
    }

    pub(super) fn narrow(mask: &[u8], width: usize) -> Self {
        Self { width, map: Map::Narrow(measure(mask, width)) }
    }

    pub(super) fn wide(mask: &[u8], width: usize) -> Self {
        Self { width, map: Map::Wide(measure(mask, width)) }
    }

    /// Number of pixels.
    fn len(&self) -> usize {
        match &self.map {
            Map::Narrow(levels) => levels.len(),
            Map::Wide(levels) => levels.len(),
        }
    }

    /// Every pixel's level, rows first: outside its city-block distance to the nearest inside pixel (1 or more;
    /// `i32::MAX` where there is none), inside 1 less its distance to the nearest outside pixel (0 or less;
    /// `i32::MIN` where there is none).
    pub fn values(&self) -> impl Iterator<Item = i32> + '_ {
        let (narrow, wide): (&[i16], &[i32]) = match &self.map {
            Map::Narrow(levels) => (levels, &[]),
            Map::Wide(levels) => (&[], levels),
        };
        narrow.iter().map(|l| l.value()).chain(wide.iter().map(|l| l.value()))
    }

    /// The mask dilated by `radius` pixels, eroded by `-radius` where it is negative; 0 and 1.
    #[must_use]
    pub fn at(&self, radius: i32) -> Vec<u8> {
        let mut out = vec![0; self.len()];
        self.write(&[radius], &mut [&mut out]);
        out
    }

    /// As [`Levels::at`], into a buffer that is already there.
    ///
    /// # Errors
    /// [`KernelError::BufferLength`] where `out` is not as long as the mask.
    pub fn at_into(&self, radius: i32, out: &mut [u8]) -> Result<(), KernelError> {
        self.at_each_into(&[radius], &mut [out])
    }

    /// As [`Levels::at`], one radius after the other, in one pass over the levels.
    ///
    /// # Errors
    /// [`KernelError::Length`] where there is not one output for each radius, [`KernelError::BufferLength`] where
    /// one is not as long as the mask.
    pub fn at_each_into(&self, radii: &[i32], outs: &mut [&mut [u8]]) -> Result<(), KernelError> {
        check_outputs(radii, outs, self.len())?;
        self.write(radii, outs);
        Ok(())
    }

    fn write(&self, radii: &[i32], outs: &mut [&mut [u8]]) {
        match &self.map {
            Map::Narrow(levels) => Level::cut(levels, self.width, radii, outs),
            Map::Wide(levels) => Level::cut(levels, self.width, radii, outs),
        }
    }

    /// The radius at which the region's area comes nearest to `target` pixels; negative where the mask must shrink.
    /// Of two that are equally near, the one nearer to 0, then the dilation. An empty mask stays empty and a full one
    /// full whatever the radius: 0.
    #[must_use]
    pub fn radius_for_area(&self, target: usize) -> i32 {
        // Levels fill a range without gaps, as neighbours differ by one at most, and it holds 0 and 1 where there is
        // an inside and an outside pixel.
        let finite = || self.values().filter(|&l| l != i32::MIN && l != i32::MAX);
        let (Some(lowest), Some(highest)) = (finite().min(), finite().max()) else { return 0 };
        // Below the lowest level the region is empty.
        let mut count = vec![0usize; highest.abs_diff(lowest) as usize + 2];
        for level in finite() {
            count[level.abs_diff(lowest) as usize + 1] += 1;
        }
        let areas = count.iter().scan(0, |area, &more| {
            *area += more;
            Some(*area)
        });
        let nearness = |(radius, area): &(i32, usize)| (area.abs_diff(target), radius.abs(), *radius < 0);
        (lowest - 1..).zip(areas).min_by_key(nearness).map_or(0, |(radius, _)| radius)
    }
}

/// The whole transform. `mask` has been checked.
fn measure<L: Level>(mask: &[u8], width: usize) -> Vec<L> {
    let mut levels = vec![L::default(); mask.len()];
    let mut scratch = RowScratch::default();
    scratch.prepare(width);
    L::descend(mask, width, &mut levels, &mut scratch);
    L::ascend(&mut levels, width, &[], &mut []);
    levels
}

pub(super) fn check_outputs(radii: &[i32], outs: &[&mut [u8]], pixels: usize) -> Result<(), KernelError> {
    KernelError::length("the list of outputs", radii.len(), outs.len())?;
    outs.iter().try_for_each(|out| check_buffer(out, pixels))
}
