//! Where an archive's files are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eyepatch_core::{Error, Result};
use eyepatch_data::{Found, Root, table_error};

/// A file that a parameter names, or the first of `names` in the archive's folder.
pub(crate) fn find(folder: &Path, given: Option<&Path>, names: &[&str], parameter: &str) -> Result<PathBuf> {
    if let Some(found) = find_optional(folder, given, names)? {
        return Ok(found);
    }
    std::fs::metadata(folder).map_err(|e| Error::io(folder, e))?;
    let problem = format!("none of these files is here: {}", names.join(", "));
    Err(table_error(folder, None, None, problem, format!("give its path with `{parameter}`")))
}

/// The same of a file that need not be there unless a parameter names it.
pub(crate) fn find_optional(folder: &Path, given: Option<&Path>, names: &[&str]) -> Result<Option<PathBuf>> {
    match given {
        Some(path) => std::fs::metadata(path).map_err(|e| Error::io(path, e)).map(|_| Some(path.to_owned())),
        None => Ok(names.iter().map(|name| folder.join(name)).find(|path| path.is_file())),
    }
}

/// Where images are looked for.
pub(crate) enum Images {
    /// In one folder and those below it that the table names.
    By(Root),
    /// In several folders below one, listed beforehand: which of them has which file.
    In(Root, BTreeMap<String, String>),
}

impl Images {
    /// The archive's folders below `root`. A file that stands in two of them is that of the first.
    pub(crate) fn listed(root: Root, folders: &[String]) -> Result<Self> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for folder in folders {
            let path = root.shown().join(folder);
            for entry in std::fs::read_dir(&path).map_err(|e| Error::io(&path, e))? {
                let name = entry.map_err(|e| Error::io(&path, e))?.file_name();
                if let Some(name) = name.to_str() {
                    found.entry(name.to_owned()).or_insert_with(|| folder.clone());
                }
            }
        }
        Ok(Self::In(root, found))
    }

    /// The image of this name.
    pub(crate) fn find(&self, name: &str) -> Found {
        match self {
            Self::By(root) => root.resolve(name),
            Self::In(root, found) => match found.get(name) {
                Some(folder) => root.resolve(&format!("{folder}/{name}")),
                // A name that leaves the folder is refused, not missing.
                None => root.resolve(name),
            },
        }
    }

    /// The folder.
    pub(crate) fn shown(&self) -> &Path {
        match self {
            Self::By(root) | Self::In(root, _) => root.shown(),
        }
    }
}
