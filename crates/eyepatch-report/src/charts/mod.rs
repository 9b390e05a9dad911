//! Small charts as inline SVG. Colours come from the page's style sheet by class, so that light, dark and print
//! share one drawing; shape and dash carry the same meaning as colour.

pub(crate) mod curve;
pub(crate) mod dots;
pub(crate) mod forest;
pub(crate) mod profile;
pub(crate) mod ramp;
pub(crate) mod reliability;
pub(crate) mod row;
pub(crate) mod scatter;
pub(crate) mod share;
pub(crate) mod spark;
pub(crate) mod strip;

use std::fmt::Write as _;

use crate::escape;

/// Series differ in colour, dash and marker; there are this many styles.
pub(crate) const STYLES: usize = 6;

/// A drawing in the making. Coordinates are pixels of the view box, y down.
pub(crate) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

impl Svg {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    pub(crate) fn line(&mut self, class: &'static str, from: (f64, f64), to: (f64, f64)) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(coordinate);
        let _ = write!(self.body, r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#);
    }

    pub(crate) fn rect(&mut self, class: &'static str, at: (f64, f64), size: (f64, f64)) {
        let [x, y, w, h] = [at.0, at.1, size.0.max(0.0), size.1.max(0.0)].map(coordinate);
        let _ = write!(self.body, r#"<rect class="{class}" x="{x}" y="{y}" width="{w}" height="{h}"/>"#);
    }

    pub(crate) fn polyline(&mut self, class: &str, points: &[(f64, f64)]) {
        self.points("polyline", class, points);
    }

    pub(crate) fn polygon(&mut self, class: &str, points: &[(f64, f64)]) {
        self.points("polygon", class, points);
    }

    fn points(&mut self, element: &str, class: &str, points: &[(f64, f64)]) {
        let points: Vec<_> =
            points.iter().map(|p| format!("{},{}", coordinate(p.0), coordinate(p.1))).collect();
        let class = escape::xml_text(class);
        let _ = write!(self.body, r#"<{element} class="{class}" points="{}"/>"#, points.join(" "));
    }

    /// Text whose `class` says where it is anchored.
    pub(crate) fn text(&mut self, class: &'static str, at: (f64, f64), text: &str) {
        let [x, y] = [at.0, at.1].map(coordinate);
        let text = escape::xml_text(text);
        let _ = write!(self.body, r#"<text class="{class}" x="{x}" y="{y}">{text}</text>"#);
    }

    /// The marker of series `style`: circle, square, triangle, diamond, cross, bar.
    pub(crate) fn marker(&mut self, style: usize, (x, y): (f64, f64)) {
        let style = style % STYLES;
        let class = format!("mark s{style}");
        match style {
            0 => {
                let [x, y] = [x, y].map(coordinate);
                let _ = write!(self.body, r#"<circle class="{class}" cx="{x}" cy="{y}" r="3.4"/>"#);
            }
            1 => self.polygon(
                &class,
                &[(x - 3.2, y - 3.2), (x + 3.2, y - 3.2), (x + 3.2, y + 3.2), (x - 3.2, y + 3.2)],
            ),
            2 => self.polygon(&class, &[(x, y - 4.2), (x + 4.2, y + 3.4), (x - 4.2, y + 3.4)]),
            3 => self.polygon(&class, &[(x, y - 4.6), (x + 4.6, y), (x, y + 4.6), (x - 4.6, y)]),
            4 => {
                self.polyline(&class, &[(x - 3.6, y - 3.6), (x + 3.6, y + 3.6)]);
                self.polyline(&class, &[(x - 3.6, y + 3.6), (x + 3.6, y - 3.6)]);
            }
            _ => self.polygon(
                &class,
                &[(x - 1.6, y - 4.4), (x + 1.6, y - 4.4), (x + 1.6, y + 4.4), (x - 1.6, y + 4.4)],
            ),
        }
    }

    /// The element. `label` says in words what it shows.
    pub(crate) fn finish(self, class: &'static str, label: &str) -> String {
        let [w, h] = [self.width, self.height].map(coordinate);
        let (label, body) = (escape::xml_text(label), self.body);
        format!(
            r#"<svg class="{class}" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{label}">{body}</svg>"#
        )
    }

    /// The element, hidden from those who listen: what it shows is said beside it.
    pub(crate) fn finish_decorative(self, class: &'static str) -> String {
        let ([w, h], body) = ([self.width, self.height].map(coordinate), self.body);
        format!(
            r#"<svg class="{class}" viewBox="0 0 {w} {h}" width="{w}" height="{h}" aria-hidden="true">{body}</svg>"#
        )
    }
}

/// A piece of line with its marker, for legends.
pub(crate) fn swatch(style: usize) -> String {
    let mut svg = Svg::new(34.0, 14.0);
    svg.polyline(&format!("curve s{}", style % STYLES), &[(1.0, 7.0), (33.0, 7.0)]);
    svg.marker(style, (17.0, 7.0));
    svg.finish_decorative("swatch")
}

const LEGEND_LINE: f64 = 18.0;
const LEGEND_GAP: f64 = 6.0;

/// Height of a legend of `n` series.
pub(crate) fn legend_height(n: usize) -> f64 {
    LEGEND_GAP + LEGEND_LINE * n as f64 + 6.0
}

/// The names of the series with their marks, one below the other, from `top` on.
pub(crate) fn legend(names: &[String], top: f64) -> String {
    let mut svg = Svg::new(0.0, 0.0);
    for (i, name) in names.iter().enumerate() {
        let y = top + LEGEND_GAP + LEGEND_LINE * (i as f64 + 0.5);
        svg.polyline(&format!("curve s{}", i % STYLES), &[(10.0, y), (42.0, y)]);
        svg.marker(i, (26.0, y));
        svg.text("name", (50.0, y + 4.0), name);
    }
    format!("<g>{}</g>", svg.body)
}

/// A linear map from data to pixels; data outside are clamped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) data: (f64, f64),
    pub(crate) pixels: (f64, f64),
}

impl Scale {
    pub(crate) fn at(&self, value: f64) -> f64 {
        let (low, high) = self.data;
        let part = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
        self.pixels.0 + part * (self.pixels.1 - self.pixels.0)
    }
}

/// One decimal, without a trailing `.0`; 0 for what is not finite, so that no attribute is ever malformed.
fn coordinate(value: f64) -> String {
    if !value.is_finite() {
        return "0".into();
    }
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// Bounds of an AUC axis: whole tenths around all `values`, chance always inside, never beyond 0 to 1.
pub(crate) fn auc_bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut low, mut high) = (0.5_f64, 0.6_f64);
    for v in values.filter(|v| v.is_finite()) {
        low = low.min(v);
        high = high.max(v);
    }
    // The small step keeps 0.3 from becoming 0.2 by rounding error.
    let tenth = |v: f64, round: fn(f64) -> f64| round(v * 10.0).clamp(0.0, 10.0) / 10.0;
    (tenth(low - 0.02 + 1e-9, f64::floor), tenth(high + 0.02 - 1e-9, f64::ceil))
}

/// The tenths from `low` to `high`.
pub(crate) fn tenths((low, high): (f64, f64)) -> impl Iterator<Item = f64> {
    (0_u32..=10).map(|i| f64::from(i) / 10.0).filter(move |t| *t > low - 1e-9 && *t < high + 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_chance_and_stay_within_zero_and_one() {
        assert_eq!(auc_bounds([0.62, 0.97].into_iter()), (0.4, 1.0));
        assert_eq!(auc_bounds([f64::NAN, -3.0, 1e300].into_iter()), (0.0, 1.0));
        assert_eq!(tenths((0.4, 0.6)).collect::<Vec<_>>(), [0.4, 0.5, 0.6]);
    }

    #[test]
    fn foreign_text_and_wild_numbers_leave_well_formed_svg() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.text("t", (f64::NAN, f64::INFINITY), "</text><script>&\u{0}");
        svg.polyline("a\" onload=\"x", &[(f64::NEG_INFINITY, 1.25)]);
        let out = svg.finish("c", "\"><script>");
        assert!(!out.contains("<script"), "{out}");
        assert!(out.contains(r#"x="0" y="0""#) && out.contains("␀"), "{out}");
        assert!(!out.contains(r#"" onload"#), "{out}");
    }

    #[test]
    fn a_scale_clamps_and_survives_an_empty_range() {
        let s = Scale { data: (0.0, 1.0), pixels: (100.0, 0.0) };
        assert_eq!((s.at(0.25), s.at(-5.0), s.at(7.0)), (75.0, 100.0, 0.0));
        assert_eq!(Scale { data: (2.0, 2.0), pixels: (0.0, 10.0) }.at(2.0), 5.0);
    }
}
