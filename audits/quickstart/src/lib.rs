//! The first audit: one honest model and one with a planted shortcut.
