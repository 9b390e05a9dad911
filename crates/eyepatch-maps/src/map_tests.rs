use proptest::prelude::*;

use super::*;
use crate::twins::{fine, maps};

proptest! {
    /// Against sums over a grid so fine that both grids' cells are whole numbers of its.
    #[test]
    fn regrid_equals_its_twin(map in maps(6), height in 1..8_usize, width in 1..8_usize) {
        let found = map.regrid(height, width).unwrap();
        let fine = fine(&map, height, width);
        for y in 0..height {
            for x in 0..width {
                let rows = &fine[y * map.height()..(y + 1) * map.height()];
                let slow: f64 = rows.iter().flat_map(|r| &r[x * map.width()..(x + 1) * map.width()]).sum();
                prop_assert!((slow - found.values()[y * width + x]).abs() < 1e-9);
            }
        }
        let sum = |m: &Map| m.values().iter().sum::<f64>();
        prop_assert!((sum(&map) - sum(&found)).abs() < 1e-9);
    }
}

#[test]
fn refusals() {
    assert!(matches!(Map::new(2, 2, vec![0.0; 3]), Err(MapsError::Shape { found: 3, .. })));
    assert!(matches!(Map::new(0, 2, vec![]), Err(MapsError::Shape { .. })));
    assert!(matches!(Map::new(1, 2, vec![0.0, f64::NAN]), Err(MapsError::NotFinite { index: 1, .. })));
    assert!(Map::new(1, 1, vec![1.0]).unwrap().regrid(0, 1).is_err());
}
