//! The page that readers see: one file, without links and requests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use eyepatch_core::ContentHash;
use eyepatch_report::escape::{html_text, json_in_script};
use eyepatch_report::html::{DARK, LIGHT, source_hash};
use serde_json::json;

use crate::{Error, Result};

const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("templates/png.js"),
    include_str!("templates/view.js"),
    include_str!("templates/saved.js"),
    include_str!("templates/reader.js")
);

/// All that readers are told.
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    pub(crate) instructions: &'a str,
    pub(crate) commitment: ContentHash,
    pub(crate) questions: &'a [String],
    pub(crate) levels: u8,
    pub(crate) cases: Vec<PageCase<'a>>,
}

pub(crate) struct PageCase<'a> {
    pub(crate) code: &'a str,
    pub(crate) png: &'a [u8],
}

pub(crate) fn render(page: &Page<'_>) -> Result<String> {
    let style = format!(
        ":root{{{LIGHT}}}\n@media (prefers-color-scheme:dark){{:root{{{DARK}}}}}\n{}",
        include_str!("templates/reader.css")
    );
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        source_hash(&style),
        source_hash(SCRIPT)
    );
    let case = |c: &PageCase<'_>| json!({ "code": c.code, "png": BASE64.encode(c.png) });
    let data = json!({
        "commitment": page.commitment, "questions": page.questions, "levels": page.levels,
        "cases": page.cases.iter().map(case).collect::<Vec<_>>(),
    });
    let paragraphs = page.instructions.split("\n\n").map(str::trim).filter(|p| !p.is_empty());
    let instructions: String = paragraphs.map(|p| format!("<p>{}</p>\n", html_text(p))).collect();
    fill(
        include_str!("templates/reader.html"),
        &[
            ("policy", &html_text(&policy)),
            ("title", &html_text(page.title)),
            ("style", &style),
            ("instructions", &instructions),
            ("count", &page.cases.len().to_string()),
            ("data", &json_in_script(&data.to_string())),
            ("script", SCRIPT),
        ],
    )
}

/// Puts values in the places of their names, in one pass: a value is never looked into.
fn fill(template: &str, values: &[(&str, &str)]) -> Result<String> {
    let mut parts = template.split("{{");
    let mut page = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let filled = part.split_once("}}").and_then(|(name, rest)| {
            let (_, value) = values.iter().find(|(n, _)| *n == name.trim())?;
            Some((value, rest))
        });
        let (value, rest) = filled
            .ok_or_else(|| Error::Design { problem: "the page's template does not fit its values".into() })?;
        page.push_str(value);
        page.push_str(rest);
    }
    Ok(page)
}
