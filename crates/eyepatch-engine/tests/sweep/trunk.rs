//! A shared trunk: computed once an image, masking and view, and never seen in a result.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use eyepatch_core::Keep;
use eyepatch_engine::{
    AuditInfo, Cell, Experiment, MaskingSweep, Observer, Options, Precision, Store, run_audits,
};
use eyepatch_report::RunResult;

use super::linear::{Linear, Share, log};
use super::plugins::{Cover, Discs, Means};
use super::{Files, info};

const IMAGES: usize = 80;
/// Bytes of the features of one set, without and with what goes beside them.
const SET: u64 = 128 + 4 * 64 * IMAGES as u64;
const CELL: u64 = SET + 4096;
const SCORES: &str = "tables/toy-sweep/scores.csv";

fn five() -> Vec<Cover> {
    vec![Cover::full(), Cover::roi(Keep::Outside), Cover::roi(Keep::Inside), Cover::grey(), Cover::noise()]
}

fn sweep(model: Linear, maskers: Vec<Cover>, folds: usize) -> MaskingSweep {
    MaskingSweep::new(model, Discs::default()).maskers(maskers).folds(folds).probe(Means).examples(2)
}

/// Keeps what it is told.
#[derive(Default)]
struct Ears {
    notices: Mutex<Vec<String>>,
    /// Kinds of cells that were computed.
    computed: Mutex<Vec<String>>,
    /// A store from which the first features are taken as soon as they are there.
    steals: Mutex<Option<PathBuf>>,
    given_up: AtomicUsize,
}

impl Observer for Ears {
    fn notice(&self, text: &str) {
        self.notices.lock().unwrap().push(text.into());
    }

    fn finished(&self, cell: &Cell, _seconds: f64) {
        self.computed.lock().unwrap().push(cell.spec.kind.clone());
        if cell.spec.kind == "features"
            && let Some(store) = self.steals.lock().unwrap().take()
        {
            remove_one(&store, "features");
        }
    }

    fn given_up(&self, _cell: &Cell) {
        self.given_up.fetch_add(1, Ordering::Relaxed);
    }
}

impl Ears {
    fn computed(&self, kind: &str) -> usize {
        self.computed.lock().unwrap().iter().filter(|k| *k == kind).count()
    }
}

fn run(
    sweep: MaskingSweep,
    store: &Path,
    options: &Options,
    ears: &Ears,
) -> Result<(RunResult, Files), String> {
    let store = Store::open(store).unwrap();
    let audits: Vec<(AuditInfo, Box<dyn Experiment>)> = vec![(info(), Box::new(sweep))];
    let done = run_audits(&audits, &store, options, ears);
    done.map(|(result, files, _)| (result, files)).map_err(|e| format!("{e}: {:?}", e.remedy()))
}

fn scores(sweep: MaskingSweep, store: &Path, options: &Options) -> Vec<u8> {
    run(sweep, store, options, &Ears::default()).unwrap().1.remove(SCORES).unwrap()
}

/// Scores of the same models without a shared trunk.
fn unshared(tag: &str, views: usize, maskers: Vec<Cover>, folds: usize) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let model = Linear { views, ..Linear::new(tag, Share::No) };
    scores(sweep(model, maskers, folds), dir.path(), &Options::default())
}

/// Scores on the five maskings and two folds.
static ALONE: LazyLock<Vec<u8>> = LazyLock::new(|| unshared("alone", 1, five(), 2));

fn passes(tag: &str) -> usize {
    log(tag, |l| l.passes)
}

/// Folders of kept features, and bytes of them.
fn kept(store: &Path) -> (usize, u64) {
    let cells = std::fs::read_dir(store.join("cells")).unwrap().map(|e| e.unwrap().path());
    let features = cells.filter(|p| p.file_name().unwrap().to_string_lossy().starts_with("features-"));
    let bytes = |p: &Path| std::fs::metadata(p.join("features.npy")).map_or(0, |m| m.len());
    features.fold((0, 0), |(n, sum), p| (n + 1, sum + bytes(&p)))
}

fn remove_one(store: &Path, kind: &str) {
    let mut cells = std::fs::read_dir(store.join("cells")).unwrap().map(|e| e.unwrap().path());
    let of_kind = |p: &std::path::PathBuf| p.file_name().unwrap().to_string_lossy().starts_with(kind);
    std::fs::remove_dir_all(cells.find(of_kind).unwrap()).unwrap();
}

