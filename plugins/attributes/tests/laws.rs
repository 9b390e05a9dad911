//! The laws of a probe, and columns whose answer is known.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

use std::collections::BTreeMap;

use eyepatch_core::{
    Ctx, Embeddings, Evidence, Figure, Finding, Keep, MaskingCard, Meta, OutputSpace, Params, Probe, Row,
    ScoreSet, Scores, Table,
};
use plugin_attributes::Attributes;

eyepatch_testkit::probe_laws! {
    of_the_laws: Attributes { permutations: 5, folds: 2, ..Attributes::of(["age", "site"]) };
    none_there: Attributes { permutations: 0, ..Attributes::of(["camera"]) };
}

const IMAGES: usize = 200;

/// 100 patients of two images; camera B took 9 of 10 of the ill and 1 of 10 of the healthy, `ward` goes with nothing.
fn table() -> Table {
    let row = |i: usize| {
        let patient = i / 2;
        let ill = patient.is_multiple_of(2);
        let camera = if (patient / 2).is_multiple_of(10) ^ ill { "B" } else { "A" };
        let ward = if (patient / 2).is_multiple_of(2) { "one" } else { "two" };
        let text = |t: &str| Meta::Text(t.into());
        Row {
            id: format!("s{i}"),
            patient: format!("p{patient:03}"),
            labels: vec![Some(ill)],
            meta: BTreeMap::from([
                ("camera".to_owned(), text(camera)),
                ("ward".to_owned(), text(ward)),
                // Fifteen patients, none of whom stands out in the embeddings of other layers.
                ("rare".to_owned(), text(if patient % 7 == 3 { "yes" } else { "no" })),
                ("name".to_owned(), text(&format!("n{patient}"))),
            ]),
            image: None,
            roi: None,
            line: None,
        }
    };
    Table { classes: vec!["ill".into()], rows: (0..IMAGES).map(row).collect() }
}

fn cards() -> Vec<MaskingCard> {
    let card = |(name, keep): (&str, Keep)| MaskingCard { name: name.into(), keep, ..MaskingCard::default() };
    [("Full", Keep::Full), ("NoROI", Keep::Outside), ("OnlyROI", Keep::Inside)].map(card).to_vec()
}

