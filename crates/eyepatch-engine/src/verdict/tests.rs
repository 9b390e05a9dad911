//! Made-up scores whose truth is known.

use eyepatch_core::{Keep, LegitimateRegion, MaskingCard, Meta, Row, ScoreSet, Scores, Table};
use eyepatch_report::schema::{ClassVerdict, Outcome, Signal, Status};

use super::*;

/// A small generator, so that the tests need no crate for it.
struct Rng(u64);

impl Rng {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// What a made-up model answers to, in standard deviations between the classes or the cameras.
#[derive(Clone, Copy, Default)]
struct Truth {
    /// The sign in the region.
    sign: f64,
    /// Something outside of it that goes with the label.
    outside: f64,
    /// The camera, of which 80 % of the ill have one and 20 % of the healthy.
    camera: f64,
    /// The outline of the own region, seen only where it is hidden as segmented.
    outline: f64,
    /// The corner, where `outside` lies.
    in_corner: bool,
}

const N: usize = 1600;

fn card(name: &str, keep: Keep, fill: &str) -> MaskingCard {
    MaskingCard { name: name.into(), keep, fill: fill.into(), hides: true, ..MaskingCard::default() }
}

fn cards() -> Vec<MaskingCard> {
    let cover =
        |fill: &str| MaskingCard { cover: true, ..card(&format!("cover-{fill}"), Keep::Outside, fill) };
    let part = |cause: &str| MaskingCard {
        cause: Some(cause.into()),
        control: Some("holds the region".into()),
        ..card(cause, Keep::Inside, "mean")
    };
    vec![
        card("Full", Keep::Full, "none"),
        card("NoROI", Keep::Outside, "black"),
        cover("black"),
        cover("mean"),
        cover("noise"),
        part("border"),
        part("corner"),
        part("background"),
    ]
}

fn made(truth: Truth, seed: u64, n: usize) -> (Table, Vec<ScoreSet>, Vec<MaskingCard>) {
    let mut rng = Rng(seed);
    let cards = cards();
    let mut rows = Vec::new();
    let mut scores: Vec<Vec<f32>> = vec![Vec::new(); cards.len() + 1];
    for i in 0..n {
        let ill = i % 2 == 0;
        let camera = rng.unit() < if ill { 0.8 } else { 0.2 };
        let text = |s: &str| Meta::Text(s.into());
        rows.push(Row {
            id: format!("i{i}"),
            patient: format!("p{}", i / 2 * 2 + usize::from(!ill)),
            labels: vec![Some(ill)],
            meta: BTreeMap::from([("camera".to_owned(), text(if camera { "A" } else { "B" }))]),
            image: None,
            roi: None,
            line: None,
        });
        let (y, noise) = (f64::from(u8::from(ill)), rng.normal());
        let common = noise + truth.camera * f64::from(u8::from(camera));
        for (card, of) in cards.iter().zip(&mut scores) {
            let hidden = card.keep != Keep::Full;
            let sign = if hidden { 0.0 } else { truth.sign };
            let there = card.cause.as_ref().is_none_or(|part| !truth.in_corner || part == "corner");
            let outside = if there { truth.outside } else { 0.0 };
            let outline = if hidden && !card.cover && card.cause.is_none() { truth.outline } else { 0.0 };
            // What masking itself does to the score.
            let shaken = if card.keep == Keep::Full { 0.0 } else { 0.3 * rng.normal() };
            of.push((common + y * (sign + outside + outline) + shaken) as f32);
        }
        // The model that was trained without the region.
        scores[cards.len()].push((y * (truth.outside + truth.camera) + rng.normal()) as f32);
    }
    let set = |trained: &str, evaluated: &str, values: &[f32]| ScoreSet {
        trained: trained.into(),
        evaluated: evaluated.into(),
        dilation: 0,
        fold: 0,
        rows: (0..n).collect(),
        scores: Scores::new(1, eyepatch_core::OutputSpace::Logits, values.to_vec()).unwrap(),
    };
    let mut sets: Vec<ScoreSet> = cards.iter().zip(&scores).map(|(c, v)| set("Full", &c.name, v)).collect();
    sets.push(set("NoROI", "NoROI", &scores[cards.len()]));
    (Table { classes: vec!["ill".into()], rows }, sets, cards)
}

fn judged(truth: Truth, rule: &VerdictRule) -> ClassVerdict {
    let (table, sets, cards) = made(truth, 7, N);
    judge(&table, &sets, &cards, rule, true)
}

fn judge(
    table: &Table,
    sets: &[ScoreSet],
    cards: &[MaskingCard],
    rule: &VerdictRule,
    legitimate: bool,
) -> ClassVerdict {
    judge_all(table, sets, cards, rule, (legitimate, &[]))
}

fn judge_with(
    table: &Table,
    sets: &[ScoreSet],
    cards: &[MaskingCard],
    rule: &VerdictRule,
    readouts: &[Readout],
) -> ClassVerdict {
    judge_all(table, sets, cards, rule, (true, readouts))
}

fn judge_all(
    table: &Table,
    sets: &[ScoreSet],
    cards: &[MaskingCard],
    rule: &VerdictRule,
    (legitimate, readouts): (bool, &[Readout]),
) -> ClassVerdict {
    let region = LegitimateRegion { structures: vec![], margin: 0.0, reason: "made up".into() };
    let regions = if legitimate { BTreeMap::from([("ill".to_owned(), region)]) } else { BTreeMap::new() };
    let mut rng = Rng(99);
    let flat: Vec<f32> = table.rows.iter().map(|_| rng.normal() as f32).collect();
    let shape = ScoreSet {
        trained: SHAPE.into(),
        evaluated: SHAPE.into(),
        dilation: 0,
        fold: 0,
        rows: (0..table.rows.len()).collect(),
        scores: Scores::new(1, eyepatch_core::OutputSpace::Logits, flat).unwrap(),
    };
    let case = Case {
        rule,
        table,
        sets,
        cards,
        full: ("Full", "Full"),
        trained: &["Full".to_owned(), "NoROI".to_owned()],
        legitimate: &regions,
        width: 64,
        check: None,
        numbers: &[],
        readouts,
        shape: Ok(&[shape]),
    };
    verdict(&case).classes.remove(0)
}

fn cause(v: &ClassVerdict) -> Option<&str> {
    v.causes.iter().find(|c| c.named).map(|c| c.name.as_str())
}

#[test]
fn an_honest_model_gets_no_evidence() {
    let v = judged(Truth { sign: 2.0, ..Truth::default() }, &VerdictRule::default().attributes(["camera"]));
    assert_eq!(v.status, Status::Clear, "{}", v.sentence);
    assert_eq!(v.data.signal, Signal::NotShown);
    assert!(v.primary.iter().all(|c| c.outcome == Outcome::None));
    assert_eq!(cause(&v), None);
}

#[test]
fn something_in_the_corner_is_found_and_named() {
    let truth = Truth { sign: 0.5, outside: 1.2, in_corner: true, ..Truth::default() };
    let v = judged(truth, &VerdictRule::default().attributes(["camera"]));
    assert_eq!((v.status, cause(&v)), (Status::Flagged, Some("corner")), "{}", v.sentence);
    assert_eq!(v.data.signal, Signal::Outside, "{}", v.data.sentence);
    assert_eq!(v.primary[0].measured.len(), 3);
}

#[test]
fn a_camera_is_found_by_breaking_its_association() {
    let v = judged(
        Truth { sign: 0.5, camera: 2.0, ..Truth::default() },
        &VerdictRule::default().attributes(["camera"]),
    );
    assert_eq!((v.status, cause(&v)), (Status::Flagged, Some("camera")), "{}", v.sentence);
    assert_eq!(v.primary[1].outcome, Outcome::Evidence);
}

/// What is read backs a cause that is in evidence, and what cannot be read speaks against it.
#[test]
fn what_the_embedding_tells_is_shown_and_adjusted_by_itself() {
    let truth = Truth { sign: 0.5, camera: 2.0, ..Truth::default() };
    let (table, sets, cards) = made(truth, 7, N);
    let rule = VerdictRule::default().attributes(["camera"]);
    let read = |told: f64| {
        let mut rng = Rng(3);
        let labels: Vec<bool> =
            table.rows.iter().map(|r| r.meta["camera"] == Meta::Text("B".into())).collect();
        let logits = labels.iter().map(|l| told * f64::from(u8::from(*l)) + rng.normal()).collect();
        let (column, value) = ("camera".to_owned(), "B".to_owned());
        let readout = Readout { column, value, fold: 0, rows: (0..N).collect(), labels, logits, why: None };
        judge_with(&table, &sets, &cards, &rule, &[readout])
    };
    let of = |v: &ClassVerdict| v.supporting.iter().find(|c| c.id == "readable:camera").cloned().unwrap();
    let (told, untold) = (read(3.0), read(0.0));
    assert_eq!((of(&told).outcome, of(&untold).outcome), (Outcome::Evidence, Outcome::None));
    assert!((of(&told).measured[0].estimate.value - 0.483).abs() < 0.01, "{:?}", of(&told).measured);
    assert_eq!((told.status, cause(&told)), (Status::Flagged, Some("camera")));
    assert!(told.causes[0].speaks_for.iter().any(|s| s.contains("embedding tells `camera`")));
    assert!(untold.causes[0].speaks_against.iter().any(|s| s.contains("embedding tells `camera`")));
    // Nothing else moves.
    let without = judge(&table, &sets, &cards, &rule, true);
    assert_eq!(without.supporting, told.supporting[..told.supporting.len() - 1]);
    let failed = Readout {
        column: "camera".into(),
        value: "B".into(),
        fold: 0,
        rows: vec![],
        labels: vec![],
        logits: vec![],
        why: Some("all 9 labels are positive".into()),
    };
    let v = judge_with(&table, &sets, &cards, &rule, &[failed]);
    assert!(of(&v).note.unwrap().contains("all 9 labels are positive"));
}

#[test]
fn the_hidden_region_is_shown_by_group_with_its_patients() {
    let truth = Truth { sign: 1.0, outside: 1.2, ..Truth::default() };
    let v = judged(truth, &VerdictRule::default().attributes(["camera"]));
    let [a, b] = &v.subgroups[..] else { panic!("{:?}", v.subgroups) };
    assert_eq!((a.id.as_str(), b.id.as_str()), ("group:camera=A", "group:camera=B"));
    assert!(a.what.ends_with("where camera is A") && a.measured.len() == 3);
    // The shortcut does not depend on the camera.
    assert!([a, b].iter().all(|c| c.outcome == Outcome::Evidence), "{:?}", v.subgroups);
    let (table, sets, cards) = made(truth, 7, N);
    let patients = |camera: &str, ill: bool| {
        let of = table
            .rows
            .iter()
            .filter(|r| r.labels[0] == Some(ill) && r.meta["camera"] == Meta::Text(camera.into()));
        of.map(|r| &r.patient).collect::<BTreeSet<_>>().len()
    };
    let note =
        format!("{} patients with and {} without the class.", patients("A", true), patients("A", false));
    assert_eq!(a.note.as_deref(), Some(note.as_str()));
    // Few patients are counted, and nothing more.
    let rule = VerdictRule { patients: 200, ..VerdictRule::default().attributes(["camera"]) };
    let v = judge(&table, &sets, &cards, &rule, true);
    assert!(v.subgroups.iter().all(|c| c.measured.is_empty()));
    assert!(v.subgroups[1].note.as_ref().unwrap().contains("fewer than 200 decide nothing"));
    assert!(judged(truth, &VerdictRule::default()).subgroups.is_empty());
}

#[test]
fn the_outline_of_the_hidden_region_is_no_shortcut() {
    let v = judged(Truth { sign: 2.0, outline: 1.5, ..Truth::default() }, &VerdictRule::default());
    assert_eq!(v.status, Status::Clear, "{}", v.sentence);
    let outline = v.supporting.iter().find(|c| c.id == "outline").unwrap();
    assert_eq!(outline.outcome, Outcome::Evidence);
}

#[test]
fn what_is_missing_makes_it_inconclusive_and_is_said() {
    let rule = VerdictRule::default();
    let shortcut = Truth { sign: 1.0, outside: 1.5, ..Truth::default() };
    let (table, sets, cards) = made(shortcut, 7, N);
    let says = |v: &ClassVerdict, why: &str| {
        assert!(
            v.status == Status::Inconclusive && v.sentence.contains(why),
            "{:?}: {}",
            v.status,
            v.sentence
        );
    };
    says(&judge(&table, &sets, &cards, &rule, false), "no legitimate region");
    // Neither covers nor enough fills.
    let few: Vec<MaskingCard> = cards.iter().filter(|c| !c.cover).cloned().collect();
    let v = judge(&table, &sets, &few, &rule, true);
    assert_eq!(v.status, Status::Inconclusive);
    assert!(v.primary[0].note.as_ref().unwrap().contains("the rule asks for 3"));
    let (table, sets, cards) = made(shortcut, 7, 38);
    says(&judge(&table, &sets, &cards, &rule, true), "19 patients on one side");
    let (table, sets, cards) = made(Truth::default(), 7, N);
    says(&judge(&table, &sets, &cards, &rule, true), "not learnt the task");
}

#[test]
fn a_column_that_is_not_there_counts_against_a_verdict() {
    let rule = VerdictRule::default().attributes(["scanner"]);
    let v = judged(Truth { sign: 2.0, ..Truth::default() }, &rule);
    assert_eq!(v.status, Status::Inconclusive);
    assert!(v.primary[1].note.as_ref().unwrap().contains("no column `scanner`"));
    // Evidence elsewhere still counts.
    let v = judged(Truth { sign: 1.0, outside: 1.5, ..Truth::default() }, &rule);
    assert_eq!(v.status, Status::Flagged);
}

/// At a true contrast of exactly the margin, for one fill, evidence comes in 5 % of data sets at most, but for chance; with three
/// fills in fewer.
#[test]
fn false_evidence_is_rare_at_the_margin() {
    // A normal shift with an AUC of 0.55: sqrt(2) z(0.55), with the noise that masking adds.
    let outside = 0.125_661 * std::f64::consts::SQRT_2 * 1.09_f64.sqrt();
    let runs = 300;
    let found = (0..runs)
        .filter(|&seed| {
            let (table, sets, cards) =
                made(Truth { sign: 2.0, outside, ..Truth::default() }, 1000 + seed, 300);
            judge(&table, &sets, &cards, &VerdictRule::default(), true).status == Status::Flagged
        })
        .count();
    // 0.05 and three standard errors of 300 runs.
    assert!(found as f64 / runs as f64 <= 0.088, "{found} of {runs}");
}
