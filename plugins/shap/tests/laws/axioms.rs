//! Efficiency, symmetry, null player, linearity: for every method of numbered players.

use eyepatch_core::Seed;
use plugin_shap::{Sampling, Shapley, exact, kernel, permutation};
use proptest::prelude::*;

use crate::table::{Table, by_dividends, by_orders, tables};

#[derive(Debug, Clone, Copy)]
enum Method {
    Exact,
    Permutation,
    Kernel,
}

const METHODS: [Method; 3] = [Method::Exact, Method::Permutation, Method::Kernel];

impl Method {
    /// Below 2^7 evaluations Kernel SHAP cannot fall back on enumeration for 7 players.
    fn run(self, table: &Table, evaluations: usize) -> Shapley {
        let sampling = Sampling { players: table.players, evaluations, target: None };
        let (mut game, mut rng) = (table.clone(), Seed::root(7).rng());
        let found = match self {
            Self::Exact => exact(&mut game, table.players),
            Self::Permutation => permutation(&mut game, sampling, &mut rng),
            Self::Kernel => kernel(&mut game, sampling, &mut rng),
        };
        let found = found.unwrap();
        assert_eq!(found.evaluations, game.asked);
        found
    }

    /// How far a sampled value may be from its expectation: eight standard errors.
    fn room(self, found: &Shapley, player: usize) -> f64 {
        let errors = found.errors.as_ref().unwrap();
        1e-9 + 8.0
            * errors[player * found.classes()..][..found.classes()].iter().fold(0.0f64, |m, e| m.max(*e))
    }
}

fn close(a: &[f64], b: &[f64], room: f64) -> Result<(), TestCaseError> {
    prop_assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        prop_assert!((a - b).abs() <= room, "{} and {}, {} apart at most", a, b, room);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn enumeration_is_the_mean_over_all_orders(table in tables(2..=8)) {
        close(&Method::Exact.run(&table, 0).values, &by_orders(&table), 1e-12)?;
    }

    #[test]
    fn enumeration_shares_dividends(table in tables(1..=12)) {
        let found = Method::Exact.run(&table, 0);
        close(&found.values, &by_dividends(&table), 1e-11)?;
        prop_assert_eq!(&found.base[..], table.row(0));
        prop_assert_eq!(&found.output[..], table.row((1 << table.players) - 1));
    }

    #[test]
    fn values_add_up(table in tables(7..=7), evaluations in 30usize..128) {
        for method in METHODS {
            let found = method.run(&table, evaluations);
            for class in 0..table.classes {
                prop_assert!(found.additivity_error(class).abs() < 1e-10, "{:?}", method);
            }
            if !matches!(method, Method::Exact) {
                prop_assert!(found.evaluations <= evaluations);
            }
        }
    }

    #[test]
    fn a_player_that_changes_nothing_gets_nothing(table in tables(7..=7), null in 0usize..7) {
        let table = table.with_sets(|set| set & !(1 << null));
        for method in METHODS {
            let found = method.run(&table, 126);
            let room = if matches!(method, Method::Kernel) { method.room(&found, null) } else { 1e-12 };
            close(&found.values[null * table.classes..][..table.classes], &vec![0.0; table.classes], room)?;
        }
    }

    #[test]
    fn players_that_do_the_same_get_the_same(table in tables(7..=7), a in 0usize..7, step in 1usize..7) {
        let b = (a + step) % 7;
        // Of the two, `a` alone stands for `b` alone.
        let both = 1 << a | 1 << b;
        let table = table.with_sets(|set| if set & both == 1 << b { set ^ both } else { set });
        for method in METHODS {
            let found = method.run(&table, 126);
            let of = |i: usize| &found.values[i * table.classes..][..table.classes];
            let room = if matches!(method, Method::Exact) { 1e-12 } else { method.room(&found, a) + method.room(&found, b) };
            close(of(a), of(b), room)?;
        }
    }

    #[test]
    fn values_are_linear_in_the_game(
        (one, other) in tables(7..=7).prop_flat_map(|table| {
            let again = prop::collection::vec(-1.0f64..1.0, table.outputs.len());
            (Just(table), again)
        }),
        weight in -2.0f64..2.0,
    ) {
        let with = |outputs| Table::new(one.players, one.classes, outputs);
        let mixed = one.outputs.iter().zip(&other).map(|(a, b)| a + weight * b).collect();
        let (mixed, other) = (with(mixed), with(other));
        for method in METHODS {
            let [one, other, mixed] = [&one, &other, &mixed].map(|table| method.run(table, 100).values);
            let sum: Vec<f64> = one.iter().zip(&other).map(|(a, b)| a + weight * b).collect();
            close(&mixed, &sum, 1e-9)?;
        }
    }

    #[test]
    fn the_batch_size_changes_no_bit(table in tables(7..=7), batch in 1usize..200, evaluations in 30usize..128) {
        for method in METHODS {
            let found = method.run(&table, evaluations);
            prop_assert_eq!(&method.run(&Table { batch, ..table.clone() }, evaluations), &found);
        }
    }
}
