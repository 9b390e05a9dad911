//! Folders and files of an archive, found whatever their capitals.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eyepatch_core::{Error, Result};
use eyepatch_data::{EXTENSIONS, File, quoted, table_error};

/// An unpacked archive. Nothing outside of its folder is read, links included.
pub(crate) struct Tree {
    real: PathBuf,
}

impl Tree {
    /// Opens the archive's folder.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let real = folder.canonicalize().map_err(|e| Error::io(folder, e))?;
        if !real.is_dir() {
            return Err(Error::io(folder, std::io::ErrorKind::NotADirectory.into()));
        }
        Ok(Self { real })
    }

    /// What lies in `folder`, sorted; files that systems and archivers leave behind are passed over.
    fn entries(&self, folder: &Path) -> Result<Vec<(String, PathBuf)>> {
        let io = |e| Error::io(folder, e);
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            let Some(name) = name.to_str() else {
                let problem = format!("the name {} is no text", quoted(&name.to_string_lossy()));
                return Err(table_error(folder, None, None, problem, "rename the file"));
            };
            if !name.starts_with('.') && name != "__MACOSX" && !name.eq_ignore_ascii_case("thumbs.db") {
                found.push((name.to_owned(), folder.join(name)));
            }
        }
        found.sort();
        Ok(found)
    }

    fn inside(&self, shown: &Path) -> Result<PathBuf> {
        let real = shown.canonicalize().map_err(|e| Error::io(shown, e))?;
        if real.starts_with(&self.real) {
            return Ok(real);
        }
        let remedy = "put the files themselves into the archive's folder";
        Err(table_error(shown, None, None, "a link leads out of the archive's folder", remedy))
    }

    /// The one entry of `folder` whose name, in lower case, is `wanted`.
    fn one(&self, folder: &Path, wanted: impl Fn(&str) -> bool, directory: bool) -> Result<Option<PathBuf>> {
        let mut found: Option<PathBuf> = None;
        for (name, path) in self.entries(folder)? {
            if !wanted(&name.to_lowercase()) || path.is_dir() != directory {
                continue;
            }
            self.inside(&path)?;
            if let Some(first) = found.replace(path) {
                let first = first.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let problem = format!("{} and {} could both be meant", quoted(&first), quoted(&name));
                return Err(table_error(folder, None, None, problem, "keep the one that was published"));
            }
        }
        Ok(found)
    }

    /// The folders in `folder` whose names, in lower case, are `wanted`, sorted.
    pub(crate) fn folders(&self, folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for (name, path) in self.entries(folder)? {
            if wanted(&name.to_lowercase()) && path.is_dir() {
                self.inside(&path)?;
                found.push(path);
            }
        }
        Ok(found)
    }

    /// The folder in `folder` whose name, in lower case, is `wanted`.
    pub(crate) fn folder(&self, folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Option<PathBuf>> {
        self.one(folder, wanted, true)
    }

    /// The file in `folder` whose name, in lower case, is `wanted`.
    pub(crate) fn file(&self, folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Option<PathBuf>> {
        self.one(folder, wanted, false)
    }

    /// The images in `folder`.
    pub(crate) fn images(&self, folder: &Path) -> Result<Listing> {
        let mut listing = Listing { folder: folder.to_owned(), files: BTreeMap::new() };
        for (name, shown) in self.entries(folder)? {
            let extension = Path::new(&name).extension().and_then(|e| e.to_str()).unwrap_or("");
            if EXTENSIONS.iter().any(|e| e.eq_ignore_ascii_case(extension)) && shown.is_file() {
                let real = self.inside(&shown)?;
                listing.files.entry(key(&name)).or_default().push(Named { name, file: File { shown, real } });
            }
        }
        Ok(listing)
    }
}

/// A file's name without its extension, in lower case.
fn key(name: &str) -> String {
    stem(name).to_lowercase()
}

/// A file's name without its extension.
pub(crate) fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// A file and its name.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) file: File,
}

/// The images of a folder.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) folder: PathBuf,
    files: BTreeMap<String, Vec<Named>>,
}

impl Listing {
    /// The image whose name without extension is `stem`, whatever its capitals.
    ///
    /// # Errors
    /// [`Error::Table`] naming both where two could be meant.
    pub(crate) fn find(&self, stem: &str) -> Result<Option<&Named>> {
        match self.files.get(&stem.to_lowercase()).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([one]) => Ok(Some(one)),
            Some([first, second, ..]) => {
                let below = |n: &Named| {
                    let shown = &n.file.shown;
                    quoted(&shown.strip_prefix(&self.folder).unwrap_or(shown).display().to_string())
                };
                let problem = format!(
                    "{} and {} are both files of image {}",
                    below(first),
                    below(second),
                    quoted(stem)
                );
                let remedy = "keep the one that was published and move the other out of the folder";
                Err(table_error(&self.folder, None, None, problem, remedy))
            }
        }
    }

    /// The image of exactly this name.
    pub(crate) fn exactly(&self, name: &str) -> Option<&Named> {
        self.files.get(&key(name))?.iter().find(|f| f.name == name)
    }

    /// The images of several folders below `folder`.
    pub(crate) fn merged(folder: &Path, listings: impl IntoIterator<Item = Self>) -> Self {
        let mut files: BTreeMap<String, Vec<Named>> = BTreeMap::new();
        for (key, named) in listings.into_iter().flat_map(|l| l.files) {
            files.entry(key).or_default().extend(named);
        }
        Self { folder: folder.to_owned(), files }
    }

    /// All images, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Named> {
        self.files.values().flatten()
    }
}

/// Says how a name that a table gives for a file is more than a name.
pub(crate) fn no_mere_name(name: &str) -> Option<&'static str> {
    if name.contains(['/', '\\']) || name.contains("..") {
        Some("it is a path, and only a file's name may stand here")
    } else if name.is_empty() {
        Some("it is empty")
    } else {
        None
    }
}
