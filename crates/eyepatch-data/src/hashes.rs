use std::collections::HashMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use eyepatch_core::{ContentHash, Error, Result};

/// Hashes of files' bytes. A file of unchanged size, time and inode is not read again.
#[derive(Default)]
pub struct FileHashes(Mutex<HashMap<PathBuf, (Stamp, ContentHash)>>);

impl FileHashes {
    /// Hash of a file's bytes; `shown` is its path for people.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn hash(&self, path: &Path, shown: &Path) -> Result<ContentHash> {
        let io = |e| Error::io(shown, e);
        let stamp = Stamp::of(&std::fs::metadata(path).map_err(io)?);
        if let Some((known, hash)) = lock(&self.0).get(path)
            && *known == stamp
        {
            return Ok(*hash);
        }
        let hash = ContentHash::of(&std::fs::read(path).map_err(io)?);
        lock(&self.0).insert(path.to_owned(), (stamp, hash));
        Ok(hash)
    }
}

/// The lock of a value that is whole after every statement, so that a panic elsewhere does not spoil it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Size, time and inode: when all three are unchanged, so is the file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

impl Stamp {
    fn of(meta: &Metadata) -> Self {
        Self { len: meta.len(), modified: meta.modified().ok(), inode: inode(meta) }
    }
}

#[cfg(unix)]
fn inode(meta: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
fn inode(_meta: &Metadata) -> u64 {
    0
}
