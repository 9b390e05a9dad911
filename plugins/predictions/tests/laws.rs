//! The laws of a model, and what the score file's reader says to files that do not answer their plan.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

use eyepatch_core::{Ctx, Error, ManifestRow, Model, OutputSpace, Params, Result, ScoreKey, ScoreSource};
use plugin_predictions::{Predictions, predictions};
use tempfile::TempDir;

eyepatch_testkit::model_laws! {
    named: predictions("scores.csv").name("of the clinic");
}

/// A plan of two folds, two maskings and two classes on five samples, with files that answer it.
struct Plan {
    dir: TempDir,
    wanted: Vec<(ScoreKey, Vec<String>)>,
    manifest: Vec<ManifestRow>,
}

const CLASSES: [&str; 2] = ["a", "b"];

fn classes() -> Vec<String> {
    CLASSES.map(String::from).to_vec()
}

fn key(masking: &str, fold: usize) -> ScoreKey {
    ScoreKey {
        trained: "delivered".into(),
        masking: masking.into(),
        fill: fill(masking).into(),
        dilation: 0,
        fold,
    }
}

/// As the cards of `eyepatch/region` have it.
fn fill(masking: &str) -> &'static str {
    if masking == "Full" { "none" } else { "black" }
}

fn score(sample: &str, masking: &str, class: &str) -> f32 {
    let sum: u32 = [sample, masking, class].concat().bytes().map(u32::from).sum();
    (sum % 97) as f32 / 97.0
}

impl Plan {
    fn new() -> Self {
        let samples =
            |fold: usize| (0..5).filter(|i| i % 2 == fold).map(|i| format!("s{i}")).collect::<Vec<_>>();
        let mut wanted = Vec::new();
        let mut manifest = Vec::new();
        for masking in ["Full", "NoROI"] {
            for fold in 0..2 {
                for sample in samples(fold) {
                    manifest.push(ManifestRow {
                        hash: format!("{sample}-{masking}"),
                        patient: format!("p{sample}"),
                        masking: masking.into(),
                        fill: fill(masking).into(),
                        dilation: 0,
                        fold,
                        part: "test".into(),
                        path: format!("{masking}/{sample}.png"),
                        sample,
                    });
                }
                wanted.push((key(masking, fold), samples(fold)));
            }
        }
        let plan = Self { dir: tempfile::tempdir().unwrap(), wanted, manifest };
        plan.write("manifest.csv", &plan.manifest_text());
        plan.write("scores.csv", &plan.scores_text());
        plan
    }

    fn scores_text(&self) -> String {
        let mut text = "sample,masking,fill,fold,class,score\n".to_owned();
        for (key, samples) in &self.wanted {
            for sample in samples {
                for class in CLASSES {
                    let value = score(sample, &key.masking, class);
                    text += &format!("{sample},{},{},{},{class},{value}\n", key.masking, key.fill, key.fold);
                }
            }
        }
        text
    }

    fn manifest_text(&self) -> String {
        let mut text = "hash,sample,patient,masking,fill,dilation,fold,part,path\n".to_owned();
        for r in &self.manifest {
            let ManifestRow { hash, sample, patient, masking, fill, dilation, fold, part, path } = r;
            text += &format!("{hash},{sample},{patient},{masking},{fill},{dilation},{fold},{part},{path}\n");
        }
        text
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).unwrap();
    }

    fn model(&self) -> Predictions {
        predictions(self.dir.path().join("scores.csv"))
    }

    fn verify(&self, model: &Predictions) -> Result<()> {
        model.verify(&self.wanted, &classes(), &self.manifest, &Ctx::for_tests(1))
    }

    /// Asserts that these scores are refused at this line for this reason.
    #[track_caller]
    fn refuses(&self, scores: &str, line: Option<usize>, says: &str) {
        self.write("scores.csv", scores);
        refused(self.verify(&self.model()).unwrap_err(), "scores.csv", line, says);
    }
}

