//! What fuzzers and property tests call: everything that reads foreign bytes, up to the last value.

use super::{Table, WeightFile, pickle, zip};
use crate::densenet::{self, DenseNetConfig};
use crate::error::Result;

/// A whole weight file of any format: its dictionaries, names, shapes and values, and the network that they make.
///
/// # Errors
/// As [`WeightFile::parse`] and what follows it.
pub fn file(bytes: &[u8]) -> Result<()> {
    let file = WeightFile::parse(bytes)?;
    let table = densenet::table(&file, None)?;
    values(&table);
    DenseNetConfig::infer(&table)?;
    Ok(())
}

/// A zip container: its directory and the sums of its entries.
///
/// # Errors
/// As the reader of containers.
pub fn container(bytes: &[u8]) -> Result<()> {
    let entries = zip::Entries::read(bytes)?;
    entries.names().try_for_each(|name| entries.checked(name).map(|_| ()))?;
    Ok(())
}

/// A pickle alone.
///
/// # Errors
/// As the interpreter.
pub fn pickle(bytes: &[u8]) -> Result<()> {
    pickle::run(bytes)?;
    Ok(())
}

fn values(table: &Table<'_>) {
    for tensor in table.iter() {
        std::hint::black_box((tensor.to_f32(), tensor.to_i64()));
    }
}
