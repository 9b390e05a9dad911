//! Resizing with the aspect kept and zeros around, in two ways, and the edges that a resized ROI then has.
//!
//! Image and ROI go through the same filter. At its outer edge a resized ROI holds every pixel in which any inside pixel
//! has weight, at its inner edge only those in which no outside pixel has. So where the ROI is hidden up to its outer
//! edge, or shown up to its inner edge, no visible grey level comes from a hidden pixel: the resize leaks nothing.

mod antialias;
mod bilinear;
mod element;
mod rois;

use eyepatch_core::{Error, Image, Pixels, Result};
use serde::{Deserialize, Serialize};

pub use rois::{Edges, edges, roi};

use element::Number;

/// Raised whenever resized values change.
pub const REVISION: u32 = 2;

/// How an image is made smaller or larger; the aspect is kept and zeros are put around either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResizeMethod {
    /// What audits use: a triangle filter as wide as the reduction, centred.
    Antialias,
    /// What the study used, TensorFlow's `resize_with_pad`: bilinear with half-pixel centres, whatever the reduction.
    Study,
}

/// Where an image comes to lie in its new size: its own size there, and the rows and columns of zeros before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Rows of image.
    pub height: usize,
    /// Columns of image.
    pub width: usize,
    /// Rows of zeros above.
    pub top: usize,
    /// Columns of zeros to the left.
    pub left: usize,
}

impl ResizeMethod {
    /// Where an image of size `from` comes to lie in `to` (height, width).
    #[must_use]
    pub fn frame(self, from: (usize, usize), to: (usize, usize)) -> Frame {
        match self {
            Self::Antialias => antialias::frame(from, to),
            Self::Study => bilinear::frame(from, to),
        }
    }
}

/// The source places that one place of the result is made of, `first` and those after it, and their weights.
#[derive(Debug, Clone, PartialEq)]
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

fn check(to: (usize, usize)) -> Result<()> {
    if to.0 == 0 || to.1 == 0 {
        return Err(Error::shape("size", "at least 1x1", format!("{}x{}", to.0, to.1)));
    }
    Ok(())
}

/// The image at `to` (height, width), at its own depth: whole numbers are rounded to the nearest.
///
/// # Errors
/// [`Error::Shape`] where a side is 0.
pub fn image(source: &Image, to: (usize, usize), how: ResizeMethod) -> Result<Image> {
    check(to)?;
    if (source.height(), source.width()) == to {
        return Ok(source.clone());
    }
    let pixels = match source.pixels() {
        Pixels::U8(v) => Pixels::U8(canvas(v, source, to, how)),
        Pixels::U16(v) => Pixels::U16(canvas(v, source, to, how)),
        Pixels::F32(v) => Pixels::F32(canvas(v, source, to, how)),
    };
    Image::new(to.1, to.0, source.channels(), pixels)
}

/// The image at `to` by the study's filter, before any rounding, on the stored scale.
///
/// # Errors
/// As [`image()`].
pub fn study(source: &Image, to: (usize, usize)) -> Result<Vec<f32>> {
    check(to)?;
    Ok(match source.pixels() {
        Pixels::U8(v) => bilinear::canvas(v, source, to, |value| value),
        Pixels::U16(v) => bilinear::canvas(v, source, to, |value| value),
        Pixels::F32(v) => bilinear::canvas(v, source, to, |value| value),
    })
}

fn canvas<T: Number>(values: &[T], source: &Image, to: (usize, usize), how: ResizeMethod) -> Vec<T> {
    match how {
        ResizeMethod::Antialias => antialias::canvas(values, source, to),
        ResizeMethod::Study => bilinear::canvas(values, source, to, T::nearest),
    }
}
