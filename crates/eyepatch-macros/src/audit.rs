use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Ident, ItemFn, LitInt, LitStr, Result, ReturnType, Token, bracketed};

use crate::doc;

struct Args {
    seed: LitInt,
    tags: Vec<LitStr>,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (mut seed, mut tags) = (None, Vec::new());
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            match key.to_string().as_str() {
                "seed" => {
                    input.parse::<Token![=]>()?;
                    let value: LitInt = input.parse()?;
                    value.base10_parse::<u64>()?;
                    seed = Some(value);
                }
                "tags" => {
                    input.parse::<Token![=]>()?;
                    let list;
                    bracketed!(list in input);
                    tags = Punctuated::<LitStr, Token![,]>::parse_terminated(&list)?.into_iter().collect();
                }
                other => {
                    let message = format!(
                        "unknown parameter `{other}`; #[audit] takes `seed = N` and `tags = [\"..\"]`"
                    );
                    return Err(Error::new(key.span(), message));
                }
            }
            if input.parse::<Option<Token![,]>>()?.is_none() && !input.is_empty() {
                return Err(input.error("expected `,`"));
            }
        }
        let missing =
            "an audit needs a seed: #[audit(seed = 1907)]; every random number of the run comes from it";
        Ok(Self { seed: seed.ok_or_else(|| Error::new(Span::call_site(), missing))?, tags })
    }
}

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let Args { seed, tags } = syn::parse2(args)?;
    let item: ItemFn = syn::parse2(item)
        .map_err(|e| Error::new(e.span(), "#[audit] goes on a function that returns an experiment"))?;
    let name = &item.sig.ident;
    let question = doc::text(&item.attrs);
    if question.is_empty() {
        return Err(Error::new(
            name.span(),
            "an audit needs a doc comment: it is the question that the audit asks, and the report prints it",
        ));
    }
    if !item.sig.inputs.is_empty() {
        return Err(Error::new(
            item.sig.inputs.span(),
            "an audit takes no arguments: it declares everything itself",
        ));
    }
    if !item.sig.generics.params.is_empty() || item.sig.asyncness.is_some() {
        return Err(Error::new(item.sig.span(), "an audit is a plain function, neither generic nor async"));
    }
    let ReturnType::Type(_, ty) = &item.sig.output else {
        return Err(Error::new(
            name.span(),
            "an audit returns an experiment: write for instance `-> MaskingSweep`",
        ));
    };
    // Spanned at the return type, so that a type that is no experiment is reported there.
    let check = quote_spanned! {ty.span()=>
        const fn __needs_experiment<T: ::eyepatch::__private::Experiment>() {}
        const _: () = __needs_experiment::<#ty>();
    };
    let id = name.unraw().to_string();
    Ok(quote! {
        #item

        const _: () = {
            #check

            ::eyepatch::__private::inventory::submit! {
                ::eyepatch::__private::AuditEntry {
                    name: #id,
                    question: #question,
                    seed: #seed,
                    tags: &[#(#tags),*],
                    origin: ::eyepatch::__private::Origin {
                        crate_name: env!("CARGO_PKG_NAME"),
                        version: env!("CARGO_PKG_VERSION"),
                        file: file!(),
                        line: line!(),
                    },
                    build: || ::std::boxed::Box::new(#name()),
                }
            }
        };
    })
}
