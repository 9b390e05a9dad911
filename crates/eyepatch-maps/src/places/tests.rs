use eyepatch_core::Mask;
use proptest::prelude::*;

use super::*;
use crate::twins::{fine, maps, rois};
use crate::{Map, MapsError, NotEstimable};

fn rules() -> impl Strategy<Value = PlaceRule> {
    let around = prop_oneof![Just(Around::Box), Just(Around::Roi)];
    (0.0..0.5_f64, around, 0.0..=0.5_f64).prop_map(|(rim, around, corner)| PlaceRule { rim, around, corner })
}

/// Sums of positive, absolute and signed values over a place, on the finest grid.
fn slow_sums(map: &Map, mask: &Mask) -> [f64; 3] {
    let fine = fine(map, mask.height(), mask.width());
    let mut sums = [0.0; 3];
    for (y, row) in fine.iter().enumerate() {
        for (x, value) in row.iter().enumerate() {
            if mask.contains(y / map.height() * mask.width() + x / map.width()) {
                sums[0] += value.max(0.0);
                sums[1] += value.abs();
                sums[2] += value;
            }
        }
    }
    sums
}

proptest! {
    #[test]
    fn shares_equal_their_twin(map in maps(7), roi in rois(9), rule in rules()) {
        let places = Places::new(&roi, rule).unwrap();
        let weights = places.on_grid(map.height(), map.width()).unwrap();
        let shares = weights.shares(&map).unwrap();
        let all = slow_sums(&map, &Mask::filled(roi.width(), roi.height(), true));
        let near = |found: Option<f64>, part: f64, all: f64| match found {
            Some(share) => (share - part / all).abs() < 1e-9,
            None => all == 0.0,
        };
        let mut area = 0;
        for place in Place::ALL {
            let (mask, share) = (places.mask(place).unwrap(), shares.of(place));
            let sums = slow_sums(&map, &mask);
            prop_assert!(near(share.positive, sums[0], all[0]) && near(share.absolute, sums[1], all[1]));
            prop_assert!((share.net - sums[2]).abs() < 1e-9);
            prop_assert_eq!(share.area, mask.area() as f64 / mask.bits().len() as f64);
            area += mask.area();
        }
        prop_assert_eq!(area, roi.bits().len());
        let outside = slow_sums(&map, &roi.complement());
        prop_assert!(near(shares.outside.absolute, outside[1], all[1]));
        prop_assert!((shares.outside.net - outside[2]).abs() < 1e-9);
        let quick = weights.absolute_outside(&map).unwrap();
        prop_assert!(near(Some(quick).filter(|q| !q.is_nan()), outside[1], all[1]));
    }

    /// Where the grid is the image, or divides it, a cell belongs to the places of its pixels.
    #[test]
    fn an_even_map_has_the_shares_of_the_areas(roi in rois(9), height in 1..12_usize, width in 1..12_usize) {
        let weights = Places::new(&roi, PlaceRule::default()).unwrap().on_grid(height, width).unwrap();
        let shares = weights.shares(&Map::new(height, width, vec![-0.5; height * width]).unwrap()).unwrap();
        for place in Place::ALL {
            let share = shares.of(place);
            prop_assert!((share.absolute.unwrap() - share.area).abs() < 1e-12 && share.positive.is_none());
        }
    }

    #[test]
    fn pointing_equals_its_twin(map in maps(6), roi in rois(9), tolerance in 0.0..4.0_f64) {
        let hit = |i: usize| {
            let at = |cell: usize, cells: usize, pixels: usize| (cell as f64 + 0.5) * pixels as f64 / cells as f64;
            let y = at(i / map.width(), map.height(), roi.height());
            let x = at(i % map.width(), map.width(), roi.width());
            (0..roi.bits().len()).filter(|p| roi.contains(*p)).any(|p| {
                let (py, px) = (p / roi.width(), p % roi.width());
                let away = (py as f64 + 0.5 - y).hypot(px as f64 + 0.5 - x);
                away <= tolerance || (y.floor(), x.floor()) == (py as f64, px as f64)
            })
        };
        let found = pointing(&map, &roi, tolerance);
        if map.is_constant() {
            prop_assert!(matches!(found, Err(MapsError::NotEstimable(NotEstimable::ConstantMap))));
            return Ok(());
        }
        let found = found.unwrap();
        let max = map.values().iter().copied().fold(f64::MIN, f64::max);
        let largest: Vec<usize> = (0..map.values().len()).filter(|i| map.values()[*i] == max).collect();
        let hits = largest.iter().filter(|i| hit(**i)).count();
        prop_assert_eq!(found.largest, largest.len());
        prop_assert!((found.hit - hits as f64 / largest.len() as f64).abs() < 1e-12);
        let chance = (0..map.values().len()).filter(|i| hit(*i)).count() as f64 / map.values().len() as f64;
        prop_assert!((found.chance - chance).abs() < 1e-12);
    }
}

