//! Chest-like pictures of the sample.

use std::collections::BTreeMap;

use eyepatch_core::{Attribution, Image, Mask, OutputSpace, Pixels};
use eyepatch_report::pictures::{self, Png, Window};
use eyepatch_report::schema::{Explained, GalleryRow, Picture};
use serde_json::json;

use super::parts::{MASKINGS, spec};

const SIZE: usize = 128;

/// How far inside an ellipse a point lies: 1 in the middle, 0 on the edge, negative outside.
fn inside(x: f64, y: f64, centre: (f64, f64), radius: (f64, f64)) -> f64 {
    1.0 - (((x - centre.0) / radius.0).powi(2) + ((y - centre.1) / radius.1).powi(2)).sqrt()
}

fn lung(x: f64, y: f64) -> f64 {
    inside(x, y, (0.31, 0.48), (0.155, 0.3)).max(inside(x, y, (0.69, 0.48), (0.155, 0.3)))
}

fn chest(positive: bool, tag: bool) -> Image {
    let pixel = |i: usize| {
        let (x, y) = ((i % SIZE) as f64 / SIZE as f64, (i / SIZE) as f64 / SIZE as f64);
        let body = inside(x, y, (0.5, 0.62), (0.52, 0.72)).clamp(0.0, 0.25) * 4.0;
        let ribs = 0.05 * ((y * 52.0 + (x - 0.5).abs() * 14.0).sin() * body);
        let spine = 0.22 * inside(x, y, (0.5, 0.6), (0.06, 0.9)).clamp(0.0, 1.0).sqrt();
        let heart = 0.25 * inside(x, y, (0.56, 0.62), (0.16, 0.17)).clamp(0.0, 0.4);
        let air = 0.42 * (lung(x, y) * 5.0).clamp(0.0, 1.0);
        let spot =
            if positive { 0.42 * (inside(x, y, (0.3, 0.6), (0.1, 0.09)) * 1.6).clamp(0.0, 1.0) } else { 0.0 };
        let noise = 0.03 * (((i * 7919) % 1013) as f64 / 1013.0 - 0.5);
        let tagged = tag && (0.82..0.93).contains(&x) && (0.06..0.1).contains(&y);
        if tagged {
            245
        } else {
            ((0.12 + 0.55 * body + ribs + spine + heart - air + spot + noise) * 235.0) as u8
        }
    };
    Image::new(SIZE, SIZE, 1, Pixels::U8((0..SIZE * SIZE).map(pixel).collect())).expect("the sizes agree")
}

fn region(boxed: bool) -> Mask {
    let bit = |i: usize| {
        let (x, y) = ((i % SIZE) as f64 / SIZE as f64, (i / SIZE) as f64 / SIZE as f64);
        let in_box = (0.155..0.845).contains(&x) && (0.18..0.78).contains(&y);
        u8::from(if boxed { in_box } else { lung(x, y) > 0.0 })
    };
    Mask::new(SIZE, SIZE, (0..SIZE * SIZE).map(bit).collect()).expect("the sizes agree")
}

fn masked(image: &Image, masking: &str) -> Image {
    let region = region(masking.ends_with("BB"));
    let mut out = image.clone();
    for i in 0..SIZE * SIZE {
        let hide = match masking {
            "Full" => false,
            m if m.starts_with("NoROI") => region.contains(i),
            _ => !region.contains(i),
        };
        if hide {
            out.set(i, 96.0);
        }
    }
    out
}

fn keep(png: Png, name: &str, alt: &str, pictures: &mut BTreeMap<String, Vec<u8>>) -> Picture {
    let picture = png.picture(name, alt);
    pictures.insert(picture.file.clone(), png.bytes);
    picture
}

pub(crate) fn gallery(shortcut: bool, pictures: &mut BTreeMap<String, Vec<u8>>) -> Vec<GalleryRow> {
    [true, false].map(|positive| row(shortcut, positive, pictures)).into()
}

