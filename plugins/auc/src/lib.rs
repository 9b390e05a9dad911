//! The AUC matrix probe.
