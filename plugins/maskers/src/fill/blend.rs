use eyepatch_core::{Error, Image, Mask, PixelsMut, Result};
use eyepatch_kernels::roi;

/// How much of the fill each pixel takes: all of it where hidden; with a feather, visible pixels near a hidden one take
/// a part.
pub(super) struct Blend<'a> {
    /// 1 where visible.
    visible: &'a [u8],
    /// City-block distance to the nearest hidden pixel, with the feather in pixels; `None` without one.
    edge: Option<(Vec<u32>, u32)>,
}

/// A fill's values, on the image's scale.
pub(super) enum Values {
    /// One value a channel.
    Flat([f32; 3]),
    /// One value for each of the image's, interleaved; only those where the blend [touches](Blend::touches) are read.
    Each(Vec<f32>),
}

impl Values {
    /// 0.
    pub(super) const BLACK: Self = Self::Flat([0.0; 3]);
}

impl<'a> Blend<'a> {
    /// `None` where nothing is hidden.
    pub(super) fn new(visible: &'a Mask, feather: u32) -> Result<Option<Self>> {
        let bits = visible.bits();
        if bits.iter().all(|&bit| bit == 1) {
            return Ok(None);
        }
        let edge = if feather == 0 {
            None
        } else {
            let hidden = visible.complement();
            let distance = roi::city_block(hidden.bits(), hidden.width(), hidden.height())
                .map_err(|e| Error::plugin("eyepatch/region", e))?;
            Some((distance, feather))
        };
        Ok(Some(Self { visible: bits, edge }))
    }

    /// Whether the pixel is visible.
    pub(super) fn visible(&self, pixel: usize) -> bool {
        self.visible[pixel] == 1
    }

    /// Whether no pixel is visible.
    pub(super) fn hides_all(&self) -> bool {
        self.visible.iter().all(|&bit| bit == 0)
    }

    /// Whether the pixel takes any of the fill.
    pub(super) fn touches(&self, pixel: usize) -> bool {
        match &self.edge {
            None => self.visible[pixel] == 0,
            Some((distance, feather)) => distance[pixel] <= *feather,
        }
    }

    /// Visible pixels that keep their value, 1, among the others, 0. Where the feather reaches every visible pixel,
    /// those furthest from a hidden one stand in for them.
    pub(super) fn beyond(&self) -> Vec<u8> {
        match &self.edge {
            None => self.visible.to_vec(),
            Some((distance, feather)) => {
                let furthest = distance.iter().copied().max().unwrap_or(0);
                let reach = (*feather).min(furthest.saturating_sub(1));
                distance.iter().map(|&d| u8::from(d > reach)).collect()
            }
        }
    }

    /// Lays the fill over the image.
    pub(super) fn paint(&self, image: &mut Image, values: &Values) {
        let channels = image.channels();
        match image.pixels_mut() {
            PixelsMut::U8(v) => self.paint_values(v, channels, values),
            PixelsMut::U16(v) => self.paint_values(v, channels, values),
            PixelsMut::F32(v) => self.paint_values(v, channels, values),
        }
    }

    fn paint_values<T: Value>(&self, pixels: &mut [T], channels: usize, values: &Values) {
        match *values {
            Values::Flat([grey, ..]) if channels == 1 => {
                self.paint_edge::<T, 1>(pixels, |_| grey);
                let grey = T::of(grey);
                // Without a branch, at the speed of memory.
                for (value, visible) in pixels.iter_mut().zip(self.visible) {
                    *value = if *visible == 0 { grey } else { *value };
                }
            }
            Values::Flat(fill) => {
                self.paint_edge::<T, 3>(pixels, |i| fill[i % 3]);
                let fill = fill.map(T::of);
                self.paint_hidden::<T, 3>(pixels, |_, pixel| pixel.copy_from_slice(&fill));
            }
            Values::Each(ref fills) if channels == 1 => {
                self.paint_edge::<T, 1>(pixels, |i| fills[i]);
                self.paint_hidden::<T, 1>(pixels, |i, pixel| pixel[0] = T::of(fills[i]));
            }
            Values::Each(ref fills) => {
                self.paint_edge::<T, 3>(pixels, |i| fills[i]);
                self.paint_hidden::<T, 3>(pixels, |i, pixel| {
                    pixel.iter_mut().zip(&fills[3 * i..]).for_each(|(value, fill)| *value = T::of(*fill));
                });
            }
        }
    }

    /// Mixes the visible values of the feather with `fill(index)`.
    fn paint_edge<T: Value, const CHANNELS: usize>(&self, pixels: &mut [T], fill: impl Fn(usize) -> f32) {
        let Some((distance, feather)) = &self.edge else { return };
        let end = f64::from(*feather) + 1.0;
        for (i, pixel) in pixels.chunks_exact_mut(CHANNELS).enumerate() {
            if (1..=*feather).contains(&distance[i]) {
                let share = (end - f64::from(distance[i])) / end;
                for (c, value) in pixel.iter_mut().enumerate() {
                    *value = T::of(mix(f64::from(fill(i * CHANNELS + c)), value.get(), share));
                }
            }
        }
    }

    /// Sets the hidden pixels by `fill(index, pixel)`. Regions are blobs: mostly all of eight pixels are hidden, or
    /// none.
    fn paint_hidden<T: Value, const CHANNELS: usize>(
        &self,
        pixels: &mut [T],
        fill: impl Fn(usize, &mut [T]),
    ) {
        const RUN: usize = 8;
        let runs = pixels.chunks_mut(RUN * CHANNELS).zip(self.visible.chunks(RUN));
        for (run, (pixels, visible)) in runs.enumerate() {
            if visible == [1; RUN] {
                continue;
            }
            let all = visible == [0; RUN];
            for (i, pixel) in pixels.chunks_exact_mut(CHANNELS).enumerate() {
                if all || visible[i] == 0 {
                    fill(run * RUN + i, pixel);
                }
            }
        }
    }
}

/// `share` of the fill, the rest of the pixel.
fn mix(fill: f64, pixel: f64, share: f64) -> f32 {
    (share * fill + (1.0 - share) * pixel) as f32
}

/// A pixel value of any depth.
trait Value: Copy {
    /// On the stored scale.
    fn get(self) -> f64;
    /// Rounded and clamped to the depth, as [`Image::set`] does.
    fn of(value: f32) -> Self;
}

impl Value for u8 {
    fn get(self) -> f64 {
        f64::from(self)
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the depth")]
    fn of(value: f32) -> Self {
        value.round().clamp(0.0, 255.0) as Self
    }
}

impl Value for u16 {
    fn get(self) -> f64 {
        f64::from(self)
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the depth")]
    fn of(value: f32) -> Self {
        value.round().clamp(0.0, 65535.0) as Self
    }
}

impl Value for f32 {
    fn get(self) -> f64 {
        f64::from(self)
    }
    fn of(value: f32) -> Self {
        value
    }
}
