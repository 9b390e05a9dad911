use std::path::Path;
use std::sync::{Arc, Mutex};

use eyepatch_core::{ContentHash, Result};
use eyepatch_data::{FileHashes, lock};

use crate::read::Loaded;

/// What is kept between calls. A clone starts with none: its parameters may be changed.
#[derive(Default)]
pub(crate) struct Cache {
    loaded: Mutex<Option<Arc<Loaded>>>,
    hashes: FileHashes,
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

    /// Hash of a file's bytes.
    pub(crate) fn hash(&self, path: &Path, shown: &Path) -> Result<ContentHash> {
        self.hashes.hash(path, shown)
    }
}
