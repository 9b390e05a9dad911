//! Weight files of PyTorch's making, and of an attacker's.
//!
//! `generate.py` made the files.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

mod bad;
mod fuzz;
mod good;

use std::path::{Path, PathBuf};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/weights")
}

/// Name and bytes of every file of the corpus whose name begins with `kind`, in order.
fn corpus(kind: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(here().join("corpus"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .filter(|(name, _)| name.starts_with(kind))
        .map(|(name, path)| (name, std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// A file of the corpus.
fn file(name: &str) -> Vec<u8> {
    std::fs::read(here().join("corpus").join(name)).unwrap()
}
