use eyepatch_core::{Image, Mask};
use serde::{Deserialize, Serialize};

use super::asked::{Asked, compose};
use crate::Result;

/// What the ROI and the rest do for one output on one image: the exact Shapley values of two players, each hidden by donors, one
/// after the other.
///
/// With `f(r, s)` the output on an image whose ROI comes from `r` and whose rest from `s`, `x` the image and `d` a donor, the rest
/// is given `(f(d, x) - f(d, d) + f(x, x) - f(x, d)) / 2`, and the ROI likewise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct RoiGame {
    /// The rest's part of what moves the output: root mean square of its value over donors, over the sum of both players'. `None` where
    /// nothing moves it.
    pub(super) outside: Option<f64>,
    /// `f(d, x) - f(d, d)`, the mean over donors: what the rest tells with the ROI hidden.
    pub(super) alone: f64,
    /// `f(x, d) - f(d, d)` likewise: what the ROI tells with the rest hidden.
    pub(super) roi_alone: f64,
    /// `f(x, x) - f(d, d)` likewise: what the whole image tells.
    pub(super) effect: f64,
}

impl RoiGame {
    /// Plays it, with 1 + 2 evaluations a donor; `plain` are the outputs on the donors themselves.
    pub(super) fn play(
        asked: Asked<'_>,
        image: &Image,
        roi: &Mask,
        (donors, plain): (&[Image], &[f64]),
    ) -> Result<Self> {
        let outputs = asked.outputs(1 + 2 * donors.len(), |i| {
            let Some(i) = i.checked_sub(1) else { return Ok(image.clone()) };
            let shows_roi = i % 2 == 0;
            Ok(compose(image, &donors[i / 2], |pixel| roi.contains(pixel) == shows_roi))
        })?;
        Ok(Self::of(&outputs, plain))
    }

    /// From the output on the image, then for each donor those on the image's ROI in it and on the image's rest in it; and from those
    /// on the donors.
    fn of(outputs: &[f64], plain: &[f64]) -> Self {
        let whole = outputs[0];
        let (mut inside, mut outside) = (0.0, 0.0);
        let (mut alone, mut roi_alone, mut effect) = (0.0, 0.0, 0.0);
        for (mixed, &none) in outputs[1..].chunks_exact(2).zip(plain) {
            let [roi, rest] = [mixed[0], mixed[1]];
            inside += (0.5 * (roi - none + whole - rest)).powi(2);
            outside += (0.5 * (rest - none + whole - roi)).powi(2);
            alone += rest - none;
            roi_alone += roi - none;
            effect += whole - none;
        }
        let (inside, outside) = (inside.sqrt(), outside.sqrt());
        let moved = inside + outside > 0.0;
        let n = plain.len().max(1) as f64;
        let outside = moved.then(|| outside / (inside + outside));
        Self { outside, alone: alone / n, roi_alone: roi_alone / n, effect: effect / n }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_player_gets_what_it_adds() {
        // f(r, s) = 3 r + s with x = (1, 1) and donors (0, 0) and (0, 3): the rest adds 1 and -2, the ROI 3 and 3.
        let f = |r: f64, s: f64| 3.0 * r + s;
        let outputs = [f(1.0, 1.0), f(1.0, 0.0), f(0.0, 1.0), f(1.0, 3.0), f(0.0, 1.0)];
        let game = RoiGame::of(&outputs, &[f(0.0, 0.0), f(0.0, 3.0)]);
        let (inside, outside) = (18.0f64.sqrt(), 5.0f64.sqrt());
        assert!((game.outside.unwrap() - outside / (inside + outside)).abs() < 1e-12);
        assert!((game.alone + 0.5).abs() < 1e-12);
        assert!((game.roi_alone - 3.0).abs() < 1e-12 && (game.effect - 2.5).abs() < 1e-12);
    }

    #[test]
    fn what_both_do_together_is_shared_in_halves() {
        // f(r, s) = r s with x = (1, 1) and d = (0, 0).
        let game = RoiGame::of(&[1.0, 0.0, 0.0], &[0.0]);
        assert_eq!((game.outside, game.alone), (Some(0.5), 0.0));
        assert_eq!(RoiGame::of(&[2.0; 3], &[2.0]).outside, None);
    }
}
