//! Grad-CAM and Grad-CAM++ of what a model is told to answer, by hand; which layer they choose; what they refuse.

use eyepatch_core::{Budget, Error, Params};
use plugin_saliency::{GradCam, GradCamPlusPlus};
use proptest::prelude::*;

use crate::toy::{PLENTY, Told, assert_near, explain, sample};

/// Two planes of 1 x 3.
fn two() -> Told {
    Told::new([1, 2, 1, 3], &[1.0, 2.0, 4.0, 3.0, 0.0, 1.0], &[0.5, -0.2, 0.6, -0.4, 0.0, 0.1])
}

#[test]
fn by_hand() {
    let image = sample(2, 2, &[0.5; 4]);
    // Mean gradients 0.3 and -0.1.
    let expected = [0.3 * 1.0 - 0.1 * 3.0, 0.3 * 2.0, 0.3 * 4.0 - 0.1 * 1.0];
    let cam = GradCam { layer: Some("map".into()), signed: true };
    let found = explain(&cam, &two(), (&image, 0), PLENTY).unwrap();
    assert_eq!((found.height, found.width, found.evaluations), (1, 3, 3));
    assert_near(&found.values, &expected, 1e-6, "Grad-CAM");
    assert_eq!((found.output_value, found.additivity_error), (0.25, None));
    // Sums of activations 7 and 4: each positive gradient g counts g / (2 + g x sum).
    let weights = [0.5 / (2.0 + 3.5) + 0.6 / (2.0 + 4.2), 0.1 / (2.0 + 0.4)];
    let expected = [0, 1, 2].map(|p| weights[0] * [1.0, 2.0, 4.0][p] + weights[1] * [3.0, 0.0, 1.0][p]);
    let cam = GradCamPlusPlus { layer: Some("map".into()), signed: false };
    let found = explain(&cam, &two(), (&image, 0), PLENTY).unwrap();
    assert_near(&found.values, &expected, 1e-6, "Grad-CAM++");
}

proptest! {
    #[test]
    fn the_sign_is_kept_or_cut(
        activations in prop::collection::vec(-1.0f32..1.0, 12), gradients in prop::collection::vec(-0.1f32..0.1, 12),
    ) {
        let (model, image) = (Told::new([1, 3, 2, 2], &activations, &gradients), sample(2, 2, &[0.5; 4]));
        let cam = |signed| explain(&GradCam { layer: None, signed }, &model, (&image, 0), PLENTY).unwrap().values;
        let plus = |signed| explain(&GradCamPlusPlus { layer: None, signed }, &model, (&image, 0), PLENTY).unwrap().values;
        for (kept, cut) in [(cam(true), cam(false)), (plus(true), plus(false))] {
            prop_assert_eq!(kept.iter().map(|v| v.max(0.0)).collect::<Vec<_>>(), cut);
        }
    }
}

#[test]
fn without_a_name_it_is_the_last_layer_with_more_than_one_place() {
    let image = sample(2, 2, &[0.5; 4]);
    let found = explain(&GradCam::default(), &two(), (&image, 0), PLENTY).unwrap();
    let named = GradCam { layer: Some("map".into()), signed: false };
    let named = explain(&named, &two(), (&image, 0), PLENTY).unwrap();
    assert_eq!(found.values, named.values);
    // The layer behind it was looked at, too.
    assert_eq!((found.evaluations, named.evaluations), (4, 3));
    let three = Budget { evaluations: 3, batch: 1 };
    let error = explain(&GradCam::default(), &two(), (&image, 0), three).unwrap_err();
    assert!(error.to_string().contains("at least 4 are needed (outputs, and each layer"), "{error}");
}

#[test]
fn layers_that_make_no_map_are_refused() {
    let image = sample(2, 2, &[0.5; 4]);
    let says = |layer: Option<&str>, model: &Told| {
        let cam = GradCam { layer: layer.map(Into::into), signed: false };
        explain(&cam, model, (&image, 0), PLENTY).unwrap_err()
    };
    let dot = says(Some("dot"), &two()).to_string();
    assert!(dot.contains("layer `dot` have a single place") && dot.contains("has: map, dot"), "{dot}");
    assert!(says(None, &Told::new([1; 4], &[1.0], &[1.0])).to_string().contains("a single place"));
    let unknown = says(Some("other"), &two());
    assert!(matches!(unknown, Error::Unsupported { .. }), "{unknown}");
    for wrong in
        [Told::new([2, 1, 1, 2], &[1.0; 4], &[1.0; 4]), Told::new([1, 1, 1, 2], &[1.0; 3], &[1.0; 2])]
    {
        assert!(matches!(says(Some("map"), &wrong), Error::Shape { .. }));
    }
    assert!(
        GradCam { layer: Some(" ".into()), signed: false }.check().unwrap_err().contains("`layer` is empty")
    );
}

#[test]
fn the_pole_of_plus_plus_is_named() {
    let image = sample(2, 2, &[0.5; 4]);
    let model = Told::new([1, 1, 1, 2], &[-3.0, -1.0], &[0.5, 0.1]);
    let error = explain(&GradCamPlusPlus::default(), &model, (&image, 0), PLENTY).unwrap_err().to_string();
    assert!(
        error.contains("layer `map`") && error.contains("5.000e-1") && error.contains("-4.000e0"),
        "{error}"
    );
}
