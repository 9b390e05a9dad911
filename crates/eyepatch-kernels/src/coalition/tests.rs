use proptest::prelude::*;

use super::*;
use crate::KernelError;

#[derive(Debug, Clone)]
struct Case {
    players: usize,
    planes: usize,
    ids: Vec<u32>,
    coalitions: Coalitions,
}

fn cases() -> impl Strategy<Value = Case> {
    // More players than one word holds, ids of nobody, runs of one pixel and of more than a strip.
    (1usize..140, 1usize..4, 0usize..6).prop_flat_map(|(players, planes, rows)| {
        let run = (0..players as u32 + 3, prop_oneof![4 => 1usize..9, 1 => 1usize..1500]);
        let bits = prop::collection::vec(any::<bool>(), rows * players);
        (prop::collection::vec(run, 1..30), bits).prop_map(move |(runs, bits)| Case {
            players,
            planes,
            ids: runs.iter().flat_map(|&(id, len)| vec![id; len]).collect(),
            coalitions: Coalitions::from_fn(rows, players, |i, j| bits[i * players + j]),
        })
    })
}

proptest! {
    #[test]
    fn composites_equal_the_twin(case in cases()) {
        let pixels = case.ids.len();
        let image: Vec<f32> = (0..case.planes * pixels).map(|i| i as f32).collect();
        let background: Vec<f32> = image.iter().map(|x| -1.0 - x).collect();
        let mut twin = Vec::new();
        for row in 0..case.coalitions.rows() {
            for i in 0..image.len() {
                let shown = case.coalitions.shows(row, case.ids[i % pixels] as usize);
                twin.push(if shown { image[i] } else { background[i] });
            }
        }
        let narrow: Vec<u16> = case.ids.iter().map(|&id| id as u16).collect();
        for ids in [Ids::U32(&case.ids), Ids::U16(&narrow)] {
            let mut out = vec![f32::NAN; twin.len()];
            composite(&image, &background, &Segments::new(ids), &case.coalitions, &mut out).unwrap();
            prop_assert_eq!(&out, &twin);
        }
    }

    #[test]
    fn bits_are_where_they_are_said_to_be(case in cases(), start in 0usize..7, len in 0usize..7) {
        let (c, per_row) = (&case.coalitions, case.players.div_ceil(64));
        for (i, j) in (0..c.rows()).flat_map(|i| (0..case.players + 70).map(move |j| (i, j))) {
            let bit = j < case.players && c.words()[i * per_row + j / 64] >> (j % 64) & 1 == 1;
            prop_assert_eq!(c.shows(i, j), bit);
        }
        prop_assert_eq!(&Coalitions::new(c.rows(), case.players, c.words().to_vec()).unwrap(), c);
        let part = c.part(start..start + len);
        prop_assert_eq!(part.rows(), c.rows().min(start + len).saturating_sub(start));
        for (i, j) in (0..part.rows()).flat_map(|i| (0..case.players).map(move |j| (i, j))) {
            prop_assert_eq!(part.shows(i, j), c.shows(start + i, j));
        }
    }

    #[test]
    fn pairs_equal_the_twin_in_any_order(
        found in prop::collection::vec((0u32..9, 0u32..9, 0u32..5, -1f64..1.0), 0..60),
        outputs in prop::collection::vec(-3f32..3.0, 18),
        start in prop::collection::vec(-1f64..1.0, 10),
    ) {
        let pair = |&(with, without, player, weight): &_| Pair { with, without, player, weight };
        let pairs: Vec<Pair> = found.iter().map(pair).collect();
        let reversed: Vec<Pair> = pairs.iter().rev().copied().collect();
        let sorted = Pairs::new(pairs, 9, 5).unwrap();
        prop_assert_eq!(&sorted, &Pairs::new(reversed, 9, 5).unwrap());
        let (mut phi, mut twin) = (start.clone(), start);
        sorted.add(&outputs, 2, &mut phi).unwrap();
        for p in sorted.as_slice() {
            for class in 0..2 {
                let out = |row: u32| f64::from(outputs[row as usize * 2 + class]);
                twin[p.player as usize * 2 + class] += p.weight * (out(p.with) - out(p.without));
            }
        }
        prop_assert_eq!(phi, twin);
    }

    /// Along a chain every player joins once, so what the players add is what the full coalition adds.
    #[test]
    fn permutation_chains_are_efficient(
        orders in prop::collection::vec(Just((0..7u32).collect::<Vec<_>>()).prop_shuffle(), 1..6),
        outputs in prop::collection::vec(-3f32..3.0, 128 * 2),
    ) {
        // Coalition i shows the players whose bits are set in i, so the outputs are a game on all 128.
        let chain = |order: &Vec<u32>| {
            let mut so_far = 0u32;
            let pairs: Vec<Pair> = order.iter().map(|&player| {
                let without = so_far;
                so_far |= 1 << player;
                Pair { with: so_far, without, player, weight: 1.0 / orders.len() as f64 }
            }).collect();
            pairs
        };
        let pairs = Pairs::new(orders.iter().flat_map(chain).collect(), 128, 7).unwrap();
        let mut phi = vec![0.0; 14];
        pairs.add(&outputs, 2, &mut phi).unwrap();
        for class in 0..2 {
            let sum: f64 = (0..7).map(|player| phi[player * 2 + class]).sum();
            let gain = f64::from(outputs[127 * 2 + class]) - f64::from(outputs[class]);
            prop_assert!((sum - gain).abs() < 1e-12, "{sum} {gain}");
        }
    }

    /// All permutations and the weighted sum over all coalitions are two ways to the same Shapley values.
    #[test]
    fn signed_sums_give_shapley_values(outputs in prop::collection::vec(-3f32..3.0, 16 * 3)) {
        let game = Coalitions::from_fn(16, 4, |i, j| i >> j & 1 == 1);
        let factorial = |n: i32| (1..=n).map(f64::from).product::<f64>();
        let size = |i: u32| i.count_ones() as i32;
        let weight = |s: i32| if (0..4).contains(&s) { factorial(s) * factorial(3 - s) / factorial(4) } else { 0.0 };
        let shown: Vec<f64> = (0..16).map(|i| weight(size(i) - 1)).collect();
        let hidden: Vec<f64> = (0..16).map(|i| weight(size(i))).collect();
        let mut exact = vec![0.0; 12];
        add_signed(&game, &shown, &hidden, &outputs, 3, &mut exact).unwrap();

        let mut pairs = Vec::new();
        for code in 0..256u32 {
            let order: Vec<u32> = (0..4).map(|k| code >> (2 * k) & 3).collect();
            if (0..4).all(|j| order.contains(&j)) {
                let mut so_far = 0;
                for player in order {
                    let with = so_far | 1 << player;
                    pairs.push(Pair { with, without: so_far, player, weight: 1.0 / 24.0 });
                    so_far = with;
                }
            }
        }
        let mut phi = vec![0.0; 12];
        Pairs::new(pairs, 16, 4).unwrap().add(&outputs, 3, &mut phi).unwrap();
        prop_assert!(phi.iter().zip(&exact).all(|(a, b)| (a - b).abs() < 1e-12), "{phi:?} {exact:?}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let all = Coalitions::from_fn(2, 3, |_, _| true);
    let segments = Segments::new(Ids::U16(&[0, 1, 2, 2]));
    let mut out = [0.0f32; 16];
    assert_eq!(composite(&[1.0; 8], &[0.0; 8], &segments, &all, &mut out), Ok(()));
    let mut fails = |image: &[f32], background: &[f32], n: usize| {
        matches!(
            composite(image, background, &segments, &all, &mut out[..n]),
            Err(KernelError::Length { .. })
        )
    };
    assert!(fails(&[1.0; 7], &[0.0; 7], 14));
    assert!(fails(&[1.0; 8], &[0.0; 4], 16));
    assert!(fails(&[1.0; 8], &[0.0; 8], 15));
    assert_eq!(composite::<f32>(&[], &[], &Segments::new(Ids::U16(&[])), &all, &mut []), Ok(()));

    assert!(matches!(Coalitions::new(2, 65, vec![0; 3]), Err(KernelError::Length { expected: 4, .. })));
    let pair = Pair { with: 1, without: 0, player: 2, weight: 1.0 };
    assert_eq!(Pairs::new(vec![pair], 1, 3), Err(KernelError::Index { what: "coalition", index: 1, len: 1 }));
    assert_eq!(Pairs::new(vec![pair], 2, 2), Err(KernelError::Index { what: "player", index: 2, len: 2 }));
    let pairs = Pairs::new(vec![pair], 2, 3).unwrap();
    assert!(matches!(pairs.add(&[0.0; 3], 2, &mut [0.0; 6]), Err(KernelError::Length { .. })));
    assert!(matches!(pairs.add(&[0.0; 4], 2, &mut [0.0; 5]), Err(KernelError::Length { .. })));
    assert_eq!(pairs.add(&[], 0, &mut []), Ok(()));
    let signed = |shown: &[f64], hidden: &[f64], outputs: &[f32], phi: &mut [f64]| {
        add_signed(&all, shown, hidden, outputs, 1, phi)
    };
    assert_eq!(signed(&[1.0; 2], &[1.0; 2], &[1.0; 2], &mut [0.0; 3]), Ok(()));
    assert!(signed(&[1.0; 1], &[1.0; 2], &[1.0; 2], &mut [0.0; 3]).is_err());
    assert!(signed(&[1.0; 2], &[1.0; 3], &[1.0; 2], &mut [0.0; 3]).is_err());
    assert!(signed(&[1.0; 2], &[1.0; 2], &[1.0; 3], &mut [0.0; 3]).is_err());
    assert!(signed(&[1.0; 2], &[1.0; 2], &[1.0; 2], &mut [0.0; 2]).is_err());
}
