use std::f64::consts::{FRAC_1_SQRT_2, PI};

use proptest::prelude::*;

use super::*;

/// ITU-T T.81, A.3.3, in floating point.
fn by_definition(coefficients: &[i32; 64]) -> Vec<f64> {
    let scale = |k: usize| if k == 0 { FRAC_1_SQRT_2 } else { 1.0 };
    let wave = |at: usize, k: usize| ((2 * at + 1) as f64 * k as f64 * PI / 16.0).cos();
    let level = |at: usize| {
        let (y, x) = (at / 8, at % 8);
        let sum: f64 = (0..64)
            .map(|k| {
                let (v, u) = (k / 8, k % 8);
                scale(u) * scale(v) * f64::from(coefficients[k]) * wave(x, u) * wave(y, v)
            })
            .sum();
        (sum / 4.0 + 128.0).clamp(0.0, 255.0)
    };
    (0..64).map(level).collect()
}

fn block(values: impl Strategy<Value = i32>) -> impl Strategy<Value = [i32; 64]> {
    prop::collection::vec(prop_oneof![3 => Just(0), 1 => values], 64).prop_map(|v| v.try_into().unwrap())
}

proptest! {
    #[test]
    fn levels_are_those_of_the_definition(coefficients in block(-300i32..300), stride in 8usize..20) {
        let mut out = vec![7; 7 * stride + 8];
        inverse_dct(&coefficients, &mut out, stride);
        for (at, level) in by_definition(&coefficients).into_iter().enumerate() {
            let ours = f64::from(out[at / 8 * stride + at % 8]);
            prop_assert!((ours - level).abs() <= 1.0, "{ours} and {level} at {at}");
        }
        // What lies between the block's rows is another block's.
        prop_assert!(out.iter().enumerate().all(|(at, &v)| at % stride < 8 || v == 7));
    }

    #[test]
    fn all_ways_give_the_same_levels(coefficients in block(any::<i32>()), small in block(-2000i32..2000)) {
        for coefficients in [coefficients, small] {
            let (mut fast, mut slow) = ([0; 64], [1; 64]);
            inverse_dct(&coefficients, &mut fast, 8);
            portable(&coefficients, &mut slow, 8);
            prop_assert_eq!(fast, slow);
        }
    }
}
