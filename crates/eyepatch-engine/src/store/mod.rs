//! The run store: one folder a cell, named by its key, written elsewhere and renamed whole.
//!
//! Write, fsync, rename, fsync the folder; one lock a cell; files never change once named. A killed run leaves at
//! most a folder under `tmp`, which whoever computes that cell next sweeps away, all but its checkpoints; two runs on
//! one store wait for each other cell by cell.

mod atomic;
mod kept;
mod whole;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use eyepatch_core::{Cancel, ContentHash};

pub(crate) use atomic::write_atomically;
pub(crate) use kept::Kept;
use kept::{Usage, folder_bytes};
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
    usage: Usage,
}

/// Where a cell is computed.
pub(crate) struct Workspace {
    /// Empty; what it holds at the end is the cell.
    pub(crate) out: PathBuf,
    /// Empty; thrown away at the end.
    pub(crate) scratch: PathBuf,
    /// What a killed run left there; thrown away once the cell is whole.
    pub(crate) checkpoint: PathBuf,
}

/// Right to compute one cell, which is exclusive, or to read one that may be given up; given back when dropped.
pub(crate) struct CellLock {
    _file: File,
}

/// What a look into the store says of a cell.
pub(crate) enum Found {
    /// It is there and whole.
    Whole(PathBuf),
    /// It is there but damaged: what is wrong with it.
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
        let tmp = root.join("tmp");
        let probe = tempfile::NamedTempFile::new_in(&tmp).map_err(Error::io(&tmp))?;
        fs::write(probe.path(), b"eyepatch").map_err(Error::io(&tmp))?;
        let usage = Usage::default();
        // Another run may give a cell up meanwhile; the figure is for people.
        usage.add(folder_bytes(&root.join("cells")).unwrap_or(0));
        Ok(Self { root, usage })
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
        Ok(match is_whole(&path, key)? {
            None => Found::Whole(path),
            Some(problem) => Found::Damaged(problem),
        })
    }

    /// Moves a damaged cell aside and says so. Under the cell's lock: another run may have mended it meanwhile.
    pub(crate) fn set_aside(
        &self,
        _lock: &CellLock,
        kind: &str,
        key: &ContentHash,
        problem: &str,
    ) -> Result<String> {
        let path = self.cell_path(kind, key);
        let damaged = self.root.join("damaged");
        fs::create_dir_all(&damaged).map_err(Error::io(&damaged))?;
        let prefix = format!("{kind}-{}-", key.short());
        let aside =
            tempfile::Builder::new().prefix(&prefix).tempdir_in(&damaged).map_err(Error::io(&damaged))?;
        let aside = aside.keep().join("cell");
        fs::rename(&path, &aside).map_err(Error::io(&path))?;
        Ok(format!("{}: {problem}; moved to {} and computed again", path.display(), aside.display()))
    }

    /// Waits for the right to compute a cell. The system gives it back when a process dies.
    pub(crate) fn lock(&self, key: &ContentHash, cancel: &Cancel) -> Result<CellLock> {
        self.wait(&key.short(), cancel, File::try_lock)
    }

    fn lock_file(&self, short: &str) -> Result<(PathBuf, File)> {
        let path = self.root.join("locks").join(format!("{short}.lock"));
        let file = File::create(&path).map_err(Error::io(&path))?;
        Ok((path, file))
    }

    fn wait(
        &self,
        short: &str,
        cancel: &Cancel,
        lock: impl Fn(&File) -> Result<(), fs::TryLockError>,
    ) -> Result<CellLock> {
        let (path, file) = self.lock_file(short)?;
        loop {
            match lock(&file) {
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

    /// A place to compute a cell in.
    pub(crate) fn workspace(&self, _lock: &CellLock, kind: &str, key: &ContentHash) -> Result<Workspace> {
        let home = self.root.join("tmp").join(format!("{kind}-{}", key.short()));
        let (out, scratch, checkpoint) = (home.join("cell"), home.join("scratch"), home.join("checkpoint"));
        for folder in [&out, &scratch] {
            if folder.exists() {
                fs::remove_dir_all(folder).map_err(Error::io(folder))?;
            }
        }
        for folder in [&out, &scratch, &checkpoint] {
            fs::create_dir_all(folder).map_err(Error::io(folder))?;
        }
        Ok(Workspace { out, scratch, checkpoint })
    }

    /// Names a computed cell: checksums, fsync, rename, fsync the folder.
    pub(crate) fn commit(
        &self,
        place: &Workspace,
        spec: &CellSpec,
        key: &ContentHash,
        seconds: f64,
    ) -> Result<PathBuf> {
        self.usage.add(seal(&place.out, spec, key, seconds)?);
        let path = self.cell_path(&spec.kind, key);
        fs::rename(&place.out, &path).map_err(Error::io(&path))?;
        atomic::sync_folder(&self.root.join("cells"))?;
        let home = place.out.parent().unwrap_or(&place.out);
        fs::remove_dir_all(home).map_err(Error::io(home))?;
        Ok(path)
    }

    /// Seconds that a cell took when it was computed.
    pub(crate) fn seconds(path: &Path) -> f64 {
        fs::read_to_string(path.join(whole::SECONDS)).ok().and_then(|s| s.trim().parse().ok()).unwrap_or(0.0)
    }
}
