//! Integrated gradients, input x gradient and SmoothGrad of a quadratic model against their closed forms; what is refused.

use eyepatch_core::{Budget, Ctx, Error, Explainer, Params, Subject};
use eyepatch_testkit::FullScale;
use plugin_saliency::{Cover, GradCam, InputXGradient, IntegratedGradients, Rule, SmoothGrad};
use proptest::prelude::*;

use crate::toy::{PLENTY, Quadratic, Told, assert_near, explain, sample};

/// Width, height, and values and weights of 3 channels.
fn cases() -> impl Strategy<Value = (usize, usize, Vec<f32>, Vec<f32>)> {
    (1usize..8, 1usize..8).prop_flat_map(|(width, height)| {
        let n = 3 * width * height;
        let weights = prop::collection::vec(-1.0f32..1.0, n);
        (Just(width), Just(height), prop::collection::vec(0.0f32..1.0, n), weights)
    })
}

/// One value a pixel from one a channel and pixel.
fn summed(pixels: usize, each: impl Fn(usize) -> f64) -> Vec<f64> {
    (0..pixels).map(|p| (0..3).map(|c| each(c * pixels + p)).sum()).collect()
}

proptest! {
    #[test]
    fn integrated_gradients_of_a_quadratic_model_are_exact(
        (width, height, values, weights) in cases(), curvature in -2.0f32..2.0, black: bool, steps in 2usize..40,
        rule in prop_oneof![Just(Rule::GaussLegendre), Just(Rule::Trapezoid), Just(Rule::Middle)], batch in 1usize..9,
    ) {
        let model = Quadratic::new(&weights, curvature);
        let baseline = if black { Cover::Black } else { Cover::Mean };
        let asked = IntegratedGradients { baseline, steps, rule };
        let (image, budget) = (sample(width, height, &values), Budget { evaluations: 99, batch });
        let found = explain(&asked, &model, (&image, 0), budget).unwrap();
        let pixels = width * height;
        let mean = |c: usize| values[c * pixels..][..pixels].iter().map(|&v| f64::from(v)).sum::<f64>() / pixels as f64;
        let means = [mean(0), mean(1), mean(2)];
        // The integral of a slope is the slope in the middle: these rules have no error.
        let part = |i: usize| {
            let (x, b) = (f64::from(values[i]), if black { 0.0 } else { means[i / pixels] });
            (x - b) * (f64::from(weights[i]) + f64::from(curvature) * (x + b) / 2.0)
        };
        assert_near(&found.values, &summed(pixels, part), 1e-5, "integrated gradients");
        prop_assert!(found.additivity_error.unwrap().abs() < 1e-4);
        prop_assert_eq!(found.evaluations, steps + 2);
    }

    #[test]
    fn input_x_gradient_has_its_closed_form((width, height, values, weights) in cases(), curvature in -2.0f32..2.0) {
        let model = Quadratic::new(&weights, curvature);
        let found = explain(&InputXGradient {}, &model, (&sample(width, height, &values), 0), PLENTY).unwrap();
        let part = |i: usize| f64::from(values[i]) * f64::from(weights[i] + curvature * values[i]);
        assert_near(&found.values, &summed(width * height, part), 1e-5, "input x gradient");
        prop_assert!(found.base_value == 0.0 && found.additivity_error.is_none());
    }

    #[test]
    fn the_budget_shortens_the_path_and_the_copies((width, height, values, weights) in cases(), evaluations in 4usize..20) {
        let (model, image) = (Quadratic::new(&weights, 1.0), sample(width, height, &values));
        let budget = Budget { evaluations, batch: 3 };
        let few = |steps| IntegratedGradients { steps, rule: Rule::Left, ..IntegratedGradients::default() };
        let short = explain(&few(50), &model, (&image, 0), budget).unwrap();
        prop_assert_eq!(&short, &explain(&few(evaluations - 2), &model, (&image, 0), PLENTY).unwrap());
        let copies = |samples| SmoothGrad { samples, ..SmoothGrad::default() };
        let short = explain(&copies(50), &model, (&image, 0), budget).unwrap();
        prop_assert_eq!(short, explain(&copies(evaluations - 2), &model, (&image, 0), PLENTY).unwrap());
    }
}

