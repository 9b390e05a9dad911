//! The laws of a probe, and findings on embeddings whose answer is known.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

use std::collections::BTreeMap;

use eyepatch_core::{
    Ctx, Embeddings, Evidence, Figure, Finding, Keep, MaskingCard, Meta, Params, Probe, Row, Table,
};
use plugin_embedding::Embedding;

eyepatch_testkit::probe_laws! {
    default: Embedding { permutations: 19, ..Embedding::default() };
    of_a_layer: Embedding { permutations: 0, neighbours: 2, ..Embedding::default().layer("first").columns(["site", "age"]) };
}

/// 60 images of 40 patients; every other patient is ill, and camera B took every third.
fn table() -> Table {
    let row = |i: usize| {
        let patient = i % 40;
        Row {
            id: format!("s{i}"),
            patient: format!("p{patient:02}"),
            labels: vec![Some(patient.is_multiple_of(2))],
            meta: BTreeMap::from([(
                "camera".to_owned(),
                Meta::Text(if patient.is_multiple_of(3) { "B" } else { "A" }.into()),
            )]),
            image: None,
            roi: None,
            line: None,
        }
    };
    Table { classes: vec!["ill".into()], rows: (0..60).map(row).collect() }
}

fn cards() -> Vec<MaskingCard> {
    let card = |(name, keep): (&str, Keep)| MaskingCard { name: name.into(), keep, ..MaskingCard::default() };
    [("Full", Keep::Full), ("NoROI", Keep::Outside)].map(card).to_vec()
}

fn set(evaluated: &str, values: impl Fn(usize) -> [f32; 4]) -> Embeddings {
    let rows: Vec<usize> = if evaluated == Embeddings::NOISE { vec![] } else { (0..60).collect() };
    Embeddings {
        layer: Embeddings::LAST.into(),
        trained: "Full".into(),
        evaluated: evaluated.into(),
        fold: 0,
        rows,
        dim: 4,
        values: (0..if evaluated == Embeddings::NOISE { 8 } else { 60 }).flat_map(values).collect(),
    }
}

/// A number from 0 to 1 that looks drawn.
fn jitter(i: usize, salt: usize) -> f32 {
    ((i * 7919 + salt * 104_729 + i * i * 31) % 997) as f32 / 997.0
}

/// In full the first dimension tells the camera, the second nothing; masked the image is turned away from itself.
fn embeddings() -> Vec<Embeddings> {
    let camera = |i: usize| if (i % 40).is_multiple_of(3) { 5.0 } else { 1.0 };
    vec![
        set("Full", |i| [camera(i), jitter(i % 40, 1), jitter(i % 40, 2), 0.2]),
        set("NoROI", |i| [camera(i), jitter(i % 40, 1), jitter(i % 40, 3), 0.2]),
        set(Embeddings::NOISE, |i| [0.0, 0.0, jitter(i, 5), -1.0]),
    ]
}

