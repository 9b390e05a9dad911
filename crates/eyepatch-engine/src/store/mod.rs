//! The run store: one folder a cell, named by its key, written elsewhere and renamed whole.
//!
//! Write, fsync, rename, fsync the folder; one lock a cell; files never change once named. A killed run leaves at
//! most a folder under `tmp`, which the next run sweeps away; two runs on one store wait for each other cell by cell.

mod atomic;
mod whole;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use eyepatch_core::{Cancel, ContentHash};

pub(crate) use atomic::write_atomically;
use whole::{is_whole, seal};

use crate::cell::CellSpec;
use crate::{Error, Result};

/// Writes a file so that readers see the old one or the new one, never a part.
///
/// # Errors
/// [`Error::Io`].
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomically(path, bytes)
}

/// A folder of finished cells.
pub struct Store {
    root: PathBuf,
}

/// Exclusive right to compute one cell; given back when dropped.
pub(crate) struct CellLock {
    _file: File,
}

/// What a look into the store says of a cell.
pub(crate) enum Found {
    /// It is there and whole.
    Whole(PathBuf),
    /// It was there but damaged, and has been moved aside.
    Damaged(String),
    /// It is not there.
    Missing,
}

impl Store {
    /// Opens a store, making its folders where they are missing.
    ///
    /// # Errors
    /// [`Error::Io`] where they cannot be made or written to.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        for folder in ["cells", "locks", "tmp"] {
            let path = root.join(folder);
            fs::create_dir_all(&path).map_err(Error::io(path))?;
        }
        // Found out now, not after an hour's training.
        let probe = root.join("tmp").join(format!("probe-{}", std::process::id()));
        fs::write(&probe, b"eyepatch").map_err(Error::io(&probe))?;
        fs::remove_file(&probe).map_err(Error::io(&probe))?;
        Ok(Self { root })
    }

    /// The folder of a cell, whether or not it is there.
    #[must_use]
    pub fn cell_path(&self, kind: &str, key: &ContentHash) -> PathBuf {
        self.root.join("cells").join(format!("{kind}-{}", key.short()))
    }

    /// Looks for a cell and verifies every file of it against its checksum.
    pub(crate) fn find(&self, kind: &str, key: &ContentHash) -> Result<Found> {
        let path = self.cell_path(kind, key);
        if !path.exists() {
            return Ok(Found::Missing);
        }
        match is_whole(&path, key)? {
            None => Ok(Found::Whole(path)),
            Some(problem) => {
                let aside =
                    self.root.join("damaged").join(format!("{kind}-{}-{}", key.short(), std::process::id()));
                fs::create_dir_all(self.root.join("damaged")).map_err(Error::io(&aside))?;
                if aside.exists() {
                    fs::remove_dir_all(&aside).map_err(Error::io(&aside))?;
                }
                fs::rename(&path, &aside).map_err(Error::io(&path))?;
                Ok(Found::Damaged(format!(
                    "{}: {problem}; moved to {} and computed again",
                    path.display(),
                    aside.display()
                )))
            }
        }
    }

    /// Waits for the right to compute a cell. The system gives it back when a process dies.
    pub(crate) fn lock(&self, key: &ContentHash, cancel: &Cancel) -> Result<CellLock> {
        let path = self.root.join("locks").join(format!("{}.lock", key.short()));
        let file = File::create(&path).map_err(Error::io(&path))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(CellLock { _file: file }),
                Err(fs::TryLockError::WouldBlock) => {
                    if cancel.is_cancelled() {
                        return Err(eyepatch_core::Error::Cancelled.into());
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(fs::TryLockError::Error(e)) => return Err(Error::io(&path)(e)),
            }
        }
    }

    /// An empty folder to compute a cell in. Only the holder of the cell's lock calls this.
    pub(crate) fn workspace(&self, kind: &str, key: &ContentHash) -> Result<PathBuf> {
        let path = self.root.join("tmp").join(format!("{kind}-{}", key.short()));
        if path.exists() {
            fs::remove_dir_all(&path).map_err(Error::io(&path))?;
        }
        fs::create_dir_all(&path).map_err(Error::io(&path))?;
        Ok(path)
    }

    /// Names a computed cell: checksums, fsync, rename, fsync the folder.
    pub(crate) fn commit(
        &self,
        workspace: &Path,
        spec: &CellSpec,
        key: &ContentHash,
        seconds: f64,
    ) -> Result<PathBuf> {
        seal(workspace, spec, key, seconds)?;
        let path = self.cell_path(&spec.kind, key);
        fs::rename(workspace, &path).map_err(Error::io(&path))?;
        atomic::sync_folder(&self.root.join("cells"))?;
        Ok(path)
    }

    /// Seconds that a cell took when it was computed.
    pub(crate) fn seconds(path: &Path) -> f64 {
        fs::read_to_string(path.join(whole::SECONDS)).ok().and_then(|s| s.trim().parse().ok()).unwrap_or(0.0)
    }
}
