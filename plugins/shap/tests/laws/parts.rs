//! Partition SHAP against its slow twin, and its axioms.

use eyepatch_core::Seed;
use plugin_shap::{Block, Error, Game, Owen, PartitionSettings, Shown, partition};
use proptest::prelude::*;
use rand_core::RngCore;

/// A smooth game of an image's values: classes of tanh of weighted shown values and of neighbouring pairs.
#[derive(Debug, Clone)]
struct Smooth {
    whole: Block,
    /// Classes x 2 x values.
    weights: Vec<Vec<f64>>,
    batch: usize,
}

impl Smooth {
    fn new(whole: Block, classes: usize, seed: u64) -> Self {
        let mut rng = Seed::root(seed).rng();
        let n = 2 * whole.values();
        let mut draw = || (rng.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
        let weights = (0..classes).map(|_| (0..n).map(|_| draw()).collect()).collect();
        Self { whole, weights, batch: 8 }
    }

    fn of(&self, mask: &[bool]) -> Vec<f64> {
        let n = mask.len();
        let class = |w: &Vec<f64>| {
            let alone: f64 = (0..n).filter(|&i| mask[i]).map(|i| w[i]).sum();
            let pairs: f64 = (0..n).filter(|&i| mask[i] && mask[(i + 1) % n]).map(|i| w[n + i]).sum();
            (alone + pairs).tanh()
        };
        self.weights.iter().map(class).collect()
    }
}

/// Which values (channels first) a coalition shows; each must lie in one piece exactly.
fn mask(shown: &Shown) -> Vec<bool> {
    let whole = shown.whole();
    let mut mask = vec![None; whole.values()];
    for (block, inside) in shown.pieces() {
        for i in places(whole, &block) {
            assert_eq!(mask[i].replace(inside), None, "pieces overlap");
        }
    }
    mask.into_iter().map(|inside| inside.expect("pieces cover the image")).collect()
}

fn places(whole: Block, block: &Block) -> Vec<usize> {
    let (height, width, channels) = whole.size();
    let within = |i: usize, (start, end): (u32, u32)| (start as usize..end as usize).contains(&i);
    let all = (0..channels * height * width).filter(|i| {
        within(i / (height * width), block.channels)
            && within(i / width % height, block.rows)
            && within(i % width, block.columns)
    });
    all.collect()
}

impl Game<[Shown]> for Smooth {
    type Error = Error;

    fn classes(&self) -> usize {
        self.weights.len()
    }

    fn batch(&self) -> usize {
        self.batch
    }

