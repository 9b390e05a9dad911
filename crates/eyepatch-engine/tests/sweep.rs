//! A sweep over toy plugins that are awkward in the ways a stranger's may be.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

#[path = "sweep/folds.rs"]
mod folds;
#[path = "sweep/linear.rs"]
mod linear;
#[path = "sweep/maps.rs"]
mod maps;
#[path = "sweep/plugins.rs"]
mod plugins;
#[path = "sweep/probes.rs"]
mod probes;
#[path = "sweep/transfer.rs"]
mod transfer;
#[path = "sweep/trunk.rs"]
mod trunk;

use std::collections::BTreeMap;
use std::path::Path;

use eyepatch_core::{Keep, Profile};
use eyepatch_engine::{
    AuditInfo, Experiment, MaskingSweep, Options, Profiles, Quiet, Store, expanded, run_audits,
};
use eyepatch_report::schema::RunResult;
use plugins::{Brightness, Cover, Discs, Fault, Means};

fn info() -> AuditInfo {
    AuditInfo {
        id: "toy/sweep".into(),
        question: "Does it work?".into(),
        seed: 7,
        tags: vec![],
        declared_in: "here".into(),
        variant: None,
    }
}

fn sweep(model: Brightness, maskers: &[Cover]) -> MaskingSweep {
    MaskingSweep::new(model, Discs::default())
        .maskers(maskers.iter().cloned())
        .folds(2)
        .probe(Means)
        .examples(2)
}

type Files = BTreeMap<String, Vec<u8>>;

fn run(sweep: MaskingSweep, store: &Path) -> Result<(RunResult, Files), String> {
    run_with(sweep, store, &Options::default())
}

fn run_with(sweep: MaskingSweep, store: &Path, options: &Options) -> Result<(RunResult, Files), String> {
    let store = Store::open(store).unwrap();
    let audits: Vec<(AuditInfo, Box<dyn eyepatch_engine::Experiment>)> = vec![(info(), Box::new(sweep))];
    run_audits(&audits, &store, options, &Quiet).map(|(r, f, _)| (r, f)).map_err(|e| e.to_string())
}

/// Mean score by trained and evaluated masking and class, from the score table.
fn means(files: &Files) -> BTreeMap<(String, String, String), f64> {
    let table = &files["tables/toy-sweep/scores.csv"];
    let mut sums: BTreeMap<_, (f64, f64)> = BTreeMap::new();
    for record in csv::Reader::from_reader(table.as_slice()).records() {
        let r = record.unwrap();
        let key = (r[2].to_owned(), r[3].to_owned(), r[7].to_owned());
        let sum = sums.entry(key).or_default();
        *sum = (sum.0 + r[9].parse::<f64>().unwrap(), sum.1 + 1.0);
    }
    sums.into_iter().map(|(k, (sum, n))| (k, sum / n)).collect()
}

#[test]
fn a_delivered_model_is_asked_as_itself_and_its_classes_go_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let maskers = [Cover::full(), Cover::roi(Keep::Outside)];
    let (result, files) = run(sweep(Brightness::delivered(), &maskers), dir.path()).unwrap();
    let means = means(&files);
    assert_eq!(
        means.keys().map(|k| k.0.as_str()).collect::<std::collections::BTreeSet<_>>(),
        ["delivered"].into()
    );
    // The model gives `dark` first, the table `bright`: mean brightness lies above its negative.
    let of = |class: &str| means[&("delivered".to_owned(), "Full".to_owned(), class.to_owned())];
    assert!(of("bright") > 0.0 && of("dark") < 0.0, "{means:?}");
    assert_eq!(result.audits[0].matrices[0].rows, ["delivered"]);
}

/// The study's "normal" masking could not say "no masking".
#[test]
fn a_sweep_without_the_full_image_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let error = run(sweep(Brightness::default(), &[Cover::roi(Keep::Outside)]), dir.path()).err().unwrap();
    assert!(error.contains("no masking shows the full image"), "{error}");
}