#[test]
fn five_passes_serve_twenty_five_models() {
    let dir = tempfile::tempdir().unwrap();
    let make = || sweep(Linear::new("five", Share::Yes), five(), 5);
    let planned = make().plan(&info(), &Options::default()).unwrap();
    let count = |kind: &str| planned.cells().iter().filter(|c| c.spec.kind == kind).count();
    assert_eq!((count("features"), count("fit"), count("predict")), (5, 25, 125));
    let told = planned.trunk_passes().unwrap();
    assert_eq!(told.shared as usize, 5 * IMAGES);
    // Each image trains or watches in 4 of 5 folds and is tested in one, by each of 5 models on each of 5 maskings.
    assert_eq!(told.unshared as usize, (5 * 4 + 25) * IMAGES);

    let ears = Ears::default();
    let (result, files) = run(make(), dir.path(), &Options::default(), &ears).unwrap();
    assert_eq!(passes("five"), 5 * IMAGES);
    assert_eq!((ears.computed("features"), ears.computed("fit"), ears.computed("predict")), (5, 25, 125));
    assert!(ears.notices.lock().unwrap().is_empty() && result.audits[0].notes.is_empty());
    assert_eq!(files[SCORES], unshared("five, alone", 1, five(), 5));
    // Three epochs, without anything kept.
    assert_eq!(passes("five, alone"), (5 * 4 * 3 + 25) * IMAGES);

    // What is there is not made again: not for a whole result, nor for one prediction that is missing.
    run(make(), dir.path(), &Options::default(), &ears).unwrap();
    remove_one(dir.path(), "predict");
    run(make(), dir.path(), &Options::default(), &ears).unwrap();
    assert_eq!((passes("five"), ears.computed("predict")), (5 * IMAGES, 126));
    // Another head finds the features there.
    let other = Linear { epochs: 2, ..Linear::new("five", Share::Yes) };
    run(sweep(other, five(), 5), dir.path(), &Options::default(), &ears).unwrap();
    assert_eq!((passes("five"), ears.computed("fit")), (5 * IMAGES, 50));
}

#[test]
fn features_that_were_damaged_or_deleted_are_made_again_when_they_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::default();
    let make = || sweep(Linear::new("damaged", Share::Yes), five(), 2);
    let whole = scores(make(), dir.path(), &options);
    let cells = std::fs::read_dir(dir.path().join("cells")).unwrap().map(|e| e.unwrap().path());
    for path in cells.map(|p| p.join("features.npy")).filter(|p| p.exists()) {
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
    // Nobody reads them.
    assert_eq!(scores(make(), dir.path(), &options), whole);
    assert_eq!(passes("damaged"), 5 * IMAGES);
    remove_one(dir.path(), "predict");
    let ears = Ears::default();
    let (_, files) = run(make(), dir.path(), &options, &ears).unwrap();
    assert_eq!((&files[SCORES], passes("damaged"), ears.computed("features")), (&whole, 6 * IMAGES, 1));
    assert!(ears.notices.lock().unwrap()[0].contains("checksum"));
}

#[test]
fn augmented_views_are_kept_too() {
    let dir = tempfile::tempdir().unwrap();
    let make = || sweep(Linear { views: 3, ..Linear::new("views", Share::Yes) }, five(), 2);
    let told = make().plan(&info(), &Options::default()).unwrap().trunk_passes().unwrap();
    // An image that never trains (it watches or is tested in every fold) has no augmented views.
    assert!(told.shared as usize > 12 * IMAGES && told.shared as usize <= 15 * IMAGES, "{told:?}");
    let shared = scores(make(), dir.path(), &Options::default());
    assert_eq!((passes("views"), kept(dir.path()).0), (told.shared as usize, 15));
    assert_eq!(shared, unshared("views, alone", 3, five(), 2));
    assert_ne!(shared, *ALONE);
}

