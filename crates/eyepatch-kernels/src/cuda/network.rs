use std::ops::Range;

use super::{Call, Gpu, Kernels, Launch, Source, blocks, count};
use crate::KernelError;
use crate::nhwc::Window;

/// Some channels of pixels that lie row by row (NHWC) in a buffer: channel `c` of pixel `p` is value
/// `p * stride + offset + c`. So a concatenation is a place to write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// The first channel's place in a pixel's row.
    pub offset: usize,
    /// Number of channels.
    pub channels: usize,
    /// From one pixel's row to the next, at least `offset + channels`.
    pub stride: usize,
}

impl Columns {
    /// All channels of dense rows.
    #[must_use]
    pub fn dense(channels: usize) -> Self {
        Self { offset: 0, channels, stride: channels }
    }

    fn wide(self) -> bool {
        [self.offset, self.channels, self.stride].iter().all(|n| n.is_multiple_of(4))
    }

    fn check<G: Gpu>(
        self,
        kernels: &Kernels<G>,
        buffer: &G::Buffer<f32>,
        pixels: usize,
    ) -> Result<(), KernelError> {
        KernelError::length("a pixel's row", self.stride.max(self.offset + self.channels), self.stride)?;
        kernels.holds("the activations", pixels.saturating_mul(self.stride), buffer)?;
        count("a pixel's row", self.stride).map(drop)
    }
}

/// A buffer of f32 on a device.
type Floats<G> = <G as Gpu>::Buffer<f32>;

/// What is done to each channel while it is read: `scale * x + shift`, then maybe the larger of that and 0.
pub struct Change<'a, G: Gpu> {
    /// Scale and shift, one a channel each; no change without.
    pub affine: Option<(&'a Floats<G>, &'a Floats<G>)>,
    /// Whether negative numbers become 0.
    pub relu: bool,
}

/// A window that slides over images of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slide {
    /// Number of images.
    pub images: usize,
    /// Rows and columns of an image.
    pub size: (usize, usize),
    /// The window.
    pub window: Window,
}

impl Slide {
    /// Rows and columns of a result.
    #[must_use]
    pub fn to(&self) -> (usize, usize) {
        (self.window.places(self.size.0), self.window.places(self.size.1))
    }

    /// Pixels of all images.
    fn pixels(&self) -> usize {
        self.images.saturating_mul(self.size.0).saturating_mul(self.size.1)
    }

    /// Pixels of all results.
    fn results(&self) -> usize {
        self.images.saturating_mul(self.to().0).saturating_mul(self.to().1)
    }

    /// The numbers that a kernel takes.
    fn numbers(&self) -> Result<[u32; 7], KernelError> {
        let (to, w) = (self.to(), self.window);
        let all = [self.size.0, self.size.1, to.0, to.1, w.side, w.stride, w.padding];
        let mut numbers = [0; 7];
        for (n, v) in numbers.iter_mut().zip(all) {
            *n = count("a window", v)?;
        }
        Ok(numbers)
    }
}

/// A buffer and which of its channels.
pub type Place<'a, B> = (&'a B, Columns);
/// A buffer that is written and which of its channels.
pub type PlaceMut<'a, B> = (&'a mut B, Columns);

/// Blocks and pixels for a kernel whose threads take `wide` channels of a pixel.
fn grid(pixels: usize, channels: usize, wide: bool) -> Result<(Launch, u32), KernelError> {
    let threads = pixels.saturating_mul(channels / if wide { 4 } else { 1 });
    count("activations", threads)?;
    Ok((Launch::blocks(blocks("activations", threads)?, 1), count("pixels", pixels)?))
}

fn name(kernel: &str, wide: bool) -> String {
    format!("network_{kernel}_{}", if wide { 4 } else { 1 })
}

impl<G: Gpu> Kernels<G> {
    fn changes(&self, change: &Change<'_, G>, channels: usize) -> Result<(), KernelError> {
        let Some((scale, shift)) = change.affine else { return Ok(()) };
        self.holds("the scale", channels, scale)?;
        self.holds("the shift", channels, shift)
    }