#[test]
fn a_masking_by_another_patients_roi_runs_and_never_uses_ones_own() {
    let dir = tempfile::tempdir().unwrap();
    let (result, _) =
        run(sweep(Brightness::default(), &[Cover::full(), Cover::donor()]), dir.path()).unwrap();
    assert!(result.audits[0].maskings[1].visible < 1.0);
}

/// Random fills are drawn per sample: trained on, evaluated, drawn for the report and exported, all the same pixels.
#[test]
fn noise_is_the_same_wherever_it_is_drawn() {
    use eyepatch_engine::Experiment;
    let dir = tempfile::tempdir().unwrap();
    let maskers = [Cover::full(), Cover::noise()];
    let make = || sweep(Brightness::default(), &maskers);
    let export = |name: &str| {
        let folder = dir.path().join(name);
        make().export(&info(), &Options::default(), &folder, &Quiet).unwrap();
        std::fs::read_to_string(folder.join("manifest.csv")).unwrap()
    };
    assert_eq!(export("a"), export("b"));
    let (_, files) = run(make(), &dir.path().join("store")).unwrap();
    // Full and noise differ in what the model sees, so that equality below says something.
    let means = means(&files);
    assert_eq!(means.len(), 8);
    // The model returns the brightness of what it is shown, and the exported images hold the same.
    let line = |r: &csv::StringRecord| (&r[3] == "noise").then(|| (r[1].to_owned(), r[8].to_owned()));
    let manifest = export("a");
    let shown: BTreeMap<_, _> =
        csv::Reader::from_reader(manifest.as_bytes()).records().filter_map(|r| line(&r.unwrap())).collect();
    let table = csv::Reader::from_reader(files["tables/toy-sweep/scores.csv"].as_slice()).into_records();
    let mut compared = 0;
    for r in table.map(Result::unwrap).filter(|r| &r[3] == "noise" && &r[7] == "bright") {
        let image = image::open(dir.path().join("a").join(&shown[&r[0]])).unwrap().to_luma8();
        let mean = image.pixels().map(|p| f64::from(p.0[0])).sum::<f64>()
            / f64::from(image.width() * image.height());
        assert!((mean / 255.0 - r[9].parse::<f64>().unwrap()).abs() < 1e-5, "{r:?}");
        compared += 1;
    }
    assert!(compared > 50, "{compared} scores");
}

#[test]
fn a_plugin_that_misbehaves_is_named_and_leaves_no_cell() {
    let dir = tempfile::tempdir().unwrap();
    // On several threads which fold fails first is a matter of time.
    let alone = Options { threads: 1, ..Options::default() };
    for (fault, words) in [
        (Fault::Infinite, &["predict", "finite numbers"][..]),
        (Fault::NanLoss, &["fit", "loss of model `toy/brightness` in epoch 1"]),
        (Fault::OtherClasses, &["fit", "classes of model `toy/brightness`"]),
        (Fault::Panics, &["fit", "a plugin panicked: out of paint"]),
        (Fault::TooFewScores, &["predict", "scores: expected"]),
    ] {
        let store = dir.path().join(format!("{fault:?}"));
        let make = |fault| {
            sweep(Brightness { fault, ..Brightness::default() }, &[Cover::full(), Cover::roi(Keep::Outside)])
        };
        let error = run_with(make(fault), &store, &alone).unwrap_err();
        for word in words {
            assert!(error.contains(word), "{fault:?}: `{word}` is not in: {error}");
        }
        // The same again: nothing wrong was kept, so nothing fails to read back.
        assert_eq!(run_with(make(fault), &store, &alone).unwrap_err(), error);
    }
}

/// A model may write folders and files of any name, `cell.json` too, and keeps its checkpoints over a failure.
#[test]
fn a_models_files_are_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let make = |fault| {
        sweep(Brightness { fault, ..Brightness::default() }, &[Cover::full(), Cover::roi(Keep::Outside)])
    };
    run(make(Fault::OddFiles), dir.path()).unwrap();
    let again = run(make(Fault::OddFiles), dir.path()).unwrap();
    assert!(!again.1.is_empty());
    let damaged = dir.path().join("damaged");
    assert!(!damaged.exists(), "its files were taken for damage");
    // It fails once it has left a checkpoint, and goes on from there the next time.
    let other = tempfile::tempdir().unwrap();
    assert!(run(make(Fault::FailsOnce), other.path()).unwrap_err().contains("not yet"));
    run(make(Fault::FailsOnce), other.path()).unwrap();
}

