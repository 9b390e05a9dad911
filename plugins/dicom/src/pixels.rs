//! From stored values to an image.

use eyepatch_core::{Image, Pixels};
use eyepatch_data::{Bad, Fault};

use crate::elements::{Elements, Until};
use crate::frame::{Frame, Photometric};
use crate::limits::Limits;
use crate::unpack::{Unpacked, unpack};
use crate::window::{Curve, Window};

/// The pixels of a DICOM file's bytes as an image. `frame` counts from 1 and must be given where a file has several.
///
/// It takes any bytes: nothing is allocated that `limits` does not allow, and whatever is wrong is a [`Bad`].
///
/// Grey values become 8 bit where at most 8 bits are stored and the window is [`Window::Stored`], 16 bit otherwise; 0 is
/// black. Colour is 8-bit RGB, whatever the window.
///
/// # Errors
/// A [`Bad`] that says what is wrong and what to do.
pub fn read_pixels(bytes: &[u8], limits: &Limits, window: Window, frame: Option<u32>) -> Result<Image, Bad> {
    if bytes.len() as u64 > limits.max_bytes {
        return Err(Bad::new(
            Fault::Unreadable,
            format!("it has {} bytes, more than `max_bytes` = {}", bytes.len(), limits.max_bytes),
            "check that it is an image, or raise `max_bytes`",
        ));
    }
    let elements = Elements::read(bytes, limits, Until::End)?;
    elements.image(limits, window, frame)
}

impl Elements<'_> {
    pub(crate) fn image(&self, limits: &Limits, window: Window, number: Option<u32>) -> Result<Image, Bad> {
        if self.stored.is_none() {
            // What stands in for pixels is said first.
            Frame::of(self, limits).map_err(|bad| match bad.fault {
                Fault::Unsupported => bad,
                _ => self.check_packing().err().unwrap_or(bad),
            })?;
        }
        self.check_packing()?;
        let frame = Frame::of(self, limits)?;
        let index = chosen(&frame, number)?;
        let unpacked = unpack(self, &frame, index)?;
        let pixels = if frame.channels() == 1 {
            grey(&frame, &unpacked.values, window, self)?
        } else {
            Pixels::U8(colour(&frame, &unpacked))
        };
        let image = Image::new(frame.columns, frame.rows, frame.channels(), pixels)
            .map_err(|e| Bad::new(Fault::Unreadable, e.to_string(), "export it again"))?;
        if is_constant(&image) {
            return Err(Bad::new(
                Fault::Constant,
                "all pixels are the same",
                "export it again, check the window, or drop it (`on_bad`: \"drop\")",
            ));
        }
        Ok(image)
    }
}

fn chosen(frame: &Frame, number: Option<u32>) -> Result<usize, Bad> {
    let index = match number {
        None if frame.frames == 1 => 0,
        None => {
            return Err(Bad::new(
                Fault::Unsupported,
                format!("it has {} frames and none is chosen", frame.frames),
                "set `frame` to the one that is meant (1 is the first), or export single images",
            ));
        }
        Some(n) => usize::try_from(n).unwrap_or(usize::MAX).wrapping_sub(1),
    };
    if index < frame.frames {
        return Ok(index);
    }
    Err(Bad::new(
        Fault::Unsupported,
        format!("frame {} is asked for and it has {}", number.unwrap_or_default(), frame.frames),
        "choose another `frame`",
    ))
}

/// A stored value: the bits in use, with their sign.
fn value(frame: &Frame, raw: u16) -> i32 {
    let bits = (raw >> (frame.high_bit + 1 - frame.stored)) & (u16::MAX >> (16 - frame.stored));
    let negative = frame.signed && bits >> (frame.stored - 1) == 1;
    i32::from(bits) - if negative { 1 << frame.stored } else { 0 }
}

fn grey(frame: &Frame, raw: &[u16], window: Window, e: &Elements<'_>) -> Result<Pixels, Bad> {
    let curve = Curve::of(frame, window, e)?;
    let inverted = frame.photometric == Photometric::Monochrome1;
    // Every value that can be stored, once: there are fewer of them than pixels.
    let lowest = if frame.signed { -(1_i32 << (frame.stored - 1)) } else { 0 };
    let full: u16 = if curve.is_stored() && frame.stored <= 8 { 255 } else { u16::MAX };
    let table: Vec<u16> = (0..1_i32 << frame.stored)
        .map(|i| {
            let level = curve.level(lowest + i);
            let level = if inverted { 1.0 - level } else { level };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 65535")]
            let level = (level * f64::from(full)).round() as u16;
            level
        })
        .collect();
    #[expect(clippy::cast_sign_loss, reason = "no value is below the lowest")]
    let shown = raw.iter().map(|&r| table[(value(frame, r) - lowest) as usize]);
    Ok(if full == 255 {
        #[expect(clippy::cast_possible_truncation, reason = "at most 255")]
        Pixels::U8(shown.map(|v| v as u8).collect())
    } else {
        Pixels::U16(shown.collect())
    })
}

/// Red, green and blue (PS3.3 C.7.6.3.1.2).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 255")]
fn colour(frame: &Frame, unpacked: &Unpacked) -> Vec<u8> {
    let byte = |v: f64| v.round().clamp(0.0, 255.0) as u8;
    if frame.photometric == Photometric::Rgb || unpacked.rgb {
        return unpacked.values.iter().map(|&v| v.min(255) as u8).collect();
    }
    let rgb = |p: &[u16]| {
        let [y, b, r] = [p[0], p[1], p[2]].map(f64::from);
        let (b, r) = (b - 128.0, r - 128.0);
        [y + 1.402 * r, y - 0.344_136 * b - 0.714_136 * r, y + 1.772 * b].map(byte)
    };
    unpacked.values.chunks_exact(3).flat_map(rgb).collect()
}

/// Whether every pixel has the first one's colour.
fn is_constant(image: &Image) -> bool {
    fn same<T: PartialEq>(values: &[T], channels: usize) -> bool {
        values.chunks_exact(channels).all(|p| p == &values[..channels])
    }
    match image.pixels() {
        Pixels::U8(v) => same(v, image.channels()),
        Pixels::U16(v) => same(v, image.channels()),
        Pixels::F32(v) => same(v, image.channels()),
    }
}