#[track_caller]
fn refused(error: Error, file: &str, line: Option<usize>, says: &str) {
    let text = error.to_string();
    match error {
        Error::ScoreFile { path, row, problem, remedy } => {
            assert!(path.ends_with(file), "{text}");
            assert_eq!(row, line, "{text}");
            assert!(problem.contains(says) && !remedy.is_empty(), "{text}\nlacks: {says}");
        }
        other => panic!("not a score file error: {other}"),
    }
}

#[test]
fn scores_come_back_in_the_order_asked() {
    let plan = Plan::new();
    let (model, ctx) = (plan.model().output(OutputSpace::Probabilities), Ctx::for_tests(1));
    plan.verify(&model).unwrap();
    assert_eq!(model.trained(&ctx).unwrap(), ["delivered"]);
    let samples = ["s4", "s0"].map(String::from);
    let reversed = ["b", "a"].map(String::from);
    let found = ScoreSource::scores(&model, &key("NoROI", 0), &samples, &reversed, &ctx).unwrap();
    let expected: Vec<f32> =
        samples.iter().flat_map(|s| ["b", "a"].map(|class| score(s, "NoROI", class))).collect();
    assert_eq!((found.values, found.space), (expected, OutputSpace::Probabilities));
    let missing = ScoreSource::scores(&model, &key("NoROI", 1), &samples, &reversed, &ctx).unwrap_err();
    refused(missing, "scores.csv", None, "no score for sample `s4`");
}

#[test]
fn order_of_rows_and_columns_and_line_ends_do_not_matter() {
    let plan = Plan::new();
    let text = plan.scores_text();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    let turned: Vec<String> =
        lines.iter().map(|l| l.split(',').rev().collect::<Vec<_>>().join(",")).collect();
    plan.write("scores.csv", &format!("\u{feff}{}", turned.join("\r\n")));
    let model = plan.model();
    plan.verify(&model).unwrap();
    let found = ScoreSource::scores(&model, &key("Full", 1), &["s3".into()], &classes(), &Ctx::for_tests(1));
    assert_eq!(found.unwrap().values, CLASSES.map(|c| score("s3", "Full", c)));
}

#[test]
fn optional_columns_are_read() {
    let plan = Plan::new();
    let row = "s0,Full,none,0,a,";
    plan.write(
        "scores.csv",
        &format!("sample,masking,fill,fold,class,score,trained,dilation\n{row}0.5,NoROI,-10\n{row}0.25,Full,\n{row}0.75,,3\n"),
    );
    let (model, ctx) = (plan.model(), Ctx::for_tests(1));
    assert_eq!(model.trained(&ctx).unwrap(), ["Full", "NoROI", "delivered"]);
    for (trained, dilation, value) in [("NoROI", -10, 0.5), ("Full", 0, 0.25), ("delivered", 3, 0.75)] {
        let key = ScoreKey { trained: trained.into(), dilation, ..key("Full", 0) };
        let found = ScoreSource::scores(&model, &key, &["s0".into()], &["a".into()], &ctx).unwrap();
        assert_eq!(found.values, [value]);
    }
}

#[test]
fn missing_rows_are_counted_and_five_named() {
    let plan = Plan::new();
    let text = plan.scores_text();
    let without: Vec<&str> = text.lines().filter(|l| !l.starts_with("s0") && !l.starts_with("s1")).collect();
    plan.refuses(
        &without.join("\n"),
        None,
        "8 of 20 rows are missing: sample `s0`, trained `delivered`, masking `Full`",
    );
    let error = plan.verify(&plan.model()).unwrap_err().to_string();
    assert!(error.contains("and 3 more") && error.matches("sample `").count() == 5, "{error}");
}

#[test]
fn surplus_and_doubled_rows_are_named_with_their_lines() {
    let plan = Plan::new();
    let text = plan.scores_text();
    let count = text.lines().count();
    plan.refuses(
        &format!("{text}s9,Full,none,0,a,0.5\ns1,Full,none,0,b,0.5\n"),
        Some(count + 1),
        &format!("2 rows are surplus: line {}: sample `s9`", count + 1),
    );
    plan.refuses(&format!("{text}s0,Full,none,7,a,0.5\n"), Some(count + 1), "1 rows are surplus");
    plan.refuses(&format!("{text}s0,Full,none,0,a,0.5\n"), Some(count + 1), "is also on line 2");
}

