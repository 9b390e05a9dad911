//! The laws of every explainer, closed forms of simple models, and captum's values of a small network.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

mod cam;
mod golden;
mod gradients;
mod net;
mod occlusion;
mod quadrature;
mod toy;

use plugin_saliency::{
    Cover, GradCam, GradCamPlusPlus, InputXGradient, IntegratedGradients, Occlusion, Rule, SmoothGrad,
};

eyepatch_testkit::explainer_laws! {
    mean: Occlusion::default();
    black: Occlusion { patch: 0.3, stride: 0.3, cover: Cover::Black };
    blurred: Occlusion { patch: 0.25, stride: 0.2, cover: Cover::Blur { sigma: 0.1 } };
    integrated: IntegratedGradients::default();
    integrated_from_the_mean: IntegratedGradients { baseline: Cover::Mean, steps: 7, rule: Rule::Trapezoid };
    integrated_from_a_blur: IntegratedGradients {
        baseline: Cover::Blur { sigma: 0.1 }, steps: 20, rule: Rule::Middle,
    };
    input_x_gradient: InputXGradient {};
    smoothgrad: SmoothGrad { samples: 20, ..SmoothGrad::default() };
    smoothgrad_squared: SmoothGrad { samples: 9, noise: 0.3, squared: true };
    grad_cam: GradCam::default();
    grad_cam_signed: GradCam { layer: Some("quarter".into()), signed: true };
    grad_cam_plus_plus: GradCamPlusPlus::default();
}

/// What is linear in the output's values or gradients. Equal parts are equal to gradients; patches may lie otherwise in each half.
#[test]
fn linear_methods_keep_the_axioms() {
    use eyepatch_testkit::ExplainerLaws;
    ExplainerLaws::new(Occlusion::default()).sums_of_outputs_get_sums_of_values();
    ExplainerLaws::new(SmoothGrad { samples: 5, ..SmoothGrad::default() })
        .sums_of_outputs_get_sums_of_values();
    for laws in [ExplainerLaws::new(IntegratedGradients::default()), ExplainerLaws::new(InputXGradient {})] {
        laws.sums_of_outputs_get_sums_of_values();
        laws.equal_parts_get_equal_values();
    }
}

#[test]
fn classes_are_explained_one_after_the_other() {
    use eyepatch_testkit::ExplainerLaws;
    ExplainerLaws::new(Occlusion::default()).classes_do_not_matter_to_each_other();
    ExplainerLaws::new(SmoothGrad { samples: 5, ..SmoothGrad::default() })
        .classes_do_not_matter_to_each_other();
}
