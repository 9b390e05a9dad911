//! NPY, version 1.0, little-endian and C order: what NumPy opens in one call. Format: NumPy enhancement proposal 1.

use std::path::Path;

use crate::{Error, Result};

const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

/// The file's bytes for values of NumPy type `descr` (`|u1`, `<u2`, `<f4`) given as little-endian bytes.
pub(super) fn encode(descr: &str, shape: &[usize], values: &[u8]) -> Vec<u8> {
    let shape: String = shape.iter().map(|n| format!("{n},")).collect();
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    // Data start at a multiple of 64 bytes: magic (8), length (2), header, newline.
    let padded = (MAGIC.len() + 2 + header.len() + 1).next_multiple_of(64) - MAGIC.len() - 2;
    header.push_str(&" ".repeat(padded - header.len() - 1));
    header.push('\n');
    let mut bytes = MAGIC.to_vec();
    let length = u16::try_from(header.len()).unwrap_or(u16::MAX);
    bytes.extend(length.to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values);
    bytes
}

/// A NPY file of 32-bit floats in C order; `values` are as many as `shape` says.
#[must_use]
pub fn encode_npy(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    encode("<f4", shape, &bytes)
}

/// The values' bytes of a file that [`encode`] wrote with this type and shape.
pub(super) fn read(path: &Path, descr: &str, shape: &[usize], width: usize) -> Result<Vec<u8>> {
    let mut bytes = std::fs::read(path).map_err(Error::io(path))?;
    let expected = encode(descr, shape, &[]);
    let length = shape.iter().product::<usize>() * width;
    if !bytes.starts_with(&expected) || bytes.len() != expected.len() + length {
        return Err(Error::Damaged {
            path: path.into(),
            problem: format!("not a NPY file of {descr} with shape {shape:?}"),
        });
    }
    bytes.drain(..expected.len());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_and_starts_data_at_64_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npy");
        let bytes = encode("|u1", &[2, 3], &[1, 2, 3, 4, 5, 6]);
        assert_eq!((bytes.len() - 6) % 64, 0);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(read(&path, "|u1", &[2, 3], 1).unwrap(), [1, 2, 3, 4, 5, 6]);
        assert!(matches!(read(&path, "|u1", &[3, 2], 1), Err(Error::Damaged { .. })));
    }
}
