//! What a file tells before a pixel is decoded: format, depth, compression, and what else its writer left in it.
//!
//! Such facts often differ by hospital, camera or export, and with them by label.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Result, Seek, SeekFrom};
use std::path::Path;

mod jpeg;
mod png;
mod tiff;

/// Segments, chunks or tags that are looked at; a file of more is no image of ours.
const MOST_PARTS: usize = 4096;

/// A file's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// TIFF.
    Tiff,
    /// DICOM with its preamble.
    Dicom,
    /// NumPy's array file.
    Npy,
    /// Anything else.
    Other,
}

impl Format {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Tiff => "TIFF",
            Self::Dicom => "DICOM",
            Self::Npy => "NPY",
            Self::Other => "other",
        }
    }
}

/// What the file says of itself. `None` where the format does not say, or the file is cut short before it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// By its first bytes, never by its name.
    pub format: Format,
    /// Its length.
    pub bytes: u64,
    /// Bits a sample as stored, 1 to 64.
    pub bit_depth: Option<u16>,
    /// Channels as stored, a palette counting as 1 and alpha as one.
    pub channels: Option<u16>,
    /// Of a JPEG, 1 to 100: the quality at which libjpeg's luminance table is nearest to the file's first one (Independent
    /// JPEG Group, `jpeg_set_quality`).
    pub quality: Option<u8>,
    /// Of a JPEG: `grey`, `4:4:4`, `4:2:2`, `4:2:0`, or the sampling factors.
    pub subsampling: Option<String>,
    /// How pixels are packed: `baseline`, `progressive`, `interlaced`, `deflate`, `none`, a TIFF scheme's number.
    pub compression: Option<String>,
    /// What is stored beside the pixels: `EXIF`, `ICC profile`, `text`, `software`, `comment`, ...
    pub extras: BTreeSet<&'static str>,
}

impl FileFacts {
    /// Reads the facts of a file; headers only, with seeks over the rest. A damaged file gives what could be read.
    ///
    /// # Errors
    /// Where the file cannot be opened or read.
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        Self::of(BufReader::new(file), bytes)
    }

    /// The facts of a stream of `bytes` bytes.
    ///
    /// # Errors
    /// Where it cannot be read; its end, wherever it comes, is no error.
    pub fn of(mut source: impl Read + Seek, bytes: u64) -> Result<Self> {
        let mut facts = Self {
            format: format(&mut source)?,
            bytes,
            bit_depth: None,
            channels: None,
            quality: None,
            subsampling: None,
            compression: None,
            extras: BTreeSet::new(),
        };
        let read = match facts.format {
            Format::Jpeg => jpeg::read(&mut source, &mut facts),
            Format::Png => png::read(&mut source, &mut facts),
            Format::Tiff => tiff::read(&mut source, &mut facts),
            Format::Dicom | Format::Npy | Format::Other => Ok(()),
        };
        match read {
            Err(e) if e.kind() != ErrorKind::UnexpectedEof => Err(e),
            _ => Ok(facts),
        }
    }
}

fn format(source: &mut (impl Read + Seek)) -> Result<Format> {
    let mut head = Vec::new();
    source.seek(SeekFrom::Start(0))?;
    source.take(132).read_to_end(&mut head)?;
    Ok(match head.as_slice() {
        [0xFF, 0xD8, 0xFF, ..] => Format::Jpeg,
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Format::Png,
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Format::Tiff,
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Format::Npy,
        head if head.get(128..132) == Some(b"DICM") => Format::Dicom,
        _ => Format::Other,
    })
}

fn array<const N: usize>(source: &mut impl Read) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    source.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