fn row(shortcut: bool, positive: bool, pictures: &mut BTreeMap<String, Vec<u8>>) -> GalleryRow {
    let image = chest(positive, shortcut && positive);
    let window = Window::of(&image);
    let sample = if positive { "p0017-1" } else { "p0242-2" };
    let png = pictures::outline(&image, &region(false), window).expect("the sizes agree");
    let roi = keep(png, "roi", &format!("{sample}, the lungs outlined"), pictures);
    let masked = MASKINGS.map(|m| {
        let png = pictures::image(&masked(&image, m), window).expect("a small image");
        (m.to_owned(), keep(png, m, &format!("{sample} under {m}"), pictures))
    });
    let classes = if positive { vec!["opacity".to_owned()] } else { Vec::new() };
    GalleryRow { sample: sample.into(), positive: classes, roi, masked: masked.into() }
}

pub(crate) fn explanations(shortcut: bool, pictures: &mut BTreeMap<String, Vec<u8>>) -> Vec<Explained> {
    let cell = |i: usize| {
        let (x, y) = (((i % 11) as f64 + 0.5) / 11.0, ((i / 11) as f64 + 0.5) / 11.0);
        let centre = if shortcut { (0.88, 0.08) } else { (0.3, 0.6) };
        let peak = (inside(x, y, centre, (0.2, 0.18)) + 0.2).clamp(0.0, 1.0);
        (peak - 0.12 * ((i * 37 % 11) as f64 / 11.0) * f64::from(u8::from(i.is_multiple_of(3)))) as f32
    };
    let attribution = |flip: f32| Attribution {
        height: 11,
        width: 11,
        values: (0..121).map(|i| flip * cell(i)).collect(),
        class: 0,
        space: OutputSpace::Logits,
        base_value: -0.41,
        output_value: 2.18,
        additivity_error: Some(-3.2e-4),
        evaluations: 121,
    };
    let one = |positive: bool, pictures: &mut BTreeMap<String, Vec<u8>>| {
        let image = chest(positive, shortcut && positive);
        let attribution = attribution(if positive { 1.0 } else { -0.6 });
        let png = pictures::attribution(&image, Some(&region(false)), &attribution, Window::of(&image));
        let sample = if positive { "p0017-1" } else { "p0242-2" };
        let alt = format!(
            "{sample}: attribution is strongest {}",
            if shortcut { "in the upper right corner" } else { "in the right lung" }
        );
        Explained {
            sample: sample.into(),
            class: "opacity".into(),
            trained: "Full".into(),
            plugin: spec("eyepatch/occlusion", json!({ "patch": 12 })),
            description: "Change of the logit when a square patch is filled with the training mean.".into(),
            base_value: attribution.base_value,
            output_value: attribution.output_value,
            additivity_error: attribution.additivity_error,
            evaluations: attribution.evaluations,
            inside: if shortcut { (0.09, 0.284) } else { (0.71, 0.284) },
            picture: keep(png.expect("the sizes agree"), "occlusion", &alt, pictures),
        }
    };
    [true, false].map(|positive| one(positive, pictures)).into()
}

/// A map on dark ground with a bright upper right corner.
pub(crate) fn mean_map(alt: &str, pictures: &mut BTreeMap<String, Vec<u8>>) -> Picture {
    const PLACES: usize = 32;
    let ground =
        Image::new(PLACES, PLACES, 1, Pixels::U8(vec![24; PLACES * PLACES])).expect("the sizes agree");
    let bit = |i: usize| u8::from((8..24).contains(&(i % PLACES)) && (8..24).contains(&(i / PLACES)));
    let frame = Mask::new(PLACES, PLACES, (0..PLACES * PLACES).map(bit).collect()).expect("the sizes agree");
    let value = |i: usize| {
        let at = |i: usize| (i as f64 + 0.5) / PLACES as f64;
        inside(at(i % PLACES), at(i / PLACES), (0.88, 0.1), (0.2, 0.2)).clamp(-0.1, 1.0) as f32
    };
    let map = Attribution {
        height: PLACES,
        width: PLACES,
        values: (0..PLACES * PLACES).map(value).collect(),
        class: 0,
        space: OutputSpace::Logits,
        base_value: 0.0,
        output_value: 0.0,
        additivity_error: None,
        evaluations: 0,
    };
    let png = pictures::attribution(&ground, Some(&frame), &map, Window::of(&ground));
    keep(png.expect("the sizes agree"), "mean-map", alt, pictures)
}