    fn outputs(&mut self, shown: &[Shown]) -> Result<Vec<f64>, Error> {
        assert!(shown.len() <= self.batch);
        Ok(shown.iter().flat_map(|shown| self.of(&mask(shown))).collect())
    }
}

/// Owen's values by the plain recursion: half of a block's gain comes from each context.
fn twin(game: &Smooth, block: &Block, context: &[bool], weight: f64, values: &mut [Vec<f64>]) {
    let with = |parts: &[&Block]| {
        let mut mask = context.to_vec();
        parts.iter().flat_map(|part| places(game.whole, part)).for_each(|i| mask[i] = true);
        mask
    };
    match block.halves() {
        Some((a, b)) => {
            for (half, other) in [(&a, &b), (&b, &a)] {
                twin(game, half, context, weight / 2.0, values);
                twin(game, half, &with(&[other]), weight / 2.0, values);
            }
        }
        None => {
            let (after, before) = (game.of(&with(&[block])), game.of(context));
            let place = places(game.whole, block)[0];
            for (values, (after, before)) in values.iter_mut().zip(after.iter().zip(before)) {
                values[place] += weight * (after - before);
            }
        }
    }
}

fn run(game: &Smooth, evaluations: usize, expand: usize) -> Owen {
    partition(&mut game.clone(), game.whole, PartitionSettings { evaluations, expand, target: None }).unwrap()
}

/// More than any of these games can use.
const ALL: usize = 1 << 20;

fn games() -> impl Strategy<Value = Smooth> {
    (1usize..4, 1usize..5, prop_oneof![Just(1usize), Just(3)], 1usize..4, any::<u64>()).prop_map(
        |(height, width, channels, classes, seed)| {
            Smooth::new(Block::image(height, width, channels).unwrap(), classes, seed)
        },
    )
}

fn close(a: &[f64], b: &[f64]) -> Result<(), TestCaseError> {
    prop_assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        prop_assert!((a - b).abs() < 1e-10, "{} and {}", a, b);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn with_all_evaluations_it_is_the_plain_recursion(game in games(), expand in 1usize..20) {
        let found = run(&game, ALL, expand);
        let n = game.whole.values();
        let mut values = vec![vec![0.0; n]; game.weights.len()];
        twin(&game, &game.whole, &vec![false; n], 1.0, &mut values);
        for (class, values) in values.iter().enumerate() {
            close(&found.values(class), values)?;
        }
    }

    #[test]
    fn values_add_up_at_any_budget(game in games(), evaluations in 2usize..200, expand in 1usize..20) {
        let found = run(&game, evaluations, expand);
        prop_assert!(found.evaluations <= evaluations);
        let (height, width, channels) = game.whole.size();
        for class in 0..game.weights.len() {
            prop_assert!(found.additivity_error(class).abs() < 1e-12);
            let values = found.values(class);
            let sum: f64 = values.iter().sum();
            prop_assert!((found.output[class] - found.base[class] - sum).abs() < 1e-10);
            let pixels = height * width;
            let summed: Vec<f64> =
                (0..pixels).map(|p| (0..channels).map(|c| values[c * pixels + p]).sum()).collect();
            close(&found.summed(class), &summed)?;
        }
    }

    #[test]
    fn neither_batch_nor_an_odd_budget_changes_a_bit(
        game in games(), evaluations in 1usize..100, expand in 1usize..20, batch in 1usize..30,
    ) {
        let found = run(&game, 2 * evaluations, expand);
        prop_assert_eq!(&run(&Smooth { batch, ..game.clone() }, 2 * evaluations, expand), &found);
        prop_assert_eq!(&run(&game, 2 * evaluations + 1, expand), &found);
    }

    #[test]
    fn a_value_that_changes_nothing_gets_nothing(game in games(), at in any::<prop::sample::Index>()) {
        let (mut game, n) = (game.clone(), game.whole.values());
        let at = at.index(n);
        for weights in &mut game.weights {
            for i in [at, n + at, n + (at + n - 1) % n] {
                weights[i] = 0.0;
            }
        }
        let found = run(&game, ALL, 5);
        for class in 0..game.weights.len() {
            prop_assert!(found.values(class)[at].abs() < 1e-12);
        }
    }

    #[test]
    fn halves_that_do_the_same_get_the_same(seed: u64, height in 1usize..4, half in 1usize..3) {
        // Two columns of equal halves: the game is the same with left and right exchanged.
        let whole = Block::image(height, 2 * half, 1).unwrap();
        prop_assume!(height < 2 * half);
        let mut game = Smooth::new(whole, 1, seed);
        let n = whole.values();
        for weights in &mut game.weights {
            for i in 0..n {
                if i % (2 * half) >= half {
                    weights[i] = weights[i - half];
                }
                weights[n + i] = 0.0;
            }
        }
        let values = run(&game, ALL, 5).values(0);
        for i in (0..n).filter(|i| i % (2 * half) >= half) {
            prop_assert!((values[i] - values[i - half]).abs() < 1e-12);
        }
    }

    #[test]
    fn values_are_linear_in_the_game(game in games(), weight in -2.0f64..2.0) {
        // Two classes and their sum, as a game of one class each.
        let whole = game.whole;
        let pair = Smooth { weights: vec![game.weights[0].clone(), Smooth::new(whole, 1, 5).weights[0].clone()], ..game };
        let mut sum = Sum { game: pair.clone(), weight };
        let settings = PartitionSettings { evaluations: ALL, expand: 4, target: None };
        let found = partition(&mut sum, whole, settings).unwrap();
        let both = run(&pair, ALL, 4);
        let expected: Vec<f64> =
            both.values(0).iter().zip(both.values(1)).map(|(a, b)| a + weight * b).collect();
        close(&found.values(0), &expected)?;
    }
}

/// The first class and the second, weighted, added up.
struct Sum {
    game: Smooth,
    weight: f64,
}

impl Game<[Shown]> for Sum {
    type Error = Error;

    fn classes(&self) -> usize {
        1
    }

    fn batch(&self) -> usize {
        self.game.batch
    }

    fn outputs(&mut self, shown: &[Shown]) -> Result<Vec<f64>, Error> {
        let outputs = self.game.outputs(shown)?;
        Ok(outputs.chunks_exact(2).map(|pair| pair[0] + self.weight * pair[1]).collect())
    }
}

#[test]
fn a_target_stops_early() {
    let game = Smooth::new(Block::image(16, 16, 1).unwrap(), 2, 1);
    let with = |target| {
        let settings = PartitionSettings { evaluations: 5_000, expand: 5, target };
        partition(&mut game.clone(), game.whole, settings).unwrap().evaluations
    };
    let (loose, strict) = (with(Some(0.2)), with(Some(0.05)));
    assert!(loose < strict && strict < with(None), "{loose}, {strict}");
}

#[test]
fn what_cannot_be_is_named() {
    let whole = Block::image(2, 2, 1).unwrap();
    let mut game = Smooth::new(whole, 1, 0);
    let settings = PartitionSettings { evaluations: 1, expand: 1, target: None };
    let error = partition(&mut game, whole, settings).unwrap_err();
    assert!(error.to_string().contains("needs at least 2"), "{error}");
    for shape in [(0, 1, 1), (1, 1 << 21, 1), (1, 1, 0)] {
        assert!(matches!(Block::image(shape.0, shape.1, shape.2), Err(Error::Shape { .. })));
    }
}
