//! A plugin crate that is not among the dependencies.
eyepatch::main!(acme_masks);
