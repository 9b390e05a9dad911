//! Audits of chest X-ray classifiers.
