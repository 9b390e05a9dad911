//! Border, corners and background: the image without the ROI, by place.

use eyepatch_core::{Error, Kind, Mask, Masker, Params, Registry, Shape};
use eyepatch_testkit::{Memory, strategy};
use plugin_maskers::{Of, Region};
use proptest::prelude::*;
use serde_json::json;

use super::controls::{disc, region};

/// As the words say, pixel by pixel.
fn lies_in(of: Of, own: &Mask, (x, y): (usize, usize)) -> bool {
    let (w, h) = (own.width(), own.height());
    let pixels = |fraction: f32| ((f64::from(fraction) * w.min(h) as f64).round() as usize).max(1);
    let (from_side, from_end) = (x.min(w - 1 - x), y.min(h - 1 - y));
    let rim = |fraction| from_side.min(from_end) < pixels(fraction);
    let corner = |fraction| from_side < pixels(fraction) && from_end < pixels(fraction);
    let roi_within = |reach: usize| {
        let inside = (0..w * h).filter(|&p| own.contains(p));
        inside.into_iter().any(|p| x.abs_diff(p % w) + y.abs_diff(p / w) <= reach)
    };
    match of {
        Of::Rim(fraction) => rim(fraction) && !corner(0.25) && !roi_within(0),
        Of::Corners(fraction) => corner(fraction) && !roi_within(0),
        Of::Background(fraction) => !rim(fraction) && !corner(0.25) && !roi_within(1),
        _ => unreachable!("only parts are asked for"),
    }
}

proptest! {
    #[test]
    fn parts_lie_where_their_words_say(
        own in (1usize..24, 1usize..24).prop_flat_map(|(w, h)| strategy::mask(w, h)),
        fraction in 0.01f32..0.49,
    ) {
        prop_assume!(!own.is_empty());
        let (w, h) = (own.width(), own.height());
        for of in [Of::Rim(fraction), Of::Corners(fraction), Of::Background(fraction)] {
            let wanted = (0..w * h).map(|p| u8::from(lies_in(of, &own, (p % w, p / w)))).collect();
            let wanted = Mask::new(w, h, wanted).unwrap();
            match region(of, &own, &Memory::default(), 0) {
                Ok(found) => prop_assert_eq!(found, wanted),
                Err(Error::EmptyRegion { .. }) => prop_assert!(wanted.is_empty()),
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}

#[test]
fn parts_and_roi_share_the_image_out() {
    let own = disc(64, 14.0);
    let area = |of| region(of, &own, &Memory::default(), 0).unwrap().area();
    // Four sides of 5 pixels between four squares of 16.
    assert_eq!(area(Of::Rim(Of::RIM)), 4 * 5 * (64 - 2 * 16));
    assert_eq!(area(Of::Corners(Of::CORNERS)), 4 * 16 * 16);
    let disc_and_a_pixel = {
        let masker = Region { keep: eyepatch_core::Keep::Inside, dilate: 1.into(), ..Region::default() };
        let ctx = eyepatch_core::Ctx::for_tests(0);
        let roi = eyepatch_core::Roi::single(own.clone()).unwrap();
        masker
            .prepare(&Memory::default(), &ctx)
            .unwrap()
            .visible(&roi, &Memory::default(), &ctx)
            .unwrap()
            .area()
    };
    // Of each corner, 11 x 11 pixels lie within the frame's inner edge; the ROI reaches none of them.
    assert_eq!(area(Of::Background(Of::RIM)), 54 * 54 - 4 * 11 * 11 - disc_and_a_pixel);
}

#[test]
fn a_part_that_is_all_roi_is_refused_by_name() {
    let own = Mask::filled(8, 6, true);
    let refusal = |of| region(of, &own, &Memory::default(), 0).unwrap_err().to_string();
    assert_eq!(
        refusal(Of::Rim(0.08)),
        "the image's border (8 % of the shorter side) between the corners, without the ROI is empty"
    );
    assert!(refusal(Of::Corners(0.25)).contains("corners"));
    assert!(refusal(Of::Background(0.08)).contains("outside of the ROI"));
}

#[test]
fn parts_have_a_size_of_their_own() {
    let registry = Registry::collect().unwrap();
    let refused = |params| {
        registry
            .make::<dyn Masker>("eyepatch/region", &params)
            .map(|m| m.card().name)
            .unwrap_err()
            .to_string()
    };
    for fraction in [0.0, -0.1, 0.5, 1.0] {
        let said = refused(json!({ "of": { "rim": fraction } }));
        assert!(said.contains("above 0 and below 0.5"), "{said}");
    }
    for more in [json!({ "dilate": 2 }), json!({ "shape": "box" }), json!({ "structures": ["lung"] })] {
        let mut params = json!({ "of": { "corners": 0.25 } });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let said = refused(params);
        assert!(said.contains("corners-0.25") && said.contains("must be left out"), "{said}");
    }
    let nan = Region { of: Of::Background(f32::NAN), ..Region::default() };
    assert!(eyepatch_core::Handle::<dyn Masker>::from(nan).checked(Kind::Masker).is_err());
    let rim = Region { of: Of::Rim(0.1), ..Region::default() };
    assert!(rim.check().is_ok() && rim.dilated(3).is_none() && !rim.learns());
    assert!(Region { shape: Shape::Box, ..rim }.check().is_err());
}
