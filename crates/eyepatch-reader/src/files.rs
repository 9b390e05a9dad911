use std::io::Read as _;
use std::path::Path;

use crate::{Error, Result};

/// A file's bytes, where they are not too many.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let io = |source: std::io::Error| Error::Io { path: path.into(), problem: source.to_string() };
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(io)?.take(limit + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > limit {
        return Err(Error::Io {
            path: path.into(),
            problem: format!("it is larger than {} MB", limit >> 20),
        });
    }
    Ok(bytes)
}
