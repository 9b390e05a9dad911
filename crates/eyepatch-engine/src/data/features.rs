//! A shared trunk's features of some rows, as an NPY file. It is written row by row as features are computed, and read
//! with one seek and one read a row: a copy out of the system's cache costs a fraction of a training step, and a file
//! that another program cuts short is an error, where a memory map would end this program.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use eyepatch_core::{ContentHash, Error as CoreError};
use eyepatch_data::npy;
use half::f16;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};

use crate::run::Precision;
use crate::{Error, Result};

const FILE: &str = "features.npy";

/// What a file of features holds.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Rows of the table, ascending: the order of the file.
    pub(crate) rows: Arc<Vec<usize>>,
    /// Shape of one row's features.
    pub(crate) shape: Vec<usize>,
    pub(crate) precision: Precision,
}

impl Layout {
    /// Values a row.
    pub(crate) fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// Bytes of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.header().len() as u64 + self.rows.len() as u64 * self.row_bytes() as u64
    }

    fn row_bytes(&self) -> usize {
        self.size()
            * match self.precision {
                Precision::F32 => 4,
                Precision::F16 => 2,
            }
    }

    fn header(&self) -> Vec<u8> {
        let shape: Vec<usize> = std::iter::once(self.rows.len()).chain(self.shape.iter().copied()).collect();
        let descr = match self.precision {
            Precision::F32 => "<f4",
            Precision::F16 => "<f2",
        };
        npy::encode(descr, &shape, &[])
    }
}

impl Precision {
    /// Rounds values to what is kept of them.
    ///
    /// # Errors
    /// [`CoreError::Plugin`] where one is not finite, or too large to keep.
    pub(crate) fn round(self, values: &mut [f32]) -> Result<(), CoreError> {
        for (i, value) in values.iter_mut().enumerate() {
            if !value.is_finite() {
                return Err(CoreError::shape(format!("feature {i}"), "a finite number", value.to_string()));
            }
            if self == Self::F16 {
                let kept = f16::from_f32(*value);
                if !kept.is_finite() {
                    return Err(CoreError::shape(
                        format!("feature {i} in half precision (f32 keeps larger ones)"),
                        format!("at most {}", f16::MAX),
                        value.to_string(),
                    ));
                }
                *value = kept.to_f32();
            }
        }
        Ok(())
    }
}

/// Writes features in the order of their layout's rows.
pub(crate) struct FeatureWriter {
    file: BufWriter<File>,
    path: PathBuf,
    precision: Precision,
    left: usize,
}

impl FeatureWriter {
    pub(crate) fn create(folder: &Path, layout: &Layout) -> Result<Self> {
        let path = folder.join(FILE);
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&path).map_err(Error::io(&path))?);
        file.write_all(&layout.header()).map_err(Error::io(&path))?;
        Ok(Self { file, path, precision: layout.precision, left: layout.rows.len() * layout.size() })
    }

    /// Appends features, rounded to the layout's precision.
    pub(crate) fn write(&mut self, values: &[f32]) -> Result<()> {
        let bytes = match self.precision {
            Precision::F32 => little_endian(values, f32::to_le_bytes),
            Precision::F16 => {
                let mut kept = vec![f16::ZERO; values.len()];
                kept.convert_from_f32_slice(values);
                little_endian(&kept, f16::to_le_bytes)
            }
        };
        self.left =
            self.left.checked_sub(values.len()).ok_or_else(|| self.other("more features than rows"))?;
        self.file.write_all(&bytes).map_err(Error::io(&self.path))
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> Result<()> {
        if self.left > 0 {
            return Err(self.other("fewer features than rows"));
        }
        self.file.flush().map_err(Error::io(&self.path))
    }

    /// Takes the file away.
    pub(crate) fn discard(self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(Error::io(&self.path))
    }

    fn other(&self, problem: &str) -> Error {
        Error::Damaged { path: self.path.clone(), problem: problem.into() }
    }
}

/// Values as bytes, in one go: an iterator over bytes is not turned into vector instructions.
fn little_endian<T: Copy, const N: usize>(values: &[T], to_bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    let mut bytes = vec![0; values.len() * N];
    bytes.as_chunks_mut().0.iter_mut().zip(values).for_each(|(b, v)| *b = to_bytes(*v));
    bytes
}

/// A file of features, open.
pub(crate) struct FeatureFile {
    layout: Layout,
    path: PathBuf,
    start: u64,
    file: Mutex<File>,
}

impl FeatureFile {
    /// Opens a cell's file; `None` where the cell kept none.
    pub(crate) fn open(folder: &Path, layout: Layout) -> Result<Option<Self>> {
        let path = folder.join(FILE);
        let mut file = match File::open(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(Error::io(&path))?,
        };
        let expected = layout.header();
        let mut header = vec![0; expected.len()];
        let fits = file.read_exact(&mut header).is_ok() && header == expected;
        if !fits || file.metadata().map_err(Error::io(&path))?.len() != layout.bytes() {
            let problem =
                format!("not the features of {} rows of shape {:?}", layout.rows.len(), layout.shape);
            return Err(Error::Damaged { path, problem });
        }
        Ok(Some(Self { start: expected.len() as u64, layout, path, file: Mutex::new(file) }))
    }

