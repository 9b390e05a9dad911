//! Rasters and text, in and out.

use std::io::{Cursor, Write};
use std::path::Path;

use eyepatch_core::{Image, Mask, Pixels};
use eyepatch_report::escape::terminal;
use image::{DynamicImage, ImageReader, Limits};

use super::Outcome;
use super::error::CliError;

/// No side of an image is longer: a larger one is a decompression bomb or no medical image.
const MAX_SIDE: u32 = 32_768;
/// Nor may decoding take more memory than this.
const MAX_BYTES: u64 = 2 << 30;

fn decode(path: &Path) -> Result<DynamicImage, CliError> {
    let bad = |e: &dyn std::fmt::Display| {
        CliError::file(path, e, "give a PNG, JPEG or TIFF file that opens elsewhere")
    };
    let mut reader = ImageReader::open(path)
        .map_err(|e| CliError::file(path, e, "check that the file exists and can be read"))?
        .with_guessed_format()
        .map_err(|e| bad(&e))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    reader.decode().map_err(|e| bad(&e))
}

/// An image at its depth; transparency is dropped.
pub(crate) fn read_image(path: &Path) -> Result<Image, CliError> {
    let decoded = decode(path)?;
    let (width, height) = (decoded.width() as usize, decoded.height() as usize);
    let grey = !decoded.color().has_color();
    let deep = decoded.color().bytes_per_pixel() / decoded.color().channel_count() > 1;
    let pixels = match (grey, deep) {
        (true, false) => Pixels::U8(decoded.into_luma8().into_raw()),
        (true, true) => Pixels::U16(decoded.into_luma16().into_raw()),
        (false, false) => Pixels::U8(decoded.into_rgb8().into_raw()),
        (false, true) => Pixels::U16(decoded.into_rgb16().into_raw()),
    };
    Ok(Image::new(width, height, if grey { 1 } else { 3 }, pixels)?)
}

/// A ROI: any non-zero pixel is inside, in whatever channel.
pub(crate) fn read_roi(path: &Path) -> Result<Mask, CliError> {
    let decoded = decode(path)?;
    let (width, height) = (decoded.width() as usize, decoded.height() as usize);
    let wide = decoded.into_rgb16().into_raw();
    let bytes = wide.chunks_exact(3).map(|p| u8::from(p.iter().any(|v| *v != 0))).collect();
    Ok(Mask::new(width, height, bytes)?)
}

/// A ROI as 0 and 255.
pub(crate) fn write_roi(path: &Path, width: usize, height: usize, bits: &[u8]) -> Result<(), CliError> {
    let pixels = bits.iter().map(|b| if *b == 0 { 0 } else { 255 }).collect();
    write_image(path, &Image::new(width, height, 1, Pixels::U8(pixels))?)
}

/// An image as PNG.
pub(crate) fn write_image(path: &Path, image: &Image) -> Result<(), CliError> {
    let png = eyepatch_engine::encode_png(image)?;
    write_bytes(path, &png)
}

/// A file, whole or not at all.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    Ok(eyepatch_engine::write_file(path, bytes)?)
}

/// Text to standard output, with control characters of foreign strings made visible.
pub(crate) fn print(text: &str) -> Result<Outcome, CliError> {
    let safe: Vec<String> = text.split('\n').map(terminal).collect();
    print_bytes(safe.join("\n").as_bytes())
}

/// JSON to standard output. JSON escapes control characters itself.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<Outcome, CliError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|e| CliError::Output(e.into()))?;
    text.push(b'\n');
    print_bytes(&text)
}

/// Bytes to standard output.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<Outcome, CliError> {
    let mut out = std::io::stdout().lock();
    std::io::copy(&mut Cursor::new(bytes), &mut out).and_then(|_| out.flush()).map_err(CliError::Output)?;
    Ok(Outcome::Fine)
}

/// A complaint to standard error; foreign control characters are made visible line by line, except the colours that
/// the diagnostic library itself writes to a terminal.
pub(crate) fn complain(text: &str) {
    use std::io::IsTerminal;
    let mut err = std::io::stderr().lock();
    let text = if err.is_terminal() {
        text.to_owned()
    } else {
        text.split('\n').map(terminal).collect::<Vec<_>>().join("\n")
    };
    let _ = writeln!(err, "{text}");
}
