//! Slow twins and strategies that several tests share.

use eyepatch_core::Mask;
use proptest::prelude::*;

use crate::Map;

/// Maps of up to `side` cells a side; ties and zeros are frequent.
pub(crate) fn maps(side: usize) -> impl Strategy<Value = Map> {
    (1..=side, 1..=side).prop_flat_map(|(height, width)| {
        let value = prop_oneof![2 => -2..=2_i32, 1 => -100..=100_i32];
        prop::collection::vec(value, height * width)
            .prop_map(move |v| Map::made(height, width, v.into_iter().map(f64::from).collect()))
    })
}

/// Masks of up to `side` pixels a side with at least one inside pixel.
pub(crate) fn rois(side: usize) -> impl Strategy<Value = Mask> {
    (1..=side, 1..=side, any::<prop::sample::Index>()).prop_flat_map(|(height, width, one)| {
        prop::collection::vec(prop::bool::weighted(0.3), height * width).prop_map(move |bits| {
            let mut bits: Vec<u8> = bits.into_iter().map(u8::from).collect();
            bits[one.index(height * width)] = 1;
            Mask::new(width, height, bits).expect("a mask")
        })
    })
}

/// The map on a grid so fine that both its cells and an image's pixels are whole numbers of fine ones: `map.height()
/// * height` x `map.width() * width`.
pub(crate) fn fine(map: &Map, height: usize, width: usize) -> Vec<Vec<f64>> {
    let value =
        |y: usize, x: usize| map.values()[y / height * map.width() + x / width] / (height * width) as f64;
    (0..map.height() * height).map(|y| (0..map.width() * width).map(|x| value(y, x)).collect()).collect()
}
