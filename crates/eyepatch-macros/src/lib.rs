//! The macros audits and plugins are written with: [`macro@plugin`], [`macro@audit`], [`sweep!`].
//!
//! Generated code touches `eyepatch_core::__private` and `eyepatch::__private` only.

use proc_macro::TokenStream;

mod audit;
mod doc;
mod plugin;
mod sweep;

/// Registers an implementation of one of the five traits under `namespace/name`.
///
/// The implementing struct's serde fields are the plugin's parameters, so it implements `Params` too. The doc
/// comment is required: `eyepatch list` prints it. Raise `revision` whenever results change.
///
/// ```ignore
/// /// Shows a ring around the ROI and nothing else.
/// #[plugin("acme/ring", revision = 2)]
/// impl Masker for Ring { ... }
/// ```
#[proc_macro_attribute]
pub fn plugin(args: TokenStream, item: TokenStream) -> TokenStream {
    plugin::expand(args.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Registers a function that returns an experiment as an audit called `crate/function`.
///
/// The doc comment is required: it is the question the audit asks, and the report prints it.
///
/// ```ignore
/// /// Does the model still find disease when the lungs are gone?
/// #[audit(seed = 1907, tags = ["masking", "chest"])]
/// fn lungs_hidden() -> MaskingSweep { ... }
/// ```
#[proc_macro_attribute]
pub fn audit(args: TokenStream, item: TokenStream) -> TokenStream {
    audit::expand(args.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// The grid over a struct literal: fields given as array literals take each of their values in turn.
///
/// The first array varies slowest. `..rest` gives the other fields. To pass an array as one value, put it into
/// another pair of brackets: `[[1, 2]]`.
///
/// ```ignore
/// sweep!(Region { keep: [Keep::Inside, Keep::Outside], shape: [Shape::Exact, Shape::Box], ..Region::black() })
/// ```
#[proc_macro]
pub fn sweep(input: TokenStream) -> TokenStream {
    sweep::expand(input.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
