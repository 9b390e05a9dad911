//! NPY, little-endian and C order: what NumPy opens in one call. Format: NumPy enhancement proposal 1; written is version
//! 1.0, read are 1.0 to 3.0.

use std::io::Read;
use std::path::Path;

use eyepatch_core::{Image, Pixels};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

const MAGIC: &[u8] = b"\x93NUMPY";
/// Magic, version and the length of a header of version 1.0.
const PRELUDE: usize = 10;
/// Longer headers are refused: one of ours is 118 bytes.
const MAX_HEADER: usize = 1 << 16;
/// NumPy's own limit.
const MAX_DIMENSIONS: usize = 64;

/// The numbers that a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Element {
    /// 8 bit, `|u1`.
    U8,
    /// 16 bit, `<u2`.
    U16,
    /// 32-bit floats, `<f4`.
    F32,
}

impl Element {
    /// The type of an image's values.
    #[must_use]
    pub fn of_image(image: &Image) -> Self {
        match image.pixels() {
            Pixels::U8(_) => Self::U8,
            Pixels::U16(_) => Self::U16,
            Pixels::F32(_) => Self::F32,
        }
    }

    /// NumPy's name of it.
    #[must_use]
    pub fn descr(self) -> &'static str {
        match self {
            Self::U8 => "|u1",
            Self::U16 => "<u2",
            Self::F32 => "<f4",
        }
    }

    /// Bytes of one.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::F32 => 4,
        }
    }

    fn of(descr: &str) -> Option<Self> {
        match descr {
            "|u1" | "<u1" | "u1" => Some(Self::U8),
            "<u2" => Some(Self::U16),
            "<f4" => Some(Self::F32),
            _ => None,
        }
    }
}

/// What a file says of itself before its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The numbers' type.
    pub element: Element,
    /// Sides, the slowest first.
    pub shape: Vec<usize>,
    /// Where the numbers begin, in bytes.
    pub start: usize,
}

impl Header {
    /// Reads the header at the start of `bytes`, which may be longer. Never panics, and takes no memory that `bytes` do
    /// not account for.
    ///
    /// # Errors
    /// [`Error::Npy`]: no NPY file, cut off, big-endian, Fortran order, or numbers of another type.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let wrong = |problem: &str| Error::Npy { problem: problem.into() };
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| wrong("it does not begin as a NPY file does"))?;
        let cut = || wrong("its header is cut off");
        let (length, start) = match rest {
            [1, _, low, high, ..] => (usize::from(u16::from_le_bytes([*low, *high])), PRELUDE),
            [2 | 3, _, a, b, c, d, ..] => {
                let length = u32::from_le_bytes([*a, *b, *c, *d]);
                (usize::try_from(length).unwrap_or(usize::MAX), PRELUDE + 2)
            }
            [0 | 4.., ..] => return Err(wrong("its version of NPY is not read: 1.0, 2.0 and 3.0 are")),
            _ => return Err(cut()),
        };
        if length > MAX_HEADER {
            return Err(wrong("its header is longer than any array needs"));
        }
        let text = bytes.get(start..start + length).ok_or_else(cut)?;
        let text = std::str::from_utf8(text).map_err(|_| wrong("its header is no text"))?;
        let (element, shape) = dictionary(text)?;
        let header = Self { element, shape, start: start + length };
        header.length()?;
        Ok(header)
    }

    /// Bytes of all numbers.
    ///
    /// # Errors
    /// [`Error::Npy`] where there are more than memory can be counted in.
    pub fn length(&self) -> Result<usize> {
        let product = self.shape.iter().try_fold(self.element.bytes(), |n, &side| n.checked_mul(side));
        // A slice is at most this long.
        product.filter(|&n| n <= isize::MAX as usize - self.start).ok_or_else(|| Error::Npy {
            problem: format!("its shape {:?} is larger than any memory", self.shape),
        })
    }

    /// Reads the header of an open file, and no more.
    ///
    /// # Errors
    /// As [`Header::parse`], and what the system says.
    pub fn read(file: &mut impl Read, path: &Path) -> Result<Self> {
        let mut bytes = Vec::new();
        file.take((PRELUDE + 2 + MAX_HEADER) as u64)
            .read_to_end(&mut bytes)
            .map_err(|e| eyepatch_core::Error::io(path, e))?;
        Self::parse(&bytes).map_err(|e| e.of(path))
    }
}

