//! The macros audits and plugins are written with: [`macro@plugin`], [`macro@audit`], [`sweep!`].
//!
//! Generated code touches `eyepatch_core::__private` and `eyepatch::__private` only.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;

mod audit;
mod doc;
mod plugin;
mod sweep;

/// The expansion, or the error beside the item as it was written, so that the one mistake brings no further messages
/// about names that are then unknown or unused.
fn or_error(
    expand: fn(TokenStream2, TokenStream2) -> syn::Result<TokenStream2>,
    args: TokenStream,
    item: TokenStream,
) -> TokenStream {
    let item = TokenStream2::from(item);
    let expanded = expand(args.into(), item.clone());
    expanded.unwrap_or_else(|e| e.into_compile_error().into_iter().chain(item).collect()).into()
}

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
    or_error(plugin::expand, args, item)
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
    or_error(audit::expand, args, item)
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
