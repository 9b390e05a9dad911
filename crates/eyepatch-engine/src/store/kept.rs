//! How much the store holds, and cells that may be given up.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use eyepatch_core::{Cancel, ContentHash};

use super::{CellLock, Store};
use crate::{Error, Result};

/// Bytes of all cells, now and at most since the store was opened.
#[derive(Default)]
pub(super) struct Usage {
    now: AtomicU64,
    peak: AtomicU64,
}

impl Usage {
    pub(super) fn add(&self, bytes: u64) {
        let now = self.now.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.peak.fetch_max(now, Ordering::Relaxed);
    }

    fn subtract(&self, bytes: u64) {
        let _ =
            self.now.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| Some(n.saturating_sub(bytes)));
    }
}

/// A cell that may be given up.
pub(crate) struct Kept {
    /// Its folder; names the cell.
    pub(crate) path: PathBuf,
    /// Bytes of its files.
    pub(crate) bytes: u64,
    modified: SystemTime,
}

impl Store {
    /// Bytes of all cells at most since this store was opened; those of other runs on it as they were then.
    #[must_use]
    pub fn peak_bytes(&self) -> u64 {
        self.usage.peak.load(Ordering::Relaxed)
    }

    /// Its folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Bytes that the system would let this program write beside the cells.
    pub(crate) fn free_bytes(&self) -> Result<u64> {
        fs4::available_space(&self.root).map_err(Error::io(&self.root))
    }

    /// All cells of a kind, least recently written first.
    pub(crate) fn kept(&self, kind: &str) -> Result<Vec<Kept>> {
        let cells = self.root.join("cells");
        let mut kept = Vec::new();
        for entry in fs::read_dir(&cells).map_err(Error::io(&cells))? {
            let entry = entry.map_err(Error::io(&cells))?;
            let name = entry.file_name();
            let of_kind = name.to_str().and_then(|n| n.rsplit_once('-')).is_some_and(|(k, _)| k == kind);
            // Another run may give it up meanwhile.
            if let (true, Ok(about), Ok(bytes)) = (of_kind, entry.metadata(), folder_bytes(&entry.path())) {
                let modified = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                kept.push(Kept { path: entry.path(), bytes, modified });
            }
        }
        kept.sort_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
        Ok(kept)
    }

    /// Waits for the right to read a cell that may be given up: it stays as long as somebody holds it.
    pub(crate) fn hold(&self, key: &ContentHash, cancel: &Cancel) -> Result<CellLock> {
        self.wait(&key.short(), cancel, File::try_lock_shared)
    }

    /// Deletes a cell; false where somebody reads or computes it.
    pub(crate) fn give_up(&self, cell: &Kept) -> Result<bool> {
        let name = cell.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let short = name.rsplit_once('-').map_or(name.as_str(), |(_, short)| short);
        let (path, file) = self.lock_file(short)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(false),
            Err(fs::TryLockError::Error(e)) => return Err(Error::io(&path)(e)),
        }
        // Gone at once for whoever looks, however long deleting takes.
        let tmp = self.root.join("tmp");
        let away = tempfile::Builder::new().prefix("given-up-").tempdir_in(&tmp).map_err(Error::io(&tmp))?;
        match fs::rename(&cell.path, away.path().join(&name)) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(true),
            moved => moved.map_err(Error::io(&cell.path))?,
        }
        away.close().map_err(Error::io(&tmp))?;
        self.usage.subtract(cell.bytes);
        Ok(true)
    }
}

/// Bytes of all files below a folder.
pub(super) fn folder_bytes(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { folder_bytes(&entry.path())? } else { about.len() };
    }
    Ok(bytes)
}
