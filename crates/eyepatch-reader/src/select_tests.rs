use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Image `i` of a cell belongs to patient `i / 2`; scores come in pairs of equal ones.
fn cell(masking: &str, n: usize) -> Cell {
    let one = |i: usize| Candidate {
        sample: format!("s{i:03}"),
        patient: format!("p{}", i / 2),
        label: i.is_multiple_of(2),
        score: (i / 4) as f64,
    };
    Cell { class: "pneumonia".into(), masking: masking.into(), candidates: (0..n).map(one).collect() }
}

#[test]
fn the_quartiles_of_nine_are_their_third_fifth_and_seventh() {
    let one = |i: usize, label| Candidate {
        sample: format!("{label}{i}"),
        patient: format!("{label}{i}"),
        label,
        score: -(i as f64),
    };
    let candidates = (0..9).flat_map(|i| [one(i, true), one(i, false)]).collect();
    let cells = [Cell { class: "a".into(), masking: "b".into(), candidates }];
    let picks = select(&cells, &Design::default(), &Seed::root(1)).unwrap();
    let mut names: Vec<&str> =
        picks.iter().map(|p| cells[0].candidates[p.candidate].sample.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["false2", "false4", "false6", "true2", "true4", "true6"]);
}

#[test]
fn what_cannot_be_shown_is_refused() {
    let seed = Seed::root(1);
    let few = select(&[cell("Full", 4)], &Design::default(), &seed).unwrap_err();
    assert!(matches!(few, Error::TooFew { needed: 3, found: 2, positive: true, .. }), "{few:?}");
    let none = Design { positions: Vec::new(), ..Design::default() };
    let outside = Design { positions: vec![1.5], ..Design::default() };
    let one_label = Design { negatives_per_position: 0, ..Design::default() };
    for design in [none, outside, one_label, Design { per_position: 0, ..Design::default() }] {
        assert!(matches!(select(&[cell("Full", 40)], &design, &seed), Err(Error::Design { .. })));
    }
    assert!(matches!(select(&[], &Design::default(), &seed), Err(Error::Design { .. })));
    let mut nan = cell("Full", 40);
    nan.candidates[3].score = f64::NAN;
    assert!(matches!(select(&[nan], &Design::default(), &seed), Err(Error::Score { .. })));
}

proptest! {
    #[test]
    fn no_patient_twice_and_nobody_nearer_left_out(seed: u64, n in 60usize..120, per_position in 1usize..3, negatives in 1usize..3) {
        let cells = [cell("Full", n), cell("NoROI", n - 8)];
        let design = Design { per_position, negatives_per_position: negatives, ..Design::default() };
        let picks = select(&cells, &design, &Seed::root(seed)).unwrap();
        prop_assert_eq!(&picks, &select(&cells, &design, &Seed::root(seed)).unwrap());
        prop_assert_eq!(picks.len(), 2 * 3 * (per_position + negatives));
        let of = |p: &Pick| &cells[p.cell].candidates[p.candidate];
        let shown: BTreeSet<&str> = picks.iter().map(|p| of(p).patient.as_str()).collect();
        prop_assert_eq!(shown.len(), picks.len());
        let mut counts: BTreeMap<(usize, bool, u64), usize> = BTreeMap::new();
        for p in &picks {
            *counts.entry((p.cell, of(p).label, p.position.to_bits())).or_default() += 1;
            let mut alike: Vec<&Candidate> =
                cells[p.cell].candidates.iter().filter(|c| c.label == of(p).label).collect();
            alike.sort_by(|a, b| (a.score, &a.sample).partial_cmp(&(b.score, &b.sample)).unwrap());
            prop_assert_eq!(alike.len(), p.of);
            prop_assert_eq!(alike[p.rank], of(p));
            let wanted = p.position * (p.of - 1) as f64;
            let away = |rank: usize| (rank as f64 - wanted.round()).abs();
            for (rank, other) in alike.iter().enumerate() {
                prop_assert!(away(rank) >= away(p.rank) || shown.contains(other.patient.as_str()));
            }
        }
        let wanted = |label| if label { per_position } else { negatives };
        prop_assert!(counts.len() == 12 && counts.iter().all(|((_, label, _), n)| *n == wanted(*label)));
    }
}
