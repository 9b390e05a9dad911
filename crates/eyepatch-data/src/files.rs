//! Files that a table names, kept inside the folder that the user named.

use std::path::{Component, Path, PathBuf};

use eyepatch_core::{Error, Result};

use crate::bad::{Bad, Fault};

/// Extensions of files that can be read.
pub const EXTENSIONS: [&str; 10] = ["png", "jpg", "jpeg", "tif", "tiff", "PNG", "JPG", "JPEG", "TIF", "TIFF"];

/// A file: its path for people and its path with links resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// For people.
    pub shown: PathBuf,
    /// With links resolved.
    pub real: PathBuf,
}

impl File {
    /// Its bytes. A file much larger than the largest image allowed is not read.
    ///
    /// # Errors
    /// A [`Bad`] of kind `fault` that names the file.
    pub fn read(&self, max_pixels: u64, fault: Fault) -> std::result::Result<Vec<u8>, Bad> {
        let bad = |problem: String, remedy: &str| Bad::new(fault, problem, remedy).of(&self.shown);
        let cannot = |e: std::io::Error| {
            bad(format!("it cannot be read: {e}"), "check that it exists and is readable")
        };
        let limit = max_pixels.saturating_mul(8).saturating_add(64 << 20);
        let length = std::fs::metadata(&self.real).map_err(cannot)?.len();
        if length > limit {
            let problem =
                format!("it has {length} bytes, more than an image of `max_pixels` = {max_pixels} needs");
            return Err(bad(problem, "check that it is an image, or raise `max_pixels`"));
        }
        std::fs::read(&self.real).map_err(cannot)
    }
}

/// What a value names.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// A file that is there.
    File(File),
    /// Nothing.
    Missing,
    /// A path that leaves the folder, and how.
    Refused(&'static str),
}

/// A folder that no path may leave.
pub struct Root {
    shown: PathBuf,
    real: PathBuf,
}

impl Root {
    /// Opens a folder.
    pub fn open(folder: &Path) -> Result<Self> {
        let real = folder.canonicalize().map_err(|e| Error::io(folder, e))?;
        if !real.is_dir() {
            return Err(Error::io(folder, std::io::ErrorKind::NotADirectory.into()));
        }
        Ok(Self { shown: folder.to_owned(), real })
    }

    /// The folder's path for people.
    pub fn shown(&self) -> &Path {
        &self.shown
    }

    /// FOLDER/value, else FOLDER/file name of value.
    pub fn resolve(&self, value: &str) -> Found {
        let found = self.exactly(value);
        if found == Found::Missing
            && let Some(name) = Path::new(value).file_name().and_then(|n| n.to_str())
            && name != value
        {
            return self.exactly(name);
        }
        if found == Found::Missing && value.trim() != value {
            return self.resolve(value.trim());
        }
        found
    }

    /// FOLDER/stem + suffix + a known extension; `other` is a file that it must not be.
    pub fn by_stem(&self, stem: &str, suffixes: &[&str], other: Option<&Path>) -> Found {
        for suffix in suffixes {
            for extension in EXTENSIONS {
                match self.exactly(&format!("{stem}{suffix}.{extension}")) {
                    Found::Missing => {}
                    Found::File(f) if Some(f.real.as_path()) == other => {}
                    found => return found,
                }
            }
        }
        Found::Missing
    }

    /// The file's path below this folder, with `/` between its parts.
    pub fn relative(&self, file: &File) -> String {
        let below = file.shown.strip_prefix(&self.shown).unwrap_or(&file.shown);
        let parts = below.components().filter_map(|part| part.as_os_str().to_str());
        parts.filter(|part| *part != ".").collect::<Vec<_>>().join("/")
    }

    fn exactly(&self, value: &str) -> Found {
        let path = Path::new(value);
        if value.is_empty() || value.contains('\0') {
            return Found::Missing;
        }
        for part in path.components() {
            match part {
                Component::ParentDir => return Found::Refused("it contains `..`"),
                Component::RootDir | Component::Prefix(_) => return Found::Refused("it is absolute"),
                Component::CurDir | Component::Normal(_) => {}
            }
        }
        let shown = self.shown.join(path);
        match shown.canonicalize() {
            Ok(real) if !real.starts_with(&self.real) => Found::Refused("a link leads out of the folder"),
            Ok(real) if real.is_file() => Found::File(File { shown, real }),
            _ => Found::Missing,
        }
    }
}
