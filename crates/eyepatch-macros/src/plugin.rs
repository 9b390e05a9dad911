use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Error, ItemImpl, LitInt, LitStr, Result, Token};

use crate::doc;

struct Args {
    id: LitStr,
    revision: u32,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            let missing = "a plugin needs an id: #[plugin(\"namespace/name\")]";
            return Err(Error::new(Span::call_site(), missing));
        }
        let id: LitStr = input.parse()?;
        let mut revision = 1;
        while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let key: syn::Ident = input.parse()?;
            if key != "revision" {
                let message = format!("unknown parameter `{key}`; #[plugin] takes an id and `revision = N`");
                return Err(Error::new(key.span(), message));
            }
            input.parse::<Token![=]>()?;
            revision = input.parse::<LitInt>()?.base10_parse()?;
        }
        if !input.is_empty() {
            return Err(input.error("expected `, revision = N` or the end"));
        }
        Ok(Self { id, revision })
    }
}

fn check_id(id: &LitStr) -> Result<()> {
    let value = id.value();
    let word = |s: &str| {
        !s.is_empty()
            && s.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
    };
    match value.split_once('/') {
        Some((namespace, name)) if word(namespace) && word(name) => Ok(()),
        _ => Err(Error::new(
            id.span(),
            format!("`{value}` is no plugin id; write \"namespace/name\" in lower case, digits, - and _"),
        )),
    }
}

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let Args { id, revision } = syn::parse2(args)?;
    check_id(&id)?;
    let item: ItemImpl = syn::parse2(item).map_err(|e| {
        Error::new(e.span(), "#[plugin] goes on the implementation of a trait: `impl Masker for Ring { .. }`")
    })?;
    let Some((_, trait_path, _)) = &item.trait_ else {
        return Err(Error::new(
            item.self_ty.span(),
            "#[plugin] goes on the implementation of Dataset, Masker, Model, Explainer or Probe",
        ));
    };
    let kind = trait_path.segments.last().map(|s| s.ident.clone());
    let (kind, make) = match kind.as_ref().map(ToString::to_string).as_deref() {
        Some(k @ ("Dataset" | "Masker" | "Model" | "Explainer" | "Probe")) => {
            (format_ident!("{k}"), format_ident!("make_{}", k.to_lowercase()))
        }
        _ => {
            return Err(Error::new(
                trait_path.span(),
                "only Dataset, Masker, Model, Explainer and Probe can be registered",
            ));
        }
    };
    if !item.generics.params.is_empty() {
        return Err(Error::new(
            item.generics.span(),
            "a generic implementation has no single id; register one for each concrete type",
        ));
    }
    let text = doc::text(&item.attrs);
    if text.is_empty() {
        return Err(Error::new(
            item.impl_token.span,
            "a plugin needs a doc comment on this `impl`: `eyepatch list` prints it",
        ));
    }
    let ty = &item.self_ty;
    // Two plugins of one id in one module collide on this name, at the second one's id.
    let marker = format_ident!(
        "__EYEPATCH_{}_{}",
        kind.to_string().to_uppercase(),
        id.value().replace(['/', '-'], "_").to_uppercase(),
        span = id.span()
    );
    let params_check = quote_spanned! {ty.span()=>
        const fn __needs_params<T: ::eyepatch_core::Params>() {}
        const _: () = __needs_params::<#ty>();
    };
    Ok(quote! {
        #item

        #[doc(hidden)]
        #[allow(dead_code)]
        const #marker: () = ();

        const _: () = {
            #params_check

            impl ::eyepatch_core::Registered for #ty {
                const KIND: ::eyepatch_core::Kind = ::eyepatch_core::Kind::#kind;
                const ID: &'static str = #id;
                const REVISION: u32 = #revision;
                const ORIGIN: ::eyepatch_core::Origin = ::eyepatch_core::Origin {
                    crate_name: env!("CARGO_PKG_NAME"),
                    version: env!("CARGO_PKG_VERSION"),
                    file: file!(),
                    line: line!(),
                };
            }

            ::eyepatch_core::__private::inventory::submit! {
                ::eyepatch_core::Entry {
                    kind: ::eyepatch_core::Kind::#kind,
                    id: #id,
                    revision: #revision,
                    doc: #text,
                    origin: <#ty as ::eyepatch_core::Registered>::ORIGIN,
                    make: ::eyepatch_core::__private::Make::#kind(::eyepatch_core::__private::#make::<#ty>),
                }
            }
        };
    })
}
