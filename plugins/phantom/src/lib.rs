//! Synthetic chest- and fundus-like images with known truth.
