use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn golden() -> Value {
    serde_json::from_str(include_str!("../../tests/golden/splits.json")).expect("golden file")
}

fn numbers(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect()
}

#[test]
fn random_numbers_are_numpys() {
    let golden = golden();
    let seeds = golden["random"].as_array().unwrap();
    assert_eq!(seeds.len(), 23);
    for case in seeds {
        let seed = u32::try_from(case["seed"].as_u64().unwrap()).unwrap();
        let mut bits = RandomState::new(seed);
        let drawn: Vec<u64> = (0..1300).map(|_| u64::from(bits.next_u32())).collect();
        assert_eq!([0, 1, 623, 624, 1299].map(|k| drawn[k]), numbers(&case["bits"])[..]);
        let mut state = RandomState::new(seed);
        for expected in case["permutations"].as_array().unwrap().iter().map(numbers) {
            let found = state.permutation(expected.len());
            assert!(found.iter().map(|&k| k as u64).eq(expected), "seed {seed}: {found:?}");
        }
        let mut shuffled: Vec<u64> = (0..10).map(|k| k / 3).collect();
        state.shuffle(&mut shuffled);
        assert_eq!(shuffled, numbers(&case["shuffled"]));
    }
}

/// A character (base 36) a row: its test fold.
fn folds_text(folds: &Folds, rows: usize) -> String {
    let mut text = vec!['?'; rows];
    for (k, fold) in folds.folds.iter().enumerate() {
        fold.held_out.iter().for_each(|&row| text[row] = char::from_digit(k as u32, 36).unwrap());
        let mut all = [fold.train.as_slice(), &fold.held_out].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..rows) && fold.train.is_sorted() && fold.held_out.is_sorted());
    }
    text.into_iter().collect()
}

/// A text a split: `1` where the row is tested.
fn drawn_text(folds: &Folds, rows: usize) -> String {
    let tested = |fold: &Holdout| -> String {
        (0..rows).map(|row| if fold.held_out.contains(&row) { '1' } else { '0' }).collect()
    };
    folds.folds.iter().map(tested).collect::<Vec<_>>().join(" ")
}

fn outcome(folds: Result<Folds, StatsError>, text: impl Fn(&Folds) -> String) -> String {
    match folds {
        Err(e) => format!("error: {e}"),
        Ok(folds) => text(&folds) + &folds.warning.map(|w| format!(" warning: {w}")).unwrap_or_default(),
    }
}

#[test]
fn folds_are_scikit_learns_on_200_random_tables() {
    let golden = golden();
    let tables = golden["tables"].as_array().unwrap();
    assert_eq!(tables.len(), 200);
    for (i, table) in tables.iter().enumerate() {
        let cells = |key: &str| table[key].as_str().unwrap().split(' ').collect::<Vec<_>>();
        let (groups, classes) =
            (Keys::parsed(&cells("groups")), Keys::classes(&cells("labels")).expect("classes"));
        let n_splits = table["folds"].as_u64().unwrap() as usize;
        let random_state = table["seed"].as_u64().unwrap() as u32;
        let test_size = table["test"].as_f64().unwrap();
        let text = |f: &Folds| folds_text(f, groups.rows());
        let check = |key: &str, found: String| {
            assert_eq!(table[key].as_str().unwrap(), found, "table {i}, {key}");
        };
        let drawn = GroupShuffleSplit { n_splits: 2, test_size, random_state }.split(&groups);
        check("group_shuffle", outcome(drawn, |f| drawn_text(f, groups.rows())));
        for (shuffle, name) in [(None, ""), (Some(random_state), "_shuffled")] {
            let found = GroupKFold { n_splits, shuffle }.split(&groups);
            check(&format!("group_kfold{name}"), outcome(found, text));
            let found = StratifiedKFold { n_splits, shuffle }.split(&classes);
            check(&format!("stratified_kfold{name}"), outcome(found, text));
            let found = StratifiedGroupKFold { n_splits, shuffle }.split(&classes, &groups);
            check(&format!("stratified_group_kfold{name}"), outcome(found, text));
        }
    }
}

