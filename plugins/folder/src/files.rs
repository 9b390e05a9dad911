//! Files that a table names, kept inside the folder that the user named.

use std::path::{Component, Path, PathBuf};

use eyepatch_core::{Error, Result};

/// Extensions of files that can be read.
pub(crate) const EXTENSIONS: [&str; 10] =
    ["png", "jpg", "jpeg", "tif", "tiff", "PNG", "JPG", "JPEG", "TIF", "TIFF"];

/// A file: its path for people and its path with links resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) shown: PathBuf,
    pub(crate) real: PathBuf,
}

/// What a value names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    File(File),
    Missing,
    /// A path that leaves the folder, and how.
    Refused(&'static str),
}

/// A folder that no path may leave.
pub(crate) struct Root {
    shown: PathBuf,
    real: PathBuf,
}

impl Root {
    /// Opens a folder.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let real = folder.canonicalize().map_err(|e| Error::io(folder, e))?;
        if !real.is_dir() {
            return Err(Error::io(folder, std::io::ErrorKind::NotADirectory.into()));
        }
        Ok(Self { shown: folder.to_owned(), real })
    }

    /// The folder's path for people.
    pub(crate) fn shown(&self) -> &Path {
        &self.shown
    }

    /// FOLDER/value, else FOLDER/file name of value.
    pub(crate) fn resolve(&self, value: &str) -> Found {
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
    pub(crate) fn by_stem(&self, stem: &str, suffixes: &[&str], other: Option<&Path>) -> Found {
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
    pub(crate) fn relative(&self, file: &File) -> String {
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