#[test]
fn a_run_that_is_stopped_loses_the_rows_of_one_cell_at_most() {
    let dir = tempfile::tempdir().unwrap();
    let make = || sweep(Linear::new("stopped", Share::Yes), five(), 2);
    let stopped = |change: &dyn Fn(&mut super::linear::Log)| {
        log("stopped", change);
        let error = run(make(), dir.path(), &Options::default(), &Ears::default()).unwrap_err();
        assert!(error.contains("stopped on request"), "{error}");
        log("stopped", |l| (l.stop_at_pass, l.stop_at_fit) = (None, None));
    };
    let (mut lost, mut sets) = (0, 0);
    for _ in 0..3 {
        // In the middle of the next set: 32 of 80 images went through.
        let before = passes("stopped");
        stopped(&|l| l.stop_at_pass = Some(before + 40));
        assert_eq!((passes("stopped") - before, kept(dir.path()).0), (32, sets));
        lost += 32;
        // And in a fit, which takes no features away.
        stopped(&|l| l.stop_at_fit = Some(l.fits + 2));
        sets += 1;
        assert_eq!(kept(dir.path()).0, sets);
    }
    assert_eq!(scores(make(), dir.path(), &Options::default()), *ALONE);
    assert_eq!(passes("stopped"), 5 * IMAGES + lost);
}

#[test]
fn a_budget_bounds_what_is_kept_and_changes_no_score() {
    let mut before = 0;
    for (sets, images) in [(5, 5), (2, 8), (1, 9), (0, 5 * 3 + 25)] {
        let dir = tempfile::tempdir().unwrap();
        let make = || sweep(Linear::new("budget", Share::Yes), five(), 2);
        let options = Options { cache_budget: Some(sets * CELL), ..Options::default() };
        let ears = Ears::default();
        let (_, files) = run(make(), dir.path(), &options, &ears).unwrap();
        assert!(files[SCORES] == *ALONE, "with room for {sets} sets");
        let (n, bytes) = kept(dir.path());
        assert!(n as u64 <= sets && bytes <= sets * CELL, "{n} sets of {bytes} bytes with room for {sets}");
        assert_eq!(passes("budget") - before, images * IMAGES, "with room for {sets} sets");
        before = passes("budget");
        let notices = ears.notices.lock().unwrap();
        assert_eq!(notices.iter().filter(|n| n.contains("find no room")).count(), usize::from(sets == 0));
    }
    // A smaller budget gives up what a larger one kept, though nothing is to be made.
    let dir = tempfile::tempdir().unwrap();
    let make = || sweep(Linear::new("less", Share::Yes), five(), 2);
    for (budget, left) in [(None, 5), (Some(3 * CELL), 3), (Some(0), 0)] {
        let options = Options { cache_budget: budget, ..Options::default() };
        let _ = scores(make(), dir.path(), &options);
        assert_eq!((kept(dir.path()).0, passes("less")), (left, 5 * IMAGES));
    }
}

/// As another run that needs the room would.
#[test]
fn features_that_are_gone_when_they_are_to_be_read_are_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let ears = Ears { steals: Mutex::new(Some(dir.path().into())), ..Ears::default() };
    let model = Linear::new("stolen", Share::Yes);
    let (_, files) = run(sweep(model, five(), 2), dir.path(), &Options::default(), &ears).unwrap();
    assert_eq!((passes("stolen"), ears.computed("features")), (6 * IMAGES, 6));
    assert!(ears.given_up.load(Ordering::Relaxed) >= 1);
    assert!(files[SCORES] == *ALONE);
}

/// Room for one set each, and both want another: they take it from each other, and neither reads what is gone.
#[test]
fn two_runs_on_one_store_may_take_each_others_features() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { cache_budget: Some(CELL + 1000), threads: 2, ..Options::default() };
    let one = |tag: &str| scores(sweep(Linear::new(tag, Share::Yes), five(), 2), dir.path(), &options);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| one("two, first"));
        assert!(one("two, second") == *ALONE);
        assert!(other.join().unwrap() == *ALONE);
    });
}

