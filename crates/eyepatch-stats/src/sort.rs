//! Scores in ascending order.

/// Up to here comparing beats counting; measured, and no result depends on it.
const FEW: usize = 1_000;
const BITS: usize = 11;
const BUCKETS: usize = 1 << BITS;
const PASSES: usize = 64_usize.div_ceil(BITS);

/// Each score's [`key`] with its index, by ascending key; equal keys by ascending index.
pub(crate) fn ascending(scores: &[f64]) -> Vec<(u64, usize)> {
    let mut pairs: Vec<(u64, usize)> = scores.iter().enumerate().map(|(row, s)| (key(*s), row)).collect();
    if pairs.len() <= FEW {
        pairs.sort_unstable();
        return pairs;
    }
    radix(pairs)
}

/// A whole number in the order of the scores; 0 and -0 have one. NaN has none.
pub(crate) fn key(score: f64) -> u64 {
    // The sum of -0 and 0 is 0.
    let bits = (score + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// Least significant digit first; a digit that all keys share is passed over.
fn radix(mut pairs: Vec<(u64, usize)>) -> Vec<(u64, usize)> {
    let digit = |key: u64, pass: usize| (key >> (pass * BITS)) as usize % BUCKETS;
    let mut counts = vec![[0_usize; BUCKETS]; PASSES];
    for (key, _) in &pairs {
        for (pass, count) in counts.iter_mut().enumerate() {
            count[digit(*key, pass)] += 1;
        }
    }
    let mut others = vec![(0, 0); pairs.len()];
    for (pass, count) in counts.iter_mut().enumerate() {
        if count[digit(pairs[0].0, pass)] == pairs.len() {
            continue;
        }
        let mut start = 0;
        for places in count.iter_mut() {
            start += std::mem::replace(places, start);
        }
        for &pair in &pairs {
            let place = &mut count[digit(pair.0, pass)];
            others[*place] = pair;
            *place += 1;
        }
        std::mem::swap(&mut pairs, &mut others);
    }
    pairs
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
        ]
    }

    proptest! {
        #[test]
        fn counting_equals_comparing(scores in prop::collection::vec(score(), 1..200)) {
            let pairs: Vec<(u64, usize)> = scores.iter().enumerate().map(|(i, s)| (key(*s), i)).collect();
            let mut order: Vec<usize> = (0..scores.len()).collect();
            order.sort_by(|&a, &b| scores[a].partial_cmp(&scores[b]).unwrap());
            let found: Vec<usize> = radix(pairs).into_iter().map(|p| p.1).collect();
            prop_assert_eq!(&found, &order);
            let found: Vec<usize> = ascending(&scores).into_iter().map(|p| p.1).collect();
            prop_assert_eq!(&found, &order);
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
        assert!(scores.len() > FEW && order.windows(2).all(|w| w[0] < w[1]));
        assert!(order.iter().all(|&(k, row)| k == key(scores[row])));
    }
}
