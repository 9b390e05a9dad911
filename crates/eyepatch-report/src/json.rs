//! Results and timings as JSON files: pretty, stable, checked both ways.

use std::io::{Read as _, Write as _};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::share::SharedResult;
use crate::{Error, Result, RunResult, SCHEMA, Timings};

/// The largest file that is read, in bytes. Pictures lie beside a result, so even thousands of cells stay far
/// below it.
pub const LIMIT: u64 = 256 << 20;

/// A result as pretty JSON with a final line break. The same result gives the same bytes.
///
/// # Errors
/// [`Error::NotFinite`] where a number is NaN or infinite: JSON would lose it silently.
pub fn result_to_string(result: &RunResult) -> Result<String> {
    to_string("the result", result)
}

/// A result in its shared form as pretty JSON with a final line break.
///
/// # Errors
/// As [`result_to_string`].
pub fn shared_to_string(result: &SharedResult) -> Result<String> {
    to_string("the shared result", result)
}

/// Timings as pretty JSON with a final line break.
///
/// # Errors
/// As [`result_to_string`].
pub fn timings_to_string(timings: &Timings) -> Result<String> {
    to_string("the timings", timings)
}

/// Writes a result: beside `path` first, then renamed over it, so that a reader never sees half a file.
///
/// # Errors
/// As [`result_to_string`], and [`Error::Io`].
pub fn write_result(path: &Path, result: &RunResult) -> Result<()> {
    write(path, result_to_string(result)?.as_bytes())
}

/// Writes timings, as [`write_result`].
///
/// # Errors
/// As [`write_result`].
pub fn write_timings(path: &Path, timings: &Timings) -> Result<()> {
    write(path, timings_to_string(timings)?.as_bytes())
}

/// Reads a result.
///
/// # Errors
/// [`Error::Io`], [`Error::TooLarge`], [`Error::Schema`] where another version wrote it, [`Error::Json`] with
/// line and column. Fields that this version does not know are ignored: within one version fields are only added.
pub fn read_result(path: &Path) -> Result<RunResult> {
    result_from_slice(path, &read(path, LIMIT)?)
}

/// Reads timings.
///
/// # Errors
/// [`Error::Io`], [`Error::TooLarge`], [`Error::Json`].
pub fn read_timings(path: &Path) -> Result<Timings> {
    from_slice(path, &read(path, LIMIT)?)
}

/// A result from the bytes of `path`, which only names them in errors.
///
/// # Errors
/// [`Error::Schema`], [`Error::Json`].
pub fn result_from_slice(path: &Path, bytes: &[u8]) -> Result<RunResult> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let head: Head = from_slice(path, bytes)?;
    if head.schema != SCHEMA {
        return Err(Error::Schema { path: path.into(), found: head.schema, expected: SCHEMA });
    }
    from_slice(path, bytes)
}

fn to_string<T: Serialize + DeserializeOwned + PartialEq>(what: &'static str, value: &T) -> Result<String> {
    let not_json = |source| Error::Json { path: what.into(), source };
    let mut text = serde_json::to_string_pretty(value).map_err(not_json)?;
    // serde_json writes NaN as null. Reading back finds that, and NaN in optional fields too.
    match serde_json::from_str::<T>(&text) {
        Ok(back) if back == *value => {}
        _ => return Err(Error::NotFinite { what }),
    }
    text.push('\n');
    Ok(text)
}

fn from_slice<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|source| Error::Json { path: path.into(), source })
}

/// Reads at most `limit` bytes, whatever the file system says of the size.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let io = |source| Error::io(path, source);
    let file = std::fs::File::open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let mut bytes = Vec::new();
    if size <= limit {
        file.take(limit + 1).read_to_end(&mut bytes).map_err(io)?;
    }
    let size = size.max(bytes.len() as u64);
    if size > limit {
        return Err(Error::TooLarge { path: path.into(), size, limit });
    }
    Ok(bytes)
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let io = |source| Error::io(path, source);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As a plain file gets them; the process's umask still applies.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(io)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(io)?;
    file.persist(path).map_err(|e| io(e.error))?;
    Ok(())
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
