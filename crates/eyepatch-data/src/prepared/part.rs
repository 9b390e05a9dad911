//! The folder that a set is written in before it has its name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::plan::{Plan, header_bytes};
use super::{HEADER, IMAGES, ROIS};
use crate::{Error, Result};

/// Held for as long as somebody writes in the folder.
const LOCK: &str = "lock";

/// `OUT.part` beside `out`.
pub(super) fn part_of(out: &Path) -> Result<PathBuf> {
    let name = out.file_name().ok_or_else(|| {
        Error::declared(format!("`{}` names no folder", out.display()), "name a new folder for the set")
    })?;
    let mut name = name.to_os_string();
    name.push(".part");
    Ok(out.with_file_name(name))
}

/// A folder that is being written, locked against another run.
pub(super) struct Part {
    pub(super) folder: PathBuf,
    _lock: File,
    pub(super) images: Numbers,
    pub(super) rois: Numbers,
}

/// A file of numbers behind a header of fixed length.
pub(super) struct Numbers {
    path: PathBuf,
    file: File,
    /// Bytes of one image or ROI.
    pub(super) each: usize,
}

impl Part {
    /// Opens or makes the folder.
    pub(super) fn open(folder: &Path, plan: &Plan) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|e| eyepatch_core::Error::io(folder, e))?;
        let lock = locked(&folder.join(LOCK))?;
        let (image, roi) = plan.bytes();
        Ok(Self {
            folder: folder.to_owned(),
            _lock: lock,
            images: Numbers::open(folder.join(IMAGES), image)?,
            rois: Numbers::open(folder.join(ROIS), roi)?,
        })
    }

    /// Gives the set its name: all is durable before, and the name after.
    pub(super) fn publish(self, out: &Path) -> Result<()> {
        let io = |e| Error::from(eyepatch_core::Error::io(out, e));
        sync_folder(&self.folder)?;
        std::fs::rename(&self.folder, out).map_err(io)?;
        std::fs::remove_file(out.join(LOCK)).map_err(io)?;
        sync_folder(out)?;
        sync_folder(out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))
    }
}

impl Numbers {
    fn open(path: PathBuf, each: usize) -> Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|e| eyepatch_core::Error::io(&path, e))?;
        // Readers of a set hold a shared lock on what they have mapped (`Mapped`).
        exclusive(&file, &path, "another run has it mapped")?;
        Ok(Self { path, file, each })
    }

    fn at(&self, index: usize) -> u64 {
        HEADER as u64 + index as u64 * self.each as u64
    }

    /// Writes the images from `index` on.
    pub(super) fn write<'a>(&self, index: usize, images: impl Iterator<Item = &'a [u8]>) -> Result<()> {
        let io = |e| Error::from(eyepatch_core::Error::io(&self.path, e));
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.at(index))).map_err(io)?;
        for image in images {
            file.write_all(image).map_err(io)?;
        }
        Ok(())
    }

    /// Makes what was written durable.
    pub(super) fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(|e| eyepatch_core::Error::io(&self.path, e).into())
    }

    /// The bytes of images `index` to `index + count`, fewer where the file ends.
    pub(super) fn read(&self, index: usize, count: usize) -> Result<Vec<u8>> {
        let io = |e| Error::from(eyepatch_core::Error::io(&self.path, e));
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.at(index))).map_err(io)?;
        let mut bytes = Vec::new();
        file.take((count * self.each) as u64).read_to_end(&mut bytes).map_err(io)?;
        Ok(bytes)
    }

    /// Ends the file after `n` images and writes its header.
    pub(super) fn finish(&self, n: usize, header: &crate::npy::Header) -> Result<()> {
        let io = |e| Error::from(eyepatch_core::Error::io(&self.path, e));
        self.file.set_len(self.at(n)).map_err(io)?;
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        file.write_all(&header_bytes(header)).and_then(|()| self.file.sync_all()).map_err(io)
    }
}

fn locked(path: &Path) -> Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    let file = file.map_err(|e| eyepatch_core::Error::io(path, e))?;
    exclusive(&file, path, "another `eyepatch prepare` writes there")?;
    Ok(file)
}

fn exclusive(file: &File, path: &Path, who: &str) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(Error::Busy { path: path.into(), problem: who.into() }),
        Err(TryLockError::Error(e)) => Err(eyepatch_core::Error::io(path, e).into()),
    }
}

/// Writes a small file and makes it durable.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let io = |e| Error::from(eyepatch_core::Error::io(path, e));
    let mut file = File::create(path).map_err(io)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io)
}

fn sync_folder(path: &Path) -> Result<()> {
    File::open(path).and_then(|f| f.sync_all()).map_err(|e| eyepatch_core::Error::io(path, e).into())
}
