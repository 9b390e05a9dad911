//! The laws of maskers for every kind of region and fill, and what the laws cannot know: the exact pixels.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use eyepatch_core::{
    Ctx, Donors, Error, Handle, Image, Keep, Mask, Masker, NoDonors, Pixels, Registry, Roi, Sample, Shape,
};
use eyepatch_testkit::{Memory, region};
use plugin_maskers::{Dilate, Fill, Of, Region, published};
use serde_json::json;

#[path = "laws/controls.rs"]
mod controls;
#[path = "laws/cover.rs"]
mod cover;
#[path = "laws/parts.rs"]
mod parts;

fn make(keep: Keep, shape: Shape, dilate: i32, fill: Fill) -> Region {
    Region { keep, shape, dilate: dilate.into(), fill, ..Region::default() }
}

eyepatch_testkit::masker_laws! {
    full: make(Keep::Full, Shape::Exact, 0, Fill::Black);
    no_roi: Region::default();
    no_roi_box: make(Keep::Outside, Shape::Box, 0, Fill::Black);
    only_roi_dilated: make(Keep::Inside, Shape::Exact, 3, Fill::Black);
    only_roi_box_mean: make(Keep::Inside, Shape::Box, 0, Fill::Mean);
    no_roi_eroded_noise: make(Keep::Outside, Shape::Exact, -1, Fill::Noise);
    feathered: Region { feather: 3, fill: Fill::Inpaint, ..Region::default() };
    to_half: Region { dilate: Dilate::visible(0.5), ..Region::default() };
    published_box: make(Keep::Outside, Shape::BoxPublished, 1, Fill::Black);
    moved: Region { of: Of::Moved, ..Region::default() };
    blob: Region { of: Of::Blob, keep: Keep::Inside, ..Region::default() };
    perturbed: Region { of: Of::Perturbed(0.9), ..Region::default() };
    mean_roi: Region { of: Of::MeanRoi, fill: Fill::Mean, ..Region::default() };
    swapped: Region { of: Of::SwapSame, ..Region::default() };
    under_cover: Region { of: Of::Cover, ..Region::default() };
    only_cover_dilated_box: Region {
        of: Of::Cover, keep: Keep::Inside, shape: Shape::Box, dilate: 2.into(), ..Region::default()
    };
    cover_of_disc_noise: Region {
        of: Of::Cover, structures: vec!["disc".into()], fill: Fill::Noise, ..Region::default()
    } => ["disc", "cup"];
    rim: Region { of: Of::Rim(Of::RIM), fill: Fill::Mean, ..Region::default() };
    corners: Region { of: Of::Corners(Of::CORNERS), ..Region::default() };
    only_background: Region { of: Of::Background(Of::RIM), keep: Keep::Inside, ..Region::default() };
    no_disc: Region { structures: vec!["disc".into()], ..Region::default() } => ["disc", "cup"];
}

#[test]
fn inside_and_outside_part_the_image() {
    for (shape, dilate) in
        [(Shape::Exact, 0), (Shape::Exact, 4), (Shape::Exact, -1), (Shape::Box, 0), (Shape::Box, 2)]
    {
        let of = |keep| make(keep, shape, dilate, Fill::Black);
        region::inside_and_outside_part_the_image(of(Keep::Inside), of(Keep::Outside));
    }
}

#[test]
fn structures_unite() {
    for dilate in [0, 3] {
        region::structures_unite(|structures| {
            Region { structures, ..make(Keep::Inside, Shape::Exact, dilate, Fill::Black) }.into()
        });
    }
}

#[test]
fn box_is_the_tightest_rectangle() {
    for dilate in [0, 2, -1] {
        let of = |shape| make(Keep::Inside, shape, dilate, Fill::Black);
        region::box_is_the_tightest_rectangle(of(Shape::Exact), of(Shape::Box));
    }
}

#[test]
fn fill_does_not_depend_on_the_region() {
    for fill in [Fill::Black, Fill::Mean, Fill::Noise] {
        let (one, other) =
            (make(Keep::Outside, Shape::Exact, 3, fill), make(Keep::Inside, Shape::Box, 0, fill));
        region::fill_does_not_depend_on_the_region(one, other);
    }
}

