//! A forest plot: contrasts of a class, one under the other, each estimate with its interval.

use super::{Scale, Svg};
use crate::format;
use crate::schema::{ClassVerdict, Contrast, Measured, Outcome};

/// As wide as a phone's page, so that labels stay readable there.
const WIDTH: f64 = 360.0;
const LEFT: f64 = 18.0;
const RIGHT: f64 = 342.0;
/// Height of a row: its label, and its interval below.
const ROW: f64 = 31.0;
/// Height of a heading.
const HEADING: f64 = 24.0;
/// Room for the axis below the last row.
const AXIS: f64 = 40.0;
/// Characters of a label that fit.
const LABEL: usize = 50;
/// Steps between ticks; the first with few enough ticks is taken.
const STEPS: [f64; 6] = [0.02, 0.05, 0.1, 0.2, 0.5, 1.0];
const TICKS: f64 = 6.0;

/// The plot of all contrasts of a class: primary ones above supporting ones.
pub(crate) fn svg(class: &ClassVerdict) -> String {
    let parts = [("Primary", &class.primary), ("Supporting", &class.supporting)];
    plot(&parts, &label(class, class.primary.iter().chain(&class.supporting)))
}

/// The plot of the primary contrasts alone.
pub(crate) fn primary(class: &ClassVerdict) -> String {
    plot(&[("Primary", &class.primary)], &label(class, class.primary.iter()))
}

fn plot(parts: &[(&str, &Vec<Contrast>)], label: &str) -> String {
    let parts: Vec<_> = parts.iter().filter(|(_, all)| !all.is_empty()).collect();
    let rows: usize = parts.iter().flat_map(|(_, all)| all.iter()).map(|c| c.measured.len().max(1)).sum();
    let bottom = 4.0 + HEADING * parts.len() as f64 + ROW * rows as f64;
    let (data, step) = axis(parts.iter().flat_map(|(_, all)| all.iter()));
    let x = Scale { data, pixels: (LEFT, RIGHT) };
    let mut plot = Plot { svg: Svg::new(WIDTH, bottom + AXIS), x, step, y: 4.0 };
    for (title, contrasts) in parts {
        plot.heading(title, contrasts);
        contrasts.iter().for_each(|c| plot.contrast(c));
    }
    plot.ticks();
    plot.svg.finish("forest", label)
}

struct Plot {
    svg: Svg,
    x: Scale,
    /// Between ticks.
    step: f64,
    y: f64,
}

impl Plot {
    /// Values that have a tick.
    fn values(&self) -> Vec<f64> {
        let ((low, high), step) = (self.x.data, self.step);
        let ends = [low, high].map(|v| (v / step).round() as i32);
        (ends[0]..=ends[1]).map(|i| f64::from(i) * step).collect()
    }

    fn ticks(&mut self) {
        for value in self.values() {
            self.svg.text("tick middle", (self.x.at(value), self.y + 15.0), &format::signed(value, 2));
        }
        self.svg.text("axis middle", ((LEFT + RIGHT) / 2.0, self.y + 33.0), "Difference in AUC");
    }

    /// A heading, with the margins beside their lines where there are any, in the order of the contrasts.
    fn heading(&mut self, title: &str, contrasts: &[Contrast]) {
        let mut margins: Vec<String> = contrasts
            .iter()
            .map(|c| c.margin)
            .filter(|m| *m != 0.0 && m.is_finite())
            .map(|m| format::number(m, 2))
            .collect();
        margins.dedup();
        let text = if margins.is_empty() {
            title.to_owned()
        } else {
            format!("{title}, dashed: margin {}", margins.join(", then "))
        };
        self.svg.text("part", (LEFT, self.y + 15.0), &text);
        self.y += HEADING;
    }

    fn contrast(&mut self, c: &Contrast) {
        if c.measured.is_empty() {
            self.row(&format!("{}: not estimable", c.id), c, None);
        }
        for m in &c.measured {
            let one = c.measured.len() == 1;
            let name = if one { c.id.clone() } else { format!("{} \u{b7} {}", c.id, m.with) };
            self.row(&name, c, Some(m));
        }
    }

