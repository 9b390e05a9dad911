//! External data go the same way to the models as the audit's own.

use std::collections::BTreeMap;

use eyepatch_core::Keep;
use eyepatch_engine::{MaskingSweep, Transfer};

use super::linear::{Linear, Share, log};
use super::plugins::{Cover, Discs, Means};
use super::{Files, run};

fn sweep(tag: &str) -> MaskingSweep {
    MaskingSweep::new(Linear::new(tag, Share::Yes), Discs::default())
        .maskers([Cover::full(), Cover::roi(Keep::Outside)])
        .folds(2)
        .probe(Means)
        .examples(2)
}

/// Scores as they are written, by sample, model, masking, fold and class.
fn scores(files: &Files, name: &str) -> BTreeMap<String, String> {
    let table = &files[&format!("tables/toy-sweep/{name}")];
    let record = |r: csv::Result<csv::StringRecord>| {
        let r = r.unwrap();
        (format!("{} {} {} {} {}", &r[0], &r[2], &r[3], &r[6], &r[7]), r[9].to_owned())
    };
    csv::Reader::from_reader(table.as_slice()).records().map(record).collect()
}

#[test]
fn the_audits_own_images_get_the_same_scores_as_external_ones_to_the_last_bit() {
    let dir = tempfile::tempdir().unwrap();
    let (result, files) =
        run(sweep("same scores").transfer(Transfer::to(Discs::default())), dir.path()).unwrap();
    let (own, external) = (scores(&files, "scores.csv"), scores(&files, "scores-external-1.csv"));
    // Every model is asked about all external images, and about its fold's own.
    assert_eq!(external.len(), 2 * own.len());
    for (at, score) in &own {
        assert_eq!(&external[at], score, "{at}");
    }
    let transfer = &result.audits[0].transfers[0];
    assert_eq!(transfer.preparation[0], transfer.preparation[1]);
    assert_eq!(transfer.classes[0].rows.len(), 4);
    assert!(transfer.classes[0].rows.iter().all(|r| r.external.is_some() || r.note.is_some()));
}

#[test]
fn a_transfer_trains_nothing_anew() {
    let dir = tempfile::tempdir().unwrap();
    let tag = "nothing anew";
    let (before, _) = run(sweep(tag), dir.path()).unwrap();
    let fits = log(tag, |log| log.fits);
    let (after, _) = run(sweep(tag).transfer(Transfer::to(Discs::default())), dir.path()).unwrap();
    assert_eq!(log(tag, |log| log.fits), fits);
    assert_eq!(before.audits[0].matrices, after.audits[0].matrices);
    assert!(before.audits[0].transfers.is_empty() && after.audits[0].transfers.len() == 1);
}

#[test]
fn other_classes_and_operating_points_that_cannot_be_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let other = Discs { twist: "class".into() };
    let refused = run(sweep("other class").transfer(Transfer::to(other)), dir.path()).unwrap_err();
    assert!(refused.contains("has no class") && refused.contains("another"), "{refused}");
    let point = Transfer::to(Discs::default()).sensitivity(1.0);
    let refused = run(sweep("no point").transfer(point), dir.path()).unwrap_err();
    assert!(refused.contains("sensitivity 1"), "{refused}");
}

#[test]
fn external_data_without_masks_are_shown_whole_and_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let whole = Discs { twist: "whole".into() };
    let (result, _) = run(sweep("no masks").transfer(Transfer::to(whole)), dir.path()).unwrap();
    let transfer = &result.audits[0].transfers[0];
    let rows: Vec<_> =
        transfer.classes[0].rows.iter().map(|r| (r.trained.as_str(), r.evaluated.as_str())).collect();
    assert_eq!(rows, [("Full", "Full"), ("NoROI", "Full")]);
    assert!(
        transfer.notes.iter().any(|n| n.contains("only shown whole: nobody drew a disc")),
        "{:?}",
        transfer.notes
    );
}

#[test]
fn external_images_that_models_cannot_take_are_found_before_anything_is_trained() {
    let dir = tempfile::tempdir().unwrap();
    let tag = "found early";
    let colour = Discs { twist: "colour".into() };
    let refused = run(sweep(tag).transfer(Transfer::to(colour)), dir.path()).err().unwrap();
    assert!(refused.contains("colour"), "{refused}");
    assert_eq!(log(tag, |log| log.fits), 0);
}