#[test]
fn a_table_that_does_not_hold_together_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (twist, word) in [
        ("labels", "it has 1 labels for 2 classes"),
        ("twice", "its id stands twice"),
        ("nan", "its `age` is not a finite number"),
        ("patient", "it has no patient"),
    ] {
        let data = Discs { twist: twist.into() };
        let sweep = MaskingSweep::new(Brightness::default(), data)
            .maskers([Cover::full(), Cover::roi(Keep::Outside)])
            .probe(Means);
        let error = run(sweep, dir.path()).unwrap_err();
        assert!(error.contains(word), "{twist}: {error}");
    }
}

#[test]
fn a_set_without_regions_is_only_shown_whole() {
    let dir = tempfile::tempdir().unwrap();
    let of = |maskers: &[Cover], twist: &str| {
        let data = Discs { twist: twist.into() };
        let sweep = MaskingSweep::new(Brightness::default(), data).folds(2).probe(Means);
        run(sweep.maskers(maskers.iter().cloned()), dir.path())
    };
    let both = [Cover::full(), Cover::roi(Keep::Outside)];
    let error = of(&both, "whole").unwrap_err();
    let says = "data set `toy/discs` cannot be masked, and `NoROI` masks it: nobody drew a disc";
    assert!(error.contains(says), "{error}");
    assert!(of(&both, "").is_ok() && of(&both[..1], "whole").is_ok());
}

/// Divided by its own maximum before it is masked, an image shows in its visible part what was hidden.
#[test]
fn the_published_order_hides_nothing_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let maskers = [Cover::full(), Cover::roi(Keep::Outside)];
    let of = |published, name: &str| {
        let model = Brightness { published, ..Brightness::default() };
        run(sweep(model, &maskers), &dir.path().join(name)).unwrap()
    };
    let (strict, published) = (of(false, "strict"), of(true, "published"));
    let hides =
        |result: &RunResult| result.audits[0].maskings.iter().map(|m| m.card.hides).collect::<Vec<_>>();
    assert_eq!((hides(&strict.0), hides(&published.0)), (vec![true, true], vec![true, false]));
    let notes = published.0.audits[0].notes.join(" ");
    assert!(notes.contains("divided by their own maximum before they are masked"), "{notes}");
    // All images have one grey level outside the region: in the strict order the model cannot tell them apart without
    // it, in the published one it can.
    let spread = |files: &Files| {
        let table = csv::Reader::from_reader(files["tables/toy-sweep/scores.csv"].as_slice()).into_records();
        let no_roi = table.map(Result::unwrap).filter(|r| &r[3] == "NoROI" && &r[7] == "bright");
        let (bright, dark): (Vec<_>, Vec<_>) =
            no_roi.map(|r| (r[8] == *"1", r[9].parse::<f64>().unwrap())).partition(|(l, _)| *l);
        let mean = |v: &[(bool, f64)]| v.iter().map(|x| x.1).sum::<f64>() / v.len() as f64;
        (mean(&bright) - mean(&dark)).abs()
    };
    assert!(
        spread(&strict.1) < 0.01 && spread(&published.1) > 0.1,
        "{} {}",
        spread(&strict.1),
        spread(&published.1)
    );
}

/// Stretched before it is masked, an image shows in its visible part what was hidden: no fill hides.
#[test]
fn images_prepared_as_published_hide_nothing_and_the_report_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let maskers = [Cover::full(), Cover::roi(Keep::Outside)];
    let of = |profile, name: &str| {
        let sweep = sweep(Brightness::default(), &maskers).prepare_as(profile);
        run(sweep, &dir.path().join(name)).unwrap().0
    };
    let (published, strict) = (of(Profile::Published, "published"), of(Profile::Strict, "strict"));
    let hides = |r: &RunResult| r.audits[0].maskings.iter().map(|m| m.card.hides).collect::<Vec<_>>();
    assert_eq!((hides(&published), hides(&strict)), (vec![true, false], vec![true, true]));
    let notes = published.audits[0].notes.join(" ");
    assert!(notes.contains("stretched before they are masked"), "{notes}");
    let prepare =
        |r: &RunResult| r.audits[0].provenance.cells.iter().find(|c| c.kind == "prepare").unwrap().key;
    assert_ne!(prepare(&published), prepare(&strict));
}