    fn row(&mut self, name: &str, c: &Contrast, m: Option<&Measured>) {
        // Lines stand beside the interval only, clear of the labels.
        let (top, at, end) = (self.y + 15.0, self.y + 21.0, self.y + 28.0);
        for value in self.values() {
            let x = self.x.at(value);
            self.svg.line(if value == 0.0 { "zero" } else { "grid" }, (x, top), (x, end));
        }
        if c.margin != 0.0 && c.margin.is_finite() {
            let x = self.x.at(c.margin);
            self.svg.line("threshold", (x, top), (x, end));
        }
        self.svg.text("note", (LEFT, self.y + 11.0), &format::shortened(name, LABEL));
        if let Some(m) = m {
            self.estimate(style(c.outcome), m, at + 1.0);
        }
        self.y += ROW;
    }

    fn estimate(&mut self, (marker, class): (usize, &'static str), m: &Measured, y: f64) {
        let x = |v: f64| self.x.at(v);
        let drawn = [m.estimate.value, m.upper].map(|v| v.is_finite().then(|| x(v)));
        let whisker = m.estimate.interval.filter(|i| i.lower.is_finite() && i.upper.is_finite());
        if let Some(i) = whisker {
            let (lower, upper) = (x(i.lower), x(i.upper));
            self.svg.line(class, (lower, y), (upper, y));
        }
        if let Some(upper) = drawn[1] {
            self.svg.line(class, (upper, y - 4.0), (upper, y + 4.0));
        }
        if let Some(value) = drawn[0] {
            self.svg.marker(marker, (value, y));
        }
    }
}

/// Marker and class of lines: a triangle for evidence, a circle for none, a diamond for neither, as badges have them.
fn style(outcome: Outcome) -> (usize, &'static str) {
    match outcome {
        Outcome::Evidence => (2, "whisker s2"),
        Outcome::None => (0, "whisker s0"),
        Outcome::Undecided => (3, "whisker s3"),
    }
}

/// Ends of the axis and the step between its ticks: whole steps around all numbers, 0 always inside, within -1 to 1.
fn axis<'a>(contrasts: impl Iterator<Item = &'a Contrast>) -> ((f64, f64), f64) {
    let (mut low, mut high) = (0.0_f64, 0.02_f64);
    for c in contrasts {
        let of = |m: &Measured| {
            let ends = m.estimate.interval.map_or([m.estimate.value; 2], |i| [i.lower, i.upper]);
            [ends[0], ends[1], m.estimate.value, m.upper]
        };
        let values = c.measured.iter().flat_map(of).chain([c.margin]);
        for v in values.filter(|v| v.is_finite()).map(|v| v.clamp(-1.0, 1.0)) {
            low = low.min(v);
            high = high.max(v);
        }
    }
    let step = STEPS.into_iter().find(|s| (high - low) / s <= TICKS).unwrap_or(1.0);
    // The small number keeps 0.3 from becoming 0.4 by rounding error.
    let whole = |v: f64, round: fn(f64) -> f64, slack: f64| round(v / step + slack) * step;
    ((whole(low, f64::floor, 1e-9), whole(high, f64::ceil, -1e-9)), step)
}

/// What it shows, in words.
fn label<'a>(class: &ClassVerdict, contrasts: impl Iterator<Item = &'a Contrast>) -> String {
    let one = |c: &Contrast| {
        let shown = c.deciding().and_then(|i| c.measured.get(i));
        let numbers = shown.map_or_else(|| "not estimable".into(), |m| format::estimate(Some(&m.estimate)));
        format!("{} {numbers}, {}", c.id, format::outcome(c.outcome).to_lowercase())
    };
    let all: Vec<String> = contrasts.map(one).collect();
    format!(
        "Forest plot of differences in AUC for {}: {}. All numbers stand in the tables above.",
        class.class,
        all.join("; ")
    )
}

#[cfg(test)]
#[path = "forest_tests.rs"]
mod tests;
