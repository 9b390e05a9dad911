//! What breaking the associations changes, and what it leaves.

use eyepatch_core::{Ctx, Dataset as _, Meta, Seed};
use plugin_phantom::{
    Association, Blur, Phantom, Positioning, Record, Tag, Tube, What, WideRoi, phantom_chest, phantom_fundus,
};
use proptest::prelude::*;

const STRONG: Association = Association::new(0.9, 0.2);

fn share(records: &[Record], label: bool, of: impl Fn(&Record) -> bool) -> f64 {
    let all: Vec<_> = records.iter().filter(|r| r.label == label).collect();
    all.iter().filter(|r| of(r)).count() as f64 / all.len() as f64
}

fn ctx() -> Ctx {
    Ctx::new(Seed::root(0), 1).unwrap()
}

/// Everything that can go with the label does.
fn biased(prevalence: f64) -> Phantom {
    let mut sites = phantom_chest().sites().to_vec();
    sites[0].share = Association::new(1.0, 0.2);
    phantom_chest()
        .with_prevalence(prevalence)
        .with_sites(sites)
        .with_male(Association::new(0.8, 0.3))
        .with_supine(Association::new(0.7, 0.1))
        .with_age_gap(12.0)
        .with_shortcut(Tag::default(), STRONG)
        .with_shortcut(WideRoi::default(), Association::new(0.3, 0.7))
}

#[test]
fn broken_associations_keep_their_frequency_and_lose_the_label() {
    let prevalence = 0.3;
    let planted = biased(prevalence).with_patients(4000).with_visits(1, 1);
    let broken = planted.clone().with_broken_shortcuts();
    let (before, after) = (planted.records().unwrap(), broken.records().unwrap());
    let traits: [fn(&Record) -> bool; 6] =
        [|r| r.site == 0, |r| r.male, |r| r.supine, |r| r.age > 58.0, |r| r.present[0], |r| r.present[1]];
    for (k, of) in traits.into_iter().enumerate() {
        let all = |records: &[Record]| records.iter().filter(|r| of(r)).count() as f64 / records.len() as f64;
        assert!((all(before) - all(after)).abs() < 0.04, "trait {k}: {} {}", all(before), all(after));
        let gap = |records: &[Record]| (share(records, true, of) - share(records, false, of)).abs();
        assert!(gap(before) > 0.2, "trait {k}: {}", gap(before));
        // Four standard errors with 1200 ill of 4000.
        assert!(gap(after) < 0.07, "trait {k}: {}", gap(after));
    }
    let same = |(a, b): (&Record, &Record)| (a.label, a.patient, a.visit) == (b.label, b.patient, b.visit);
    assert!(before.iter().zip(after.iter()).all(same));
}

#[test]
fn of_two_cohorts_the_associations_hold_in_one() {
    let planted = biased(0.4).with_patients(4000).with_visits(1, 1);
    let cohorts = planted.clone().with_development(0.5);
    let (all, before) = (cohorts.records().unwrap(), planted.records().unwrap());
    let (development, deployment) = all.split_at(2000);
    assert_eq!(deployment, &before[2000..]);
    let broken = planted.with_broken_shortcuts();
    assert_eq!(development, &broken.records().unwrap()[..2000]);
    let site = |records: &[Record], label| share(records, label, |r| r.site == 0);
    assert!((site(development, true) - site(development, false)).abs() < 0.09);
    assert!(site(deployment, true) - site(deployment, false) > 0.2);
    let table = cohorts.table(&ctx()).unwrap();
    let named =
        |text: &str| table.rows.iter().filter(|r| r.meta["cohort"] == Meta::Text(text.into())).count();
    assert_eq!((named("development"), named("deployment")), (2000, 2000));
    assert!(!broken.table(&ctx()).unwrap().rows[0].meta.contains_key("cohort"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn an_image_in_which_nothing_came_or_went_stays_bit_for_bit(
        seed in 0u64..1000,
        shares in (0.0f64..1.0, 0.0f64..1.0),
        prevalence in 0.2f64..0.8,
        which in 0usize..5,
    ) {
        let what: What = match which {
            0 => Tag::default().into(),
            1 => Tube::default().into(),
            2 => Blur::default().into(),
            3 => Positioning::default().into(),
            _ => WideRoi::default().into(),
        };
        let planted = phantom_chest()
            .with_seed(seed)
            .with_size(48)
            .with_patients(6)
            .with_prevalence(prevalence)
            .with_shortcut(what, Association::new(shares.0, shares.1));
        let broken = planted.clone().with_broken_shortcuts();
        let (before, after) = (planted.records().unwrap(), broken.records().unwrap());
        for (a, b) in before.iter().zip(after.iter()) {
            // Nothing but presence may differ, and where it does, planting it by hand gives the same image.
            prop_assert_eq!(&Record { present: b.present.clone(), ..a.clone() }, b);
            prop_assert_eq!(planted.picture(b).unwrap(), broken.picture(b).unwrap());
            if a.present == b.present {
                prop_assert_eq!(planted.image(a.image).unwrap(), broken.image(b.image).unwrap());
            }
        }
    }
}

#[test]
fn a_broken_shortcut_still_shows_and_says_nothing() {
    for (_, strong, read) in crate::shortcuts::readouts() {
        let phantom = phantom_chest().with_strength(0.0).with_patients(200).with_visits(1, 1);
        let planted = phantom.with_shortcut(strong.clone(), Association::new(0.95, 0.05));
        let of = |phantom: &Phantom| {
            let records = phantom.records().unwrap();
            let pictures = phantom.images().unwrap();
            crate::auc(&records.iter().zip(&pictures).map(|(r, p)| (r.label, read(p))).collect::<Vec<_>>())
        };
        let (kept, lost) = (of(&planted), of(&planted.clone().with_broken_shortcuts()));
        assert!(kept > 0.85, "{strong:?}: {kept}");
        // Three standard errors with 100 images a side.
        assert!((lost - 0.5).abs() < 0.123, "{strong:?}: {lost}");
    }
}

#[test]
fn the_card_says_that_they_are_broken() {
    use eyepatch_core::Dataset;
    let card = biased(0.5).with_broken_shortcuts().card();
    assert!(
        card.biases.iter().any(|b| b.contains("55 % of positives, 55 % of negatives")),
        "{:?}",
        card.biases
    );
    assert!(card.biases.iter().any(|b| b.contains("broken")));
    assert!(!card.biases.iter().any(|b| b.contains("years older") || b.contains("site `north`")));
    let honest = phantom_fundus().card().biases;
    assert_eq!(honest.len(), 1, "{honest:?}");
}
