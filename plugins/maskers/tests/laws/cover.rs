//! The cover: the own ROI is gone with its outline.

use eyepatch_core::{Ctx, Image, Keep, Kind, Mask, Masker, Params, Pixels, Prepared, Roi, Sample, Shape};
use eyepatch_testkit::{Memory, strategy};
use plugin_maskers::{Dilate, Fill, Of, Region, verdict_maskings};
use proptest::prelude::*;

fn training(rois: &[Mask]) -> Memory {
    let sample = |(i, mask): (usize, &Mask)| Sample {
        id: format!("s{i}"),
        patient: format!("p{i}"),
        labels: vec![Some(true)],
        image: Image::new(mask.width(), mask.height(), 1, Pixels::U8(vec![9; mask.width() * mask.height()]))
            .unwrap(),
        roi: Roi::single(mask.clone()).unwrap(),
    };
    Memory(rois.iter().enumerate().map(sample).collect())
}

fn prepared(masker: &Region, rois: &[Mask]) -> Box<dyn Prepared> {
    masker.prepare(&training(rois), &Ctx::for_tests(0)).unwrap()
}

fn hidden(ready: &dyn Prepared, own: &Mask) -> Mask {
    let roi = Roi::single(own.clone()).unwrap();
    ready.visible(&roi, &Memory::default(), &Ctx::for_tests(0)).unwrap().complement()
}

fn within(inner: &Mask, outer: &Mask) -> bool {
    inner.bits().iter().zip(outer.bits()).all(|(i, o)| i <= o)
}

/// An own ROI, and ROIs of its size, some of them empty.
fn own_and_others(most: usize) -> impl Strategy<Value = (Mask, Mask, Vec<Mask>)> {
    (3usize..14, 3usize..14)
        .prop_flat_map(move |(w, h)| {
            let others = prop::collection::vec(strategy::mask(w, h), 1..most);
            (strategy::mask(w, h), strategy::mask(w, h), others)
        })
        .prop_filter("no ROI is empty", |(a, b, others)| {
            !a.is_empty() && !b.is_empty() && !others.iter().all(Mask::is_empty)
        })
}

proptest! {
    /// Pixel by pixel, with more ROIs than the fifty of which one would be enough.
    #[test]
    fn the_cover_is_what_enough_training_rois_share((own, _, others) in own_and_others(8), times in prop::collection::vec(1usize..60, 8)) {
        let others: Vec<Mask> = others.iter().zip(times).flat_map(|(mask, n)| vec![mask.clone(); n]).collect();
        let masker = Region { of: Of::Cover, ..Region::default() };
        let found = hidden(&*prepared(&masker, &others), &own);
        let rois = others.iter().filter(|m| !m.is_empty()).count();
        for pixel in 0..own.bits().len() {
            let share = others.iter().filter(|m| m.contains(pixel)).count() as f64 / rois as f64;
            prop_assert_eq!(found.contains(pixel), own.contains(pixel) || share >= 0.005, "pixel {}", pixel);
        }
    }

    #[test]
    fn nothing_of_the_roi_is_visible_and_the_region_is_the_same_for_all(
        (one, other, others) in own_and_others(6),
        dilate in 0i32..5,
        shape in prop_oneof![Just(Shape::Exact), Just(Shape::Box), Just(Shape::BoxPublished)],
    ) {
        let masker = Region { of: Of::Cover, dilate: dilate.into(), shape, ..Region::default() };
        let ready = prepared(&masker, &others);
        for own in [&one, &other] {
            prop_assert!(within(own, &hidden(&*ready, own)));
        }
        // Both made to lie within the cover, which of so few ROIs is their union.
        let cover = others.iter().fold(Mask::filled(one.width(), one.height(), false), |all, m| all.union(m).unwrap());
        let cut = |own: &Mask| {
            let bits = own.bits().iter().zip(cover.bits()).map(|(a, b)| a & b).collect();
            Mask::new(own.width(), own.height(), bits).unwrap()
        };
        let (one, other) = (cut(&one), cut(&other));
        prop_assume!(!one.is_empty() && !other.is_empty());
        prop_assert_eq!(hidden(&*ready, &one), hidden(&*ready, &other));
    }

    /// What is dilated is the own ROI and the cover alike.
    #[test]
    fn a_dilated_cover_is_the_union_of_both_dilated((own, _, others) in own_and_others(6), dilate in 0i32..5) {
        let of = |of, own: &Mask| hidden(&*prepared(&Region { of, dilate: dilate.into(), ..Region::default() }, &others), own);
        let cover = others.iter().fold(Mask::filled(own.width(), own.height(), false), |all, m| all.union(m).unwrap());
        let apart = of(Of::Own, &own).union(&of(Of::Own, &cover)).unwrap();
        prop_assert_eq!(of(Of::Cover, &own), apart);
    }
}

