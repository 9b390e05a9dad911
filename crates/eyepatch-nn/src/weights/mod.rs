//! Weight files: safetensors and what `torch.save` writes, read without running what they hold.
//!
//! A pickle is a program. Here it is read by an interpreter that knows the opcodes of plain data and six callables,
//! and refuses everything else by name. Lengths are held against the file before anything is allocated, so that
//! reading takes memory in proportion to the file, whatever it claims to hold.
//!
//! ```no_run
//! use eyepatch_nn::weights::{self, WeightFile};
//! use eyepatch_nn::densenet::{self, DenseNet, DenseNetConfig, Loading};
//!
//! # fn main() -> eyepatch_nn::Result<()> {
//! let bytes = weights::read("densenet121-a639ec97.pth".as_ref())?;
//! let file = WeightFile::parse(&bytes)?;
//! let table = densenet::table(&file, None)?;
//! let config = DenseNetConfig::infer(&table)?;
//! let mut net = DenseNet::new(config, 1907, &eyepatch_nn::Device::Cpu)?;
//! net.load(&table, Loading::default())?;
//! # Ok(())
//! # }
//! ```

mod element;
mod error;
mod file;
#[doc(hidden)]
pub mod fuzz;
mod legacy;
mod names;
mod pickle;
mod safetensors;
mod table;
mod torch;
mod tree;
mod zip;

pub use element::Element;
pub(crate) use error::First;
pub use error::Refused;
pub use file::{Format, WeightFile, read};
pub use names::Renamed;
pub use table::{Table, Tensor};

/// What is read at most. Ten times what the largest DenseNet with its optimiser takes.
pub(crate) mod limits {
    /// Bytes of a file.
    pub(crate) const FILE: u64 = 4 << 30;
    /// Bytes of a safetensors header.
    pub(crate) const HEADER: u64 = 4 << 20;
    /// Bytes of a pickle.
    pub(crate) const PICKLE: u64 = 16 << 20;
    /// Opcodes of a pickle.
    pub(crate) const STEPS: usize = 1 << 20;
    /// Open marks of a pickle.
    pub(crate) const MARKS: usize = 256;
    /// Entries of a zip container, storages, tensors of a dictionary.
    pub(crate) const ENTRIES: usize = 1 << 16;
    /// Bytes of a tensor's name or a storage's key.
    pub(crate) const NAME: usize = 1 << 10;
    /// Dictionaries within dictionaries that are looked into.
    pub(crate) const DEPTH: usize = 8;
    /// Dimensions of a tensor.
    pub(crate) const DIMENSIONS: usize = 8;
    /// Tensors may share storages: all of a dictionary together take at most this many times the file.
    pub(crate) const SHARING: u64 = 4;
}