/// A number from -0.5 to 0.5 that looks drawn.
fn jitter(i: usize, salt: usize) -> f32 {
    let h = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (salt as u64 + 7).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    ((h ^ (h >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f32 / 16_777_216.0 - 0.5
}

fn is(table: &Table, row: usize, column: &str, value: &str) -> bool {
    table.rows[row].meta[column] == Meta::Text(value.into())
}

/// In full and with the region hidden the first layer tells the camera and the last one does not; with the region alone none does.
fn embeddings(table: &Table) -> Vec<Embeddings> {
    let mut all = Vec::new();
    for (l, layer) in ["block1", Embeddings::LAST].into_iter().enumerate() {
        for (m, masking) in ["Full", "NoROI", "OnlyROI", Embeddings::NOISE].into_iter().enumerate() {
            let tells = l == 0 && m < 2;
            let value = |i: usize| {
                let camera = if tells && is(table, i, "camera", "B") { 0.8 } else { 0.0 };
                let rare = if tells && is(table, i, "rare", "yes") { 3.0 } else { 0.0 };
                [camera + jitter(i, 10 * m + l), jitter(i, 100 + m) + rare, jitter(i, 200 + l)]
            };
            let rows: Vec<usize> = if m == 3 { vec![] } else { (0..IMAGES).collect() };
            all.push(Embeddings {
                layer: layer.into(),
                trained: "Full".into(),
                evaluated: masking.into(),
                fold: 0,
                dim: 3,
                values: (0..if m == 3 { 4 } else { IMAGES }).flat_map(value).collect(),
                rows,
            });
        }
    }
    all
}

/// A model that answers by the camera, or by the label with some noise.
fn scores(table: &Table, by_camera: bool) -> Vec<ScoreSet> {
    let score = |i: usize| {
        let own = if by_camera { is(table, i, "camera", "B") } else { table.rows[i].labels[0] == Some(true) };
        jitter(i, 3) + if own { 0.7 } else { 0.0 }
    };
    let set = |fold: usize| {
        let rows: Vec<usize> = (0..IMAGES).filter(|i| i / 8 % 2 == fold).collect();
        let scores = Scores::new(1, OutputSpace::Logits, rows.iter().map(|&i| score(i)).collect()).unwrap();
        ScoreSet { trained: "Full".into(), evaluated: "Full".into(), dilation: 0, fold, rows, scores }
    };
    vec![set(0), set(1)]
}

fn examine(probe: &Attributes, by_camera: bool) -> (Vec<Finding>, Vec<Figure>) {
    let (table, cards) = (table(), cards());
    let (embeddings, scores) = (embeddings(&table), scores(&table, by_camera));
    let evidence = Evidence {
        table: &table,
        maskings: &cards,
        scores: &scores,
        splits: &[],
        embeddings: &embeddings,
        attributions: &[],
    };
    let ctx = Ctx::for_tests(1);
    let found = probe.examine(&evidence, &ctx).unwrap();
    let figures = probe.figures(&evidence, &found, &ctx).unwrap();
    (found, figures)
}

fn of<'a>(found: &'a [Finding], contrast: &str, at: &[(&str, &str)]) -> &'a Finding {
    let fits =
        |f: &&Finding| f.contrast == contrast && at.iter().all(|(k, v)| f.at.get(*k).is_some_and(|x| x == v));
    found.iter().find(fits).unwrap_or_else(|| panic!("no `{contrast}` at {at:?}"))
}

/// Few permutations of a rare value leave two patients of it to every fold, as its own do; p is among those that do.
#[test]
fn a_rare_value_that_is_read_has_a_small_p() {
    let (found, _) = examine(&Attributes::of(["rare"]), true);
    let f = of(&found, "readable", &[("layer", "block1"), ("evaluated", "Full")]);
    assert!(f.estimate.unwrap() > 0.99 && f.p.unwrap() <= 0.01 + 1e-12, "{f:?}");
    assert_eq!(f.n_patients_positive, 14);
}

#[test]
fn what_was_asked_for_and_is_not_there_is_said() {
    let probe = Attributes {
        maskings: vec!["NoROI".into(), "NoRoi".into()],
        ..Attributes::of(["camera", "name", "site"])
    };
    let (found, figures) = examine(&probe, true);
    let drawn = |f: &Figure| matches!(f, Figure::Profile(p) if p.series.iter().any(|s| s.name != "NoROI"));
    assert!(!figures.is_empty() && !figures.iter().any(drawn));
    let note = |key: &str, value: &str| of(&found, "readable", &[(key, value)]).note.clone().unwrap();
    assert!(note("column", "name, site").contains("no two values of it, or more than 8 texts"));
    assert!(note("evaluated", "NoRoi").contains("embeds no such masking"));
    let only = Attributes { maskings: vec!["none".into()], ..Attributes::of(["camera"]) };
    assert!(examine(&only, true).0.iter().any(|f| f.at.get("evaluated").is_some_and(|m| m == "none")));
}

#[test]
fn a_camera_is_read_where_it_is_and_nowhere_else() {
    let (found, figures) = examine(&Attributes::of(["camera", "ward"]), true);
    let read = |column, layer, masking| {
        of(&found, "readable", &[("column", column), ("layer", layer), ("evaluated", masking)])
    };
    for masking in ["Full", "NoROI"] {
        let f = read("camera", "block1", masking);
        assert!(f.estimate.unwrap() > 0.85 && f.p.unwrap() <= 0.01 + 1e-12, "{f:?}");
        assert_eq!((f.n_patients, f.n_images), (100, 200));
    }
    for (column, layer, masking) in
        [("camera", "block1", "OnlyROI"), ("camera", "embedding", "Full"), ("ward", "block1", "Full")]
    {
        let f = read(column, layer, masking);
        assert!(f.p.unwrap() > 0.05 && f.interval.unwrap().lower < 0.5, "{f:?}");
    }
    let titles: Vec<_> = figures
        .iter()
        .map(|f| {
            if let Figure::Profile(p) = f {
                (p.title.as_str(), p.steps.len(), p.series.len())
            } else {
                panic!()
            }
        })
        .collect();
    assert_eq!(titles, [("camera: B", 2, 3), ("ward: two", 2, 3)]);
}

#[test]
fn a_camera_matters_to_a_model_that_answers_by_it() {
    let probe = Attributes { permutations: 0, ..Attributes::of(["camera", "ward"]) };
    let at = [("column", "camera"), ("value", "B")];
    let (taken, _) = examine(&probe, true);
    // The camera is right in 9 of 10.
    assert!((of(&taken, "association", &at).estimate.unwrap() - 0.9).abs() < 1e-9);
    assert!(of(&taken, "lost when broken", &at).interval.unwrap().lower > 0.1);
    assert!(of(&taken, "AUC within", &at).interval.unwrap().lower < 0.5);
    let (not_taken, _) = examine(&probe, false);
    let lost = of(&not_taken, "lost when broken", &at);
    assert!(lost.interval.unwrap().lower < 0.0 && lost.estimate.unwrap().abs() < 0.05, "{lost:?}");
    assert!(of(&not_taken, "AUC within", &at).interval.unwrap().lower > 0.6);
    assert!(of(&not_taken, "AUC within", &[("value", "other than B")]).interval.unwrap().lower > 0.6);
    let ward = of(&taken, "association", &[("column", "ward")]);
    assert!(ward.interval.unwrap().lower < 0.5 && ward.interval.unwrap().upper > 0.5);
}

#[test]
fn a_rare_value_is_asked_in_fewer_folds() {
    let mut table = table();
    // Eight patients of a hundred.
    for (i, row) in table.rows.iter_mut().enumerate() {
        row.meta.insert("rare".into(), Meta::Text(if i / 2 % 12 == 4 { "yes" } else { "no" }.into()));
    }
    let cards = cards();
    let embeddings = embeddings(&table);
    let evidence = Evidence {
        table: &table,
        maskings: &cards,
        scores: &[],
        splits: &[],
        embeddings: &embeddings,
        attributions: &[],
    };
    let probe = Attributes { permutations: 0, folds: 20, ..Attributes::of(["rare"]) };
    let found = probe.examine(&evidence, &Ctx::for_tests(1)).unwrap();
    let read = of(&found, "readable", &[("column", "rare")]);
    assert!(read.estimate.is_some() && read.n_images == IMAGES && read.n_patients_positive == 8, "{read:?}");
}

#[test]
fn what_is_not_there_is_said() {
    let (found, figures) = examine(&Attributes::of(["scanner"]), true);
    assert!(found.len() == 1 && figures.is_empty() && found[0].note.as_ref().unwrap().contains("scanner"));
}

#[test]
fn parameters_are_checked() {
    assert!(Attributes::default().check().is_ok());
    assert!(Attributes::of(Vec::<String>::new()).check().is_err());
    assert!(Attributes::of(["a", "a"]).check().is_err());
    assert!(Attributes { components: 0, ..Attributes::default() }.check().is_err());
    assert!(Attributes { folds: 1, ..Attributes::default() }.check().is_err());
    assert!(Attributes { level: 2.0, ..Attributes::default() }.check().is_err());
}
