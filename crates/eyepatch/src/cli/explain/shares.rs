//! Where an attribution lies.

use eyepatch_core::{Attribution, Mask};
use serde::Serialize;

/// Shares of an attribution inside a region, 0 to 1; `None` where there is nothing to share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Shares {
    /// Of the sum of absolute values.
    pub(super) inside: Option<f64>,
    /// The rest of it.
    pub(super) outside: Option<f64>,
    /// Of what raises the output.
    pub(super) raising_inside: Option<f64>,
    /// Of what lowers it.
    pub(super) lowering_inside: Option<f64>,
    /// Of the image: what an attribution without any preference would have inside.
    pub(super) area: f64,
}

impl Shares {
    /// Each value is spread evenly over its part of the image, which may be larger or smaller than a pixel of the mask.
    pub(super) fn of(attribution: &Attribution, mask: &Mask) -> Self {
        let Attribution { height, width, values, .. } = attribution;
        let (mut raising, mut lowering) = ([0.0; 2], [0.0; 2]);
        for y in 0..mask.height() {
            for x in 0..mask.width() {
                let row = y * height / mask.height();
                let value = f64::from(values[row * width + x * width / mask.width()]);
                let sums = if value > 0.0 { &mut raising } else { &mut lowering };
                sums[usize::from(mask.contains(y * mask.width() + x))] += value.abs();
            }
        }
        let share = |[out, inside]: [f64; 2]| (out + inside > 0.0).then(|| inside / (out + inside));
        let inside = share([raising[0] + lowering[0], raising[1] + lowering[1]]);
        Self {
            inside,
            outside: inside.map(|inside| 1.0 - inside),
            raising_inside: share(raising),
            lowering_inside: share(lowering),
            area: mask.area() as f64 / (mask.width() * mask.height()) as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use eyepatch_core::OutputSpace;

    use super::*;

    fn map(height: usize, width: usize, values: Vec<f32>) -> Attribution {
        Attribution {
            height,
            width,
            values,
            class: 0,
            space: OutputSpace::Logits,
            base_value: 0.0,
            output_value: 0.0,
            additivity_error: None,
            evaluations: 1,
        }
    }

    #[test]
    fn shares_of_pixels_and_of_coarser_grids() {
        let mask = Mask::new(4, 2, vec![1, 1, 0, 0, 1, 0, 0, 0]).unwrap();
        let fine = Shares::of(&map(2, 4, vec![1.0, 2.0, 4.0, 0.0, -1.0, 0.0, 0.0, -3.0]), &mask);
        assert_eq!((fine.inside, fine.outside), (Some(4.0 / 11.0), Some(7.0 / 11.0)));
        assert_eq!((fine.raising_inside, fine.lowering_inside), (Some(3.0 / 7.0), Some(0.25)));
        assert_eq!(fine.area, 3.0 / 8.0);
        // One value a half: three of the left four pixels are inside.
        let coarse = Shares::of(&map(1, 2, vec![1.0, 1.0]), &mask);
        assert_eq!((coarse.inside, coarse.lowering_inside), (Some(3.0 / 8.0), None));
        assert_eq!(Shares::of(&map(1, 1, vec![0.0]), &mask).inside, None);
    }
}
