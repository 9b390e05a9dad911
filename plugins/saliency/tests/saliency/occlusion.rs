//! Occlusion of a linear model against its closed form.

use eyepatch_core::{Budget, Params};
use plugin_saliency::{Cover, Error, Grid, Occlusion};
use proptest::prelude::*;

use crate::toy::{Quadratic, explain, sample};

/// The slow, obvious twin: for each pixel, go through all patches, and where one hides it, add up the drop that the
/// model's weights and the cover's values give in closed form.
fn closed_form(grid: &Grid, weights: &[f32], values: &[f32], cover: &[f32], width: usize) -> Vec<f64> {
    let hides = |top: usize, left: usize, p: usize| {
        let (y, x) = (p / width, p % width);
        y >= top && y < top + grid.size.0 && x >= left && x < left + grid.size.1
    };
    (0..values.len())
        .map(|pixel| {
            let (mut sum, mut n) = (0.0, 0.0);
            for &top in &grid.tops {
                for &left in grid.lefts.iter().filter(|&&left| hides(top, left, pixel)) {
                    let inside = (0..values.len()).filter(|&p| hides(top, left, p));
                    sum +=
                        inside.map(|p| f64::from(weights[p]) * f64::from(values[p] - cover[p])).sum::<f64>();
                    n += 1.0;
                }
            }
            sum / n
        })
        .collect()
}

#[derive(Debug, Clone)]
struct Case {
    width: usize,
    height: usize,
    values: Vec<f32>,
    weights: Vec<f32>,
}

fn cases() -> impl Strategy<Value = Case> {
    (1usize..12, 1usize..12).prop_flat_map(|(width, height)| {
        let n = width * height;
        (prop::collection::vec(0.0f32..1.0, n), prop::collection::vec(-1.0f32..1.0, n))
            .prop_map(move |(values, weights)| Case { width, height, values, weights })
    })
}

proptest! {
    #[test]
    fn a_linear_model_has_its_closed_form(
        case in cases(), patch in 0.05f64..1.0, share in 0.1f64..1.0, black: bool, evaluations in 3usize..200,
    ) {
        let Case { width, height, values, weights } = case;
        let occlusion = Occlusion { patch, stride: patch * share, cover: if black { Cover::Black } else { Cover::Mean } };
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
        let cover = vec![if black { 0.0 } else { mean as f32 }; values.len()];
        let model = Quadratic::new(&weights, 0.0);
        let sample = sample(width, height, &values);
        let found = explain(&occlusion, &model, (&sample, 0), Budget { evaluations, batch: 7 }).unwrap();
        let grid = Grid::within(&occlusion, height, width, evaluations).unwrap();
        prop_assert_eq!(found.evaluations, grid.len() + 2);
        prop_assert!(found.evaluations <= evaluations);
        let expected = closed_form(&grid, &weights, &values, &cover, width);
        for (a, b) in found.values.iter().zip(&expected) {
            prop_assert!((f64::from(*a) - b).abs() < 1e-4, "{} and {}", a, b);
        }
        let output = |v: &[f32]| v.iter().zip(&weights).map(|(v, w)| f64::from(*v) * f64::from(*w)).sum::<f64>();
        prop_assert!((found.base_value - output(&cover)).abs() < 1e-4);
        prop_assert!((found.output_value - output(&values)).abs() < 1e-4);
    }

    #[test]
    fn grids_cover_every_pixel_and_keep_to_the_budget(
        height in 1usize..40, width in 1usize..40, patch in 0.01f64..1.0, share in 0.1f64..1.0, evaluations in 3usize..400,
    ) {
        let occlusion = Occlusion { patch, stride: patch * share, cover: Cover::Mean };
        let grid = Grid::within(&occlusion, height, width, evaluations).unwrap();
        prop_assert!(grid.len() + 2 <= evaluations && !grid.is_empty());
        for (starts, size, side) in [(&grid.tops, grid.size.0, height), (&grid.lefts, grid.size.1, width)] {
            prop_assert!((0..side).all(|p| starts.iter().any(|&s| (s..s + size).contains(&p))));
            prop_assert!(starts.windows(2).all(|w| w[0] < w[1]) && starts[starts.len() - 1] + size == side);
        }
        let free = Grid::within(&occlusion, height, width, usize::MAX).unwrap();
        prop_assert!(!free.coarsened);
        prop_assert_eq!(grid.coarsened, free.len() + 2 > evaluations);
    }
}

#[test]
fn a_blurred_cover_is_the_gaussian_mean() {
    // One bright pixel in the middle of 9 x 7; the model sums everything. Covered by its own blur, the whole image
    // keeps its sum but for what the cut-off and the edges take, and the middle alone loses its peak.
    let (width, height) = (9, 7);
    let mut values = vec![0.0; 63];
    values[3 * 9 + 4] = 1.0;
    let middle = Quadratic::new(&values, 0.0);
    let occlusion = Occlusion { patch: 1.0, stride: 1.0, cover: Cover::Blur { sigma: 1.0 / 9.0 } };
    let image = sample(width, height, &values);
    let found = explain(&occlusion, &middle, (&image, 0), Budget { evaluations: 9, batch: 4 }).unwrap();
    // Centre weight of a Gaussian of sigma 1, cut off at 3: 1 / (1 + 2 (e^-0.5 + e^-2 + e^-4.5)), squared in 2-D.
    let centre = 1.0 / (1.0 + 2.0 * ((-0.5f64).exp() + (-2.0f64).exp() + (-4.5f64).exp()));
    assert!((found.base_value - centre * centre).abs() < 1e-6, "{}", found.base_value);
    assert!((f64::from(found.values[0]) - (1.0 - centre * centre)).abs() < 1e-6);
}

#[test]
fn too_small_a_budget_and_wrong_parameters_are_named() {
    let model = Quadratic::new(&[1.0; 4], 0.0);
    let image = sample(2, 2, &[0.0; 4]);
    let error = explain(&Occlusion::default(), &model, (&image, 0), Budget { evaluations: 2, batch: 1 });
    assert!(error.unwrap_err().to_string().contains("a budget of 2 evaluations is too small"));
    let refused = Grid::within(&Occlusion::default(), 4, 4, 0);
    assert!(matches!(refused, Err(Error::Budget { evaluations: 0, least: 3, .. })), "{refused:?}");
    let with = |patch, stride, cover| Occlusion { patch, stride, cover }.check();
    assert!(with(0.0, 0.1, Cover::Mean).unwrap_err().contains("`patch` is 0"));
    assert!(with(0.1, 0.2, Cover::Mean).unwrap_err().contains("`stride` is 0.2"));
    assert!(with(0.1, 0.1, Cover::Blur { sigma: 0.0 }).unwrap_err().contains("sigma 0"));
    Occlusion::default().check().unwrap();
}
