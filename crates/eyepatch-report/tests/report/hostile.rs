//! A run in which every string is an attack.

use std::collections::BTreeMap;

use eyepatch_report::{RunResult, Timings, csv, json, markdown};
use serde_json::Value;

use crate::sample::Sample;
use crate::{between, render};

/// What an attack leaves behind where it succeeds: a mark on the document, or a request to this host.
pub(crate) const HOST: &str = "canary.invalid";

fn attacks() -> Vec<String> {
    let mark = "document.documentElement.dataset.owned='1'";
    let mut attacks = vec![
        format!("<script>{mark}</script>"),
        format!("\"><img src=x onerror=\"{mark}\">"),
        format!("'><svg onload='{mark}'>"),
        format!("</script><script>{mark}</script><!--"),
        format!("<!--<script>{mark}"),
        format!("' onmouseover='{mark}' autofocus onfocus='{mark}"),
        format!("javascript:{mark}"),
        format!("${{{mark}}} `${{{mark}}}`"),
        "{{ 7*7 }}{% raw %}{# x #}{{ page|safe }}".into(),
        format!("</style><style>*{{background:url(http://{HOST}/css)}}</style>"),
        format!("<img src=http://{HOST}/img><link rel=stylesheet href=http://{HOST}/l>"),
        format!("<base href=http://{HOST}/><meta http-equiv=refresh content='0;url=http://{HOST}/r'>"),
        format!("<iframe srcdoc=\"<script>{mark}</script>\"></iframe><form action=http://{HOST}/>"),
        "</title></textarea></noscript></table></svg></math>]]>".into(),
        "=cmd|' /C calc'!A0".into(),
        "@SUM(1+1)*cmd".into(),
        "\u{1b}]0;owned\u{7}\u{1b}[31mred\u{9b}31m".into(),
        "\u{202e}gnp.exe\u{2066}\u{200b}".into(),
        "nul\0byte\r\nsplit: header\u{85}\u{2028}".into(),
        "&lt;script&gt; &#x3c;script&#x3e; &NotEqualTilde;".into(),
        "../../../etc/passwd\\..\\x".into(),
        "%3Cscript%3E%0d%0a".into(),
    ];
    attacks.push("long".repeat(1500));
    attacks
}

/// Replaces each distinct string by an attack of its own, the same string always by the same one, so that the
/// page keeps its structure.
#[derive(Default)]
struct Attacker {
    seen: BTreeMap<String, String>,
}

impl Attacker {
    fn attack(&mut self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        // A question keeps its number of paragraphs.
        if text.contains("\n\n") {
            return text.split("\n\n").map(|p| self.attack(p)).collect::<Vec<_>>().join("\n\n");
        }
        let (n, attacks) = (self.seen.len(), attacks());
        self.seen.entry(text.into()).or_insert_with(|| format!("{}{n}", attacks[n % attacks.len()])).clone()
    }

    /// `fixed`: values of a closed set, which serde refuses when they change.
    fn walk(&mut self, key: &str, value: Value) -> Value {
        const FIXED: [&str; 20] = [
            "preparation",
            "chart",
            "schema",
            "status",
            "severity",
            "null",
            "state",
            "statuses",
            "kinds",
            "signal",
            "outcome",
            "direction",
            "keep",
            "shape",
            "task",
            "output",
            "content",
            "key",
            "hash",
            "device",
        ];
        match value {
            Value::String(s) if FIXED.contains(&key) || key == "preprocessing" => Value::String(s),
            // An answer's kind; a cell's is a word of any sort.
            Value::String(s) if key == "kind" && matches!(s.as_str(), "screening" | "verdict") => {
                Value::String(s)
            }
            Value::String(s) => Value::String(self.attack(&s)),
            Value::Array(all) => all.into_iter().map(|v| self.walk(key, v)).collect(),
            Value::Object(map) if key == "params" => {
                map.into_iter().map(|(k, v)| (self.attack(&k), self.walk("", v))).collect()
            }
            Value::Object(map) if matches!(key, "at" | "legitimate") => {
                map.into_iter().map(|(k, v)| (self.attack(&k), self.walk("value", v))).collect()
            }
            Value::Object(map) => map
                .into_iter()
                .map(|(k, v)| {
                    let v = self.walk(&k, v);
                    (k, v)
                })
                .collect(),
            other => other,
        }
    }
}

/// The sample with every string replaced.
pub(crate) fn sample() -> Sample {
    let benign = Sample::new();
    let mut attacker = Attacker::default();
    let result = attacker.walk("", serde_json::to_value(&benign.result).unwrap());
    let timings = attacker.walk("", serde_json::to_value(&benign.timings).unwrap());
    let result: RunResult = serde_json::from_value(result).unwrap();
    let timings: Timings = serde_json::from_value(timings).unwrap();
    assert!(attacker.seen.len() > 3 * attacks().len(), "every attack lands in several places");
    let pictures = benign.pictures.into_iter().map(|(file, bytes)| (attacker.attack(&file), bytes)).collect();
    Sample { result, timings, pictures }
}

/// The page's elements with their attributes' names, in order; text, and what stands in scripts and styles, left
/// out. An attack that became markup would show here.
fn skeleton(page: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        let mut quoted = false;
        let end = after
            .find(|c| {
                quoted ^= c == '"';
                c == '>' && !quoted
            })
            .expect("every tag ends");
        let outside: String = after[..end].split('"').step_by(2).collect();
        let (name, raw) = (outside.split_whitespace().next().unwrap_or_default().to_owned(), &after[end..]);
        rest = match name.as_str() {
            "script" | "style" => raw.split_once(&format!("</{name}>")).expect("scripts and styles end").1,
            _ => raw,
        };
        tags.push(outside);
    }
    tags
}

#[test]
fn no_string_becomes_markup() {
    let (benign, hostile) = (Sample::new(), sample());
    let page = render(&hostile);
    let (expected, found) = (skeleton(&render(&benign)), skeleton(&page));
    let at = expected.iter().zip(&found).position(|(a, b)| a != b);
    assert!(expected == found, "{at:?}: {:?}", at.map(|i| (&expected[i], &found[i])));
    assert!(expected.len() > 1000, "the skeleton has flesh: {}", expected.len());
}

#[test]
fn nothing_that_acts_is_left_in_the_page() {
    let page = render(&sample());
    let acting = |c: &char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{200b}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    // The embedded JSON holds the strings as they are; scripts read it, nobody else does.
    let visible = page.replace(between(&page, "id=\"result\">", "</script>"), "");
    assert_eq!(visible.chars().find(acting), None);
    assert!(
        visible.contains("{{ 7*7 }}")
            && visible.contains("␛[31mred[U+009B]31m")
            && visible.contains("[U+202E]gnp.exe")
    );
    let back =
        json::result_from_slice("page".as_ref(), between(&page, "id=\"result\">", "</script>").as_bytes());
    assert_eq!(back.unwrap(), sample().result);
}

#[test]
fn tables_and_markdown_stay_harmless() {
    let result = sample().result;
    for audit in &result.audits {
        for (name, text) in csv::tables(audit).unwrap() {
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            for cell in reader
                .records()
                .map(Result::unwrap)
                .flat_map(|r| r.iter().map(str::to_owned).collect::<Vec<_>>())
            {
                let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
                assert!(!formula || cell.parse::<f64>().is_ok(), "{name}: {cell}");
            }
        }
    }
    let text = markdown::summary(&result);
    assert!(
        !text.contains(['<', '\u{1b}', '\0']) && text.lines().count() == 2 + 2 + 1 + 2 + 3 + 1 + 16 + 5 + 10,
        "{text}"
    );
}
