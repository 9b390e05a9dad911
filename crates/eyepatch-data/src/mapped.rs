//! Files that are mapped into memory.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use eyepatch_core::Error as CoreError;
use memmap2::Mmap;

use crate::npy::Header;
use crate::{Error, Result};

/// A NPY file in memory without being read: the system brings in what is looked at, and runs on one machine share it. Its
/// header and length are checked when it is opened, and a shared lock is held until it is dropped. What lies in it has
/// checksums elsewhere (`PreparedSet` checks an image's the first time that it is asked for).
#[derive(Debug)]
pub struct Mapped {
    path: PathBuf,
    header: Header,
    map: Mmap,
    /// Holds the lock.
    _file: File,
}

impl Mapped {
    /// Opens and maps a file.
    ///
    /// # Errors
    /// [`Error::Damaged`] where it is no NPY file, or shorter or longer than its header says; [`Error::Busy`] while it is
    /// being written.
    pub fn open(path: &Path) -> Result<Self> {
        let io = |e| Error::from(CoreError::io(path, e));
        let mut file = File::open(path).map_err(io)?;
        match file.try_lock_shared() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let problem = "an `eyepatch prepare` is writing it";
                return Err(Error::Busy { path: path.into(), problem: problem.into() });
            }
            Err(TryLockError::Error(e)) => return Err(io(e)),
        }
        let meta = file.metadata().map_err(io)?;
        if !meta.is_file() {
            return Err(Error::damaged(path, "it is no file"));
        }
        let header = Header::read(&mut file, path)?;
        let wanted = header.start as u64 + header.length().map_err(|e| e.of(path))? as u64;
        if meta.len() != wanted {
            let problem = format!(
                "it has {} bytes, and {wanted} are needed for its shape {:?}",
                meta.len(),
                header.shape
            );
            return Err(Error::damaged(path, problem));
        }
        let map = map(&file).map_err(io)?;
        Ok(Self { path: path.to_owned(), header, map, _file: file })
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Type and shape of its numbers.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The numbers' bytes, little-endian.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.map[self.header.start..]
    }

    /// The bytes of entry `index` along the first side.
    ///
    /// # Errors
    /// [`CoreError::Shape`] where there is none.
    pub fn entry(&self, index: usize) -> Result<&[u8]> {
        let count = self.header.shape.first().copied().unwrap_or(0);
        if index >= count {
            return Err(CoreError::shape("entry", format!("below {count}"), index.to_string()).into());
        }
        let each = self.bytes().len() / count;
        Ok(&self.bytes()[index * each..][..each])
    }
}

/// Maps a whole file.
///
/// The bytes of a slice must not change while it is borrowed, and the system cannot promise that of a file. Ours do not:
/// a set's files get their names after they are written and synced, and no part of eyepatch writes to a named one without
/// an exclusive lock, which cannot be had while the shared lock of a [`Mapped`] is held. The numbers are plain bytes, of
/// which every value is allowed. What is left is a stranger who ignores the lock: one who writes changes numbers, which
/// then fail their checksum or, after it, are wrong numbers; one who truncates the file makes the system end the program
/// (SIGBUS). Neither can be kept out by a reader, of whatever kind.
#[expect(unsafe_code, reason = "the one mapping; why it is sound is said above")]
fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: see above; the lock is taken before, and the file is kept open as long as the map.
    unsafe { Mmap::map(file) }
}

#[cfg(test)]
#[path = "mapped_tests.rs"]
mod tests;
