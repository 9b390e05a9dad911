//! Losses by epoch: one small panel a training masking, its folds laid over each other.

use eyepatch_core::Epoch;

use super::{Scale, Svg};

const WIDTH: f64 = 230.0;
const HEIGHT: f64 = 104.0;

/// The axis that all panels of an audit share, so that panels compare. It is logarithmic where losses differ more
/// than tenfold: one bad epoch would otherwise press all others flat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    pub(crate) logarithmic: bool,
}

impl Axis {
    pub(crate) fn over<'a>(histories: impl Iterator<Item = &'a [Epoch]>) -> Self {
        let losses = histories.flatten().flat_map(|e| [Some(e.train_loss), e.validation_loss]).flatten();
        let (low, high) = losses
            .filter(|l| l.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), l| (a.min(l), b.max(l)));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        Self { low, high, logarithmic: low > 0.0 && high > 10.0 * low }
    }

    fn at(self, loss: f64) -> f64 {
        let place = |v: f64| if self.logarithmic { v.ln() } else { v };
        Scale { data: (place(self.low), place(self.high)), pixels: (HEIGHT - 24.0, 8.0) }.at(place(loss))
    }
}

/// Largest step size, where step sizes change.
pub(crate) fn changing_rate(folds: &[&[Epoch]]) -> Option<f64> {
    let rates =
        || folds.iter().flat_map(|f| f.iter()).filter_map(|e| e.learning_rate).filter(|r| r.is_finite());
    let largest = rates().fold(0.0, f64::max);
    rates().any(|rate| rate < largest).then_some(largest)
}

/// One panel: training losses drawn through, validation losses dashed; step sizes, where they change, dotted from zero
/// at the bottom to the largest at the top.
pub(crate) fn svg(folds: &[&[Epoch]], axis: Axis, label: &str) -> String {
    let last = folds.iter().flat_map(|f| f.iter().map(|e| e.epoch)).max().unwrap_or(1).max(1);
    let x = Scale { data: (1.0, last as f64), pixels: (40.0, WIDTH - 8.0) };
    let mut svg = Svg::new(WIDTH, HEIGHT);
    svg.line("grid", (36.0, HEIGHT - 24.0), (WIDTH - 4.0, HEIGHT - 24.0));
    svg.text("tick end", (32.0, 12.0), &loss(axis.high));
    svg.text("tick end", (32.0, HEIGHT - 20.0), &loss(axis.low));
    svg.text("tick start", (36.0, HEIGHT - 8.0), "epoch 1");
    if last > 1 {
        svg.text("tick end", (WIDTH - 4.0, HEIGHT - 8.0), &last.to_string());
    }
    let rate = changing_rate(folds);
    for fold in folds {
        let line = |value: fn(&Epoch) -> Option<f64>| -> Vec<_> {
            let finite = fold.iter().filter_map(|e| Some((e.epoch, value(e).filter(|v| v.is_finite())?)));
            finite.map(|(epoch, v)| (x.at(epoch as f64), axis.at(v))).collect()
        };
        let mut lines = vec![
            ("spark train", line(|e| Some(e.train_loss))),
            ("spark validation", line(|e| e.validation_loss)),
        ];
        if let Some(largest) = rate {
            let y = Scale { data: (0.0, largest), pixels: (HEIGHT - 24.0, 8.0) };
            let rates =
                fold.iter().filter_map(|e| Some((e.epoch, e.learning_rate.filter(|r| r.is_finite())?)));
            lines.push(("spark rate", rates.map(|(epoch, r)| (x.at(epoch as f64), y.at(r))).collect()));
        }
        for (class, points) in lines {
            match points.as_slice() {
                [] => {}
                [only] => svg.marker(0, *only),
                _ => svg.polyline(class, &points),
            }
        }
    }
    svg.finish("chart", label)
}

fn loss(value: f64) -> String {
    if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ignores_what_is_not_finite_and_panels_draw_both_losses() {
        let epoch = |epoch, t, v| Epoch {
            epoch,
            train_loss: t,
            validation_loss: v,
            learning_rate: Some(1.0 / epoch as f64),
        };
        let fold = [epoch(1, 0.7, Some(0.8)), epoch(2, f64::NAN, Some(0.6)), epoch(3, 0.2, None)];
        let axis = Axis::over([&fold[..]].into_iter());
        assert_eq!(axis, Axis { low: 0.2, high: 0.8, logarithmic: false });
        assert_eq!(Axis::over(std::iter::empty()), Axis { low: 0.0, high: 1.0, logarithmic: false });
        let spike = Axis::over([&[epoch(1, 0.1, Some(10.0))][..]].into_iter());
        assert!(spike.logarithmic && (spike.at(1.0) - 44.0).abs() < 1e-9, "{}", spike.at(1.0));
        let svg = svg(&[&fold[..]], axis, "losses");
        assert_eq!(svg.matches("<polyline").count(), 3);
        let constant = fold.map(|e| Epoch { learning_rate: Some(1e-3), ..e });
        assert_eq!((changing_rate(&[&fold]), changing_rate(&[&constant])), (Some(1.0), None));
        assert!(!svg.contains("NaN"));
    }
}
