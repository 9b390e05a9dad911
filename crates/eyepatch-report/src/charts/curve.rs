//! AUC against dilation: lines with confidence bands, chance and threshold.

use super::{STYLES, Scale, Svg, auc_bounds, tenths};
use crate::schema::{Curve, CurvePoint, Estimate};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 330.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 490.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 276.0;

/// One chart. Dilations are spaced evenly where their steps differ much, so that the small ones stay readable.
pub(crate) struct Chart<'a> {
    pub(crate) curves: &'a [&'a Curve],
    pub(crate) threshold: Option<f64>,
    pub(crate) label: String,
}

impl Chart<'_> {
    /// Draws it. Curve `i` has style `i`.
    pub(crate) fn svg(&self) -> String {
        let xs = dilations(self.curves);
        let even = needs_even_steps(&xs);
        let x = |dilation: i32| {
            let place = |v: f64, data| Scale { data, pixels: (LEFT + 14.0, RIGHT - 14.0) }.at(v);
            if even {
                let index = xs.partition_point(|&d| d < dilation);
                place(index as f64, (0.0, xs.len().saturating_sub(1) as f64))
            } else {
                let ends = (xs.first().copied().unwrap_or(0), xs.last().copied().unwrap_or(0));
                place(f64::from(dilation), (f64::from(ends.0), f64::from(ends.1)))
            }
        };
        let bounds = auc_bounds(self.values());
        let y = Scale { data: bounds, pixels: (BOTTOM, TOP) };
        let mut svg = Svg::new(WIDTH, HEIGHT);
        for tick in tenths(bounds) {
            svg.line("grid", (LEFT, y.at(tick)), (RIGHT, y.at(tick)));
            svg.text("tick end", (LEFT - 8.0, y.at(tick) + 4.0), &format!("{tick:.1}"));
        }
        for &dilation in &xs {
            let at = x(dilation);
            svg.line("grid", (at, BOTTOM), (at, BOTTOM + 4.0));
            svg.text("tick middle", (at, BOTTOM + 18.0), &dilation.to_string().replace('-', "\u{2212}"));
        }
        let steps = if even { ", steps not to scale" } else { "" };
        svg.text(
            "axis middle",
            ((LEFT + RIGHT) / 2.0, HEIGHT - 10.0),
            &format!("Dilation of the region in px{steps}"),
        );
        svg.line("chance", (LEFT, y.at(0.5)), (RIGHT, y.at(0.5)));
        for (i, curve) in self.curves.iter().enumerate() {
            draw(&mut svg, i, curve, x, y);
        }
        let label =
            |svg: &mut Svg, at: f64, text: &str| svg.text("tick start", (RIGHT + 6.0, at + 4.0), text);
        label(&mut svg, y.at(0.5), "chance");
        if let Some(t) = self.threshold.filter(|t| t.is_finite()) {
            svg.line("threshold", (LEFT, y.at(t)), (RIGHT, y.at(t)));
            // Kept clear of the word beside the chance line.
            let clear = y.at(0.5) - y.at(t);
            let shift = if clear.abs() < 14.0 { 14.0_f64.copysign(clear) - clear } else { 0.0 };
            label(&mut svg, y.at(t) - shift, &format!("rule: {t:.2}"));
        }
        svg.finish("chart", &self.label)
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        let points = self.curves.iter().flat_map(|c| &c.points).filter_map(|p| p.auc);
        points.flat_map(|e| [e.value, ends(&e).0, ends(&e).1]).chain(self.threshold)
    }
}

fn draw(svg: &mut Svg, style: usize, curve: &Curve, x: impl Fn(i32) -> f64, y: Scale) {
    // A point that is not estimable interrupts the line.
    for run in curve.points.split(|p| estimate(p).is_none()).filter(|r| !r.is_empty()) {
        let at = |f: fn(&Estimate) -> f64| {
            run.iter().filter_map(move |p| Some((p.dilation, f(&estimate(p)?)))).map(|(d, v)| (x(d), y.at(v)))
        };
        let mut band: Vec<_> = at(|e| ends(e).0).collect();
        band.extend(at(|e| ends(e).1).collect::<Vec<_>>().into_iter().rev());
        svg.polygon(&format!("band s{}", style % STYLES), &band);
        let line: Vec<_> = at(|e| e.value).collect();
        svg.polyline(&format!("curve s{}", style % STYLES), &line);
        for point in line {
            svg.marker(style, point);
        }
    }
}

fn estimate(point: &CurvePoint) -> Option<Estimate> {
    point.auc.filter(|e| e.value.is_finite())
}

/// Lower and upper bound, or the value itself where there is no interval.
fn ends(e: &Estimate) -> (f64, f64) {
    e.interval.map_or((e.value, e.value), |i| (i.lower, i.upper))
}

/// All dilations of the curves, sorted.
pub(crate) fn dilations(curves: &[&Curve]) -> Vec<i32> {
    let mut xs: Vec<_> = curves.iter().flat_map(|c| c.points.iter().map(|p| p.dilation)).collect();
    xs.sort_unstable();
    xs.dedup();
    xs
}

/// Whether some steps are more than four times as wide as others: drawn to scale, the narrow ones would collide.
fn needs_even_steps(xs: &[i32]) -> bool {
    let steps = || xs.windows(2).map(|w| i64::from(w[1]) - i64::from(w[0]));
    matches!((steps().min(), steps().max()), (Some(min), Some(max)) if max > 4 * min)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[(i32, Option<f64>)]) -> Curve {
        let auc = |v: f64| Estimate { value: v, interval: None };
        let points =
            points.iter().map(|&(dilation, v)| CurvePoint { dilation, visible: 0.5, auc: v.map(auc) });
        Curve {
            class: "c".into(),
            trained: "Full".into(),
            evaluated: "NoROI".into(),
            points: points.collect(),
        }
    }

    #[test]
    fn a_point_without_estimate_interrupts_the_line() {
        let c = curve(&[(0, Some(0.9)), (5, Some(0.8)), (10, None), (15, Some(f64::NAN)), (20, Some(0.6))]);
        let svg = Chart { curves: &[&c], threshold: Some(0.6), label: "l".into() }.svg();
        assert_eq!(svg.matches(r#"<polyline class="curve s0""#).count(), 2, "{svg}");
        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(svg.contains("rule: 0.60") && svg.contains("chance"));
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn uneven_dilations_are_spaced_evenly_and_the_axis_says_so() {
        let (wide, even) =
            (curve(&[(-5, Some(0.9)), (0, Some(0.9)), (500, Some(0.5))]), curve(&[(0, None), (4, None)]));
        let svg = |c| Chart { curves: &[c], threshold: None, label: String::new() }.svg();
        assert!(svg(&wide).contains("steps not to scale") && svg(&wide).contains("\u{2212}5"));
        assert!(!svg(&even).contains("steps not to scale"));
    }
}
