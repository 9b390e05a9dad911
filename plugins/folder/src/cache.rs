use std::collections::HashMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use eyepatch_core::{ContentHash, Error, Result};

use crate::read::Loaded;

/// What is kept between calls. A clone starts with none: its parameters may be changed.
#[derive(Default)]
pub(crate) struct Cache {
    loaded: Mutex<Option<Arc<Loaded>>>,
    hashes: Mutex<HashMap<PathBuf, (Stamp, ContentHash)>>,
}

impl Clone for Cache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cache")
    }
}

impl Cache {
    /// The table, read once.
    pub(crate) fn loaded(&self, read: impl FnOnce() -> Result<Loaded>) -> Result<Arc<Loaded>> {
        let mut slot = lock(&self.loaded);
        if let Some(loaded) = slot.as_ref() {
            return Ok(loaded.clone());
        }
        let loaded = Arc::new(read()?);
        *slot = Some(loaded.clone());
        Ok(loaded)
    }

    /// Hash of a file's bytes; a file of unchanged size, time and inode is not read again.
    pub(crate) fn hash(&self, path: &Path, shown: &Path) -> Result<ContentHash> {
        let io = |e| Error::io(shown, e);
        let stamp = Stamp::of(&std::fs::metadata(path).map_err(io)?);
        if let Some((known, hash)) = lock(&self.hashes).get(path)
            && *known == stamp
        {
            return Ok(*hash);
        }
        let hash = ContentHash::of(&std::fs::read(path).map_err(io)?);
        lock(&self.hashes).insert(path.to_owned(), (stamp, hash));
        Ok(hash)
    }
}

/// Both maps are whole after every statement, so a panic elsewhere does not spoil them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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