fn examine(probe: &Embedding) -> (Vec<Finding>, Vec<Figure>) {
    let (table, cards, embeddings) = (table(), cards(), embeddings());
    let evidence = Evidence {
        table: &table,
        maskings: &cards,
        scores: &[],
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
    let is =
        |f: &&Finding| f.contrast == contrast && at.iter().all(|(k, v)| f.at.get(*k).is_some_and(|x| x == v));
    found.iter().find(is).unwrap_or_else(|| panic!("no `{contrast}` at {at:?}"))
}

#[test]
fn similarities_have_their_baselines() {
    let (found, _) = examine(&Embedding::default());
    let masked = |contrast, images| of(&found, contrast, &[("evaluated", "NoROI"), ("images", images)]);
    let own = masked("similarity to the same image", "all");
    assert!(own.estimate.unwrap() > 0.9 && own.n_patients == 40 && own.n_images == 60);
    let (others, more) = (masked("similarity to other patients", "all"), masked("own less others", "all"));
    let difference = own.estimate.unwrap() - others.estimate.unwrap();
    assert!((more.estimate.unwrap() - difference).abs() < 1e-12 && difference > 0.0);
    // Means of patients, whose halves are ill or not: the mean of both groups is the mean of all.
    let (ill, healthy) = (
        masked("similarity to the same image", "ill").estimate.unwrap(),
        masked("similarity to the same image", "no class").estimate.unwrap(),
    );
    assert!(((ill + healthy) / 2.0 - own.estimate.unwrap()).abs() < 1e-12);
    assert!(masked("similarity to noise", "all").estimate.unwrap() < 0.3);
    assert!(
        of(&found, "similarity to noise", &[("evaluated", "Full"), ("images", "all")]).estimate.is_some()
    );
}

#[test]
fn a_camera_that_is_told_lies_apart_and_a_label_that_is_not_does_not() {
    let (found, _) = examine(&Embedding::default().columns(["camera"]));
    let full = |contrast, by| of(&found, contrast, &[("evaluated", "Full"), ("by", by)]);
    assert!(full("silhouette", "camera").estimate.unwrap() > 0.6);
    assert!(full("silhouette", "ill").estimate.unwrap() < 0.1);
    assert!(full("neighbours of the own group", "camera").estimate.unwrap() > 0.95);
    assert!(full("discrepancy", "camera").p.unwrap() <= 0.005 + 1e-12);
    assert!(full("discrepancy", "ill").p.unwrap() > 0.05);
    let masking = of(&found, "silhouette", &[("by", "masking")]);
    assert!(masking.estimate.unwrap() < 0.1 && masking.n_images == 40);
}

#[test]
fn a_column_that_groups_nothing_is_said() {
    let (found, _) = examine(&Embedding::default().columns(["camera", "nowhere"]));
    let note = of(&found, "silhouette", &[("by", "nowhere")]).note.clone().unwrap();
    assert!(note.contains("no two values"), "{note}");
}

#[test]
fn the_map_shows_every_image_under_every_masking() {
    let (_, figures) = examine(&Embedding::default().columns(["camera"]));
    assert_eq!(figures.len(), 2);
    let Figure::Scatter(map) = &figures[0] else { panic!("no points") };
    assert_eq!((map.rows.len(), map.colourings.len()), (120, 3));
    assert!(map.caption.contains("divergence") && map.caption.contains("trustworthiness"));
    // Images of camera B lie nearer to each other than to the others'.
    let camera = &map.colourings[2];
    assert_eq!(camera.by, "camera");
    let centre = |group: usize| {
        let of: Vec<[f32; 2]> =
            (0..120).filter(|i| camera.of[*i] == Some(group)).map(|i| map.places[i]).collect();
        [0, 1].map(|d| of.iter().map(|p| p[d]).sum::<f32>() / of.len() as f32)
    };
    let (a, b) = (centre(0), centre(1));
    let apart = ((a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)).sqrt();
    let extent = map.places.iter().map(|p| p[0]).fold(0.0_f32, |m, v| m.max(v.abs()));
    assert!(apart > 0.5 * extent, "{apart} of {extent}");
}

#[test]
fn many_images_leave_out_whole_patients() {
    let probe = Embedding { points: 100, ..Embedding::default() };
    let (_, figures) = examine(&probe);
    let Figure::Scatter(map) = &figures[0] else { panic!("no points") };
    assert!(map.rows.len() <= 100 && map.caption.contains("of 60 tested images"), "{}", map.caption);
}

#[test]
fn a_layer_that_is_not_there_is_said() {
    let (found, figures) = examine(&Embedding::default().layer("nowhere"));
    assert!(found.len() == 1 && figures.is_empty());
    assert!(found[0].note.as_ref().unwrap().contains("it gives: embedding"));
}

#[test]
fn parameters_are_checked() {
    let default = Embedding::default;
    assert!(default().check().is_ok());
    assert!(Embedding { perplexity: 0.5, ..default() }.check().is_err());
    assert!(Embedding { neighbours: 0, ..default() }.check().is_err());
    assert!(Embedding { points: 10, ..default() }.check().is_err());
    assert!(Embedding { level: 0.0, ..default() }.check().is_err());
}
