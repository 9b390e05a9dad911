//! What a probe of embeddings, and one of attributes, could say.

use std::collections::BTreeMap;

use eyepatch_core::{
    Colouring, DepthProfile, Direction, Figure, Finding, Image, Interval, Pixels, Scatter, Series,
};
use eyepatch_report::pictures::{Contacts, Window};
use eyepatch_report::schema::{ProbeSection, Thumbnails};
use serde_json::json;

use super::parts::spec;

/// Images on the map.
const IMAGES: usize = 60;

/// A number from 0 to 1 that looks drawn.
fn noise(i: usize, salt: usize) -> f32 {
    ((i * 7919 + salt * 104_729) % 1000) as f32 / 1000.0
}

fn finding(contrast: &str, estimand: &str, at: &[(&str, &str)], value: f64) -> Finding {
    let interval = Interval { lower: value - 0.04, upper: value + 0.04, level: 0.95 };
    Finding {
        contrast: contrast.into(),
        at: at.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        estimand: estimand.into(),
        reference: 0.5,
        estimate: Some(value),
        interval: Some(interval),
        n_images: 240,
        n_patients: 181,
        n_patients_positive: 78,
        n_patients_negative: 106,
        direction: if interval.lower > 0.5 { Direction::Above } else { Direction::Undecided },
        ..Finding::default()
    }
}

/// The findings of both probes.
pub(crate) fn findings() -> Vec<Finding> {
    let cosine = "Mean cosine similarity of a masked image's embedding to that of the same image in full";
    let similar = |masking, value| finding("similarity", cosine, &[("evaluated", masking)], value);
    let told = "AUC with which a logistic regression on features tells a column";
    let camera = |layer, masking, value| {
        let at = [("column", "camera"), ("value", "B"), ("layer", layer), ("evaluated", masking)];
        Finding { p: Some(0.01), ..finding("readable", told, &at, value) }
    };
    vec![
        similar("NoROI", 0.81),
        similar("OnlyROI", 0.64),
        camera("features.denseblock1", "Full", 0.93),
        camera("features.denseblock2", "Full", 0.88),
        camera("features.denseblock1", "NoROI", 0.91),
        camera("features.denseblock2", "NoROI", 0.79),
    ]
}

/// A section a probe; its findings stand behind `first` others.
pub(crate) fn sections(first: usize, pictures: &mut BTreeMap<String, Vec<u8>>) -> Vec<ProbeSection> {
    let section = |id: &str, name: &str, description: &str, findings: (usize, usize), figures| ProbeSection {
        plugin: spec(id, json!({})),
        name: name.into(),
        description: description.into(),
        findings: (first + findings.0, first + findings.1),
        figures,
        samples: Vec::new(),
        thumbnails: None,
    };
    let map = ProbeSection {
        samples: (0..IMAGES).map(|i| format!("film-{i:03}")).collect(),
        thumbnails: Some(thumbnails(pictures)),
        ..section(
            "eyepatch/embedding",
            "Embeddings",
            "What the full-image model makes of images, under every masking.",
            (0, 2),
            vec![Figure::Scatter(scatter())],
        )
    };
    let depth = section(
        "eyepatch/attributes",
        "Attributes",
        "What can be read from the full-image model's features.",
        (2, 6),
        vec![Figure::Profile(profile())],
    );
    vec![map, depth]
}

fn scatter() -> Scatter {
    let of = |i: usize| (i % IMAGES, i / IMAGES);
    let place = |i: usize| {
        let (image, masking) = of(i);
        let (left, up) = (noise(image, 1) + 1.2 * masking as f32, noise(image, 2) + 0.4 * noise(i, 3));
        [left, up]
    };
    let points = 2 * IMAGES;
    let colouring = |by: &str, groups: &[&str], of: &dyn Fn(usize) -> Option<usize>| Colouring {
        by: by.into(),
        groups: groups.iter().map(|g| (*g).to_owned()).collect(),
        of: (0..points).map(of).collect(),
    };
    Scatter {
        title: "t-SNE of the last layer".into(),
        caption: "Perplexity 10; Kullback-Leibler divergence 0.412, trustworthiness 0.951.".into(),
        axes: [String::new(), String::new()],
        rows: (0..points).map(|i| of(i).0).collect(),
        places: (0..points).map(place).collect(),
        colourings: vec![
            colouring("masking", &["Full", "NoROI"], &|i| Some(of(i).1)),
            colouring("opacity", &["negative", "positive"], &|i| Some(usize::from(noise(of(i).0, 4) > 0.6))),
            colouring("camera", &["A", "B", "C"], &|i| Some(of(i).0 % 4).filter(|c| *c < 3)),
        ],
    }
}

fn profile() -> DepthProfile {
    let series = |name: &str, values: [f64; 2]| Series {
        name: name.into(),
        estimates: values.map(Some).to_vec(),
        intervals: values.map(|v| Some(Interval { lower: v - 0.04, upper: v + 0.04, level: 0.95 })).to_vec(),
    };
    DepthProfile {
        title: "camera is B".into(),
        caption: "AUC with which the column is told, layer by layer.".into(),
        steps: vec!["features.denseblock1".into(), "features.denseblock2".into()],
        axis: "Layer".into(),
        reference: 0.5,
        series: vec![series("Full", [0.93, 0.88]), series("NoROI", [0.91, 0.79])],
    }
}

fn thumbnails(pictures: &mut BTreeMap<String, Vec<u8>>) -> Thumbnails {
    let (size, in_a_row) = (24, 12);
    let mut sheet = Contacts::new(IMAGES, in_a_row, size);
    for i in 0..IMAGES {
        let pixels = (0..16 * 16).map(|p| (60 + i * 2 + (p % 16) * (p / 16) / 2).min(255) as u8).collect();
        let Ok(image) = Image::new(16, 16, 1, Pixels::U8(pixels)) else { continue };
        sheet.put(i, &image, Window::of(&image));
    }
    let png = sheet.encode().unwrap_or_else(|e| panic!("a sheet of bytes is a PNG: {e}"));
    let picture = png.picture("sample-thumbnails", "60 images, small, for pointing at points of the figures");
    pictures.insert(picture.file.clone(), png.bytes);
    Thumbnails { picture, size, in_a_row }
}
