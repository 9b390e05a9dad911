//! A cell's own record: which files it has, how long they are and what they hash to.

use std::fs::{self, File};
use std::path::Path;

use eyepatch_core::ContentHash;
use serde::{Deserialize, Serialize};

use super::atomic::{sync_file, sync_folder};
use crate::cell::{CellSpec, read_json};
use crate::{Error, Result};

const RECORD: &str = "cell.json";
/// Not under a checksum: the only file of a cell that differs from run to run.
pub(super) const SECONDS: &str = "seconds.txt";

#[derive(Serialize, Deserialize)]
struct Record {
    key: ContentHash,
    spec: CellSpec,
    files: Vec<FileRecord>,
}

#[derive(Serialize, Deserialize)]
struct FileRecord {
    name: String,
    bytes: u64,
    hash: ContentHash,
}

/// Writes the record of a computed cell and makes everything in its folder outlast a power cut. Gives the bytes of its
/// files.
pub(super) fn seal(folder: &Path, spec: &CellSpec, key: &ContentHash, seconds: f64) -> Result<u64> {
    let mut files = Vec::new();
    record_files(folder, "", &mut files)?;
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let bytes = files.iter().map(|f| f.bytes).sum();
    let record = Record { key: *key, spec: spec.clone(), files };
    let path = folder.join(RECORD);
    let text = serde_json::to_vec_pretty(&record).map_err(|e| Error::io(&path)(e.into()))?;
    fs::write(&path, text).map_err(Error::io(&path))?;
    sync_file(&path)?;
    let path = folder.join(SECONDS);
    fs::write(&path, format!("{seconds:.3}\n")).map_err(Error::io(&path))?;
    sync_folder(folder)?;
    Ok(bytes)
}

/// Length and hash of a file, which may be larger than memory.
fn checksum(path: &Path) -> std::io::Result<(u64, ContentHash)> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok((hasher.count(), ContentHash(*hasher.finalize().as_bytes())))
}

/// Records the files below `folder`, whose names start with `prefix`, and makes them outlast a power cut.
fn record_files(folder: &Path, prefix: &str, files: &mut Vec<FileRecord>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
        let path = entry.map_err(Error::io(folder))?.path();
        let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            record_files(&path, &format!("{name}/"), files)?;
            sync_folder(&path)?;
            continue;
        }
        let (bytes, hash) = checksum(&path).map_err(Error::io(&path))?;
        sync_file(&path)?;
        files.push(FileRecord { name, bytes, hash });
    }
    Ok(())
}

/// What is wrong with a cell; `None` where it is whole.
pub(super) fn is_whole(folder: &Path, key: &ContentHash) -> Result<Option<String>> {
    let record: Record = match read_json(&folder.join(RECORD)) {
        Ok(record) => record,
        Err(Error::Io { source, .. }) if source.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io(folder)(source));
        }
        Err(e) => return Ok(Some(format!("its record does not read ({e})"))),
    };
    if record.key != *key {
        return Ok(Some("its record names another key".into()));
    }
    for file in &record.files {
        let path = folder.join(&file.name);
        let found = match fs::metadata(&path).map(|about| (about.len(), about.is_file())) {
            Ok((bytes, true)) if bytes == file.bytes => checksum(&path),
            Ok((bytes, _)) => {
                return Ok(Some(format!("{} has {bytes} bytes instead of {}", file.name, file.bytes)));
            }
            Err(e) => Err(e),
        };
        match found {
            Ok(found) if found == (file.bytes, file.hash) => {}
            Ok(_) => return Ok(Some(format!("the checksum of {} does not fit", file.name))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Some(format!("{} is missing", file.name)));
            }
            Err(e) => return Err(Error::io(&path)(e)),
        }
    }
    Ok(None)
}
