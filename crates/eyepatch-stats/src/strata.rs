use std::collections::{BTreeMap, BTreeSet};

use crate::StatsError;

/// One stratum a row from several columns of codes (label, site, ...), for [`crate::group_kfold`] and
/// [`crate::group_holdout`] into `parts` parts.
///
/// Rows that agree in every column share a stratum. A combination with fewer patients than parts cannot lie in all of them:
/// the rare ones of a value of the **first** column are taken together, and if they are still too few, go to that
/// value's combination with the most patients. So a rare site never costs the balance of the label. Strata are numbered in
/// the order of their combinations, which does not depend on the order of rows.
///
/// # Errors
/// [`StatsError::LabelCount`] where a column has another length than `groups`.
pub fn joint_strata<G: Ord>(
    groups: &[G],
    columns: &[Vec<usize>],
    parts: usize,
) -> Result<Vec<usize>, StatsError> {
    if let Some(column) = columns.iter().find(|c| c.len() != groups.len()) {
        return Err(StatsError::LabelCount { groups: groups.len(), labels: column.len() });
    }
    let mut patients: BTreeMap<Vec<usize>, BTreeSet<&G>> = BTreeMap::new();
    let of_row = |row: usize| columns.iter().map(|c| c[row]).collect::<Vec<usize>>();
    for (row, group) in groups.iter().enumerate() {
        patients.entry(of_row(row)).or_default().insert(group);
    }
    let mut by_first: BTreeMap<Option<usize>, Vec<&Vec<usize>>> = BTreeMap::new();
    for combination in patients.keys() {
        by_first.entry(combination.first().copied()).or_default().push(combination);
    }
    let mut stratum: BTreeMap<&Vec<usize>, usize> = BTreeMap::new();
    let mut next = 0;
    for combinations in by_first.into_values() {
        let (rare, common): (Vec<_>, Vec<_>) =
            combinations.into_iter().partition(|c| patients[*c].len() < parts);
        stratum.extend(common.iter().zip(next..).map(|(c, s)| (*c, s)));
        let together: BTreeSet<&G> = rare.iter().flat_map(|c| &patients[*c]).copied().collect();
        let largest = common.iter().max_by_key(|c| (patients[**c].len(), std::cmp::Reverse(**c)));
        let of_rare = match largest {
            Some(largest) if together.len() < parts => stratum[*largest],
            _ => next + common.len(),
        };
        stratum.extend(rare.iter().map(|c| (*c, of_rare)));
        next = stratum.len();
    }
    Ok((0..groups.len()).map(|row| stratum[&of_row(row)]).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::group_kfold;

    #[test]
    fn rare_combinations_go_together_within_their_label() {
        // Label 0: site 0 has 4 patients, sites 1 and 2 one each; label 1: sites 1 and 2 have 2 patients each.
        let groups: Vec<u32> = (0..10).collect();
        let label = vec![0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
        let site = vec![0, 0, 0, 0, 1, 2, 1, 1, 2, 2];
        let strata = |parts| joint_strata(&groups, &[label.clone(), site.clone()], parts).unwrap();
        let same = |s: &[usize], a: usize, b: usize| s[a] == s[b];
        let two = strata(2);
        assert!(same(&two, 4, 5) && !same(&two, 0, 4) && !same(&two, 6, 8) && same(&two, 8, 9), "{two:?}");
        let three = strata(3);
        // Two patients are too few for three parts: they join site 0; label 1's sites join each other.
        assert!(
            same(&three, 0, 4) && same(&three, 4, 5) && same(&three, 6, 8) && !same(&three, 0, 6),
            "{three:?}"
        );
        assert_eq!(joint_strata(&groups, &[], 2).unwrap(), [0; 10]);
        let short = joint_strata(&groups, &[vec![0; 9]], 2);
        assert_eq!(short, Err(StatsError::LabelCount { groups: 10, labels: 9 }));
    }

    proptest! {
        /// A stratum's folds differ by one row at most (one row a patient), and so do those of a label and site that no rare
        /// one joined; a label's folds by no more than it has strata.
        #[test]
        fn folds_are_balanced_by_label_and_site(sites in prop::collection::vec(0usize..3, 90..150), seed in any::<u64>()) {
            let groups: Vec<usize> = (0..sites.len()).collect();
            let label: Vec<usize> = groups.iter().map(|g| usize::from(g % 3 == 0)).collect();
            let strata = joint_strata(&groups, &[label.clone(), sites.clone()], 3).unwrap();
            let folds = group_kfold(&groups, Some(&strata), 3, seed).unwrap();
            let apart = |which: &dyn Fn(usize) -> bool| {
                let of = |k: usize| groups.iter().filter(|&&g| folds[g] == k && which(g)).count();
                let counts = [of(0), of(1), of(2)];
                counts.iter().max().unwrap() - counts.iter().min().unwrap()
            };
            for stratum in strata.iter().copied().collect::<BTreeSet<_>>() {
                prop_assert!(apart(&|g| strata[g] == stratum) <= 1);
            }
            for l in 0..2 {
                let mut own: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
                for &g in groups.iter().filter(|&&g| label[g] == l) {
                    own.entry(strata[g]).or_default().insert(sites[g]);
                }
                prop_assert!(apart(&|g| label[g] == l) <= own.len());
                for site in own.values().filter(|sites| sites.len() == 1).flatten() {
                    prop_assert!(apart(&|g| (label[g], sites[g]) == (l, *site)) <= 1);
                }
            }
        }
    }
}
