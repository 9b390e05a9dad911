use proptest::prelude::*;

use super::*;
use crate::summary::{Observation, by_group};
use crate::twins::{maps, rois};

fn boxed(height: usize, width: usize, (y0, y1): (usize, usize), (x0, x1): (usize, usize)) -> Mask {
    let inside = |i: usize| (y0..y1).contains(&(i / width)) && (x0..x1).contains(&(i % width));
    Mask::new(width, height, (0..height * width).map(|i| u8::from(inside(i))).collect()).unwrap()
}

/// A weighted mean over all cells, with weights that fall from 1 at a cell's centre to 0 at its neighbours'.
fn slow(map: &Map, y: f64, x: f64) -> f64 {
    let weights = |at: f64, cells: usize| -> Vec<f64> {
        let at = (at - 0.5).max(0.0).min((cells - 1) as f64);
        (0..cells).map(|c| (1.0 - (at - c as f64).abs()).max(0.0)).collect()
    };
    let (rows, columns) = (weights(y, map.height()), weights(x, map.width()));
    (0..map.values().len()).map(|i| rows[i / map.width()] * columns[i % map.width()] * map.values()[i]).sum()
}

proptest! {
    #[test]
    fn aligned_equals_its_twin(map in maps(5), roi in rois(8), margin in 0.0..1.0_f64) {
        // So many places that none is larger than a cell.
        let frame = Frame { height: 16, width: 16, margin };
        let found = frame.aligned(&map, &roi, Scale::Output).unwrap();
        let inside: Vec<(usize, usize)> =
            (0..roi.bits().len()).filter(|i| roi.contains(*i)).map(|i| (i / roi.width(), i % roi.width())).collect();
        let ends = |of: fn(&(usize, usize)) -> usize| {
            let all = || inside.iter().map(of);
            (all().min().unwrap() as f64, all().max().unwrap() as f64 + 1.0)
        };
        let (rows, columns) = (ends(|p| p.0), ends(|p| p.1));
        for (i, value) in found.iter().enumerate() {
            let pixel = |place: usize, (start, end): (f64, f64)| {
                start + ((place as f64 + 0.5) / 16.0 * (1.0 + 2.0 * margin) - margin) * (end - start)
            };
            let (y, x) = (pixel(i / 16, rows), pixel(i % 16, columns));
            let (height, width) = (roi.height() as f64, roi.width() as f64);
            // Rounding decides on the border.
            prop_assume!([y, x, y - height, x - width].iter().all(|d| d.abs() > 1e-9));
            let within = y > 0.0 && y < height && x > 0.0 && x < width;
            prop_assert_eq!(value.is_some(), within);
            if let Some(value) = value {
                let cells = map.values().len() as f64;
                let expected = slow(&map, y / height * map.height() as f64, x / width * map.width() as f64) * cells;
                prop_assert!((value - expected).abs() < 1e-6, "{} {}", value, expected);
            }
        }
    }
}

#[test]
fn boxes_of_other_places_and_sizes_fall_together() {
    let frame = Frame { height: 8, width: 8, margin: 0.5 };
    let mut mean = FrameMean::new(frame, Scale::Relative);
    // What lies in the box's upper left quarter, in a small box and in a large one at the border.
    for (roi, (y, x), side) in
        [(boxed(32, 32, (8, 16), (8, 16)), (8, 8), 4), (boxed(32, 32, (16, 32), (0, 16)), (16, 0), 8)]
    {
        let value = |i: usize| {
            let inside = (y..y + side).contains(&(i / 32)) && (x..x + side).contains(&(i % 32));
            if inside { -2.0 } else { 0.0 }
        };
        mean.add(&Map::new(32, 32, (0..1024).map(value).collect()).unwrap(), &roi).unwrap();
    }
    let mean = mean.mean();
    assert_eq!(mean.n_images, 2);
    // The second image ends at the box's left and lower border.
    let expected = |i: usize| 2 - usize::from(i / 8 >= 6 || i % 8 < 2);
    assert_eq!(mean.counts, (0..64).map(expected).collect::<Vec<_>>());
    // The quarter takes 2 x 2 places. There the densities are those of 16 and 64 of 1024 cells.
    let at = |y: usize, x: usize| mean.values[y * 8 + x].unwrap();
    for (y, x) in [(2, 2), (2, 3), (3, 2), (3, 3)] {
        assert!((-40.0..-30.0).contains(&at(y, x)), "{} at {y}, {x}", at(y, x));
    }
    assert!(at(5, 5).abs() < 1e-12 && at(2, 5).abs() < 1e-12);
    let text = serde_json::to_string(&mean).unwrap();
    assert_eq!(serde_json::from_str::<MeanMap>(&text).unwrap(), mean);
}

#[test]
fn an_even_map_is_1_everywhere_and_large_places_are_means() {
    let roi = boxed(8, 8, (2, 6), (2, 6));
    let even = Map::new(16, 16, vec![0.25; 256]).unwrap();
    let frame = Frame { height: 2, width: 2, margin: 0.5 };
    assert_eq!(frame.aligned(&even, &roi, Scale::Relative).unwrap(), [Some(1.0); 4]);
    assert_eq!(frame.aligned(&even, &roi, Scale::Output).unwrap(), [Some(64.0); 4]);
    // A checkerboard: 8 x 8 cells a place, so nothing is picked out.
    let checks = Map::new(16, 16, (0..256).map(|i| f64::from((i / 16 + i) as u8 % 2)).collect()).unwrap();
    let found = frame.aligned(&checks, &roi, Scale::Relative).unwrap();
    assert!(found.iter().all(|v| (v.unwrap() - 1.0).abs() < 1e-9), "{found:?}");
}

#[test]
fn groups_count_what_they_rest_on() {
    let image = |patient, value| Observation { patient, value };
    let rows =
        [("m", image("a", 0.1)), ("f", image("b", 0.2)), ("m", image("c", 0.3)), ("f", image("b", 0.4))];
    let found = by_group(rows, 0.95).unwrap();
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), ["f", "m"]);
    assert!((found["m"].mean.value().unwrap().mean - 0.2).abs() < 1e-12);
    assert_eq!((found["f"].mean.value(), found["f"].n_images, found["f"].n_patients), (None, 2, 1));
    assert!(by_group([("m", image("a", f64::NAN))], 0.95).is_err());
}

#[test]
fn refusals() {
    let (roi, map) = (boxed(4, 4, (1, 2), (1, 2)), Map::new(2, 2, vec![0.0; 4]).unwrap());
    let frame = Frame::default();
    for wrong in [Frame { margin: -0.1, ..frame }, Frame { width: 0, ..frame }] {
        assert!(matches!(wrong.aligned(&map, &roi, Scale::Output), Err(MapsError::OutOfRange { .. })));
    }
    let zero = frame.aligned(&map, &roi, Scale::Relative);
    assert!(matches!(zero, Err(MapsError::NotEstimable(NotEstimable::ZeroMap))));
    let empty = FrameMean::new(frame, Scale::Output).add(&map, &Mask::filled(4, 4, false));
    assert!(matches!(empty, Err(MapsError::NotEstimable(NotEstimable::EmptyRoi))));
}