/// An image of 20 x 20 with a plus sign as its ROI.
fn plus() -> Mask {
    let inside = |x: usize, y: usize| {
        (x, y) == (10, 10) || ((8..13).contains(&x) && y == 10) || ((8..13).contains(&y) && x == 10)
    };
    Mask::new(20, 20, (0..400).map(|i| u8::from(inside(i % 20, i / 20))).collect()).unwrap()
}

#[test]
fn places_of_a_plus_sign() {
    let rule = PlaceRule { rim: 0.1, around: Around::Box, corner: 0.25 };
    let area = |rule, place| Places::new(&plus(), rule).unwrap().mask(place).unwrap().area();
    assert_eq!(Place::ALL.map(|p| area(rule, p)), [9, 16, 81 - 25, 100, 400 - 81 - 100]);
    // Dilated by 2 the plus sign fills its box but for the corners' last pixels, and reaches 2 pixels out.
    let rule = PlaceRule { around: Around::Roi, ..rule };
    let found = Place::ALL.map(|p| area(rule, p));
    assert_eq!(found.iter().sum::<usize>(), 400);
    assert!(found[1] < 16 && found[2] > 16 && found[3] == 100, "{found:?}");
    // A rim of 0 is none.
    assert_eq!(area(PlaceRule { rim: 0.0, ..rule }, Place::Rim), 0);
}

#[test]
fn a_cell_that_straddles_the_border_is_parted() {
    // Three pixels, two cells: the second pixel is parted between both.
    let roi = Mask::new(3, 1, vec![1, 0, 0]).unwrap();
    let places = Places::new(&roi, PlaceRule::default()).unwrap();
    let map = Map::new(1, 2, vec![3.0, -6.0]).unwrap();
    let shares = places.on_grid(1, 2).unwrap().shares(&map).unwrap();
    assert!((shares.inside.absolute.unwrap() - 2.0 / 9.0).abs() < 1e-15);
    assert!((shares.inside.net - 2.0).abs() < 1e-15 && (shares.outside.net + 5.0).abs() < 1e-15);
    assert!((shares.outside.positive.unwrap() - 1.0 / 3.0).abs() < 1e-15);
}

#[test]
fn refusals() {
    let empty = Mask::filled(4, 4, false);
    let rule = PlaceRule::default();
    assert!(matches!(Places::new(&empty, rule), Err(MapsError::NotEstimable(NotEstimable::EmptyRoi))));
    for wrong in [PlaceRule { rim: f64::NAN, ..rule }, PlaceRule { corner: 0.6, ..rule }] {
        assert!(matches!(Places::new(&plus(), wrong), Err(MapsError::OutOfRange { .. })));
    }
    let weights = Places::new(&plus(), rule).unwrap().on_grid(4, 5).unwrap();
    assert!(weights.shares(&Map::new(5, 4, vec![1.0; 20]).unwrap()).is_err());
    let map = Map::new(1, 2, vec![1.0, 2.0]).unwrap();
    assert!(matches!(pointing(&map, &plus(), -1.0), Err(MapsError::OutOfRange { .. })));
    assert!(matches!(pointing(&map, &empty, 0.0), Err(MapsError::NotEstimable(NotEstimable::EmptyRoi))));
}
