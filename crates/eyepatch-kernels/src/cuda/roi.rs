use super::{Call, Gpu, Kernels, Launch, Source, THREADS, blocks, count};
use crate::KernelError;

/// The size of a batch of masks: one byte a pixel, rows first, one mask after the other; any non-zero byte is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Masks {
    /// Masks.
    pub images: usize,
    /// Rows of each.
    pub height: usize,
    /// Columns of each.
    pub width: usize,
}

/// Where the kernels' 15 bits end.
const FARTHEST: usize = 32_767;
/// The widest block of columns and the narrowest; both lie within one word of 32 pixels.
const COLUMNS: [u32; 3] = [32, 16, 8];

impl Masks {
    /// Bytes of the batch.
    #[must_use]
    pub fn len(&self) -> usize {
        self.images.saturating_mul(self.height).saturating_mul(self.width)
    }

    /// Whether there is not one pixel.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn check(&self) -> Result<(), KernelError> {
        if self.width == 0 || self.height == 0 {
            return Err(KernelError::MaskShape { width: self.width, height: self.height, len: 0 });
        }
        let sides = self.width.saturating_add(self.height);
        if sides > FARTHEST {
            return Err(KernelError::TooLarge {
                what: "a mask's width plus height",
                found: sides,
                limit: FARTHEST,
            });
        }
        // A thread for every word of every row: so also their number fits.
        count("the number of rows", self.images.saturating_mul(self.height).saturating_mul(32)).map(drop)
    }

    /// Words of 32 pixels a row.
    fn words(&self) -> usize {
        self.width.div_ceil(32)
    }
}

/// Radii on the device, brought there once for many batches.
pub struct DeviceRadii<G: Gpu> {
    radii: G::Buffer<i32>,
    len: usize,
}

impl<G: Gpu> DeviceRadii<G> {
    /// Number of radii.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<G: Gpu> Kernels<G> {
    /// Brings radii to the device, in any order.
    ///
    /// # Errors
    /// [`KernelError::Gpu`].
    pub fn radii(&self, radii: &[i32]) -> Result<DeviceRadii<G>, KernelError> {
        // What no radius brings inside has the level `i32::MAX`.
        let reachable: Vec<i32> = radii.iter().map(|&r| r.min(i32::MAX - 1)).collect();
        Ok(DeviceRadii { radii: self.gpu().upload(&reachable)?, len: radii.len() })
    }

    /// The level of every pixel, the smallest radius at which it is inside: its city-block distance to the inside,
    /// or, inside, 1 less its distance to the outside. `i32::MAX` everywhere in an empty mask, `i32::MIN` in a full one.
    ///
    /// # Errors
    /// [`KernelError::MaskShape`], [`KernelError::Length`], [`KernelError::TooLarge`] (width + height of 32,768 or more, or
    /// columns too tall for the device's shared memory: about 14,000 rows on an H100), [`KernelError::Gpu`].
    pub fn levels(&self, masks: &G::Buffer<u8>, size: Masks) -> Result<G::Buffer<i32>, KernelError> {
        let mut out = self.gpu().alloc(size.len())?;
        self.levels_into(masks, size, &mut out)?;
        Ok(out)
    }