#[test]
fn keys_are_in_the_order_of_numbers_or_of_text() {
    let codes = |cells: &[&str]| Keys::parsed(cells).codes().to_vec();
    assert_eq!(codes(&["10", "9", "-3", "09", "-10", "+9"]), [3, 2, 1, 2, 0, 2]);
    assert_eq!(codes(&["10", "9", "x"]), [0, 1, 2]);
    assert_eq!(codes(&["10", "9.5", "1e1", "-0", "0.0"]), [2, 1, 2, 0, 0]);
    // Beyond 64 bits whole numbers stay exact.
    assert_eq!(codes(&["36893488147419103233", "36893488147419103232", "7"]), [2, 1, 0]);
    assert_eq!(codes(&["inf", "1"]), [1, 0]);
    assert_eq!(codes(&["é", "z", "Z", ""]), [3, 2, 1, 0]);
    assert_eq!(codes(&[]), [0; 0]);
    assert_eq!(Keys::sorted(&[7, 3, 7]).codes(), [1, 0, 1]);
}

#[test]
fn refusals_that_no_table_shows() {
    let none = Keys::parsed::<&str>(&[]);
    let two = Keys::sorted(&[1, 2]);
    let drawn = |n_splits, test_size| GroupShuffleSplit { n_splits, test_size, random_state: 0 };
    assert_eq!(drawn(1, 0.5).split(&none), Err(StatsError::NoRows));
    assert!(matches!(drawn(0, 0.5).split(&two), Err(StatsError::OutOfRange { name: "n_splits", .. })));
    for test_size in [0.0, -0.2, 1.5, f64::NAN] {
        assert!(matches!(drawn(1, test_size).split(&two), Err(StatsError::TestSize { groups: 2, .. })));
    }
    assert_eq!(GroupKFold { n_splits: 2, shuffle: None }.split(&none), Err(StatsError::NoRows));
    let uneven = StratifiedGroupKFold { n_splits: 2, shuffle: None }.split(&Keys::sorted(&[0]), &two);
    assert_eq!(uneven, Err(StatsError::LabelCount { groups: 2, labels: 1 }));
    let fraction = Keys::classes(&["1", "0.5"]).unwrap_err();
    assert_eq!(fraction, StatsError::NotClasses { row: 1, value: "0.5".into() });
    assert_eq!(Keys::classes(&["1.0", "0"]).unwrap().codes(), [1, 0]);
}

proptest! {
    /// Groups stay together, shuffled or not.
    #[test]
    fn groups_stay_together(groups in prop::collection::vec(0u32..12, 12..60), seed in any::<u32>(), n in 2usize..5) {
        let keys = Keys::sorted(&groups);
        prop_assume!(keys.kinds() >= n);
        let classes = Keys::sorted(&groups.iter().map(|g| g % 2).collect::<Vec<_>>());
        for shuffle in [None, Some(seed)] {
            let group = GroupKFold { n_splits: n, shuffle }.split(&keys).unwrap();
            let both = StratifiedGroupKFold { n_splits: n, shuffle }.split(&classes, &keys);
            let drawn = GroupShuffleSplit { n_splits: n, test_size: 0.3, random_state: seed }.split(&keys).unwrap();
            for fold in group.folds.iter().chain(both.iter().flat_map(|b| &b.folds)).chain(&drawn.folds) {
                prop_assert!(fold.held_out.iter().all(|&t| fold.train.iter().all(|&r| groups[r] != groups[t])));
            }
        }
    }

    #[test]
    fn intervals_are_within_bounds(max in any::<u64>(), seed in any::<u32>()) {
        let mut random = RandomState::new(seed);
        for max in [max, max >> 33, 0, 1, u64::MAX] {
            prop_assert!(random.interval(max) <= max);
        }
    }
}
