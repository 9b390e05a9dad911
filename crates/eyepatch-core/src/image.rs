use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// An image of `height` x `width` pixels with 1 or 3 interleaved channels, rows first (HWC).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    width: usize,
    height: usize,
    channels: usize,
    pixels: Pixels,
}

/// Pixel values as they were stored: the depth tells the scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Pixels {
    /// 8 bit, 0 to 255.
    U8(Vec<u8>),
    /// 16 bit, 0 to 65535.
    U16(Vec<u16>),
    /// Floating point, 0 to 1.
    F32(Vec<f32>),
}

impl Pixels {
    /// Number of values (height x width x channels).
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::U8(v) => v.len(),
            Self::U16(v) => v.len(),
            Self::F32(v) => v.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Image {
    /// An image from its interleaved values.
    ///
    /// # Errors
    /// [`Error::Shape`] where a side is 0, the channels are neither 1 nor 3, the length is not
    /// `height * width * channels`, or a floating-point value is not finite.
    pub fn new(width: usize, height: usize, channels: usize, pixels: Pixels) -> Result<Self> {
        let shape = || format!("{height}x{width}x{channels}");
        if width == 0 || height == 0 || !matches!(channels, 1 | 3) {
            return Err(Error::shape("image", "at least 1x1 with 1 or 3 channels", shape()));
        }
        if pixels.len() != width * height * channels {
            return Err(Error::shape(
                "image values",
                format!("{} for {}", width * height * channels, shape()),
                pixels.len().to_string(),
            ));
        }
        if let Pixels::F32(v) = &pixels
            && let Some(i) = v.iter().position(|x| !x.is_finite())
        {
            return Err(Error::shape("image values", "finite numbers", format!("{} at index {i}", v[i])));
        }
        Ok(Self { width, height, channels, pixels })
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// 1 (grey) or 3 (RGB).
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The values, interleaved, rows first.
    #[must_use]
    pub fn pixels(&self) -> &Pixels {
        &self.pixels
    }

    /// The values, without a copy.
    #[must_use]
    pub fn into_pixels(self) -> Pixels {
        self.pixels
    }

    /// The values, to be changed in place. Length and depth stay.
    pub fn pixels_mut(&mut self) -> PixelsMut<'_> {
        match &mut self.pixels {
            Pixels::U8(v) => PixelsMut::U8(v),
            Pixels::U16(v) => PixelsMut::U16(v),
            Pixels::F32(v) => PixelsMut::F32(v),
        }
    }

    /// The largest value that the depth can hold: 255, 65535 or 1.
    #[must_use]
    pub fn full_scale(&self) -> f32 {
        match self.pixels {
            Pixels::U8(_) => 255.0,
            Pixels::U16(_) => 65535.0,
            Pixels::F32(_) => 1.0,
        }
    }

    /// The value at `index` (in the interleaved order), on the stored scale.
    ///
    /// # Panics
    /// Where `index` is outside the image.
    #[must_use]
    pub fn value(&self, index: usize) -> f32 {
        match &self.pixels {
            Pixels::U8(v) => f32::from(v[index]),
            Pixels::U16(v) => f32::from(v[index]),
            Pixels::F32(v) => v[index],
        }
    }

    /// All values on the stored scale.
    #[must_use]
    pub fn to_f32(&self) -> Vec<f32> {
        match &self.pixels {
            Pixels::U8(v) => v.iter().map(|&x| f32::from(x)).collect(),
            Pixels::U16(v) => v.iter().map(|&x| f32::from(x)).collect(),
            Pixels::F32(v) => v.clone(),
        }
    }

    /// Sets the value at `index`, rounded and clamped to the depth.
    ///
    /// # Panics
    /// Where `index` is outside the image.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the depth")]
    pub fn set(&mut self, index: usize, value: f32) {
        match &mut self.pixels {
            Pixels::U8(v) => v[index] = value.round().clamp(0.0, 255.0) as u8,
            Pixels::U16(v) => v[index] = value.round().clamp(0.0, 65535.0) as u16,
            Pixels::F32(v) => v[index] = value,
        }
    }

    /// Whether every value is the same: such an image says nothing (an all-black export, for instance).
    #[must_use]
    pub fn is_constant(&self) -> bool {
        match &self.pixels {
            Pixels::U8(v) => v.iter().all(|x| *x == v[0]),
            Pixels::U16(v) => v.iter().all(|x| *x == v[0]),
            Pixels::F32(v) => v.iter().all(|x| *x == v[0]),
        }
    }

    /// The values as bytes (little-endian), for hashing.
    #[must_use]
    pub fn to_le_bytes(&self) -> Vec<u8> {
        match &self.pixels {
            Pixels::U8(v) => v.clone(),
            Pixels::U16(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Pixels::F32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        }
    }
}

/// The values of an [`Image`], borrowed for change.
#[derive(Debug)]
pub enum PixelsMut<'a> {
    /// 8 bit.
    U8(&'a mut [u8]),
    /// 16 bit.
    U16(&'a mut [u16]),
    /// Floating point.
    F32(&'a mut [f32]),
}
