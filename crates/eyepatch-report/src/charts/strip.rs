//! One AUC with its interval on a line, small enough for a table's row.

use super::{Scale, Svg};
use crate::schema::Estimate;

/// A dot with its interval on an axis from 0.4 to 1, with chance and a threshold.
pub(crate) fn svg(estimate: Estimate, threshold: f64) -> String {
    let x = Scale { data: (0.4, 1.0), pixels: (4.0, 136.0) };
    let mut svg = Svg::new(140.0, 18.0);
    svg.line("grid", (4.0, 9.0), (136.0, 9.0));
    svg.line("chance", (x.at(0.5), 1.0), (x.at(0.5), 17.0));
    if threshold.is_finite() {
        svg.line("threshold", (x.at(threshold), 1.0), (x.at(threshold), 17.0));
    }
    if estimate.value.is_finite() {
        if let Some(i) = estimate.interval {
            svg.line("whisker s0", (x.at(i.lower), 9.0), (x.at(i.upper), 9.0));
        }
        svg.marker(0, (x.at(estimate.value), 9.0));
    }
    svg.finish_decorative("strip-plot")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_drawn_and_none_leaves_the_axis() {
        let e = |value| Estimate { value, interval: None };
        assert_eq!(svg(e(0.7), 0.55).matches("mark ").count(), 1);
        let none = svg(e(f64::NAN), f64::NAN);
        assert!(!none.contains("mark ") && !none.contains("threshold") && none.contains("chance"));
    }
}
