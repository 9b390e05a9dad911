//! Two AUCs on one line: the model on full images, and with the region hidden.

use super::{Scale, Svg};
use crate::schema::Estimate;

/// Where the axis of all plots of a page begins, so that they compare: 0.4, or the tenth below the lowest value.
pub(crate) fn axis_start(estimates: impl Iterator<Item = Estimate>) -> f64 {
    let lowest = estimates.map(|e| e.interval.map_or(e.value, |i| i.lower)).filter(|v| v.is_finite());
    (lowest.fold(0.4, f64::min) * 10.0).floor().clamp(0.0, 4.0) / 10.0
}

/// A dot with its interval for each of the two, on an axis from `start` to 1, with chance and threshold.
pub(crate) fn svg(
    full: Option<Estimate>,
    hidden: Option<Estimate>,
    threshold: Option<f64>,
    start: f64,
) -> String {
    let finite = |e: Option<Estimate>| e.filter(|e| e.value.is_finite());
    let (full, hidden) = (finite(full), finite(hidden));
    let x = Scale { data: (start, 1.0), pixels: (8.0, 192.0) };
    let mut svg = Svg::new(200.0, 48.0);
    svg.line("grid", (8.0, 34.0), (192.0, 34.0));
    svg.line("chance", (x.at(0.5), 2.0), (x.at(0.5), 34.0));
    if let Some(t) = threshold.filter(|t| t.is_finite()) {
        svg.line("threshold", (x.at(t), 2.0), (x.at(t), 34.0));
    }
    for (tick, text) in [(0.5, "0.5"), (0.75, "0.75"), (1.0, "1")] {
        svg.text("tick middle", (x.at(tick), 46.0), text);
    }
    if let Some(e) = full {
        whisker(&mut svg, "whisker s0", e, x, 10.0);
        svg.marker(0, (x.at(e.value), 10.0));
    }
    if let Some(e) = hidden {
        whisker(&mut svg, "whisker s1", e, x, 24.0);
        svg.marker(3, (x.at(e.value), 24.0));
    }
    svg.finish_decorative("dots")
}

fn whisker(svg: &mut Svg, class: &'static str, e: Estimate, x: Scale, y: f64) {
    if let Some(i) = e.interval {
        svg.line(class, (x.at(i.lower), y), (x.at(i.upper), y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_begins_below_the_lowest_value_of_the_page() {
        let e = |value| Estimate { value, interval: None };
        assert_eq!(axis_start([e(0.9), e(0.34), e(f64::NAN)].into_iter()), 0.3);
        assert_eq!([axis_start(std::iter::empty()), axis_start([e(-2.0)].into_iter())], [0.4, 0.0]);
    }

    #[test]
    fn both_estimates_are_drawn_and_missing_ones_leave_the_axis() {
        let e = |value| Some(Estimate { value, interval: None });
        let both = svg(e(0.9), e(0.55), Some(0.6), 0.4);
        assert_eq!(both.matches("mark ").count(), 2);
        assert!(both.contains("threshold"));
        let none = svg(None, e(f64::NAN), None, 0.4);
        assert_eq!(none.matches("mark ").count(), 0);
        assert!(none.contains("0.75") && !none.contains("threshold"));
    }
}
