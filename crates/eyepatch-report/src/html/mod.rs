//! A run as one self-contained page: no links, no requests, readable without its script.
//!
//! Templates hold the words, `view` computes what they show, and every value that a template prints passes
//! [`escape::html_text`] unless this crate's own code drew it. The page's content security policy allows its one
//! style sheet and its one script by hash, pictures as data, and nothing else.

mod badge;
mod benchmark;
mod card;
mod check;
mod compare;
mod drawings;
mod evidence;
mod gallery;
mod maps;
mod overview;
mod picture;
mod probes;
mod record;
mod transfer;
mod verdict;
mod view;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minijinja::{AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior, Value, context};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

pub(crate) use drawings::{Drawing, drawings};
pub use picture::pictures_in;

use crate::charts::ramp;
use crate::schema::{Benchmark, Comparison, Picture, RunResult, Timings};
use crate::share::SharedResult;
use crate::{Error, Result, escape, format, json};

const TEMPLATES: [(&str, &str); 24] = [
    ("page.html", include_str!("../templates/page.html")),
    ("summary.html", include_str!("../templates/summary.html")),
    ("compare.html", include_str!("../templates/compare.html")),
    ("benchmark.html", include_str!("../templates/benchmark.html")),
    ("cases.html", include_str!("../templates/cases.html")),
    ("audit.html", include_str!("../templates/audit.html")),
    ("overview.html", include_str!("../templates/overview.html")),
    ("answer.html", include_str!("../templates/answer.html")),
    ("verdict.html", include_str!("../templates/verdict.html")),
    ("cause.html", include_str!("../templates/cause.html")),
    ("contrasts.html", include_str!("../templates/contrasts.html")),
    ("evidence.html", include_str!("../templates/evidence.html")),
    ("maps.html", include_str!("../templates/maps.html")),
    ("transfer.html", include_str!("../templates/transfer.html")),
    ("probes.html", include_str!("../templates/probes.html")),
    ("finding_table.html", include_str!("../templates/finding_table.html")),
    ("pictures.html", include_str!("../templates/pictures.html")),
    ("check.html", include_str!("../templates/check.html")),
    ("data.html", include_str!("../templates/data.html")),
    ("model.html", include_str!("../templates/model.html")),
    ("findings.html", include_str!("../templates/findings.html")),
    ("provenance.html", include_str!("../templates/provenance.html")),
    ("checklist.html", include_str!("../templates/checklist.html")),
    ("timings.html", include_str!("../templates/timings.html")),
];
/// The house's colours on a light ground, as declarations of a style sheet (`--bg:#ffffff;…`).
pub const LIGHT: &str = include_str!("../templates/light.css");
/// The same on a dark ground.
pub const DARK: &str = include_str!("../templates/dark.css");
const SCRIPT: &str = include_str!("../templates/page.js");

/// The page. `pictures` gives the bytes of a picture of the result; [`pictures_in`] reads them from the folder
/// where the result lies. The same input gives the same page, byte for byte.
///
/// # Errors
/// What `pictures` says; [`crate::Error::Picture`] where the bytes are no PNG or not those that the result names by
/// hash; [`crate::Error::NotFinite`] where the result cannot be written as JSON.
pub fn render(
    result: &RunResult,
    timings: Option<&Timings>,
    pictures: &dyn Fn(&Picture) -> Result<Vec<u8>>,
) -> Result<String> {
    let page = view::Page::new(Head::of(result), &result.audits, timings, pictures)?;
    finish(&page, &json::result_to_string(result)?)
}

/// The page of a result in its shared form: the same page, which says at its top what it leaves out.
///
/// # Errors
/// As [`render`]; it asks for no picture.
pub fn render_shared(result: &SharedResult) -> Result<String> {
    let none = |picture: &Picture| Err(Error::picture(&picture.file, "a shared result has no pictures"));
    let head = Head {
        generator: &result.generator,
        schema: &result.schema,
        comparisons: &result.comparisons,
        benchmarks: &[],
        left_out: &result.left_out,
    };
    let page = view::Page::new(head, &result.audits, None, &none)?;
    finish(&page, &json::shared_to_string(result)?)
}

/// What a page says of the result as a whole.
pub(super) struct Head<'a> {
    generator: &'a str,
    schema: &'a str,
    comparisons: &'a [Comparison],
    benchmarks: &'a [Benchmark],
    /// What a shared result leaves out; empty for any other.
    left_out: &'a [String],
}

impl<'a> Head<'a> {
    fn of(result: &'a RunResult) -> Self {
        Self {
            generator: &result.generator,
            schema: &result.schema,
            comparisons: &result.comparisons,
            benchmarks: &result.benchmarks,
            left_out: &[],
        }
    }
}

fn finish(page: &impl Serialize, json: &str) -> Result<String> {
    let style = style();
    let policy = format!(
        "default-src 'none'; img-src data:; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        source_hash(&style),
        source_hash(SCRIPT)
    );
    let json = escape::json_in_script(json);
    let env = environment()?;
    Ok(env.get_template("page.html")?.render(context! {
        page => Value::from_serialize(page),
        policy => policy,
        style => Value::from_safe_string(style),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        json => Value::from_safe_string(json),
    })?)
}

/// The style sheet: rules, and the colours of both themes.
fn style() -> String {
    let (light, dark) = (LIGHT, DARK);
    let (light, dark) = (light.to_owned() + &ramp::tokens(false), dark.to_owned() + &ramp::tokens(true));
    format!(
        ":root{{{light}}}\n\
         @media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n\
         @media screen{{:root[data-theme=dark]{{{dark}}}}}\n\
         {}\n{}\n{}\n{}\n{}",
        include_str!("../templates/page.css"),
        include_str!("../templates/figures.css"),
        include_str!("../templates/charts.css"),
        ramp::rules(),
        include_str!("../templates/media.css"),
    )
}

/// A source expression of a content security policy (CSP level 3, "hash-source") that allows one style sheet or script.
#[must_use]
pub fn source_hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(Sha256::digest(text.as_bytes())))
}

fn environment() -> Result<Environment<'static>> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_formatter(print);
    env.set_trim_blocks(true);
    env.set_lstrip_blocks(true);
    env.add_filter("count", count);
    env.add_filter("percent", |share: f64| format::percent(share));
    env.add_filter("seconds", |s: f64| format::seconds(s));
    env.add_filter("number", |v: f64, digits: usize| format::number(v, digits));
    for (name, source) in TEMPLATES {
        env.add_template(name, source)?;
    }
    Ok(env)
}

/// A number, or the word that a shared result has in its place.
fn count(n: Value) -> Result<String, minijinja::Error> {
    match n.as_str() {
        Some(word) => Ok(word.to_owned()),
        None => u64::try_from(n).map(format::count),
    }
}

/// Every `{{ }}` of every template ends here.
fn print(out: &mut Output<'_>, _state: &State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    if value.is_undefined() {
        return Err(minijinja::Error::new(ErrorKind::UndefinedError, "a template prints what is not there"));
    }
    match value.as_str() {
        Some(text) if value.is_safe() => out.write_str(text)?,
        Some(text) => out.write_str(&escape::html_text(text))?,
        None if value.is_none() => out.write_str(format::NONE)?,
        None => out.write_str(&escape::html_text(&value.to_string()))?,
    }
    Ok(())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
