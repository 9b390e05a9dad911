use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprStruct, Result};

pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let literal: ExprStruct = syn::parse2(input).map_err(|e| {
        Error::new(
            e.span(),
            "sweep! takes a struct literal: sweep!(Region { keep: [..], ..Region::default() })",
        )
    })?;
    let ExprStruct { path, fields, rest, .. } = &literal;
    let mut loops = Vec::new();
    let mut values = Vec::new();
    for (i, field) in fields.iter().enumerate() {
        let member = &field.member;
        match &field.expr {
            Expr::Array(array) => {
                if array.elems.is_empty() {
                    return Err(Error::new(
                        array.span(),
                        "an empty list sweeps over nothing; give at least one value",
                    ));
                }
                let var = format_ident!("__value{i}");
                loops.push((var.clone(), array.clone()));
                values.push(quote!(#member: ::core::clone::Clone::clone(&#var)));
            }
            other => values.push(quote!(#member: #other)),
        }
    }
    if loops.is_empty() {
        return Err(Error::new(
            path.span(),
            "nothing to sweep over: give at least one field as a list, `keep: [..]`",
        ));
    }
    let rest = rest.as_ref().map(|r| quote!(..#r));
    let mut body = quote! { __grid.push(#path { #(#values,)* #rest }); };
    for (var, array) in loops.into_iter().rev() {
        body = quote! { for #var in #array { #body } };
    }
    Ok(quote! {{
        let mut __grid = ::std::vec::Vec::new();
        #body
        __grid
    }})
}
