//! Every figure of an audit as an SVG that stands alone: colours of the light theme, no variables, nothing to fetch.

use std::collections::BTreeMap;

use crate::html::drawings;
use crate::schema::AuditResult;

/// File name and drawing, sorted by name. The same audit gives the same bytes.
#[must_use]
pub fn files(audit: &AuditResult) -> Vec<(String, String)> {
    let style = style();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (name, svg) in drawings(audit) {
        let stem = stem(&name);
        let taken = |n: usize| files.contains_key(&file(&stem, n));
        let number = (1..).find(|n| !taken(*n)).unwrap_or(1);
        files.insert(file(&stem, number), alone(&svg, &style));
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

/// A drawing of the page with namespace, style and a white ground of its own.
fn alone(svg: &str, style: &str) -> String {
    let Some((head, body)) = svg.split_once('>') else { return svg.to_owned() };
    let head = head.replacen("<svg", r#"<svg xmlns="http://www.w3.org/2000/svg""#, 1);
    format!("{head}><style>{style}</style><rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>{body}\n")
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
        let svg = alone(r#"<svg class="forest" width="3"><text>a</text></svg>"#, &style);
        assert!(
            svg.starts_with(r#"<svg xmlns="http://www.w3.org/2000/svg" class="forest" width="3"><style>"#)
        );
        assert!(svg.ends_with("<text>a</text></svg>\n"));
    }

    #[test]
    fn names_are_safe_on_any_file_system() {
        assert_eq!(stem("Dilation ../x: a/b"), "dilation-x-a-b");
        assert_eq!(stem("..\\..//"), "");
        assert_eq!((file("a", 1), file("a", 2)), ("a.svg".into(), "a-2.svg".into()));
    }
}
