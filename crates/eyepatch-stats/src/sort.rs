//! Scores in ascending order.

/// Up to here comparing beats counting; no result depends on it.
const FEW: usize = 1_000;
const BITS: usize = 11;
const BUCKETS: usize = 1 << BITS;
const PASSES: usize = 32_usize.div_ceil(BITS);
/// The index in the lower half of a packed number.
const INDEX: u64 = 0xffff_ffff;

/// Indices of scores without NaN, from the lowest score to the highest; 0 and -0 are equal, and equal scores keep their order.
pub(crate) fn ascending(scores: &[f64]) -> Vec<usize> {
    if scores.len() > FEW && scores.len() as u64 <= INDEX {
        return counted(scores);
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_unstable_by_key(|&row| (key(scores[row]), row));
    order
}

/// The same, each with a whole number that orders as its score does and is equal for equal scores.
pub(crate) fn in_order(scores: &[f64]) -> Vec<(u64, usize)> {
    ascending(scores).into_iter().map(|row| (key(scores[row]), row)).collect()
}

/// A whole number in the order of the scores; 0 and -0 have one. NaN has none.
fn key(score: f64) -> u64 {
    // The sum of -0 and 0 is 0.
    let bits = (score + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// A radix sort by the upper half of the keys, each packed with its index in eight bytes (twice as much would leave the
/// second-level cache at 100,000 scores). Scores with one upper half, if there are any, are compared.
fn counted(scores: &[f64]) -> Vec<usize> {
    let digit = |packed: u64, pass: usize| (packed >> (32 + pass * BITS)) as usize % BUCKETS;
    let mut packed: Vec<u64> =
        scores.iter().enumerate().map(|(row, s)| key(*s) & !INDEX | row as u64).collect();
    let mut counts = vec![[0_u32; BUCKETS]; PASSES];
    for p in &packed {
        for (pass, count) in counts.iter_mut().enumerate() {
            count[digit(*p, pass)] += 1;
        }
    }
    let mut others = vec![0; packed.len()];
    for (pass, places) in counts.iter_mut().enumerate() {
        let mut start = 0;
        for place in places.iter_mut() {
            start += std::mem::replace(place, start);
        }
        for &p in &packed {
            let place = &mut places[digit(p, pass)];
            others[*place as usize] = p;
            *place += 1;
        }
        std::mem::swap(&mut packed, &mut others);
    }
    for run in packed.chunk_by_mut(|a, b| a >> 32 == b >> 32).filter(|run| run.len() > 1) {
        run.sort_unstable_by_key(|p| (key(scores[(p & INDEX) as usize]), *p));
    }
    packed.into_iter().map(|p| (p & INDEX) as usize).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn score() -> impl Strategy<Value = f64> {
        prop_oneof![
            4 => any::<f64>().prop_filter("a number", |s| !s.is_nan()),
            4 => -1.0..1.0f64,
            2 => (-3i32..3).prop_map(f64::from),
            1 => Just(-0.0),
            1 => Just(f64::INFINITY),
            // One upper half.
            3 => (0u8..9).prop_map(|k| 1.0 + f64::from(k) * f64::EPSILON),
        ]
    }

    proptest! {
        #[test]
        fn counting_equals_comparing(scores in prop::collection::vec(score(), 1..200)) {
            let mut order: Vec<usize> = (0..scores.len()).collect();
            order.sort_by(|&a, &b| scores[a].partial_cmp(&scores[b]).unwrap());
            prop_assert_eq!(&counted(&scores), &order);
            prop_assert_eq!(&ascending(&scores), &order);
        }

        #[test]
        fn keys_are_ordered_and_equal_as_scores(a in score(), b in score()) {
            prop_assert_eq!(key(a).cmp(&key(b)), a.partial_cmp(&b).unwrap());
        }
    }

    #[test]
    fn many_scores_take_the_counting_path() {
        let scores: Vec<f64> =
            (0..5_000_u32).map(|i| f64::from(i.wrapping_mul(2_654_435_761) >> 20)).collect();
        let order = ascending(&scores);
        let at = |w: &[usize]| (scores[w[0]], w[0]) < (scores[w[1]], w[1]);
        assert!(scores.len() > FEW && order.windows(2).all(at));
    }
}
