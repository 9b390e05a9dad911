//! The macros, as audits and plugins use them. Here, and not in their own crate: what a procedural macro's tests need is built for the
//! host, with features of its own, so candle and all above it would be built a second time.

mod mistakes;
mod odd_but_legal;
