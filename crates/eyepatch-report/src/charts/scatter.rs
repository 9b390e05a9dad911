//! Images as points of a plane, with how each group is spread along both sides.

use std::fmt::Write as _;

use eyepatch_core::Scatter;

use super::{STYLES, Scale, Svg, coordinate};

const SIDE: f64 = 300.0;
/// Room for the spread along a side.
const MARGIN: f64 = 46.0;
const GAP: f64 = 6.0;
const BINS: usize = 28;
/// Share of the data's extent that is left free around it.
const AIR: f64 = 0.04;

/// One panel: the points in the colours of one of the scatter's colourings, `None` for all in one.
pub(crate) fn svg(scatter: &Scatter, colouring: Option<usize>, label: &str) -> String {
    let of = colouring.and_then(|c| scatter.colourings.get(c));
    let groups = of.map_or(1, |c| c.groups.len().max(1));
    let group = |i: usize| of.map_or(Some(0), |c| c.of.get(i).copied().flatten());
    let (top, right) = (MARGIN + GAP, SIDE);
    let mut svg = Svg::new(SIDE + GAP + MARGIN, top + SIDE);
    let along = |axis: usize, pixels| {
        let values = scatter.places.iter().map(|p| f64::from(p[axis])).filter(|v| v.is_finite());
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let air = if high > low { (high - low) * AIR } else { 1.0 };
        Scale { data: (low - air, high + air), pixels }
    };
    let (x, y) = (along(0, (0.0, SIDE)), along(1, (top + SIDE, top)));
    svg.rect("frame", (0.0, top), (SIDE, SIDE));
    for g in 0..groups {
        let values = |axis: usize| -> Vec<f64> {
            (0..scatter.places.len())
                .filter(|&i| group(i) == Some(g))
                .map(|i| f64::from(scatter.places[i][axis]))
                .collect()
        };
        spread(&mut svg, g, &values(0), x, |at, height| (at, MARGIN * (1.0 - height)));
        spread(&mut svg, g, &values(1), y, |at, height| (right + GAP + MARGIN * height, at));
    }
    for (i, place) in scatter.places.iter().enumerate() {
        let at = (x.at(f64::from(place[0])), y.at(f64::from(place[1])));
        let sample = scatter.rows.get(i).copied().unwrap_or_default();
        svg.point(group(i), at, sample);
    }
    svg.finish("scatter", label)
}

/// The share of a group in each bin, over its largest, as a stepped line.
fn spread(svg: &mut Svg, style: usize, values: &[f64], scale: Scale, place: impl Fn(f64, f64) -> (f64, f64)) {
    let (start, end) = scale.pixels;
    let step = (end - start) / BINS as f64;
    let mut counts = [0_usize; BINS];
    for &v in values {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the bins")]
        let bin = ((scale.at(v) - start) / step).floor().clamp(0.0, (BINS - 1) as f64) as usize;
        counts[bin] += 1;
    }
    let largest = counts.iter().copied().max().unwrap_or_default();
    if largest == 0 {
        return;
    }
    let mut line = vec![place(start, 0.0)];
    for (bin, count) in counts.into_iter().enumerate() {
        let height = count as f64 / largest as f64;
        line.extend([bin, bin + 1].map(|b| place(start + step * b as f64, height)));
    }
    line.push(place(end, 0.0));
    svg.polyline(&format!("spread s{}", style % STYLES), &line);
}

impl Svg {
    /// A small marker of a group, and which sample it is, for the page's script; a dot where it is in no group.
    fn point(&mut self, group: Option<usize>, (x, y): (f64, f64), sample: usize) {
        let Some(style) = group.map(|g| g % STYLES) else {
            let [x, y] = [x, y].map(coordinate);
            let _ = write!(self.body, r#"<circle class="pt" data-i="{sample}" cx="{x}" cy="{y}" r="1.4"/>"#);
            return;
        };
        let from = |dx: f64, dy: f64| format!("M{} {}", coordinate(x + dx), coordinate(y + dy));
        let path = match style {
            0 => {
                let [x, y] = [x, y].map(coordinate);
                let _ = write!(
                    self.body,
                    r#"<circle class="pt s0" data-i="{sample}" cx="{x}" cy="{y}" r="2.3"/>"#
                );
                return;
            }
            1 => from(-2.1, -2.1) + "h4.2v4.2h-4.2z",
            2 => from(0.0, -2.7) + "l2.6 4.6h-5.2z",
            3 => from(0.0, -3.0) + "l3 3-3 3-3-3z",
            4 => from(-2.2, -2.2) + "l4.4 4.4m0-4.4l-4.4 4.4",
            _ => from(-1.0, -2.9) + "h2v5.8h-2z",
        };
        let _ = write!(self.body, r#"<path class="pt s{style}" data-i="{sample}" d="{path}"/>"#);
    }
}

#[cfg(test)]
mod tests {
    use eyepatch_core::Colouring;

    use super::*;

    fn scatter() -> Scatter {
        Scatter {
            title: "t".into(),
            rows: vec![4, 5, 4, 9],
            places: vec![[0.0, 0.0], [1.0, 2.0], [3.0, -1.0], [f32::NAN, 1.0]],
            colourings: vec![Colouring {
                by: "masking".into(),
                groups: (0..7).map(|i| i.to_string()).collect(),
                of: vec![Some(0), Some(1), Some(6), None],
            }],
            ..Scatter::default()
        }
    }

    #[test]
    fn every_point_is_drawn_and_says_whose_it_is() {
        let svg = svg(&scatter(), Some(0), "l");
        assert_eq!(svg.matches("data-i=").count(), 4);
        assert_eq!(svg.matches("data-i=\"4\"").count(), 2);
        // The seventh group looks like the first.
        assert_eq!(svg.matches("class=\"pt s0\"").count(), 2);
        assert!(!svg.contains("NaN"));
        assert_eq!(svg.matches("spread s0").count(), 4);
    }

    #[test]
    fn points_without_a_colouring_or_in_one_place_are_drawn_too() {
        let one = Scatter { places: vec![[2.0, 2.0]], rows: vec![0], ..Scatter::default() };
        assert!(svg(&one, None, "l").contains("class=\"pt s0\""));
        assert!(svg(&Scatter::default(), None, "l").contains("frame"));
        // A colouring that is not there colours all alike.
        assert_eq!(svg(&scatter(), Some(7), "l").matches("pt s0").count(), 4);
    }
}