    /// Where in the file a row of the table lies.
    fn position(&self, row: usize) -> Option<usize> {
        self.layout.rows.binary_search(&row).ok()
    }

    /// Features of rows of the table, one after the other; `None` where the file lacks one of them.
    pub(crate) fn read(&self, rows: impl Iterator<Item = usize>) -> Result<Option<Vec<f32>>> {
        let Some(positions) = rows.map(|r| self.position(r)).collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let size = self.layout.size();
        let mut bytes = vec![0u8; self.layout.row_bytes()];
        let mut values = vec![0f32; positions.len() * size];
        let mut bits = vec![0u16; if self.layout.precision == Precision::F16 { size } else { 0 }];
        for (position, out) in positions.into_iter().zip(values.chunks_exact_mut(size)) {
            {
                let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
                let at = self.start + (position * bytes.len()) as u64;
                file.seek(SeekFrom::Start(at))
                    .and_then(|_| file.read_exact(&mut bytes))
                    .map_err(Error::io(&self.path))?;
            }
            match self.layout.precision {
                Precision::F32 => {
                    out.iter_mut().zip(bytes.as_chunks().0).for_each(|(v, b)| *v = f32::from_le_bytes(*b))
                }
                Precision::F16 => {
                    bits.iter_mut().zip(bytes.as_chunks().0).for_each(|(v, b)| *v = u16::from_le_bytes(*b));
                    bits.reinterpret_cast::<f16>().convert_to_f32_slice(out);
                }
            }
        }
        Ok(Some(values))
    }
}

/// What a view of examples has at hand of a shared trunk's features.
pub(crate) struct Features {
    /// Key of the trunk.
    pub(crate) key: ContentHash,
    pub(crate) precision: Precision,
    /// By view; `None` where they are computed when they are asked for.
    pub(crate) files: Vec<Option<FeatureFile>>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn layout(rows: &[usize], precision: Precision) -> Layout {
        Layout { rows: Arc::new(rows.to_vec()), shape: vec![2, 3], precision }
    }

    fn written(folder: &Path, layout: &Layout, values: &[f32]) {
        let mut writer = FeatureWriter::create(folder, layout).unwrap();
        values.chunks(7).for_each(|part| writer.write(part).unwrap());
        writer.finish().unwrap();
    }

    #[test]
    fn rows_come_back_in_the_order_asked_and_a_cut_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for precision in [Precision::F32, Precision::F16] {
            let layout = layout(&[1, 4, 9], precision);
            let values: Vec<f32> = (0..18).map(|i| i as f32 / 4.0).collect();
            written(dir.path(), &layout, &values);
            let path = dir.path().join(FILE);
            assert_eq!(std::fs::metadata(&path).unwrap().len(), layout.bytes());
            let file = FeatureFile::open(dir.path(), layout.clone()).unwrap().unwrap();
            let read = |rows: &[usize]| file.read(rows.iter().copied()).unwrap();
            assert_eq!(read(&[9, 1, 9]).unwrap(), [&values[12..], &values[..6], &values[12..]].concat());
            assert_eq!(read(&[]), Some(vec![]));
            assert_eq!(read(&[1, 2]), None);
            std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(layout.bytes() - 1).unwrap();
            assert!(matches!(FeatureFile::open(dir.path(), layout), Err(Error::Damaged { .. })));
            // Cut while it is open.
            assert!(matches!(file.read([9].into_iter()), Err(Error::Io { .. })));
            std::fs::remove_file(&path).unwrap();
        }
        assert!(FeatureFile::open(dir.path(), layout(&[], Precision::F32)).unwrap().is_none());
        let mut writer = FeatureWriter::create(dir.path(), &layout(&[0], Precision::F32)).unwrap();
        writer.write(&[0.0; 5]).unwrap();
        assert!(writer.finish().is_err());
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        let refused = |precision: Precision, value: f32| precision.round(&mut [0.0, value]).is_err();
        assert!(refused(Precision::F32, f32::NAN) && refused(Precision::F16, f32::INFINITY));
        assert!(!refused(Precision::F32, 1e30) && refused(Precision::F16, 65520.0));
        assert!(!refused(Precision::F16, -65504.0));
    }

    proptest! {
        /// The bound that is documented, and that a rounded value is kept as it is.
        #[test]
        fn half_precision_is_off_by_its_bound_at_most(value in -65504f32..65504.0, small in -1e-4f32..1e-4) {
            for value in [value, small] {
                let mut kept = [value];
                Precision::F16.round(&mut kept).unwrap();
                prop_assert!((kept[0] - value).abs() <= (value.abs() * 2f32.powi(-11)).max(2f32.powi(-25)));
                prop_assert_eq!(f16::from_f32(kept[0]).to_f32().to_bits(), kept[0].to_bits());
                let mut exact = [value];
                Precision::F32.round(&mut exact).unwrap();
                prop_assert_eq!(exact[0].to_bits(), value.to_bits());
            }
        }
    }
}