#[test]
fn unknown_names_are_named() {
    let plan = Plan::new();
    let text = plan.scores_text();
    for (row, says) in [
        ("s0,Full,none,0,c,0.5", "unknown class `c`"),
        ("s0,Fool,black,0,a,0.5", "unknown masking `Fool`"),
        ("s0,Full,grey,0,a,0.5", "unknown fill `grey`"),
    ] {
        plan.refuses(&format!("{text}{row}\n"), Some(22), says);
    }
}

#[test]
fn training_maskings_that_are_none_are_named() {
    let plan = Plan::new();
    let trained =
        plan.scores_text().replace('\n', ",delivered\n").replacen("score,delivered", "score,trained", 1);
    plan.write("scores.csv", &trained);
    plan.verify(&plan.model()).unwrap();
    // The plan asks for `delivered` alone, as the engine does whatever other names a file has.
    let extra = format!("{trained}s0,Full,none,0,a,0.5,Fool\n");
    for (scores, line) in [
        (extra.clone(), 22),
        (trained.replacen(",delivered", ",Fool", 1), 2),
        (trained.replace(",delivered", ",Fool"), 2),
        (trained.replace(",delivered", ",delivered "), 0),
        (trained.replace(",delivered", ",Delivered"), 2),
    ] {
        plan.write("scores.csv", &scores);
        let Err(error) = plan.verify(&plan.model()) else {
            assert_eq!(line, 0, "accepted:\n{scores}");
            continue;
        };
        assert_eq!(error.remedy().unwrap(), "the plan has: Full, NoROI, delivered");
        refused(error, "scores.csv", Some(line), "unknown training masking `");
    }
    plan.write("scores.csv", &extra);
    assert_eq!(plan.model().trained(&Ctx::for_tests(1)).unwrap(), ["Fool", "delivered"]);
    // A masking's name is no slip, but nobody asked for that model.
    plan.refuses(&extra.replace("Fool", "NoROI"), Some(22), "1 rows are surplus: line 22");
}

/// The README's example answers a plan whose names come from the maskers' cards, as the engine's do.
#[test]
fn the_readmes_example_is_accepted() {
    let readme = include_str!("../README.md");
    let example = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let mut plan = Plan::new();
    plan.write("scores.csv", example);
    let samples = vec!["00000061_012".to_owned()];
    let cards: Vec<_> = plugin_maskers::published().iter().map(|masker| masker.card()).collect();
    let used = cards.iter().filter(|card| ["Full", "NoROI"].contains(&card.name.as_str()));
    plan.wanted = used
        .map(|card| {
            let key = ScoreKey { fill: card.fill.clone(), ..key(&card.name, 0) };
            (key, samples.clone())
        })
        .collect();
    assert_eq!(plan.wanted.len(), 2);
    let (model, classes, ctx) = (plan.model(), ["pneumonia".to_owned()], Ctx::for_tests(1));
    model.verify(&plan.wanted, &classes, &plan.manifest, &ctx).unwrap();
    let found: Vec<f32> = plan
        .wanted
        .iter()
        .flat_map(|(key, _)| ScoreSource::scores(&model, key, &samples, &classes, &ctx).unwrap().values)
        .collect();
    assert_eq!(found, [0.83, 0.61]);
}

#[test]
fn rows_that_are_no_scores_are_named() {
    let plan = Plan::new();
    let text = plan.scores_text();
    for (row, says) in [
        ("s0,Full,none,0,a,nan", "`score` is `nan`, which is no finite number"),
        ("s0,Full,none,0,a,1e999", "no finite number"),
        ("s0,Full,none,0,a,high", "`score` is `high`"),
        ("s0,Full,none,-1,a,1", "`fold` is `-1`"),
        ("s0,Full,none,0,a,", "`score` is empty"),
        (",Full,none,0,a,1", "`sample` is empty"),
        ("s0,Full,none,0,a", "5 cells and the header 6"),
    ] {
        let line = "s0,Full,none,0,b";
        let at = text.find(line).unwrap();
        plan.refuses(&format!("{}{row}\n{}", &text[..at], &text[at..]), Some(3), says);
        plan.refuses(
            &format!("{}\n\n{row}\n{}", &text[..at], &text[at..]).replace('\n', "\r\n"),
            Some(5),
            says,
        );
    }
    let percent = plan.model().output(OutputSpace::Probabilities);
    plan.write("scores.csv", &format!("{text}s0,Full,none,0,a,50\n"));
    refused(plan.verify(&percent).unwrap_err(), "scores.csv", Some(22), "no probability from 0 to 1");
    let dilated = "sample,masking,fill,fold,class,score,dilation\ns0,Full,none,0,a,1,1.5\n";
    plan.refuses(dilated, Some(2), "`dilation` is `1.5`");
}

