//! Every figure of an audit as an SVG that stands alone: colours of the light theme, no variables, nothing to fetch.

use std::collections::BTreeMap;

use crate::charts;
use crate::html::{Drawing, drawings};
use crate::schema::AuditResult;

/// File name and drawing, sorted by name. The same audit gives the same bytes.
#[must_use]
pub fn files(audit: &AuditResult) -> Vec<(String, String)> {
    let style = style();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for drawing in drawings(audit) {
        let stem = stem(&drawing.name);
        let taken = |n: usize| files.contains_key(&file(&stem, n));
        let number = (1..).find(|n| !taken(*n)).unwrap_or(1);
        files.insert(file(&stem, number), alone(&drawing, &style));
    }
    files.into_iter().collect()
}

/// `NAME.svg`, and `NAME-2.svg` for a second of this name.
fn file(stem: &str, number: usize) -> String {
    if number < 2 { format!("{stem}.svg") } else { format!("{stem}-{number}.svg") }
}

/// Letters (small: some file systems hold `A` and `a` for one name), digits and `_` of a name, anything else as one `-`; 80
/// characters at most.
fn stem(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().take(80) {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => out.push(c.to_ascii_lowercase()),
            _ if out.ends_with('-') => {}
            _ => out.push('-'),
        }
    }
    out.trim_matches('-').to_owned()
}

/// A drawing of the page with namespace, style, a white ground and a legend of its own.
fn alone(Drawing { svg, keys, .. }: &Drawing, style: &str) -> String {
    let ground = r##"<rect width="100%" height="100%" fill="#ffffff"/>"##;
    let Some((head, body)) = svg.split_once('>') else { return svg.clone() };
    let head = head.replacen("<svg", r#"<svg xmlns="http://www.w3.org/2000/svg""#, 1);
    let body = body.trim_end().trim_end_matches("</svg>");
    let Some((width, height)) = size(&head).filter(|_| !keys.is_empty()) else {
        return format!("{head}><style>{style}</style>{ground}{body}</svg>\n");
    };
    let whole = height + charts::legend_height(keys.len());
    let head = head
        .replacen(
            &format!(r#"viewBox="0 0 {width} {height}""#),
            &format!(r#"viewBox="0 0 {width} {whole}""#),
            1,
        )
        .replacen(&format!(r#" height="{height}""#), &format!(r#" height="{whole}""#), 1);
    let legend = charts::legend(keys, height);
    format!("{head}><style>{style}</style>{ground}{body}{legend}</svg>\n")
}

/// Width and height of the view box, as [`charts`] writes it.
fn size(head: &str) -> Option<(f64, f64)> {
    let (_, rest) = head.split_once(r#"viewBox="0 0 "#)?;
    let (width, height) = rest.split_once('"')?.0.split_once(' ')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

/// The rules for drawings with the light theme's colours in the place of their variables: few programs but browsers know these.
fn style() -> String {
    let light = include_str!("templates/light.css");
    let mut colours: Vec<(&str, &str)> = light.split(';').filter_map(|d| d.trim().split_once(':')).collect();
    // The longest name first, although all are closed by a bracket: nothing then depends on the order of the file.
    colours.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let mut rules = include_str!("templates/charts.css").to_owned();
    for (name, colour) in colours {
        rules = rules.replace(&format!("var({name})"), colour);
    }
    format!("text{{font-family:system-ui,\"Liberation Sans\",Arial,sans-serif}}\n{rules}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_stands_alone() {
        let style = style();
        assert!(!style.contains("var(") && style.contains("#0f5c8c"), "{style}");
        let drawing = |keys: &[&str]| Drawing {
            name: "a".into(),
            svg: r#"<svg class="forest" viewBox="0 0 3 40.5" width="3" height="40.5"><text>a</text></svg>"#
                .into(),
            keys: keys.iter().map(|k| (*k).to_owned()).collect(),
        };
        let svg = alone(&drawing(&[]), &style);
        let start = r#"<svg xmlns="http://www.w3.org/2000/svg" class="forest" viewBox="0 0 3 40.5" width="3" height="40.5"><style>"#;
        assert!(svg.starts_with(start) && svg.ends_with("<text>a</text></svg>\n"), "{svg}");
        // Below the drawing, a line a series.
        let svg = alone(&drawing(&["Full", "<NoROI>"]), &style);
        assert!(svg.contains(r#"viewBox="0 0 3 88.5" width="3" height="88.5">"#), "{svg}");
        assert!(svg.contains(">Full</text>") && svg.contains(">&lt;NoROI&gt;</text></g></svg>"), "{svg}");
    }

    #[test]
    fn names_are_safe_on_any_file_system() {
        assert_eq!(stem("Dilation ../x: a/b"), "dilation-x-a-b");
        assert_eq!(stem("..\\..//"), "");
        assert_eq!((file("a", 1), file("a", 2)), ("a.svg".into(), "a-2.svg".into()));
    }
}
