//! Probabilities against outcomes, bin by bin.

use super::{STYLES, Scale, Svg, tenths};
use crate::schema::Calibration;

const SIDE: f64 = 260.0;
const LEFT: f64 = 40.0;
const TOP: f64 = 10.0;
const BELOW: f64 = 44.0;

/// One line a form, of the first fold's model; on the diagonal probabilities are right.
pub(crate) fn svg(forms: &[Calibration], class: &str) -> String {
    let mut svg = Svg::new(LEFT + SIDE + 10.0, TOP + SIDE + BELOW);
    let x = Scale { data: (0.0, 1.0), pixels: (LEFT, LEFT + SIDE) };
    let y = Scale { data: (0.0, 1.0), pixels: (TOP + SIDE, TOP) };
    for tick in tenths((0.0, 1.0)).step_by(2) {
        svg.line("grid", (LEFT, y.at(tick)), (LEFT + SIDE, y.at(tick)));
        svg.text("tick end", (LEFT - 6.0, y.at(tick) + 4.0), &format!("{tick:.1}"));
        svg.text("tick middle", (x.at(tick), TOP + SIDE + 16.0), &format!("{tick:.1}"));
    }
    svg.text(
        "axis middle",
        (LEFT + SIDE / 2.0, TOP + SIDE + BELOW - 8.0),
        "Mean probability; up: share of positives",
    );
    svg.line("chance", (x.at(0.0), y.at(0.0)), (x.at(1.0), y.at(1.0)));
    let mut said = Vec::new();
    for (i, form) in forms.iter().enumerate() {
        let finite = form.bins.iter().filter(|b| b.0.is_finite() && b.1.is_finite());
        let points: Vec<(f64, f64)> = finite.map(|b| (x.at(b.0), y.at(b.1))).collect();
        svg.polyline(&format!("curve s{}", i % STYLES), &points);
        points.iter().for_each(|p| svg.marker(i, *p));
        said.push(format!("{} {}: error {:.3}", form.data, form.form, form.ece));
    }
    svg.finish("reliability", &format!("Reliability of probabilities for {class}. {}.", said.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_has_a_line_and_numbers_that_are_none_have_no_point() {
        let form = |bins: Vec<(f64, f64)>| Calibration {
            data: "external".into(),
            form: "as delivered".into(),
            brier: 0.2,
            ece: 0.1,
            slope: None,
            in_the_large: None,
            bins,
        };
        let svg = svg(&[form(vec![(0.1, 0.2), (0.9, 0.7)]), form(vec![(f64::NAN, 0.5)])], "c");
        assert_eq!(svg.matches("class=\"curve").count(), 2);
        assert_eq!(svg.matches("class=\"mark").count(), 2);
        assert!(!svg.contains("NaN") && svg.contains("error 0.100"));
    }
}
