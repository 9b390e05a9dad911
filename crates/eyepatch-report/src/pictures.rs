//! Pictures for the report, drawn from images, masks and attributions. The same input gives the same bytes.

mod contacts;
mod panel;
mod sheet;

use eyepatch_core::{Attribution, ContentHash, Image, Mask};

pub use contacts::Contacts;
pub use panel::{Column, panel};

use crate::schema::Picture;
use crate::{Error, Result, format};

type Rgb = [u8; 3];

/// The region's outline, its width in pixels, and how much the pixels outside it are darkened to keep it visible
/// on bright ground.
const OUTLINE: Rgb = [0xff, 0xd4, 0x3b];
const WIDTH: usize = 2;
const CASING: f32 = 0.55;
/// Attribution that raises and lowers the output: orange, and blue with dark diagonals, told apart by all common forms
/// of colour vision and without any colour.
const RAISES: Rgb = [0xf2, 0x8e, 0x1c];
const LOWERS: Rgb = [0x2f, 0x8f, 0xe0];
const DIAGONAL: Rgb = [0x06, 0x1a, 0x30];
/// Diagonals along the shorter side of a picture.
const DIAGONALS: usize = 28;
/// Pictures with an outline are enlarged by whole factors until their shorter side has this many pixels, so that
/// the outline is thin.
const SHORTER_SIDE: usize = 224;

/// A PNG file in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Png {
    /// The file.
    pub bytes: Vec<u8>,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// What its colours add up to, in words; see [`Picture::note`].
    pub note: Option<String>,
}

impl Png {
    /// The entry of a result for it: `pictures/NAME-HASH.png`, where letters of `name` that do not belong in
    /// file names become `-`, and the hash of the content keeps names apart. `alt` says what it shows; the note is
    /// added to it.
    #[must_use]
    pub fn picture(&self, name: &str, alt: &str) -> Picture {
        let hash = ContentHash::of(&self.bytes);
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
        let name: String = name.chars().take(60).map(plain).collect();
        Picture {
            file: format!("pictures/{name}-{}.png", hash.short()),
            width: self.width,
            height: self.height,
            alt: self.note.as_ref().map_or_else(|| alt.to_owned(), |note| format!("{alt}; {note}")),
            note: self.note.clone(),
            hash,
        }
    }
}

/// The values that are shown as black and as white. An image and its masked forms share one, so that they compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Shown as black.
    pub low: f32,
    /// Shown as white.
    pub high: f32,
}

impl Window {
    /// 0 to full scale for 8 bit; 0 to the image's own maximum otherwise, because 16-bit files seldom use their
    /// whole range.
    #[must_use]
    pub fn of(image: &Image) -> Self {
        let full = image.full_scale();
        if image.full_scale() == 255.0 {
            return Self { low: 0.0, high: full };
        }
        let high = image.to_f32().into_iter().fold(0.0, f32::max);
        Self { low: 0.0, high: if high > 0.0 { high } else { full } }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
    fn byte(self, value: f32) -> u8 {
        let range = self.high - self.low;
        let part = if range > 0.0 { (value - self.low) / range } else { 0.0 };
        (part * 255.0).round().clamp(0.0, 255.0) as u8
    }
}

/// The image as it is.
///
/// # Errors
/// [`Error::Picture`] where it cannot be encoded.
pub fn image(image: &Image, window: Window) -> Result<Png> {
    let bytes: Vec<u8> = image.to_f32().into_iter().map(|v| window.byte(v)).collect();
    encode(image.width(), image.height(), image.channels(), &bytes)
}

/// The image with the outline of the mask.
///
/// # Errors
/// [`Error::Shape`] where the two differ in size, [`Error::Picture`].
pub fn outline(image: &Image, mask: &Mask, window: Window) -> Result<Png> {
    let mut canvas = Canvas::new(image, window);
    canvas.outline(mask)?;
    canvas.encode()
}

/// The image with an attribution over it: orange raises the output, blue with dark diagonals lowers it, strength is
/// relative to the largest absolute value (one symmetric scale). Each value covers its part of the image evenly, as
/// it was measured, without smoothing. `mask` is outlined where it is given. The note says the shares of both.
///
/// # Errors
/// [`Error::Shape`] where sizes do not fit, [`Error::Picture`].
pub fn attribution(
    image: &Image,
    mask: Option<&Mask>,
    attribution: &Attribution,
    window: Window,
) -> Result<Png> {
    let values = &attribution.values;
    let largest = values.iter().filter(|v| v.is_finite()).fold(0.0_f32, |a, v| a.max(v.abs()));
    let mut canvas = Canvas::new(image, window);
    canvas.attribution(attribution, largest)?;
    if let Some(mask) = mask {
        canvas.outline(mask)?;
    }
    Ok(Png { note: Some(shares(values)), ..canvas.encode()? })
}

/// How much of the absolute attribution raises the output and how much lowers it.
fn shares(values: &[f32]) -> String {
    let finite = || values.iter().filter(|v| v.is_finite()).map(|v| f64::from(*v));
    let (raises, lowers) =
        (finite().map(|v| v.max(0.0)).sum::<f64>(), finite().map(|v| (-v).max(0.0)).sum::<f64>());
    if raises + lowers == 0.0 {
        return "nothing raises or lowers the output".into();
    }
    let share = raises / (raises + lowers);
    format!(
        "{} of the attribution raises the output (orange), {} lowers it (blue, hatched)",
        format::percent(share),
        format::percent(1.0 - share)
    )
}

/// An enlarged RGB copy to draw on.
struct Canvas {
    width: usize,
    height: usize,
    factor: usize,
    pixels: Vec<Rgb>,
}

impl Canvas {
    fn new(image: &Image, window: Window) -> Self {
        let factor = SHORTER_SIDE.div_ceil(image.width().min(image.height())).max(1);
        let (width, height) = (image.width() * factor, image.height() * factor);
        let channels = image.channels();
        let pixel = |i: usize| -> Rgb {
            let at = (i / width / factor * image.width() + i % width / factor) * channels;
            std::array::from_fn(|c| window.byte(image.value(at + c % channels)))
        };
        Self { width, height, factor, pixels: (0..width * height).map(pixel).collect() }
    }

