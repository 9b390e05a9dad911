use proptest::prelude::*;

use super::*;

/// Any text, with more than its share of what hurts.
fn hostile() -> impl Strategy<Value = String> {
    let nasty = prop_oneof![
        Just("<script>alert(1)</script>"),
        Just("</script"),
        Just("<!--"),
        Just("\" onload=\"x"),
        Just("&amp;"),
        Just("=1+1"),
        Just("\u{1b}[31m"),
        Just("\u{202e}"),
        Just("\u{2028}"),
        Just("\0"),
        Just("\r\n"),
        Just("| `x` [a](b) *c* @me"),
    ];
    proptest::collection::vec(prop_oneof![nasty.prop_map(str::to_owned), any::<String>()], 0..6)
        .prop_map(|parts| parts.concat())
}

/// The inverse of the character references that this module writes.
fn unescape(text: &str) -> String {
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#96;", "`"),
        ("&#9;", "\t"),
        ("&#10;", "\n"),
    ];
    pairs.iter().fold(text.to_owned(), |t, (from, to)| t.replace(from, to)).replace("&amp;", "&")
}

fn has_actor(text: &str, allowed: &[char]) -> bool {
    text.chars().any(|c| !allowed.contains(&c) && (c.is_control() || acts(c)))
}

proptest! {
    #[test]
    fn html_has_no_markup_left_and_reads_back(text in hostile()) {
        let out = html_text(&text);
        prop_assert!(!out.contains(['<', '>', '"', '\'', '`']));
        prop_assert!(!has_actor(&out, &['\t', '\n']));
        prop_assert_eq!(unescape(&out), shown(&text, |c| matches!(c, '\t' | '\n')));
        let attribute = html_attribute(&text);
        prop_assert!(!has_actor(&attribute, &[]) && !attribute.contains(['<', '>', '"', '\'', '`']));
        prop_assert_eq!(unescape(&attribute), unescape(&out));
    }

    #[test]
    fn xml_holds_only_characters_that_xml_allows(text in hostile()) {
        // XML 1.0 (fifth edition), production 2.
        let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        let out = xml_text(&text);
        prop_assert!(out.chars().all(allowed) && !out.contains('<'));
        for reference in out.split('&').skip(1) {
            prop_assert!(["amp;", "lt;", "gt;", "quot;", "#"].iter().any(|r| reference.starts_with(r)), "{}", reference);
        }
    }

    #[test]
    fn json_in_a_script_means_the_same_and_cannot_end_it(text in hostile()) {
        let json = serde_json::to_string(&serde_json::json!({ &text: [&text] })).unwrap();
        let out = json_in_script(&json);
        let ends = out.contains(['<', '>', '&', '\u{2028}', '\u{2029}']);
        prop_assert!(!ends);
        let back: serde_json::Value = serde_json::from_str(&out).unwrap();
        prop_assert_eq!(back, serde_json::from_str::<serde_json::Value>(&json).unwrap());
    }

    #[test]
    fn json_on_a_terminal_means_the_same_and_does_nothing(text in hostile()) {
        let value = serde_json::json!({ &text: [&text, "\u{7f}\u{9b}2J\u{202e}\u{e0001}"] });
        let out = json_on_terminal(&serde_json::to_string_pretty(&value).unwrap());
        prop_assert!(!has_actor(&out, &['\n']));
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap(), value);
    }

    #[test]
    fn no_csv_cell_is_a_formula(text in hostile()) {
        let cell = csv_cell(&text);
        let starts = cell.starts_with(['\t', '\r', '\n']) || cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
        prop_assert!(!starts || cell.parse::<f64>().is_ok(), "{cell:?}");
        prop_assert!(!has_actor(&cell, &['\t', '\n', '\r']));
        prop_assert!(cell.strip_prefix('\'').unwrap_or(&cell).ends_with(&shown(&text, |c| matches!(c, '\t' | '\n' | '\r'))) || text.starts_with('\''));
    }

    #[test]
    fn numbers_stay_numbers_in_csv(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
        prop_assert_eq!(csv_cell(&value.to_string()), value.to_string());
        prop_assert_eq!(csv_cell(&format!("{value:e}")), format!("{value:e}"));
    }

    #[test]
    fn terminals_and_markdown_get_one_harmless_line(text in hostile()) {
        prop_assert!(!has_actor(&terminal(&text), &[]));
        let line = markdown(&text);
        prop_assert!(!has_actor(&line, &[]) && !line.contains(['<', '>', '@']));
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            if c == '\\' {
                prop_assert!(chars.next().is_some_and(|c| c.is_ascii_punctuation()));
            } else {
                prop_assert!(!"|*_[]`#~!()".contains(c) || c == '#', "{}", line);
            }
        }
    }

    #[test]
    fn plain_words_in_any_script_stay_as_they_are(text in "[a-zA-Z0-9 äßéøñЖшعربيقלעב漢字かな]{1,20}") {
        for out in [html_text(&text), html_attribute(&text), xml_text(&text), csv_cell(&text), terminal(&text), markdown(&text)] {
            prop_assert_eq!(&out, &text);
        }
    }
}

#[test]
fn what_acts_is_shown() {
    assert_eq!(terminal("a\x1b[31mb\r\nc\u{202e}d\u{85}\u{feff}"), "a␛[31mb␍␊c[U+202E]d[U+0085][U+FEFF]");
    assert_eq!(html_text("a\0<b>\n"), "a␀&lt;b&gt;\n");
    assert_eq!(html_attribute("\t\"\n"), "&#9;&quot;&#10;");
    assert_eq!(html_text("क्\u{200d}ष"), "क्\u{200d}ष");
}

#[test]
fn what_acts_in_json_is_written_as_its_number() {
    assert_eq!(
        json_on_terminal("{\"a\": \"b\u{7f}\u{9b}\u{202e}ä\"}\n"),
        "{\"a\": \"b\\u007f\\u009b\\u202eä\"}\n"
    );
    assert_eq!(json_on_terminal("\u{e0001}"), "\\udb40\\udc01");
}

#[test]
fn formulas_are_defused_and_plain_numbers_are_not() {
    for text in [
        "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "-", "-1 cmd", "+e", "-.e1", "--1",
    ] {
        assert_eq!(csv_cell(text), format!("'{text}"), "{text:?}");
    }
    for text in ["-1", "+0.5", "-2.5e-7", "1e+9", "a=b", "", "'=1", "3-4"] {
        assert_eq!(csv_cell(text), text);
    }
}