/// The three entries of the header's dictionary, in any order.
fn dictionary(text: &str) -> Result<(Element, Vec<usize>)> {
    let wrong = |problem: String| Error::Npy { problem };
    let malformed = || wrong("its header is not the dictionary that NPY asks for".into());
    let inner = text.trim().strip_prefix('{').and_then(|t| t.strip_suffix('}')).ok_or_else(malformed)?;
    let (mut element, mut order, mut shape) = (None, None, None);
    let mut rest = inner.trim();
    while !rest.is_empty() {
        let (key, after) = string(rest).ok_or_else(malformed)?;
        let after = after.trim_start().strip_prefix(':').ok_or_else(malformed)?.trim_start();
        let (seen, after) = match key {
            "descr" => {
                let (descr, after) = string(after)
                    .ok_or_else(|| wrong("it holds records instead of numbers, or no type".into()))?;
                let known = Element::of(descr)
                    .ok_or_else(|| wrong(format!("its numbers are {descr:?}; read are |u1, <u2 and <f4")))?;
                (element.replace(known).is_some(), after)
            }
            "fortran_order" => {
                let (value, after) = ["True", "False"]
                    .iter()
                    .find_map(|word| Some((*word == "True", after.strip_prefix(word)?)))
                    .ok_or_else(malformed)?;
                (order.replace(value).is_some(), after)
            }
            "shape" => {
                let (sides, after) = tuple(after).ok_or_else(malformed)?;
                (shape.replace(sides).is_some(), after)
            }
            _ => return Err(malformed()),
        };
        if seen {
            return Err(malformed());
        }
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if after.is_empty() => after,
            None => return Err(malformed()),
        };
    }
    match (element, order, shape) {
        (Some(_), Some(true), Some(sides)) if sides.len() > 1 => {
            Err(wrong("it is in Fortran order; write it with numpy.ascontiguousarray".into()))
        }
        (Some(element), Some(_), Some(shape)) => Ok((element, shape)),
        _ => Err(malformed()),
    }
}

/// A quoted word without escapes, and what follows it.
fn string(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (word, rest) = text[1..].split_once(quote)?;
    (!word.contains('\\')).then_some((word, rest))
}

/// A tuple of whole numbers, and what follows it.
fn tuple(text: &str) -> Option<(Vec<usize>, &str)> {
    let (inner, rest) = text.strip_prefix('(')?.split_once(')')?;
    let inner = inner.trim();
    if inner.is_empty() {
        return Some((Vec::new(), rest));
    }
    let one = !inner.contains(',');
    let sides: Option<Vec<usize>> = inner
        .strip_suffix(',')
        .unwrap_or(inner)
        .split(',')
        .map(|side| {
            let digits = side.trim().trim_end_matches('L');
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
        })
        .collect();
    // `(3)` is a number to Python, not a tuple.
    sides.filter(|s| !one && s.len() <= MAX_DIMENSIONS).map(|s| (s, rest))
}

/// The file's bytes for values of NumPy type `descr` (`|u1`, `<u2`, `<f4`) given as little-endian bytes.
#[must_use]
pub fn encode(descr: &str, shape: &[usize], values: &[u8]) -> Vec<u8> {
    let mut bytes = header(descr, shape, 0);
    bytes.extend(values);
    bytes
}

/// A header of at least `least` bytes, so that it can be written over with another shape; numbers begin after it, at a
/// multiple of 64 bytes.
#[must_use]
pub fn header(descr: &str, shape: &[usize], least: usize) -> Vec<u8> {
    let shape: String = shape.iter().map(|n| format!("{n},")).collect();
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    let length = (PRELUDE + text.len() + 1).max(least).next_multiple_of(64) - PRELUDE;
    let mut bytes = [MAGIC, &[1, 0]].concat();
    bytes.extend(u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.resize(PRELUDE + length - 1, b' ');
    bytes.push(b'\n');
    bytes
}

/// A NPY file of 32-bit floats in C order; `values` are as many as `shape` says.
#[must_use]
pub fn encode_npy(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    encode("<f4", shape, &bytes)
}

/// The values' bytes of a file that [`encode`] wrote with this type and shape.
///
/// # Errors
/// [`Error::Damaged`] where the file is another one.
pub fn read(path: &Path, descr: &str, shape: &[usize], width: usize) -> Result<Vec<u8>> {
    let mut bytes = std::fs::read(path).map_err(|e| eyepatch_core::Error::io(path, e))?;
    let expected = encode(descr, shape, &[]);
    let length = shape.iter().product::<usize>() * width;
    if !bytes.starts_with(&expected) || bytes.len() != expected.len() + length {
        let problem = format!("not a NPY file of {descr} with shape {shape:?}");
        return Err(Error::damaged(path, problem));
    }
    bytes.drain(..expected.len());
    Ok(bytes)
}

#[cfg(test)]
#[path = "npy_tests.rs"]
mod tests;
