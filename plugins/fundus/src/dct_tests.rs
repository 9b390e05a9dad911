use proptest::prelude::*;

use super::*;

/// The transform by definition: orthonormal, so its frequencies are an eighth of libjpeg's.
fn slow(block: &Block) -> Vec<f64> {
    let scale = |k: usize| if k == 0 { (1.0f64 / 8.0).sqrt() } else { 0.5 };
    let wave =
        |k: usize, x: usize| scale(k) * ((2 * x + 1) as f64 * k as f64 * std::f64::consts::PI / 16.0).cos();
    let frequency = |v: usize, u: usize| -> f64 {
        (0..64).map(|i| f64::from(block[i]) * wave(v, i / 8) * wave(u, i % 8)).sum()
    };
    (0..64).map(|i| frequency(i / 8, i % 8)).collect()
}

proptest! {
    #[test]
    fn frequencies_are_those_of_the_definition(values in proptest::collection::vec(-128i32..=127, 64)) {
        let block: Block = values.try_into().unwrap();
        let mut fast = block;
        forward(&mut fast);
        for (fast, slow) in fast.iter().zip(slow(&block)) {
            prop_assert!((f64::from(*fast) / 8.0 - slow).abs() < 0.3, "{} {slow}", f64::from(*fast) / 8.0);
        }
    }

    #[test]
    fn there_and_back_is_the_same(values in proptest::collection::vec(-128i32..=127, 64)) {
        let block: Block = values.try_into().unwrap();
        let mut back = block;
        forward(&mut back);
        back.iter_mut().for_each(|v| *v = (*v + 4) >> 3);
        inverse(&mut back);
        for (was, is) in block.iter().zip(back) {
            prop_assert!((was - is).abs() <= 2, "{was} {is}");
        }
    }
}
