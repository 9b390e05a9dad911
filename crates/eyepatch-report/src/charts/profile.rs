//! Estimates along steps: one line a series, with intervals.

use eyepatch_core::{DepthProfile, Series};

use super::{STYLES, Scale, Svg, tenths};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 540.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 246.0;
/// How far series stand apart, so that their intervals do not hide each other.
const APART: f64 = 7.0;
/// Letters of a step's name that fit below it, together.
const LETTERS: usize = 78;

/// The chart; series `i` has style `i`.
pub(crate) fn svg(profile: &DepthProfile, label: &str) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let bounds = bounds(profile);
    let y = Scale { data: bounds, pixels: (BOTTOM, TOP) };
    for tick in tenths(bounds) {
        svg.line("grid", (LEFT, y.at(tick)), (RIGHT, y.at(tick)));
        svg.text("tick end", (LEFT - 8.0, y.at(tick) + 4.0), &format!("{tick:.1}"));
    }
    let n = profile.steps.len();
    let width = (RIGHT - LEFT) / n.max(1) as f64;
    let x = |step: usize| LEFT + width * (step as f64 + 0.5);
    for (i, name) in names(&profile.steps).iter().enumerate() {
        svg.line("grid", (x(i), BOTTOM), (x(i), BOTTOM + 4.0));
        svg.text("tick middle", (x(i), BOTTOM + 18.0), name);
    }
    svg.text("axis middle", ((LEFT + RIGHT) / 2.0, HEIGHT - 10.0), &profile.axis);
    svg.line("chance", (LEFT, y.at(profile.reference)), (RIGHT, y.at(profile.reference)));
    let middle = (profile.series.len().saturating_sub(1)) as f64 / 2.0;
    for (i, series) in profile.series.iter().enumerate() {
        let shift = (i as f64 - middle) * APART;
        draw(&mut svg, i, series, |step| x(step) + shift, y);
    }
    svg.finish("chart", label)
}

fn draw(svg: &mut Svg, style: usize, series: &Series, x: impl Fn(usize) -> f64, y: Scale) {
    let at = |i: usize| series.estimates[i].filter(|v| v.is_finite()).map(|v| (x(i), y.at(v)));
    let points: Vec<Option<(f64, f64)>> = (0..series.estimates.len()).map(at).collect();
    let class = format!("curve s{}", style % STYLES);
    // What is not estimable interrupts the line.
    for run in points.split(Option::is_none).filter(|r| r.len() > 1) {
        svg.polyline(&class, &run.iter().flatten().copied().collect::<Vec<_>>());
    }
    for (i, point) in points.iter().enumerate() {
        let Some(point) = point else { continue };
        if let Some(interval) = series.intervals.get(i).copied().flatten() {
            let ends = [interval.lower, interval.upper].map(|v| (point.0, y.at(v)));
            svg.polyline(&format!("whisker s{}", style % STYLES), &ends);
        }
        svg.marker(style, *point);
    }
}

/// From a tenth to a tenth, with all that is drawn between them.
fn bounds(profile: &DepthProfile) -> (f64, f64) {
    let of = |s: &Series| {
        let ends = s.intervals.iter().flatten().flat_map(|i| [i.lower, i.upper]);
        ends.chain(s.estimates.iter().flatten().copied()).collect::<Vec<_>>()
    };
    let all = profile.series.iter().flat_map(of).chain([profile.reference]).filter(|v| v.is_finite());
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let (low, high) = (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0));
    (((low * 10.0).floor() / 10.0 - 1e-9).max(0.0), ((high * 10.0).ceil() / 10.0).max(low + 0.1).min(1.0))
}

/// The names without what all of them begin with, up to a dot, and cut to the room that there is.
fn names(steps: &[String]) -> Vec<String> {
    let prefix = |s: &String| s.rfind('.').map_or(String::new(), |i| s[..=i].to_owned());
    let most = (LETTERS / steps.len().max(1)).max(4);
    let short = |s: &String| {
        let bare = s.strip_prefix(&prefix(s)).unwrap_or(s);
        if bare.chars().count() <= most {
            bare.to_owned()
        } else {
            bare.chars().take(most - 1).chain(['…']).collect()
        }
    };
    steps.iter().map(short).collect()
}

#[cfg(test)]
mod tests {
    use eyepatch_core::Interval;

    use super::*;

    fn profile(estimates: Vec<Option<f64>>) -> DepthProfile {
        let interval = |v: f64| Interval { lower: v - 0.05, upper: v + 0.05, level: 0.95 };
        DepthProfile {
            steps: (0..estimates.len()).map(|i| format!("features.denseblock{i}")).collect(),
            reference: 0.5,
            series: vec![Series {
                name: "Full".into(),
                intervals: estimates.iter().map(|e| e.map(interval)).collect(),
                estimates,
            }],
            ..DepthProfile::default()
        }
    }

    #[test]
    fn what_is_not_estimable_interrupts_the_line() {
        let svg = svg(&profile(vec![Some(0.6), Some(0.7), None, Some(0.8), Some(0.9)]), "l");
        assert_eq!(svg.matches("class=\"curve s0\"").count(), 2);
        assert_eq!(svg.matches("class=\"mark s0\"").count(), 4);
        assert_eq!(svg.matches("class=\"whisker s0\"").count(), 4);
        assert!(svg.contains(">denseblock0<"));
    }

    #[test]
    fn an_empty_profile_is_an_empty_chart() {
        assert!(svg(&profile(vec![]), "l").contains("chance"));
        assert!(!svg(&profile(vec![Some(f64::NAN)]), "l").contains("NaN"));
    }

    #[test]
    fn the_axis_ends_at_tenths() {
        let (low, high) = bounds(&profile(vec![Some(0.62), Some(0.83)]));
        assert!((low - 0.5).abs() < 1e-6 && (high - 0.9).abs() < 1e-9, "{low} {high}");
    }
}
