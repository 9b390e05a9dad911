//! Folds: each model meets its own fold's parts only, and one set of folds serves all models of an audit.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::Keep;
use eyepatch_engine::{Experiment, MaskingSweep, Options, SplitScheme};

use crate::plugins::{Brightness, Cover};
use crate::{Files, info, run, sweep};

fn chest() -> MaskingSweep {
    let maskers = [Cover::full(), Cover::roi(Keep::Outside)];
    sweep(Brightness::default(), &maskers).split(SplitScheme::study_chest()).folds(5)
}

#[test]
fn a_model_is_asked_about_its_own_fold_only() {
    let balanced = sweep(Brightness::default(), &[Cover::full(), Cover::roi(Keep::Outside)]).folds(5);
    for sweep in [balanced, chest()] {
        let planned = sweep.plan(&info(), &Options::default()).unwrap();
        let cells = planned.cells();
        let of_kind = |kind: &str| cells.iter().filter(|c| c.spec.kind == kind).collect::<Vec<_>>();
        let splits: BTreeSet<&str> =
            of_kind("fit").iter().map(|c| c.spec.body["split"].as_str().unwrap()).collect();
        assert_eq!(splits.len(), 5, "each fold trains on rows of its own");
        assert_eq!(of_kind("predict").len(), 2 * 2 * 5);
        for predict in of_kind("predict") {
            let read: Vec<_> = predict.inputs.iter().map(|&i| &cells[i]).collect();
            let fits: Vec<_> = read.iter().filter(|c| c.spec.kind == "fit").collect();
            assert_eq!(fits.len(), 1, "{}", predict.spec.name);
            assert_eq!(fits[0].spec.body["split"], predict.spec.body["split"], "{}", predict.spec.name);
            let fold = |name: &str| name.rsplit_once(" fold ").unwrap().1.to_owned();
            assert_eq!(fold(&fits[0].spec.name), fold(&predict.spec.name));
        }
    }
}

/// The samples of a fold's part, from the file of folds.
fn part(text: &str, fold: usize, part: &str) -> BTreeSet<String> {
    let end = format!(",{fold},{part}");
    text.lines().filter_map(|l| l.strip_suffix(&end)).map(ToOwned::to_owned).collect()
}

/// The samples that were scored, by training masking, masking and fold.
fn scored(files: &Files) -> BTreeMap<[String; 3], BTreeSet<String>> {
    let mut samples: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for record in csv::Reader::from_reader(files["tables/toy-sweep/scores.csv"].as_slice()).records() {
        let r = record.unwrap();
        samples.entry([&r[2], &r[3], &r[6]].map(ToOwned::to_owned)).or_default().insert(r[0].to_owned());
    }
    samples
}

#[test]
fn the_folds_lie_in_the_store_and_every_model_is_tested_on_them() {
    let dir = tempfile::tempdir().unwrap();
    let (result, files) = run(chest(), dir.path()).unwrap();
    let folds = String::from_utf8(files["tables/toy-sweep/split-rows.csv"].clone()).unwrap();
    let cells = std::fs::read_dir(dir.path().join("cells")).unwrap().map(|e| e.unwrap().path());
    let kept: Vec<String> =
        cells.filter_map(|p| std::fs::read_to_string(p.join("split-rows.csv")).ok()).collect();
    assert_eq!(kept, std::slice::from_ref(&folds));

    let test = part(&folds, 0, "test");
    assert_eq!(test.len(), 16, "a fifth of 40 patients, two images each");
    let scored = scored(&files);
    assert_eq!(scored.len(), 2 * 2 * 5);
    for ([trained, evaluated, fold], samples) in &scored {
        assert_eq!(
            samples,
            &part(&folds, fold.parse().unwrap(), "test"),
            "{trained} on {evaluated}, fold {fold}"
        );
        assert_eq!(samples, &test, "one test set");
    }
    let summary = &result.audits[0].splits;
    assert!(summary.scheme.contains("the one test set of all 5 folds"), "{}", summary.scheme);
    assert!(summary.parts.iter().filter(|p| p.part == "test").all(|p| p.patients == 8));
}

#[test]
fn a_common_test_set_detects_less_than_the_whole_table() {
    let gap = |sweep: MaskingSweep| {
        let planned = sweep.plan(&info(), &Options::default()).unwrap();
        planned.detectable_gaps()[0].1.unwrap()
    };
    let balanced = sweep(Brightness::default(), &[Cover::full(), Cover::roi(Keep::Outside)]).folds(5);
    // 8 patients are tested, however many folds' models look at them, and not 40.
    assert!(gap(chest()) > gap(balanced) + 0.05);
}

#[test]
fn a_scheme_and_a_file_of_folds_exclude_each_other() {
    let refused = chest().splits("folds.csv").plan(&info(), &Options::default()).err().unwrap().to_string();
    assert!(refused.contains("folds from a file and a scheme"), "{refused}");
}
