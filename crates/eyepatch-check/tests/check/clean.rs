//! The phantom without a planted shortcut, and with one.

use eyepatch_check::{Input, check};
use eyepatch_core::{Ctx, Dataset, Seed};
use eyepatch_report::schema::{Check, Severity};
use plugin_phantom::{Association, Phantom, Tag, phantom_chest};

fn checked(phantom: &Phantom) -> Check {
    let ctx = Ctx::new(Seed::root(1), 2).unwrap();
    let table = phantom.table(&ctx).unwrap();
    check(&Input { dataset: phantom, table: &table, sources: &[], splits: &[] }, &ctx).unwrap()
}

/// The quickstart's honest films, of twenty seeds and fewer patients (`EYEPATCH_ALL_FILMS=1` for all of them): opacities brighten
/// the lungs, which is the legitimate sign, and nothing else goes with them.
#[test]
fn the_honest_phantom_hardly_ever_alarms() {
    let (mut alarms, mut told) = (0, 0);
    let patients = if std::env::var_os("EYEPATCH_ALL_FILMS").is_some() { 400 } else { 100 };
    for seed in 0..20 {
        let found = checked(&phantom_chest().with_patients(patients).with_visits(1, 2).with_seed(seed));
        let of: Vec<_> = found.findings.iter().filter(|f| f.severity == Severity::Alarm).collect();
        alarms += of.len();
        told += usize::from(
            found
                .findings
                .iter()
                .any(|f| f.sentence.contains("inside the ROI") && f.severity == Severity::Note),
        );
        if !of.is_empty() {
            eprintln!("seed {seed}: {of:#?}");
        }
    }
    assert!(alarms <= 1, "{alarms} alarms in 20 seeds");
    // The sign itself is measured and told all the same.
    assert!(told >= 15, "{told}");
}

#[test]
fn the_planted_marker_is_found_in_its_column_and_outside_the_region() {
    let found = checked(
        &phantom_chest().with_strength(0.2).with_shortcut(Tag::default(), Association::new(0.95, 0.05)),
    );
    let alarms: Vec<&str> = found
        .findings
        .iter()
        .filter(|f| f.severity == Severity::Alarm)
        .map(|f| f.sentence.as_str())
        .collect();
    assert!(alarms.len() >= 2, "{alarms:#?}");
    assert!(alarms.iter().any(|s| s.contains("outside the ROI") && s.contains("opacity")), "{alarms:#?}");
}
