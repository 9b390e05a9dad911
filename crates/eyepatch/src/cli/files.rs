//! Rasters and text, in and out.

use std::io::{Cursor, Write};
use std::path::Path;

use eyepatch_core::{Image, Mask, Pixels};
use eyepatch_report::escape::{json_on_terminal, terminal};
use image::{DynamicImage, ImageReader, Limits};

use super::Outcome;
use super::error::CliError;
use super::safe::Safe;

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

/// Makes a folder where it is missing, and finds out now whether it can be written to, not after an hour's training.
pub(crate) fn writable(folder: &Path) -> Result<(), CliError> {
    std::fs::create_dir_all(folder)
        .and_then(|()| probe(folder))
        .map_err(|e| CliError::file(folder, e, "choose another --out, or make this folder writable"))
}

/// Refuses a file that is there already, unless it may be replaced, and finds out now whether its folder can be written to.
pub(crate) fn free(path: &Path, replace: bool) -> Result<(), CliError> {
    if !replace && path.exists() {
        let remedy = "choose another name, or replace it with --force";
        return Err(CliError::file(path, "exists already", remedy));
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    writable(folder)
}

/// Writes a small file and takes it away again.
pub(crate) fn probe(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".eyepatch-probe-{}", std::process::id()));
    std::fs::write(&path, b"eyepatch")?;
    std::fs::remove_file(&path)
}

/// Text with control characters of foreign strings made visible, line by line.
pub(crate) fn shown(text: &str) -> String {
    text.split('\n').map(terminal).collect::<Vec<_>>().join("\n")
}

/// Text to standard output, with control characters of foreign strings made visible.
pub(crate) fn print(text: &str) -> Result<Outcome, CliError> {
    print_bytes(shown(text).as_bytes())
}

/// JSON to standard output. Characters that would act on a terminal are written as `\u` and their number.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<Outcome, CliError> {
    let text = serde_json::to_string_pretty(value).map_err(|e| CliError::Output(e.into()))?;
    print_bytes((json_on_terminal(&text) + "\n").as_bytes())
}

/// Bytes to standard output.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<Outcome, CliError> {
    let mut out = std::io::stdout().lock();
    std::io::copy(&mut Cursor::new(bytes), &mut out).and_then(|_| out.flush()).map_err(CliError::Output)?;
    Ok(Outcome::Fine)
}

/// A complaint to standard error, with control characters of foreign strings made visible.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", shown(text));
}

/// An error to standard error, in the diagnostic library's own colours where that is a terminal.
pub(crate) fn complain_of(error: &CliError) {
    let report = miette::Report::new(Safe::new(error));
    let _ = writeln!(std::io::stderr().lock(), "{report:?}");
}
