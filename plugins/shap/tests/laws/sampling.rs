//! Sampled values converge to the exact ones, and say truly how far they are.

use eyepatch_core::Seed;
use plugin_shap::{Error, Sampling, Shapley, exact, kernel, permutation};

use crate::table::Table;

const PLAYERS: usize = 12;

/// A game with interactions of all orders, tanh of weighted players and of neighbouring pairs, and one of three players
/// at a time: of two at a time, an antithetic pair of orders alone gives the exact values.
fn game() -> Table {
    let weight = |i: usize| ((i * 7 + 3) % 11) as f64 / 11.0 - 0.4;
    let output = |set: usize| {
        let shown = |i: usize| if set >> (i % PLAYERS) & 1 == 1 { 1.0 } else { 0.0 };
        let sum = |f: &dyn Fn(usize) -> f64| (0..PLAYERS).map(f).sum::<f64>();
        let pairs = sum(&|i| weight(i + 5) * shown(i) * shown(i + 1));
        let triples = sum(&|i| weight(i + 2) * shown(i) * shown(i + 1) * shown(i + 2));
        [(sum(&|i| weight(i) * shown(i)) + pairs).tanh(), triples]
    };
    Table::new(PLAYERS, 2, (0..1 << PLAYERS).flat_map(output).collect())
}

type Method = fn(&mut Table, Sampling, u64) -> Result<Shapley, Error>;

fn methods() -> [(&'static str, Method); 2] {
    [
        ("permutation", |game, sampling, seed| permutation(game, sampling, &mut Seed::root(seed).rng())),
        ("kernel", |game, sampling, seed| kernel(game, sampling, &mut Seed::root(seed).rng())),
    ]
}

fn run(method: Method, evaluations: usize, target: Option<f64>, seed: u64) -> Shapley {
    method(&mut game(), Sampling { players: PLAYERS, evaluations, target }, seed).unwrap()
}

/// Root mean square error over players, classes and 20 seeds, as a share of the range of the exact values.
fn error(method: Method, evaluations: usize, truth: &Shapley) -> f64 {
    let range =
        |v: &[f64]| v.iter().fold(f64::MIN, |m, v| m.max(*v)) - v.iter().fold(f64::MAX, |m, v| m.min(*v));
    let square = |seed| {
        let found = run(method, evaluations, None, seed);
        found.values.iter().zip(&truth.values).map(|(a, b)| (a - b).powi(2)).sum::<f64>()
    };
    let mean = (0..20).map(square).sum::<f64>() / (20.0 * truth.values.len() as f64);
    mean.sqrt() / range(&truth.values)
}

#[test]
fn estimates_converge_to_the_exact_values() {
    let truth = exact(&mut game(), PLAYERS).unwrap();
    for (name, method) in methods() {
        let errors: Vec<f64> =
            [50, 100, 200, 400, 800, 1600, 3200].map(|n| error(method, n, &truth)).to_vec();
        println!("{name}: {errors:.4?}");
        // A sixteenth of the variance at sixteen times the evaluations, or better.
        assert!(errors[5] < 0.35 * errors[1], "{name}: {errors:?}");
        assert!(errors[6] < 0.015, "{name}: {errors:?}");
    }
}

#[test]
fn standard_errors_are_true() {
    let truth = exact(&mut game(), PLAYERS).unwrap();
    for (name, method) in methods() {
        let (mut sum, mut n) = (0.0, 0.0);
        for seed in 0..60 {
            let found = run(method, 900, None, seed);
            let errors = found.errors.unwrap();
            for ((a, b), e) in found.values.iter().zip(&truth.values).zip(&errors) {
                sum += ((a - b) / e).powi(2);
                n += 1.0;
            }
        }
        let ratio = f64::sqrt(sum / n);
        println!("{name}: true errors are {ratio:.3} of those stated");
        assert!((0.85..1.15).contains(&ratio), "{name}: {ratio}");
    }
}

#[test]
fn a_target_stops_early() {
    for (name, method) in methods() {
        let found = run(method, 3_000, Some(0.05), 3);
        assert!(found.evaluations < 2_000, "{name}: {} evaluations", found.evaluations);
        let errors = found.errors.as_ref().unwrap();
        for class in 0..2 {
            let values = found.of(class);
            let range = values.iter().fold(f64::MIN, |m, v| m.max(*v))
                - values.iter().fold(f64::MAX, |m, v| m.min(*v));
            let largest = errors.iter().skip(class).step_by(2).fold(0.0f64, |m, e| m.max(*e));
            assert!(largest <= 0.05 * range, "{name}: {largest} of {range}");
        }
        let strict = run(method, 3_000, Some(0.005), 3);
        assert!(strict.evaluations > found.evaluations, "{name}");
    }
}

#[test]
fn what_cannot_be_is_named() {
    let sampling = |players, evaluations| Sampling { players, evaluations, target: None };
    let mut rng = Seed::root(0).rng();
    for (name, method) in methods() {
        let error = method(&mut game(), sampling(PLAYERS, 20), 0).unwrap_err();
        assert!(error.to_string().contains("20 evaluations is too small"), "{name}: {error}");
        assert!(error.to_string().contains("at least 24"), "{name}: {error}");
        assert!(matches!(method(&mut game(), sampling(0, 20), 0), Err(Error::Players { .. })));
    }
    let mut many = Table::new(1, 1, vec![0.0; 2]);
    assert!(matches!(exact(&mut many, 17), Err(Error::Players { found: 17, limit: 16, .. })));
    let too_many = kernel(&mut many, sampling(2049, 1 << 20), &mut rng);
    assert!(matches!(too_many, Err(Error::Players { found: 2049, .. })));
    let mut wrong = Table::new(2, 1, vec![0.0, 1.0, f64::NAN, 2.0]);
    let error = exact(&mut wrong, 2).unwrap_err();
    assert_eq!(error, Error::NotFinite { evaluation: 3, class: 0, value: "NaN".into() });
    // The fewest evaluations allowed give as many pairs as unknowns; drawn twice, one is missing.
    let singular = (0..50).any(|seed| {
        matches!(
            kernel(&mut game(), sampling(PLAYERS, 24), &mut Seed::root(seed).rng()),
            Err(Error::Singular { .. })
        )
    });
    assert!(singular);
}

#[test]
fn one_player_gets_all() {
    let mut alone = Table::new(1, 1, vec![0.5, 2.0]);
    let sampling = Sampling { players: 1, evaluations: 2, target: None };
    for (name, method) in methods() {
        let found = method(&mut alone, sampling, 0).unwrap();
        assert_eq!((found.values, found.evaluations), (vec![1.5], 2), "{name}");
    }
}