    /// Writes `pixels` of `x`, changed, to `y`.
    ///
    /// # Errors
    /// [`KernelError::Length`] where buffers or channels do not fit, [`KernelError::TooLarge`], [`KernelError::Gpu`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn affine(
        &self,
        (x, from): Place<'_, G::Buffer<f32>>,
        change: &Change<'_, G>,
        (y, to): PlaceMut<'_, G::Buffer<f32>>,
        pixels: usize,
    ) -> Result<(), KernelError> {
        from.check(self, x, pixels)?;
        to.check(self, y, pixels)?;
        KernelError::length("the result's channels", from.channels, to.channels)?;
        self.changes(change, from.channels)?;
        let wide = from.wide() && to.wide();
        let (launch, pixels) = grid(pixels, from.channels, wide)?;
        if launch.grid[0] == 0 {
            return Ok(());
        }
        let call = columns(self.gpu().call(Source::Network, &name("affine", wide))?.input(x), from);
        let call = columns(changed(call, change).output(y), to);
        let call = call.value(pixels).value(from.channels as u32).value(u32::from(change.relu));
        // SAFETY: both buffers hold a row of `stride` values for each pixel, of which the kernel takes those of the
        // columns; scale and shift have one for each channel. `wide` says that all addresses are multiples of four.
        unsafe { call.launch(launch) }
    }

    /// Writes means over 2 x 2 pixels of `x`, changed before, to `y`. An odd last row or column is left out. `slide` must
    /// be of side and stride 2 without padding.
    ///
    /// # Errors
    /// As [`Kernels::affine`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn affine_mean(
        &self,
        (x, from): Place<'_, G::Buffer<f32>>,
        change: &Change<'_, G>,
        (y, to): PlaceMut<'_, G::Buffer<f32>>,
        slide: Slide,
    ) -> Result<(), KernelError> {
        from.check(self, x, slide.pixels())?;
        to.check(self, y, slide.results())?;
        KernelError::length("the result's channels", from.channels, to.channels)?;
        let Window { side, stride, padding } = slide.window;
        for (what, wanted, found) in
            [("the window", 2, side), ("the stride", 2, stride), ("the padding", 0, padding)]
        {
            KernelError::length(what, wanted, found)?;
        }
        self.changes(change, from.channels)?;
        let wide = from.wide() && to.wide();
        let (launch, pixels) = grid(slide.results(), from.channels, wide)?;
        if launch.grid[0] == 0 {
            return Ok(());
        }
        let ([_, row, height, width, ..], image) =
            (slide.numbers()?, count("an image", slide.size.0 * slide.size.1)?);
        let call = columns(self.gpu().call(Source::Network, &name("affine_mean", wide))?.input(x), from);
        let call = columns(changed(call, change).output(y), to);
        let call = call.value(pixels).value(from.channels as u32).value(u32::from(change.relu));
        let call = call.value(height).value(width).value(row).value(image);
        // SAFETY: as in `affine`; twice the result's rows and columns, less one, lie within the image.
        unsafe { call.launch(launch) }
    }

    /// Adds a bias to each channel of `y`, then maybe takes the larger of that and 0.
    ///
    /// # Errors
    /// As [`Kernels::affine`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn bias(
        &self,
        (y, at): PlaceMut<'_, G::Buffer<f32>>,
        bias: &G::Buffer<f32>,
        relu: bool,
        pixels: usize,
    ) -> Result<(), KernelError> {
        at.check(self, y, pixels)?;
        self.holds("the bias", at.channels, bias)?;
        let wide = at.wide();
        let (launch, pixels) = grid(pixels, at.channels, wide)?;
        if launch.grid[0] == 0 {
            return Ok(());
        }
        let call = columns(self.gpu().call(Source::Network, &name("bias", wide))?.output(y), at).input(bias);
        let call = call.value(pixels).value(at.channels as u32).value(u32::from(relu));
        // SAFETY: as in `affine`.
        unsafe { call.launch(launch) }
    }

    /// The end of a convolution with stride 1 whose results are as large as its images: `x` holds, for each pixel, the
    /// products with the weights of the window's first place, of the second, ..., `channels` each. Every result is the sum
    /// of its neighbours' products, plus a bias.
    ///
    /// # Errors
    /// As [`Kernels::affine`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn taps(
        &self,
        x: &G::Buffer<f32>,
        bias: &G::Buffer<f32>,
        relu: bool,
        (y, to): PlaceMut<'_, G::Buffer<f32>>,
        slide: Slide,
    ) -> Result<(), KernelError> {
        let Window { side, stride, padding } = slide.window;
        KernelError::length("the stride", 1, stride)?;
        KernelError::length("the window", 2 * padding + 1, side)?;
        let values = side.saturating_mul(side).saturating_mul(to.channels).saturating_mul(slide.pixels());
        self.holds("the products", values, x)?;
        self.holds("the bias", to.channels, bias)?;
        to.check(self, y, slide.pixels())?;
        let wide = to.wide();
        let (launch, pixels) = grid(slide.pixels(), to.channels, wide)?;
        if launch.grid[0] == 0 {
            return Ok(());
        }
        let [height, width, _, _, side, _, padding] = slide.numbers()?;
        let call = self.gpu().call(Source::Network, &name("taps", wide))?.input(x).input(bias);
        let call = columns(call.output(y), to).value(pixels).value(to.channels as u32).value(u32::from(relu));
        let call = call.value(height).value(width).value(side).value(padding);
        // SAFETY: as in `affine`; the kernel looks at no place past an image's border.
        unsafe { call.launch(launch) }
    }

    /// Writes all that the window sees, `[results, places, channels]`, zeros where it looks past the border.
    ///
    /// # Errors
    /// As [`Kernels::affine`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn columns(
        &self,
        (x, from): Place<'_, G::Buffer<f32>>,
        y: &mut G::Buffer<f32>,
        slide: Slide,
    ) -> Result<(), KernelError> {
        from.check(self, x, slide.pixels())?;
        let places = slide.results().saturating_mul(slide.window.side * slide.window.side);
        self.holds("the columns", places.saturating_mul(from.channels), y)?;
        let wide = from.wide();
        let (launch, _) = grid(places, from.channels, wide)?;
        if launch.grid[0] == 0 {
            return Ok(());
        }
        let call =
            columns(self.gpu().call(Source::Network, &name("columns", wide))?.input(x), from).output(y);
        let call = call.value(count("pixels", slide.results())?).value(from.channels as u32);
        let call = slide.numbers()?.into_iter().fold(call, |call, n| call.value(n));
        // SAFETY: as in `taps`.
        unsafe { call.launch(launch) }
    }

    /// The largest value that the window sees, or with `mean` the mean over the window; padding never is the largest, and
    /// counts as zeros in a mean.
    ///
    /// # Errors
    /// As [`Kernels::affine`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn pool(
        &self,
        (x, from): Place<'_, G::Buffer<f32>>,
        (y, to): PlaceMut<'_, G::Buffer<f32>>,
        mean: bool,
        slide: Slide,
    ) -> Result<(), KernelError> {
        from.check(self, x, slide.pixels())?;
        to.check(self, y, slide.results())?;
        KernelError::length("the result's channels", from.channels, to.channels)?;
        let wide = from.wide() && to.wide();
        let (launch, pixels) = grid(slide.results(), from.channels, wide)?;
        if launch.grid[0] == 0 {
            return Ok(());
        }
        let call = columns(self.gpu().call(Source::Network, &name("pool", wide))?.input(x), from);
        let call = columns(call.output(y), to).value(pixels).value(from.channels as u32);
        let call = slide.numbers()?.into_iter().fold(call.value(u32::from(mean)), |call, n| call.value(n));
        // SAFETY: as in `taps`.
        unsafe { call.launch(launch) }
    }

    /// Adds `a` and `b`, then maybe takes the larger of that and 0.
    ///
    /// # Errors
    /// As [`Kernels::affine`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn add(
        &self,
        (a, a_at): Place<'_, G::Buffer<f32>>,
        (b, b_at): Place<'_, G::Buffer<f32>>,
        relu: bool,
        (y, to): PlaceMut<'_, G::Buffer<f32>>,
        pixels: usize,
    ) -> Result<(), KernelError> {
        a_at.check(self, a, pixels)?;
        b_at.check(self, b, pixels)?;
        to.check(self, y, pixels)?;
        KernelError::length("the second summand's channels", a_at.channels, b_at.channels)?;
        KernelError::length("the sum's channels", a_at.channels, to.channels)?;
        let wide = a_at.wide() && b_at.wide() && to.wide();
        let (launch, pixels) = grid(pixels, a_at.channels, wide)?;
        if launch.grid[0] == 0 {
            return Ok(());
        }
        let call = columns(self.gpu().call(Source::Network, &name("add", wide))?.input(a), a_at);
        let call = columns(columns(call.input(b), b_at).output(y), to);
        let call = call.value(pixels).value(to.channels as u32).value(u32::from(relu));
        // SAFETY: as in `affine`.
        unsafe { call.launch(launch) }
    }

    /// Planes (NCHW) to pixels (NHWC), both dense: the images of this range, `size` pixels each.
    ///
    /// # Errors
    /// As [`Kernels::affine`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn pixels(
        &self,
        x: &G::Buffer<f32>,
        y: &mut G::Buffer<f32>,
        images: Range<usize>,
        (channels, size): (usize, usize),
    ) -> Result<(), KernelError> {
        let (pixels, given) = (images.len().saturating_mul(size), self.gpu().len(x));
        let needed = images.end.saturating_mul(size).saturating_mul(channels);
        KernelError::length("the images", needed.max(given), given)?;
        self.holds("the pixels", pixels.saturating_mul(channels), y)?;
        if pixels * channels == 0 {
            return Ok(());
        }
        let call = self.gpu().call(Source::Network, "network_pixels")?.input(x).output(y);
        let call = call.value(count("pixels", pixels)?).value(count("channels", channels)?);
        let call = call.value(count("an image", size)?).value(count("images", images.start)?);
        // SAFETY: both buffers hold all channels of all these pixels.
        unsafe { call.launch(Launch::blocks(blocks("pixels", pixels)?, 1)) }
    }

    /// The mean of each image's channels, changed before, over its `size` pixels: `y` is `[images, channels]`, dense.
    ///
    /// # Errors
    /// As [`Kernels::affine`]; [`KernelError::TooLarge`] for 65,536 images or more.
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn mean(
        &self,
        (x, from): Place<'_, G::Buffer<f32>>,
        change: &Change<'_, G>,
        y: &mut G::Buffer<f32>,
        (images, size): (usize, usize),
    ) -> Result<(), KernelError> {
        from.check(self, x, images.saturating_mul(size))?;
        self.holds("the means", images.saturating_mul(from.channels), y)?;
        self.changes(change, from.channels)?;
        let most = usize::from(u16::MAX);
        if images > most {
            return Err(KernelError::TooLarge { what: "a batch of images", found: images, limit: most });
        }
        if images * from.channels * size == 0 {
            return Ok(());
        }
        count("pixels", images * size)?;
        let call = columns(self.gpu().call(Source::Network, "network_mean")?.input(x), from);
        let call = changed(call, change).output(y).value(from.channels as u32);
        let call = call.value(u32::from(change.relu)).value(count("an image", size)?);
        // SAFETY: as in `affine`; a mean for each channel of each image.
        unsafe {
            call.launch(Launch::blocks(blocks("channels", from.channels)?, count("images", images)?))
                .map(drop)
        }
    }
}

/// Appends where a buffer's columns lie; their numbers were found to be small.
fn columns<'a, G: Gpu + 'a, C: Call<'a, G>>(call: C, at: Columns) -> C {
    call.value(at.offset as u32).value(at.stride as u32)
}

fn changed<'a, G: Gpu + 'a, C: Call<'a, G>>(call: C, change: &Change<'a, G>) -> C {
    match change.affine {
        Some((scale, shift)) => call.input(scale).input(shift),
        None => call.null().null(),
    }
}