#[test]
fn headers_are_checked() {
    let plan = Plan::new();
    let text = plan.scores_text();
    plan.refuses("", None, "empty");
    plan.refuses("sample,masking,fill,fold,class,score\n", None, "no row");
    plan.refuses(&text.replacen(",score", ",probability", 1), Some(1), "unknown column `probability`");
    plan.refuses(&text.replacen(",fold,", ",class,", 1), Some(1), "column `class` twice");
    plan.refuses(&text.replacen("fill,", "", 1), Some(1), "no column `fill`");
    plan.refuses(&text.replace(',', ";"), Some(1), "unknown column");
}

#[test]
fn a_stale_or_missing_manifest_is_refused() {
    let mut plan = Plan::new();
    let (text, model) = (plan.manifest_text(), plan.model());
    plan.write("manifest.csv", &text.replace("s3-", "old-").replace("s4-NoROI", "old"));
    let error = plan.verify(&model).unwrap_err();
    refused(
        error,
        "manifest.csv",
        Some(6),
        "stale: 3 of 10 images differ from the plan's, first sample `s3`",
    );
    plan.write(
        "manifest.csv",
        &text.lines().filter(|l| !l.contains("-NoROI")).collect::<Vec<_>>().join("\n"),
    );
    refused(plan.verify(&model).unwrap_err(), "manifest.csv", None, "it lacks 5 of 10 images");
    plan.write("manifest.csv", &format!("{text}{}\n", text.lines().nth(1).unwrap()));
    refused(plan.verify(&model).unwrap_err(), "manifest.csv", Some(12), "also on line 2");
    std::fs::rename(plan.dir.path().join("manifest.csv"), plan.dir.path().join("m.csv")).unwrap();
    refused(plan.verify(&model).unwrap_err(), "manifest.csv", None, "missing");
    plan.write("m.csv", &text);
    plan.verify(&plan.model().manifest(plan.dir.path().join("m.csv"))).unwrap();
    plan.manifest.clear();
    plan.verify(&plan.model().manifest(plan.dir.path().join("m.csv"))).unwrap();
}

#[test]
fn content_follows_both_files() {
    let plan = Plan::new();
    let ctx = Ctx::for_tests(1);
    let first = plan.model().content(&ctx).unwrap();
    assert_eq!(plan.model().content(&ctx).unwrap(), first);
    plan.write("scores.csv", &plan.scores_text().replacen("0.", "0.1", 1));
    let second = plan.model().content(&ctx).unwrap();
    plan.write("manifest.csv", "hash\n");
    let third = plan.model().content(&ctx).unwrap();
    assert!(first != second && second != third);
    std::fs::remove_file(plan.dir.path().join("scores.csv")).unwrap();
    assert!(
        matches!(plan.model().content(&ctx), Err(Error::Io { path, .. }) if path.ends_with("scores.csv"))
    );
}

#[test]
fn it_is_neither_fitted_nor_restored() {
    let plan = Plan::new();
    let (model, ctx) = (plan.model(), Ctx::for_tests(1));
    let examples = eyepatch_testkit::ToyExamples::new(model.input(), 2, 4, "train");
    assert!(matches!(model.fit(&examples, &examples, &ctx), Err(Error::Unsupported { .. })));
    assert!(matches!(model.restore(plan.dir.path(), &ctx), Err(Error::Unsupported { .. })));
    assert!(Predictions::default().check().unwrap_err().contains("`scores` is missing"));
    assert!(plan.model().size(0, 5).check().unwrap_err().contains("`size`"));
}
