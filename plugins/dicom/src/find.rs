//! The DICOM files of a folder.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use eyepatch_core::{Ctx, Error, Result};
use eyepatch_data::{Bad, Fault, File};

use crate::elements::has_mark;

/// Folders within folders.
const MAX_DEPTH: usize = 64;
/// Files so named should be DICOM.
const EXTENSIONS: [&str; 4] = ["dcm", "dic", "dicom", "ima"];

/// The files of a folder.
pub(crate) struct Files {
    /// Sorted by path.
    pub(crate) all: Vec<Candidate>,
    /// Files that are no DICOM and are not named as if they were.
    pub(crate) others: usize,
}

/// A file that is DICOM, or says so by its name.
pub(crate) struct Candidate {
    pub(crate) file: File,
    /// Its path below the folder, with `/` between its parts.
    pub(crate) path: String,
}

impl Candidate {
    /// The path without a telling extension.
    pub(crate) fn stem(&self) -> &str {
        stem(&self.path)
    }

    /// The last part of its path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// A name without an extension of DICOM. Names of UIDs have dots of their own.
pub(crate) fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() && is_telling(end) => stem,
        _ => name,
    }
}

fn is_telling(extension: &str) -> bool {
    EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str())
}

/// Looks through a folder. Links that lead out of it, and hidden files, are not followed.
pub(crate) fn find(folder: &Path, ctx: &Ctx) -> Result<Files> {
    let real = folder.canonicalize().map_err(|e| Error::io(folder, e))?;
    let mut files = Files { all: Vec::new(), others: 0 };
    let mut open: Vec<(PathBuf, String, usize)> = vec![(folder.to_owned(), String::new(), 0)];
    while let Some((path, below, depth)) = open.pop() {
        ctx.check()?;
        for entry in fs::read_dir(&path).map_err(|e| Error::io(&path, e))? {
            let entry = entry.map_err(|e| Error::io(&path, e))?;
            let name = entry.file_name();
            // What is no text keeps its place in the order, and a name to be found by only without it.
            let name = name.to_string_lossy();
            if name.starts_with('.') {
                continue;
            }
            let below = if below.is_empty() { name.into_owned() } else { format!("{below}/{name}") };
            let shown = entry.path();
            let Ok(real_path) = shown.canonicalize() else {
                files.others += 1;
                continue;
            };
            let link = entry.file_type().is_ok_and(|t| t.is_symlink());
            if real_path.is_dir() {
                if !link && depth < MAX_DEPTH {
                    open.push((shown, below, depth + 1));
                }
            } else if !real_path.starts_with(&real) || !is_candidate(&shown) {
                files.others += 1;
            } else {
                files.all.push(Candidate { file: File { shown, real: real_path }, path: below });
            }
        }
    }
    files.all.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn is_candidate(path: &Path) -> bool {
    let telling = path.extension().is_some_and(|e| is_telling(&e.to_string_lossy()));
    let is_directory = path.file_name().is_some_and(|n| n == "DICOMDIR");
    !is_directory && (telling || start(path, 132).is_ok_and(|bytes| has_mark(&bytes)))
}

/// The first bytes of a file.
pub(crate) fn start(path: &Path, length: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// All of a file, where it is not larger than allowed.
pub(crate) fn whole(file: &File, max_bytes: u64) -> std::result::Result<Vec<u8>, Bad> {
    let bad = |problem: String, remedy: &str| Bad::new(Fault::Unreadable, problem, remedy).of(&file.shown);
    let bytes = start(&file.real, max_bytes.saturating_add(1))
        .map_err(|e| bad(format!("it cannot be read: {e}"), "check that it exists and is readable"))?;
    if bytes.len() as u64 > max_bytes {
        let problem = format!("it is larger than `max_bytes` = {max_bytes}");
        return Err(bad(problem, "check that it is an image, or raise `max_bytes`"));
    }
    Ok(bytes)
}