#[test]
fn a_rule_about_the_full_image_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let sweep =
        sweep(Brightness::default(), &[Cover::full()]).flag_if(eyepatch_engine::auc(Keep::Full).above(0.6));
    assert!(run(sweep, dir.path()).unwrap_err().contains("about the full image"));
}

/// Two variants of one audit: the same streams, the same folds, shared cells, and a comparison that names their choices.
#[test]
fn an_audit_in_two_profiles_tells_their_difference() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let profiles = Profiles::of(|profile| {
        let folds = if profile == Profile::Published { 2 } else { 3 };
        sweep(Brightness::default(), &[Cover::full(), Cover::roi(Keep::Outside)]).folds(folds)
    });
    let audits = expanded(vec![(info(), Box::new(profiles) as Box<dyn Experiment>)]);
    let (result, files, _) = run_audits(&audits, &store, &Options::default(), &Quiet).unwrap();
    let ids: Vec<&str> = result.audits.iter().map(|a| a.id.as_str()).collect();
    assert_eq!(ids, ["toy/sweep@published", "toy/sweep@strict"]);
    assert!(files.keys().any(|f| f.contains("published")) && files.keys().any(|f| f.contains("strict")));
    let [comparison] = result.comparisons.as_slice() else { panic!("{:?}", result.comparisons) };
    assert_eq!(
        (comparison.of.as_str(), comparison.variants.join(" ")),
        ("toy/sweep", "published strict".into())
    );
    let choices: Vec<&str> = comparison.choices.iter().map(|c| c.what.as_str()).collect();
    assert_eq!(choices, ["design.folds", "splits"]);
    assert_eq!(comparison.choices[0].values, [Some("2".into()), Some("3".into())]);
    assert_eq!(comparison.aucs.len(), 2 * 2 * result.audits[0].data.classes.len());
    for cell in &comparison.aucs {
        let in_audit = |i: usize| {
            let matrix = result.audits[i].matrices.iter().find(|m| m.class == cell.class).unwrap();
            let place = |names: &[String], name: &str| names.iter().position(|n| n == name).unwrap();
            matrix.cells[place(&matrix.rows, &cell.trained)][place(&matrix.columns, &cell.evaluated)]
        };
        assert_eq!(cell.aucs, [in_audit(0), in_audit(1)]);
    }
    // The images are prepared once for both.
    let prepare =
        |i: usize| result.audits[i].provenance.cells.iter().find(|c| c.kind == "prepare").unwrap().key;
    assert_eq!(prepare(0), prepare(1));
}

/// Where nothing differs, nothing is told and all cells are shared.
#[test]
fn profiles_without_a_difference_are_one_run() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let profiles =
        Profiles::of(|_| sweep(Brightness::default(), &[Cover::full(), Cover::roi(Keep::Outside)]));
    let audits = expanded(vec![(info(), Box::new(profiles) as Box<dyn Experiment>)]);
    let (result, ..) = run_audits(&audits, &store, &Options::default(), &Quiet).unwrap();
    assert!(result.comparisons[0].choices.is_empty());
    assert_eq!(result.audits[0].provenance.cells, result.audits[1].provenance.cells);
    assert!(result.comparisons[0].aucs.iter().all(|c| c.aucs[0] == c.aucs[1]));
    // Unexpanded, it cannot be planned, and says what can.
    let alone = Profiles::of(|_| sweep(Brightness::default(), &[Cover::full()]));
    let error = alone.plan(&info(), &Options::default()).err().unwrap().to_string();
    assert!(error.contains("several experiments"), "{error}");
}
