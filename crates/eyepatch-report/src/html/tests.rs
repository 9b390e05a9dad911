use std::collections::BTreeMap;

use super::*;
use crate::charts::ramp::contrast;

/// Custom properties of a block of declarations that are colours.
fn colours(css: &str) -> BTreeMap<&str, [u8; 3]> {
    let pairs = css.split(';').filter_map(|d| d.trim().split_once(":#"));
    let byte = |hex: &str, i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap();
    pairs.map(|(name, hex)| (name, std::array::from_fn(|i| byte(hex, i)))).collect()
}

#[test]
fn text_and_lines_stand_out_in_both_themes() {
    for css in [include_str!("../templates/light.css"), include_str!("../templates/dark.css")] {
        let c = colours(css);
        assert_eq!(c.len(), 18, "{c:?}");
        let mut pairs = vec![("--ink", "--surface", 4.5), ("--muted", "--surface", 4.5)];
        pairs.extend(["--ink", "--muted", "--accent"].map(|t| (t, "--bg", 4.5)));
        pairs.extend(["--flagged", "--clear", "--inconclusive"].map(|t| (t, "--bg", 4.5)));
        pairs.extend([
            ("--flagged", "--flagged-bg", 4.5),
            ("--clear", "--clear-bg", 4.5),
            ("--inconclusive", "--inconclusive-bg", 4.5),
            ("--ink", "--flagged-bg", 4.5),
            ("--ink", "--clear-bg", 4.5),
            ("--ink", "--inconclusive-bg", 4.5),
        ]);
        pairs.extend(["--s0", "--s1", "--s2", "--s3", "--s4", "--s5"].map(|s| (s, "--bg", 3.0)));
        for (front, back, least) in pairs {
            let found = contrast(c[front], c[back]);
            assert!(found >= least, "{front} on {back}: {found:.2}");
        }
    }
}

#[test]
fn templates_print_only_inside_text_or_quotes_and_never_by_hand() {
    for (name, source) in TEMPLATES {
        assert!(
            !source.contains("|safe") && !source.contains("autoescape") && !source.contains(" style="),
            "{name}"
        );
        for word in source.split_whitespace().filter(|w| w.starts_with("on")) {
            assert!(!word.contains('='), "{name}: {word}");
        }
        for (at, _) in source.match_indices("{{") {
            // An attribute's value is quoted: right before the expression stands no bare `=`.
            assert!(!source[..at].ends_with('='), "{name}: {}", &source[at..at + 20]);
            let tag = source[..at].rfind('<').max(source[..at].rfind('>'));
            let open = tag.is_some_and(|t| source.as_bytes()[t] == b'<');
            if open {
                let quotes = source[tag.unwrap_or(0)..at].matches('"').count();
                assert!(quotes % 2 == 1, "{name}: outside of quotes in a tag: {}", &source[at..at + 20]);
            }
        }
    }
}

#[test]
fn style_and_script_cannot_end_their_elements() {
    for text in [style().as_str(), SCRIPT] {
        assert!(!text.contains("</") && !text.contains("<!--") && !text.contains('\r'));
    }
    // SHA-256 of nothing (FIPS 180-4).
    assert_eq!(source_hash(""), "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
}

#[test]
fn values_are_escaped_unless_this_crate_drew_them() {
    let mut env = environment().unwrap();
    env.add_template("t", "{{ a }}|{{ b }}|{{ c }}|{{ d }}").unwrap();
    let t = env.get_template("t").unwrap();
    let ctx = context! { a => "<i>'\"", b => Value::from_safe_string("<b>".into()), c => vec!["<u>"], d => Value::from(()) };
    let out = t.render(ctx).unwrap();
    assert_eq!(out, "&lt;i&gt;&#39;&quot;|<b>|[&quot;&lt;u&gt;&quot;]|\u{2013}");
    assert!(t.render(context! { a => 1 }).is_err());
}