    /// As [`Kernels::levels`], into a buffer that is already there.
    ///
    /// # Errors
    /// As [`Kernels::levels`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn levels_into(
        &self,
        masks: &G::Buffer<u8>,
        size: Masks,
        out: &mut G::Buffer<i32>,
    ) -> Result<(), KernelError> {
        self.holds("the levels", size.len(), out)?;
        let words = self.row_words(masks, size)?;
        let sweep = self.sweep_launch(size)?;
        if size.is_empty() {
            return Ok(());
        }
        let call = self.gpu().call(Source::Roi, "roi_levels")?.input(&words).output(out);
        let call = call.value(sweep.width).value(sweep.height).value(sweep.columns);
        // SAFETY: `words` are this batch's, `out` has a value a pixel, and the block has the shared memory that
        // `columns` columns of this height and its edges take.
        unsafe { call.launch(sweep.launch) }
    }

    /// Thresholds of levels at all radii: 1 where a level is at most the radius, else 0. One mask after
    /// the other for the first radius, then for the next: `[radius][image][row][column]`.
    ///
    /// # Errors
    /// [`KernelError::TooLarge`], [`KernelError::Gpu`].
    pub fn thresholds(
        &self,
        levels: &G::Buffer<i32>,
        radii: &DeviceRadii<G>,
    ) -> Result<G::Buffer<u8>, KernelError> {
        let len = self.gpu().len(levels).saturating_mul(radii.len());
        let mut out = self.gpu().alloc(len)?;
        self.thresholds_into(levels, radii, &mut out)?;
        Ok(out)
    }

    /// As [`Kernels::thresholds`], into a buffer that is already there.
    ///
    /// # Errors
    /// As [`Kernels::thresholds`], and [`KernelError::Length`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn thresholds_into(
        &self,
        levels: &G::Buffer<i32>,
        radii: &DeviceRadii<G>,
        out: &mut G::Buffer<u8>,
    ) -> Result<(), KernelError> {
        let pixels = self.gpu().len(levels);
        self.holds("the thresholds", pixels.saturating_mul(radii.len()), out)?;
        if pixels == 0 || radii.is_empty() {
            return Ok(());
        }
        let launch = Launch::blocks(blocks("a batch of levels", pixels.div_ceil(4))?, 1);
        let number = count("the number of radii", radii.len())?;
        let call =
            self.gpu().call(Source::Roi, "roi_thresholds")?.input(levels).input(&radii.radii).output(out);
        let call = call.value(number).value(pixels as u64);
        // SAFETY: `levels` has `pixels` values, `radii` has `number`, `out` has one for each pair of them.
        unsafe { call.launch(launch) }
    }

    /// Every mask dilated by every radius, eroded by `-radius` where it is negative, straight from the masks: what
    /// [`Kernels::thresholds`] makes of [`Kernels::levels`], without the levels' way through memory.
    ///
    /// # Errors
    /// As [`Kernels::levels`].
    pub fn sweep(
        &self,
        masks: &G::Buffer<u8>,
        size: Masks,
        radii: &DeviceRadii<G>,
    ) -> Result<G::Buffer<u8>, KernelError> {
        let mut out = self.gpu().alloc(size.len().saturating_mul(radii.len()))?;
        self.sweep_into(masks, size, radii, &mut out)?;
        Ok(out)
    }

    /// As [`Kernels::sweep`], into a buffer that is already there.
    ///
    /// # Errors
    /// As [`Kernels::levels`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn sweep_into(
        &self,
        masks: &G::Buffer<u8>,
        size: Masks,
        radii: &DeviceRadii<G>,
        out: &mut G::Buffer<u8>,
    ) -> Result<(), KernelError> {
        self.holds("the thresholds", size.len().saturating_mul(radii.len()), out)?;
        let words = self.row_words(masks, size)?;
        let sweep = self.sweep_launch(size)?;
        if size.is_empty() || radii.is_empty() {
            return Ok(());
        }
        let number = count("the number of radii", radii.len())?;
        let call = self.gpu().call(Source::Roi, "roi_sweep")?.input(&words).input(&radii.radii).output(out);
        let call = call.value(number).value(size.len() as u64);
        let call = call.value(sweep.width).value(sweep.height).value(sweep.columns);
        // SAFETY: as in `levels_into`; `radii` has `number` values and `out` one for each pixel and radius.
        unsafe { call.launch(sweep.launch) }
    }

    /// The first of two passes: for every word of 32 pixels its bits and what lies beyond its ends, four `u32` each.
    #[expect(unsafe_code, reason = "launches a kernel")]
    fn row_words(&self, masks: &G::Buffer<u8>, size: Masks) -> Result<G::Buffer<u32>, KernelError> {
        size.check()?;
        self.holds("the masks", size.len(), masks)?;
        let rows = size.images * size.height;
        let mut words = self.gpu().alloc(rows * size.words() * 4)?;
        if size.is_empty() {
            return Ok(words);
        }
        // As many lanes a row as it has words, so that short rows share a warp.
        let group = size.words().next_power_of_two().min(32);
        let launch = Launch::blocks(blocks("the number of rows", rows * group)?, 1);
        let call = self.gpu().call(Source::Roi, "roi_rows")?.input(masks).output(&mut words);
        let call = call.value(count("the number of rows", rows)?);
        let call = call.value(count("the width", size.width)?).value(count("the height", size.height)?);
        let call = call.value(count("a row's words", group)?);
        // SAFETY: `masks` has `rows` rows of this width, `words` four values for every word of them.
        unsafe { call.launch(launch) }?;
        Ok(words)
    }

    fn sweep_launch(&self, size: Masks) -> Result<Sweep, KernelError> {
        let (width, height) = (count("the width", size.width)?, count("the height", size.height)?);
        // Two bytes a pixel of the tile, eight a thread for what crosses its strips' edges.
        let shared = |columns: u32| 2 * height * columns + 8 * THREADS;
        let limit = self.gpu().shared_limit();
        let fits = |part: usize| COLUMNS.into_iter().find(|&c| shared(c) as usize * part <= limit);
        // Wide tiles write whole sectors; three blocks at a time keep a multiprocessor busy.
        let columns = fits(3).or_else(|| fits(1)).ok_or_else(|| KernelError::TooLarge {
            what: "a mask's height",
            found: size.height,
            limit: limit.saturating_sub(8 * THREADS as usize) / (2 * COLUMNS[2] as usize),
        })?;
        let tiles = size.width.div_ceil(columns as usize).saturating_mul(size.images);
        let grid = [count("the number of tiles", tiles)?, 1];
        Ok(Sweep { width, height, columns, launch: Launch { grid, shared: shared(columns) } })
    }
}

/// How the second pass covers a batch.
struct Sweep {
    width: u32,
    height: u32,
    columns: u32,
    launch: Launch,
}
