use std::sync::{Arc, Mutex};

use eyepatch_core::{ContentHash, Result};

use crate::files::File;
use crate::hashes::{FileHashes, lock};

/// What a data set plugin keeps between calls: `T`, all that is known before an image is needed, and hashes of files. A clone
/// starts with none: its parameters may be changed.
pub struct Cache<T> {
    loaded: Mutex<Option<Arc<T>>>,
    hashes: FileHashes,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self { loaded: Mutex::default(), hashes: FileHashes::default() }
    }
}

impl<T> Clone for Cache<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> std::fmt::Debug for Cache<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cache")
    }
}

impl<T> Cache<T> {
    /// What `read` gives, read once. An error is not kept.
    ///
    /// # Errors
    /// As `read`.
    pub fn loaded(&self, read: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let mut slot = lock(&self.loaded);
        if let Some(loaded) = slot.as_ref() {
            return Ok(loaded.clone());
        }
        let loaded = Arc::new(read()?);
        *slot = Some(loaded.clone());
        Ok(loaded)
    }

    /// Hash of a file's bytes; a file of unchanged size, time and inode is not read again.
    ///
    /// # Errors
    /// [`eyepatch_core::Error::Io`].
    pub fn hash(&self, file: &File) -> Result<ContentHash> {
        self.hashes.hash(&file.real, &file.shown)
    }
}
