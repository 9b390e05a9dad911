use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Rows of up to 30 patients with a class each; patients may hold several classes.
fn tables() -> impl Strategy<Value = (Vec<String>, Vec<usize>)> {
    prop::collection::vec((0usize..30, 0usize..3), 12..120)
        .prop_map(|rows| rows.into_iter().map(|(p, class)| (format!("patient {p}"), class)).unzip())
}

/// Rows of one patient each.
fn single_images() -> impl Strategy<Value = (Vec<String>, Vec<usize>)> {
    prop::collection::vec(0usize..4, 20..150)
        .prop_map(|classes| ((0..classes.len()).map(|i| format!("p{i}")).collect(), classes))
}

/// Rows of each class (second index) in each part (first index).
fn counts(parts: &[usize], labels: &[usize], n: usize) -> Vec<Vec<usize>> {
    let mut table = vec![vec![0; 4]; n];
    parts.iter().zip(labels).for_each(|(&p, &l)| table[p][l] += 1);
    table
}

fn spread(mut values: Vec<usize>) -> usize {
    values.sort_unstable();
    values.last().unwrap_or(&0) - values.first().unwrap_or(&0)
}

proptest! {
    #[test]
    fn every_row_has_one_fold_and_every_patient_too((groups, labels) in tables(), folds in 2usize..6, seed: u64) {
        // Refusals are a matter of the counts alone.
        let patients_of = |class: Option<usize>| {
            let rows = groups.iter().zip(&labels).filter(|(_, l)| class.is_none_or(|c| c == **l));
            rows.map(|(g, _)| g).collect::<BTreeSet<_>>().len()
        };
        let short = labels.iter().any(|&l| patients_of(Some(l)) < folds);
        match group_kfold(&groups, Some(&labels), folds, seed) {
            Ok(parts) => {
                prop_assert!(!short);
                prop_assert_eq!(parts.len(), groups.len());
                prop_assert!(parts.iter().all(|&p| p < folds));
                prop_assert!(check_no_overlap(&groups, &parts).is_ok());
                let table = counts(&parts, &labels, folds);
                for class in 0..3 {
                    prop_assert!(!labels.contains(&class) || table.iter().all(|part| part[class] > 0));
                }
            }
            Err(StatsError::TooFewPatients { class, patients, parts }) => {
                prop_assert_eq!(patients, patients_of(class));
                prop_assert!(patients < parts && parts == folds);
            }
            // Rare, and only where patients hold several classes.
            Err(StatsError::ClassMissing { class, part }) => {
                prop_assert!(!short && part < folds && labels.contains(&class));
                let mixed = |g: &String| {
                    groups.iter().zip(&labels).filter(|(other, _)| *other == g).map(|(_, l)| l).collect::<BTreeSet<_>>()
                };
                prop_assert!(groups.iter().any(|g| mixed(g).len() > 1));
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn depends_on_the_seed_and_not_on_the_order_of_rows((groups, labels) in tables(), seed: u64, turn in 0usize..50) {
        let parts = group_kfold(&groups, Some(&labels), 2, seed);
        prop_assert_eq!(&parts, &group_kfold(&groups, Some(&labels), 2, seed));
        if let Ok(parts) = parts {
            // Another order: rotated and turned round.
            let order: Vec<usize> = (0..groups.len()).map(|i| (i + turn) % groups.len()).rev().collect();
            let groups: Vec<&String> = order.iter().map(|&i| &groups[i]).collect();
            let labels: Vec<usize> = order.iter().map(|&i| labels[i]).collect();
            let again = group_kfold(&groups, Some(&labels), 2, seed).unwrap();
            prop_assert_eq!(again, order.iter().map(|&i| parts[i]).collect::<Vec<_>>());
        }
    }

    #[test]
    fn one_row_a_patient_is_dealt_evenly((groups, labels) in single_images(), folds in 2usize..6, seed: u64) {
        if let Ok(parts) = group_kfold(&groups, Some(&labels), folds, seed) {
            let table = counts(&parts, &labels, folds);
            for class in 0..4 {
                prop_assert!(spread(table.iter().map(|part| part[class]).collect()) <= 1, "{:?}", table);
            }
        }
        let parts = group_kfold(&groups, None, folds, seed).unwrap();
        prop_assert!(spread(counts(&parts, &vec![0; labels.len()], folds).iter().map(|p| p[0]).collect()) <= 1);
    }

    #[test]
    fn folds_differ_by_one_large_patient_at_most((groups, labels) in tables(), folds in 2usize..6, seed: u64) {
        let largest = groups.iter().map(|g| groups.iter().filter(|o| *o == g).count()).max().unwrap();
        // Without labels this is the classic bound of greedy dealing; with labels each class has a looser one.
        if let Ok(parts) = group_kfold(&groups, None, folds, seed) {
            let rows = counts(&parts, &vec![0; labels.len()], folds);
            prop_assert!(spread(rows.iter().map(|p| p[0]).collect()) <= largest);
        }
        if let Ok(parts) = group_kfold(&groups, Some(&labels), folds, seed) {
            let table = counts(&parts, &labels, folds);
            for class in 0..3 {
                prop_assert!(spread(table.iter().map(|p| p[class]).collect()) <= 2 * largest, "{:?}", table);
            }
        }
    }

    #[test]
    fn holdout_is_a_partition_near_its_share((groups, labels) in tables(), fraction in 0.1..0.5f64, seed: u64) {
        // Every second row is somebody else's.
        let rows: Vec<usize> = (0..groups.len()).step_by(2).rev().collect();
        let Ok(split) = group_holdout(&groups, Some(&labels), &rows, fraction, seed) else { return Ok(()) };
        let mut all = [split.train.clone(), split.held_out.clone()].concat();
        all.sort_unstable();
        let mut expected = rows.clone();
        expected.sort_unstable();
        prop_assert_eq!(all, expected);
        let part = |row: &usize| if split.train.contains(row) { "train" } else { "validation" };
        let patients: Vec<&String> = rows.iter().map(|&r| &groups[r]).collect();
        prop_assert!(check_no_overlap(&patients, &rows.iter().map(part).collect::<Vec<_>>()).is_ok());
        let largest = patients.iter().map(|g| patients.iter().filter(|o| o == &g).count()).max().unwrap();
        let wanted = fraction * rows.len() as f64;
        prop_assert!((split.held_out.len() as f64 - wanted).abs() <= (2 * largest + 3) as f64);
        prop_assert_eq!(&group_holdout(&groups, Some(&labels), &rows, fraction, seed).unwrap(), &split);
    }

    #[test]
    fn overlap_is_found_wherever_it_is((groups, labels) in tables(), at in any::<prop::sample::Index>(), seed: u64) {
        let Ok(mut parts) = group_kfold(&groups, None, 2, seed) else { return Ok(()) };
        let row = at.index(groups.len());
        let alone = groups.iter().filter(|g| **g == groups[row]).count() == 1;
        parts[row] = 2;
        match check_no_overlap(&groups, &parts) {
            Ok(()) => prop_assert!(alone),
            Err(StatsError::PatientOverlap { patient, first_row, second_row, first, second }) => {
                prop_assert_eq!(&patient, &groups[row]);
                prop_assert!(first_row < second_row && first != second);
                prop_assert_eq!((&groups[first_row], &groups[second_row]), (&patient, &patient));
                prop_assert!(first_row == row || parts[first_row] != 2);
            }
            Err(other) => prop_assert!(false, "{} {:?}", other, labels),
        }
    }
}

#[test]
fn another_seed_deals_otherwise() {
    let groups: Vec<usize> = (0..40).collect();
    let by_seed: BTreeSet<Vec<usize>> =
        (0..5).map(|seed| group_kfold(&groups, None, 4, seed).unwrap()).collect();
    assert_eq!(by_seed.len(), 5);
    let held: BTreeSet<Vec<usize>> = (0..5)
        .map(|seed| group_holdout(&groups, None, &groups, 0.25, seed).unwrap().held_out)
        .inspect(|held| assert_eq!(held.len(), 10))
        .collect();
    assert_eq!(held.len(), 5);
}

#[test]
fn splits_stay_what_they_are() {
    // Dealt folds are part of published results: a change here needs a new revision of whatever caches them.
    let groups = ["a", "a", "a", "b", "b", "c", "d", "e", "f", "f"];
    let labels = [0, 0, 1, 1, 0, 0, 1, 0, 1, 1];
    assert_eq!(group_kfold(&groups, Some(&labels), 2, 1907).unwrap(), [0, 0, 0, 1, 1, 1, 0, 0, 1, 1]);
}

#[test]
fn refusals() {
    let groups = ["a", "a", "b", "c"];
    let few = group_kfold(&groups, None, 4, 0).unwrap_err();
    assert_eq!(few, StatsError::TooFewPatients { class: None, patients: 3, parts: 4 });
    let few = group_kfold(&groups, Some(&[9, 9, 5, 5]), 2, 0).unwrap_err();
    assert_eq!(few.to_string(), "class 9: 1 patients cannot fill 2 parts");
    assert_eq!(group_kfold::<u8>(&[], None, 2, 0), Err(StatsError::NoRows));
    assert!(matches!(group_kfold(&groups, None, 1, 0), Err(StatsError::OutOfRange { .. })));
    let wrong = group_kfold(&groups, Some(&[0, 1]), 2, 0);
    assert_eq!(wrong, Err(StatsError::LabelCount { groups: 4, labels: 2 }));
    let held = |rows: &[usize], fraction| group_holdout(&groups, None, rows, fraction, 0).unwrap_err();
    assert_eq!(held(&[0, 4], 0.5), StatsError::RowOutOfRange { row: 4, rows: 4 });
    assert_eq!(held(&[0, 2, 0], 0.5), StatsError::DuplicateRow { row: 0 });
    assert!(matches!(held(&[0, 2], 1.0), StatsError::OutOfRange { .. }));
    assert_eq!(held(&[], 0.5), StatsError::NoRows);
    let torn = check_no_overlap(&groups, &["train", "test", "train", "test"]).unwrap_err();
    assert_eq!(torn.to_string(), "patient `a` is in `train` (row 0) and in `test` (row 1)");
    assert!(matches!(check_no_overlap(&groups, &["train"]), Err(StatsError::LabelCount { .. })));
}