#[test]
fn smoothgrad_has_the_noise_that_it_says() {
    // The gradient at x + e is w + k (x + e): its mean is that at x, and its mean square more by the variance of k e.
    let (values, weights, curvature) = ([0.1f32, 0.5, 0.9, 0.3], [0.5f32, -1.0, 0.25, 0.0], 2.0f32);
    let (model, image) = (Quadratic::new(&weights, curvature), sample(2, 2, &values));
    let (samples, noise) = (10_000, 0.25);
    let slope = |i: usize| f64::from(weights[i] + curvature * values[i]);
    let plain = SmoothGrad { samples, noise, squared: false };
    let found = explain(&plain, &model, (&image, 0), PLENTY).unwrap();
    // sigma is a quarter of the range 0.8; the standard error of the mean is 2 x 0.2 / 100, the bound 5 of them.
    assert_near(&found.values, &[0, 1, 2, 3].map(slope), 0.02, "smoothgrad");
    let found = explain(&SmoothGrad { squared: true, ..plain }, &model, (&image, 0), PLENTY).unwrap();
    let squares = [0, 1, 2, 3].map(|i| slope(i).powi(2) + 0.4f64.powi(2));
    // The variance of (a + 0.4 z)^2 is 4 a^2 0.16 + 2 x 0.0256: 5 standard errors at the largest slope.
    let error = (4.0 * slope(2).powi(2) * 0.16 + 0.0512).sqrt() / 100.0;
    assert_near(&found.values, &squares, 5.0 * error, "smoothgrad squared");
}

#[test]
fn smoothgrad_is_another_for_another_seed() {
    let (model, image) = (Quadratic::new(&[1.0; 4], 1.0), sample(2, 2, &[0.0, 0.2, 0.4, 1.0]));
    let with = |seed| {
        let subject = Subject { sample: &image, class: 0, preprocess: &FullScale, others: &[] };
        SmoothGrad::default().explain(&model, subject, PLENTY, &Ctx::for_tests(seed)).unwrap().values
    };
    assert_ne!(with(1), with(2));
}

#[test]
fn what_is_missing_and_what_is_wrong_is_named() {
    let image = sample(2, 2, &[0.5; 4]);
    let (model, told) = (Quadratic::new(&[1.0; 4], 0.0), Told::new([1, 1, 1, 1], &[1.0], &[1.0]));
    let says = |explainer: &dyn Explainer, budget| {
        explain(explainer, &model, (&image, 0), budget).unwrap_err().to_string()
    };
    let three = Budget { evaluations: 3, batch: 1 };
    let trapezoid = IntegratedGradients { rule: Rule::Trapezoid, ..IntegratedGradients::default() };
    assert!(
        says(&trapezoid, three).contains("at least 4 are needed (the image, the baseline and the steps)")
    );
    let two = Budget { evaluations: 2, batch: 1 };
    for explainer in [&InputXGradient {} as &dyn Explainer, &SmoothGrad::default(), &GradCam::default()] {
        assert!(says(explainer, two).contains("at least 3 are needed"));
    }
    let ungraded = explain(&SmoothGrad::default(), &told, (&image, 0), PLENTY).unwrap_err();
    assert!(matches!(ungraded, Error::Unsupported { .. }), "{ungraded}");
    assert_eq!(
        ungraded.to_string(),
        "the model offers no gradients with respect to its input, which eyepatch/smoothgrad needs"
    );
    assert!(says(&GradCam::default(), PLENTY).contains("no activations, which eyepatch/grad-cam needs"));
}

#[test]
fn gradients_that_are_no_numbers_or_too_few_are_refused() {
    let mut model = Told::new([1, 1, 1, 1], &[1.0], &[1.0]);
    for (gradients, words) in
        [(vec![1.0, f32::NAN, 1.0, 1.0], "finite numbers"), (vec![1.0; 3], "expected 4")]
    {
        model.input = Some(gradients);
        let error = explain(&InputXGradient {}, &model, (&sample(2, 2, &[0.5; 4]), 0), PLENTY).unwrap_err();
        assert!(matches!(error, Error::Shape { .. }) && error.to_string().contains(words), "{error}");
    }
}

#[test]
fn wrong_parameters_are_named() {
    let steps = |steps, rule| IntegratedGradients { steps, rule, ..IntegratedGradients::default() }.check();
    assert_eq!(steps(0, Rule::Left).unwrap_err(), "`steps` is 0: it must be from 1 to 10000");
    assert_eq!(steps(1, Rule::Trapezoid).unwrap_err(), "`steps` is 1: it must be from 2 to 10000");
    let blur = IntegratedGradients { baseline: Cover::Blur { sigma: 2.0 }, ..IntegratedGradients::default() };
    assert!(blur.check().unwrap_err().contains("`baseline` blurs with sigma 2"));
    let noisy = |noise| SmoothGrad { noise, ..SmoothGrad::default() }.check();
    assert!(
        noisy(-0.1).is_err()
            && noisy(f64::NAN).is_err()
            && noisy(1.1).unwrap_err().contains("`noise` is 1.1")
    );
    assert!(
        SmoothGrad { samples: 0, ..SmoothGrad::default() }.check().unwrap_err().contains("`samples` is 0")
    );
    IntegratedGradients::default().check().unwrap();
    SmoothGrad::default().check().unwrap();
}