/// A 6x4 image counting from 1, with an L of three pixels in rows 1 and 2.
fn letter() -> (Image, Roi) {
    let image = Image::new(6, 4, 1, Pixels::U8((1..=24).collect())).unwrap();
    let mut bits = vec![0; 24];
    for i in [8, 14, 15] {
        bits[i] = 1;
    }
    (image, Roi::single(Mask::new(6, 4, bits).unwrap()).unwrap())
}

fn apply(masker: &Handle<dyn Masker>, training: &Memory, ctx: &Ctx) -> Vec<u8> {
    let (image, roi) = letter();
    let prepared = masker.prepare(training, ctx).unwrap();
    match prepared.apply(&image, &roi, &NoDonors, ctx).unwrap().pixels() {
        Pixels::U8(v) => v.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_five_published_strategies_pixel_by_pixel() {
    let ctx = Ctx::for_tests(1);
    let hidden =
        |kept: &dyn Fn(u8) -> bool| (1..=24u8).map(|v| if kept(v) { v } else { 0 }).collect::<Vec<u8>>();
    let expected = [
        ("Full", hidden(&|_| true)),
        ("NoROI", hidden(&|v| ![9, 15, 16].contains(&v))),
        ("NoROI-BB", hidden(&|v| ![9, 10, 15, 16].contains(&v))),
        ("OnlyROI", hidden(&|v| [9, 15, 16].contains(&v))),
        ("OnlyROI-BB", hidden(&|v| [9, 10, 15, 16].contains(&v))),
    ];
    let maskers = published();
    assert_eq!(maskers.len(), expected.len());
    for (masker, (name, pixels)) in maskers.iter().zip(expected) {
        let card = masker.card();
        assert_eq!(card.name, name);
        assert!(card.hides && !masker.learns());
        assert_eq!(apply(masker, &Memory::default(), &ctx), pixels, "{name}");
    }
}

#[test]
fn box_is_taken_after_the_dilation() {
    let masker: Handle<dyn Masker> = make(Keep::Inside, Shape::Box, 1, Fill::Black).into();
    let kept: Vec<u8> =
        apply(&masker, &Memory::default(), &Ctx::for_tests(1)).into_iter().filter(|v| *v > 0).collect();
    // Columns 1 to 4 of all four rows.
    assert_eq!(kept, [2, 3, 4, 5, 8, 9, 10, 11, 14, 15, 16, 17, 20, 21, 22, 23]);
}

fn training(pixels: Vec<Pixels>) -> Memory {
    let (_, roi) = letter();
    let sample = |(i, p): (usize, Pixels)| Sample {
        id: format!("train-{i}"),
        patient: format!("patient-{i}"),
        labels: vec![Some(true)],
        image: Image::new(6, 4, 1, p).unwrap(),
        roi: roi.clone(),
    };
    Memory(pixels.into_iter().enumerate().map(sample).collect())
}

#[test]
fn mean_is_that_of_the_training_part_whatever_the_depth() {
    let part = training(vec![
        Pixels::U8(vec![51; 24]),
        Pixels::U16(vec![39321; 24]),
        Pixels::F32([0.0, 0.8].repeat(12)),
    ]);
    let masker: Handle<dyn Masker> = make(Keep::Outside, Shape::Exact, 0, Fill::Mean).into();
    assert!(masker.learns());
    let pixels = apply(&masker, &part, &Ctx::for_tests(1));
    // (0.2 + 0.6 + 0.4) / 3 of 255.
    assert_eq!((pixels[8], pixels[14], pixels[15], pixels[7]), (102, 102, 102, 8));
}

#[test]
fn noise_has_the_training_parts_mean_and_deviation() {
    let part = training(vec![Pixels::F32([0.4, 0.6].repeat(12))]);
    let masker = make(Keep::Outside, Shape::Exact, 0, Fill::Noise);
    let size = 200;
    let image = Image::new(size, size, 1, Pixels::F32(vec![0.0; size * size])).unwrap();
    let roi = Roi::single(Mask::filled(size, size, true)).unwrap();
    let ctx = Ctx::for_tests(7);
    let prepared = masker.prepare(&part, &ctx).unwrap();
    let noise = |ctx: &Ctx| prepared.apply(&image, &roi, &NoDonors, ctx).unwrap().to_f32();
    let values = noise(&ctx);
    let n = values.len() as f32;
    let mean = values.iter().sum::<f32>() / n;
    let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n).sqrt();
    assert!((mean - 0.5).abs() < 0.003 && (deviation - 0.1).abs() < 0.003, "{mean} {deviation}");
    let within_one = values.iter().filter(|v| (*v - 0.5).abs() < 0.1).count() as f32 / n;
    assert!((within_one - 0.6827).abs() < 0.01, "{within_one}");
    assert_ne!(values, noise(&ctx.child("another sample")));
}

#[test]
fn refusals_say_which_region() {
    let (image, roi) = letter();
    let ctx = Ctx::for_tests(1);
    let refuse = |masker: Region, roi: &Roi, donors: &dyn Donors| {
        let prepared = masker.prepare(&Memory::default(), &ctx).unwrap();
        prepared.apply(&image, roi, donors, &ctx).unwrap_err().of_sample("img-7").to_string()
    };
    let empty = Roi::single(Mask::filled(6, 4, false)).unwrap();
    for keep in [Keep::Inside, Keep::Outside] {
        for shape in [Shape::Exact, Shape::Box] {
            let said = refuse(make(keep, shape, 0, Fill::Black), &empty, &NoDonors);
            assert_eq!(said, "sample `img-7`: the ROI is empty");
        }
    }
    let said = refuse(make(Keep::Inside, Shape::Box, -5, Fill::Black), &roi, &NoDonors);
    assert_eq!(said, "sample `img-7`: the ROI, eroded by 5 pixels, is empty");
    let heart = Region { structures: vec!["heart".into()], ..Region::default() };
    let said = refuse(heart, &roi, &NoDonors);
    assert_eq!(said, "sample `img-7`: the ROI has no structure `heart`; it has: roi");

    let learn = |masker: Region, part: &Memory| masker.prepare(part, &ctx).map(|_| ()).unwrap_err();
    let mean = make(Keep::Outside, Shape::Exact, 0, Fill::Mean);
    assert!(matches!(learn(mean.clone(), &Memory::default()), Error::EmptyRegion { .. }));
    let mut mixed = training(vec![Pixels::U8(vec![1; 24]), Pixels::U8(vec![2; 24])]);
    mixed.0[1].image = Image::new(6, 4, 3, Pixels::U8(vec![2; 72])).unwrap();
    assert!(learn(mean.clone(), &mixed).to_string().contains("train-1"));
    let colour = Memory(mixed.0.split_off(1));
    let prepared = mean.prepare(&colour, &ctx).unwrap();
    assert!(matches!(prepared.apply(&image, &roi, &NoDonors, &ctx), Err(Error::Shape { .. })));
}

#[test]
fn parameters_are_checked_before_any_image() {
    let registry = Registry::collect().unwrap();
    let make = |params| registry.make::<dyn Masker>("eyepatch/region", &params).map(|m| m.card().name);
    assert_eq!(make(json!({})).unwrap(), "NoROI");
    let all = json!({"keep": "inside", "shape": "box", "dilate": -3, "structures": ["cup", "disc"], "fill": "noise"});
    assert_eq!(make(all).unwrap(), "OnlyROI-BB-3-noise[cup,disc]");
    let refused = |params| make(params).unwrap_err().to_string();
    assert!(refused(json!({"keep": "full", "dilate": 5})).contains("there is no region"));
    assert!(refused(json!({"structures": ["a", "a"]})).contains("`a` is named twice"));
    assert!(refused(json!({"dilat": 5})).contains("did you mean `dilate`?"));
    assert!(refused(json!({"fill": "blurred"})).contains("blurred"));
}

#[test]
fn names_tell_maskings_apart() {
    let mut names = std::collections::BTreeSet::new();
    let mut expected = 0;
    for keep in [Keep::Inside, Keep::Outside] {
        for shape in [Shape::Exact, Shape::Box] {
            for dilate in [-5, 0, 25] {
                for fill in [Fill::Black, Fill::Mean, Fill::Noise] {
                    for structures in [vec![], vec!["heart".to_owned()]] {
                        names.insert(Region { structures, ..make(keep, shape, dilate, fill) }.card().name);
                        expected += 1;
                    }
                }
            }
        }
    }
    assert_eq!(names.len(), expected);
    assert!(names.contains("NoROI+25") && names.contains("OnlyROI-BB-mean[heart]"), "{names:?}");
}
