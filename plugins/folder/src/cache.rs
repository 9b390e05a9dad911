use crate::read::Loaded;

/// The table, read once, and hashes of files.
pub(crate) type Cache = eyepatch_data::Cache<Loaded>;
