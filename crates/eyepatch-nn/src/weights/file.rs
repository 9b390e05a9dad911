//! A weight file and the choice of a dictionary in it.

use super::error::{First, Refused};
use super::table::Table;
use super::tree::Tree;
use super::{legacy, limits, safetensors, torch};
use crate::error::{NnError, Result};
use std::fmt;
use std::io::Read;
use std::path::Path;

/// Keys under which checkpoints keep the network.
const USUAL: [&str; 4] = ["state_dict", "model_state_dict", "model", "net"];

/// How a weight file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// <https://github.com/huggingface/safetensors>
    Safetensors,
    /// `torch.save` since version 1.6.
    TorchZip,
    /// `torch.save` before, and torchvision's oldest weights.
    TorchLegacy,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Safetensors => "safetensors",
            Self::TorchZip => "torch-zip",
            Self::TorchLegacy => "torch-legacy",
        })
    }
}

/// The bytes of a weight file.
///
/// # Errors
/// [`NnError::Io`] with the path; [`NnError::Refused`] for a file of more than 4 GiB.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let io = |source| NnError::Io { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(io)?;
    let (got, limit) = (file.metadata().map_err(io)?.len(), limits::FILE);
    if got > limit {
        return Err(Refused::Limit { what: "bytes of the file", got, limit }.into());
    }
    let mut bytes = Vec::with_capacity(got as usize);
    // What has no length of its own (a pipe) is read up to the limit, and refused by its format where it goes on.
    file.take(limit).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}

/// A weight file: what is in it, without any values.
#[derive(Debug)]
pub struct WeightFile<'a> {
    bytes: &'a [u8],
    content: Content<'a>,
}

#[derive(Debug)]
enum Content<'a> {
    Safetensors(Table<'a>),
    Torch(Format, Tree<'a>),
}

impl<'a> WeightFile<'a> {
    /// Finds out what `bytes` are and reads their structure. Nothing in them is run, and memory in proportion to them
    /// is all that it takes.
    ///
    /// # Errors
    /// [`NnError::Refused`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let content = if bytes.starts_with(torch::MAGIC) {
            Content::Torch(Format::TorchZip, torch::read(bytes)?)
        } else if bytes.starts_with(legacy::MAGIC) {
            Content::Torch(Format::TorchLegacy, legacy::read(bytes)?)
        } else if safetensors::header_length(bytes).is_some() {
            Content::Safetensors(safetensors::read(bytes)?)
        } else {
            return Err(Refused::Format(foreign(bytes).to_owned()).into());
        };
        Ok(Self { bytes, content })
    }

    /// How the file is written.
    pub fn format(&self) -> Format {
        match self.content {
            Content::Safetensors(_) => Format::Safetensors,
            Content::Torch(format, _) => format,
        }
    }

    /// How many dictionaries of tensors the file holds.
    pub fn count(&self) -> usize {
        match &self.content {
            Content::Safetensors(table) => usize::from(!table.is_empty()),
            Content::Torch(_, tree) => tree.len(),
        }
    }

    /// Where the dictionaries are, from the outside in: `state_dict`, `optimizer.state.0`; empty for the file's own.
    pub fn paths(&self) -> impl Iterator<Item = String> + Clone {
        (0..self.count()).map(|i| match &self.content {
            Content::Safetensors(_) => String::new(),
            Content::Torch(_, tree) => tree.path(i),
        })
    }

    fn nth(&self, dictionary: usize) -> Result<Table<'a>> {
        Ok(match &self.content {
            Content::Safetensors(table) => table.clone(),
            Content::Torch(_, tree) => {
                let (entries, others) = tree.entries(dictionary)?;
                Table::new(self.bytes, tree.path(dictionary), entries, others)?
            }
        })
    }

    /// The dictionary at `path`.
    ///
    /// # Errors
    /// [`NnError::Refused`] where there is none, or its tensors do not lie in the file.
    pub fn at(&self, path: &str) -> Result<Table<'a>> {
        match self.paths().position(|p| p == path) {
            Some(dictionary) => self.nth(dictionary),
            None => {
                let there = First(self.paths());
                Err(Refused::Ambiguous(format!(
                    "no dictionary of tensors is at `{path}`; there are: {there}"
                ))
                .into())
            }
        }
    }

    /// The only dictionary of tensors; of several the only one that `fits`; else the only one that is called what
    /// checkpoints call it (`state_dict`, `model_state_dict`, `model`, `net`).
    ///
    /// # Errors
    /// [`NnError::Refused`] where that is none or more than one, or its tensors do not lie in the file.
    pub fn choose(&self, fits: impl Fn(&Table<'a>) -> bool) -> Result<Table<'a>> {
        if self.count() == 1 {
            return self.nth(0);
        }
        let mut fitting = vec![];
        for dictionary in 0..self.count() {
            if fits(&self.nth(dictionary)?) {
                fitting.push(dictionary);
            }
        }
        if fitting.is_empty() {
            fitting = (0..self.count())
                .zip(self.paths())
                .filter(|(_, p)| USUAL.contains(&p.as_str()))
                .map(|(i, _)| i)
                .collect();
        }
        let problem = match fitting.as_slice() {
            &[one] => return self.nth(one),
            [] if self.count() == 0 => "no dictionary of tensors is in the file".to_owned(),
            [] => format!("none of these dictionaries holds the network: {}", First(self.paths())),
            several => {
                let paths = several.iter().filter_map(|&i| self.paths().nth(i));
                format!("more than one dictionary could be the network: {}", First(paths))
            }
        };
        Err(Refused::Ambiguous(problem).into())
    }
}

/// What to say of bytes of another format.
fn foreign(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "the file is empty",
        [b'P', b'K', ..] => "a zip file, and not one that torch.save wrote",
        [0x80, ..] => "a pickle that torch.save did not write: load it in Python and save its state_dict",
        [0x89, b'H', b'D', b'F', ..] => "an HDF5 file: only safetensors and files of torch.save are read",
        [0x1f, 0x8b, ..] => "a gzip file: unpack it first",
        [b'<', ..] => "a web page, where weights were expected: the download went wrong",
        _ if bytes.get(257..262) == Some(b"ustar") => {
            "a tar archive: unpack it first (torch.save writes none since 2017, whatever the file is called)"
        }
        _ => "neither safetensors nor a file of torch.save",
    }
}