#[test]
fn a_cover_that_is_none_is_refused() {
    let ctx = Ctx::for_tests(0);
    let cover = Region { of: Of::Cover, ..Region::default() };
    assert!(cover.learns());
    let error = cover.prepare(&Memory::default(), &ctx).map(|_| ()).unwrap_err().to_string();
    assert_eq!(error, "the training part, whose ROIs are asked for, is empty");
    let own = Roi::single(Mask::filled(3, 2, true)).unwrap();
    let ready = prepared(&cover, &[Mask::filled(3, 2, false)]);
    let error = ready.visible(&own, &Memory::default(), &ctx).unwrap_err().to_string();
    assert_eq!(error, "the ROI of every training sample is empty");
    let ready = prepared(&cover, &[Mask::filled(4, 2, true)]);
    let error = ready.visible(&own, &Memory::default(), &ctx).unwrap_err().to_string();
    assert!(error.contains("2x3") && error.contains("2x4"), "{error}");
    let two_sizes = training(&[Mask::filled(4, 2, true), Mask::filled(2, 4, true)]);
    let error = cover.prepare(&two_sizes, &ctx).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("2x4") && error.contains("4x2"), "{error}");
    for dilate in [Dilate::Pixels(-1), Dilate::fraction(-0.1), Dilate::visible(0.5)] {
        let eroded = Region { dilate, ..cover.clone() };
        assert!(eroded.check().unwrap_err().contains("no longer covers"), "{dilate:?}");
        assert!(
            eroded.prepare(&training(&[Mask::filled(4, 2, true)]), &ctx).is_err(),
            "a literal is checked too"
        );
    }
    assert!(cover.dilated(-1).is_none() && cover.dilated(2).is_some());
}

#[test]
fn a_verdict_looks_at_cover_exact_region_and_parts() {
    let all = verdict_maskings(&["left lung", "right lung"]);
    let cards: Vec<_> = all.iter().map(|m| m.card()).collect();
    let names: Vec<&str> = cards.iter().map(|c| c.name.as_str()).collect();
    let expected = [
        "NoROI~cover-average[left lung,right lung]",
        "NoROI~cover-donors(1)[left lung,right lung]",
        "NoROI~cover-donors(4)[left lung,right lung]",
        "NoROI-average[left lung,right lung]",
        "OnlyROI~rim-0.08-average",
        "OnlyROI~rim-0.08-donors(1)",
        "OnlyROI~rim-0.08-donors(4)",
        "OnlyROI~corners-0.25-average",
        "OnlyROI~corners-0.25-donors(1)",
        "OnlyROI~corners-0.25-donors(4)",
        "OnlyROI~background-0.08-average",
        "OnlyROI~background-0.08-donors(1)",
        "OnlyROI~background-0.08-donors(4)",
    ];
    assert_eq!(names, expected);
    for (masker, card) in all.iter().zip(&cards) {
        masker.clone().checked(Kind::Masker).unwrap();
        let keep = if card.cause.is_some() { Keep::Inside } else { Keep::Outside };
        assert!(card.hides && card.keep == keep, "{card:?}");
        assert_eq!(card.cover, card.name.contains("cover"), "{card:?}");
        assert_eq!(card.cause.is_some(), card.control.is_some(), "{card:?}");
        assert!(!card.cover || card.cause.is_none(), "{card:?}");
        assert!(!card.is_own_whole_roi(), "{card:?}");
    }
    let causes: Vec<_> = cards[4..].iter().map(|c| c.cause.as_deref().unwrap()).collect();
    assert_eq!(causes, ["border", "corner", "background"].map(|c| [c; 3]).concat());

    let whole = verdict_maskings(&[]);
    let exact: Vec<_> = whole.iter().filter(|m| m.card().is_own_whole_roi()).collect();
    assert_eq!(exact.len(), 1, "the exact region and no other");
    assert_eq!(exact[0].card().name, "NoROI-average");
    assert_eq!(exact[0].card().fill, Fill::Average.name());
}