#[test]
fn half_precision_is_near_and_the_same_whether_it_is_kept() {
    let parse = |table: &[u8]| -> Vec<f64> {
        csv::Reader::from_reader(table).records().map(|r| r.unwrap()[9].parse().unwrap()).collect()
    };
    let half = Options { cache_precision: Precision::F16, ..Options::default() };
    let of = |tag: &str, options: &Options| {
        let dir = tempfile::tempdir().unwrap();
        let (result, files) =
            run(sweep(Linear::new(tag, Share::Yes), five(), 2), dir.path(), options, &Ears::default())
                .unwrap();
        (result, files[SCORES].clone(), kept(dir.path()).1)
    };
    let (result, kept, bytes) = of("half", &half);
    assert_eq!(bytes, 5 * (128 + 2 * 64 * IMAGES as u64));
    assert!(kept == of("half", &Options { cache_budget: Some(0), ..half }).1);
    let audit = &result.audits[0];
    assert_eq!(audit.notes, ["Features of the shared trunk are rounded to half precision."]);
    assert_eq!(audit.provenance.precision, "f32, features f16");
    let exact = of("exact", &Options::default());
    assert_eq!((&*exact.0.audits[0].provenance.precision, exact.2), ("f32", 5 * SET));
    let (kept, exact) = (parse(&kept), parse(&exact.1));
    let off = |(a, b): (&f64, &f64)| (a - b).abs() / (1.0 + b.abs());
    let worst = kept.iter().zip(&exact).map(off).fold(0.0, f64::max);
    // Rounded by 2^-11 at most; descent and a sum of 64 amplify it little.
    assert!(worst > 0.0 && worst < 8.0 / 2048.0, "{worst}");
}

#[test]
fn a_model_that_must_not_share_says_so_once() {
    let dir = tempfile::tempdir().unwrap();
    let make = || sweep(Linear::new("refuses", Share::Refuses), five(), 2);
    let planned = make().plan(&info(), &Options::default()).unwrap();
    assert!(planned.trunk_passes().is_none());
    assert!(planned.cells().iter().all(|c| c.spec.kind != "features"));
    let says =
        |text: &String| text.ends_with("instead of sharing what it gives: its mood depends on the batch.");
    assert_eq!(planned.overview().iter().filter(|(_, v)| says(v)).count(), 1);
    let ears = Ears::default();
    let (result, files) = run(make(), dir.path(), &Options::default(), &ears).unwrap();
    assert_eq!(ears.notices.lock().unwrap().iter().filter(|n| says(n)).count(), 1);
    assert_eq!(result.audits[0].notes.iter().filter(|n| says(n)).count(), 1);
    assert_eq!(files[SCORES], *ALONE);
    assert_eq!(kept(dir.path()).0, 0);
    let half = Options { cache_precision: Precision::F16, ..Options::default() };
    run(make(), dir.path(), &half, &ears).unwrap();
    assert!(ears.notices.lock().unwrap().iter().any(|n| n.contains("changes nothing")));
}

#[test]
fn a_masking_that_differs_from_fold_to_fold_is_not_shared() {
    let dir = tempfile::tempdir().unwrap();
    let maskers = || vec![Cover::full(), Cover::mean(), Cover::donor()];
    let alone = unshared("learns, alone", 1, maskers(), 2);
    let shared =
        scores(sweep(Linear::new("learns", Share::Yes), maskers(), 2), dir.path(), &Options::default());
    assert!(shared == alone);
    let names: Vec<String> = {
        let planned = sweep(Linear::new("learns", Share::Yes), maskers(), 2)
            .plan(&info(), &Options::default())
            .unwrap();
        let cells = planned.cells().iter().filter(|c| c.spec.kind == "features");
        cells.map(|c| c.spec.name.clone()).collect()
    };
    assert_eq!(names, ["Full", "mean fold 0", "mean fold 1", "other"]);
    // Full once, mean once a fold; the other patient's ROI was found out, so that nothing of it is kept.
    assert_eq!(kept(dir.path()), (4, 3 * SET));
}

#[test]
fn a_disk_without_room_is_told_before_anything_starts() {
    let dir = tempfile::tempdir().unwrap();
    let make = || sweep(Linear::new("huge", Share::Huge), five(), 2);
    let options = Options { cache_budget: Some(u64::MAX), ..Options::default() };
    let ears = Ears::default();
    let error = run(make(), dir.path(), &options, &ears).unwrap_err();
    assert!(error.contains("MB are free") && error.contains("--cache-budget"), "{error}");
    assert!(ears.computed.lock().unwrap().is_empty() && passes("huge") == 0);
}