    /// Draws values over the picture's grey; from `end` on they have their full colour.
    fn attribution(&mut self, attribution: &Attribution, end: f32) -> Result<()> {
        let Attribution { width, height, values, .. } = attribution;
        if *width == 0 || *height == 0 || values.len() != width * height {
            return Err(Error::Shape {
                what: "attribution",
                expected: format!("{height}x{width}, at least 1x1"),
                found: format!("{} values", values.len()),
            });
        }
        for y in 0..self.height {
            for x in 0..self.width {
                let value = values[(y * height / self.height) * width + x * width / self.width];
                let part = if end > 0.0 && value.is_finite() { value / end } else { 0.0 };
                let diagonal = self.on_diagonal(x, y);
                let pixel = &mut self.pixels[y * self.width + x];
                *pixel = tinted(grey(*pixel), part, diagonal);
            }
        }
        Ok(())
    }

    /// Whether a dark diagonal runs through a place. Three eighths of all places, whatever the picture's size.
    fn on_diagonal(&self, x: usize, y: usize) -> bool {
        let period = (self.width.min(self.height) / DIAGONALS).max(8);
        (x + y) % period < period * 3 / 8
    }

    /// Pixels of the mask within [`WIDTH`] of its outside or of the picture's edge get the outline; pixels outside
    /// that touch the mask are darkened.
    fn outline(&mut self, mask: &Mask) -> Result<()> {
        let (w, h) = (self.width / self.factor, self.height / self.factor);
        if (mask.width(), mask.height()) != (w, h) {
            return Err(Error::Shape {
                what: "mask",
                expected: format!("{h}x{w}"),
                found: format!("{}x{}", mask.height(), mask.width()),
            });
        }
        let (width, height, factor) = (self.width, self.height, self.factor);
        let inside =
            |x: usize, y: usize| x < width && y < height && mask.contains(y / factor * w + x / factor);
        for y in 0..height {
            for x in 0..width {
                let here = inside(x, y);
                let reach = if here { WIDTH } else { 1 };
                // A step below 0 wraps around and lies outside, as it should.
                let differs = |d: usize| {
                    let around = [(x.wrapping_sub(d), y), (x + d, y), (x, y.wrapping_sub(d)), (x, y + d)];
                    around.into_iter().any(|(x, y)| inside(x, y) != here)
                };
                let pixel = &mut self.pixels[y * width + x];
                match (1..=reach).any(differs) {
                    true if here => *pixel = OUTLINE,
                    true => *pixel = blend(*pixel, [0; 3], CASING),
                    false => {}
                }
            }
        }
        Ok(())
    }

    fn encode(self) -> Result<Png> {
        encode(self.width, self.height, 3, self.pixels.as_flattened())
    }
}

/// The ground under a value from -1 to 1; beyond, the ends' colours.
fn tinted(ground: Rgb, value: f32, diagonal: bool) -> Rgb {
    let colour = match value > 0.0 {
        true => RAISES,
        false if diagonal => DIAGONAL,
        false => LOWERS,
    };
    blend(ground, colour, 0.8 * value.abs().min(1.0))
}

/// The luminance of a colour as grey (ITU-R BT.601).
#[expect(clippy::cast_possible_truncation, reason = "a mean of bytes is a byte")]
fn grey([r, g, b]: Rgb) -> Rgb {
    let y = (299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b) + 500) / 1000;
    [y as u8; 3]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
fn blend(a: Rgb, b: Rgb, part: f32) -> Rgb {
    std::array::from_fn(|i| (f32::from(a[i]) + part * (f32::from(b[i]) - f32::from(a[i]))).round() as u8)
}

fn encode(width: usize, height: usize, channels: usize, bytes: &[u8]) -> Result<Png> {
    let wrong = |problem: String| Error::picture("in memory", problem);
    let side =
        |n: usize| u32::try_from(n).map_err(|_| wrong(format!("{height}x{width} is too large for PNG")));
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, side(width)?, side(height)?);
    encoder.set_color(if channels == 1 { png::ColorType::Grayscale } else { png::ColorType::Rgb });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().map_err(|e| wrong(e.to_string()))?;
    writer.write_image_data(bytes).and_then(|()| writer.finish()).map_err(|e| wrong(e.to_string()))?;
    Ok(Png { bytes: out, width, height, note: None })
}

#[cfg(test)]
#[path = "pictures_tests.rs"]
mod tests;
