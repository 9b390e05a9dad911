//! Golden values of shap, the core against slow twins and the axioms of Shapley values, and the laws of an explainer.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

mod axioms;
mod explain;
mod golden;
mod images;
mod parts;
mod sampling;
mod table;

use eyepatch_testkit::ExplainerLaws;
use plugin_shap::{Baseline, Players, ShapKernel, ShapPartition, ShapPermutation};

eyepatch_testkit::explainer_laws! {
    partition: ShapPartition::default();
    partition_ensemble: ShapPartition {
        baselines: vec![Baseline::Black, Baseline::Noise, Baseline::Blur { kx: 5, ky: 5 }],
        expand: 3,
        target: Some(0.01),
    };
    permutation: ShapPermutation::default();
    permutation_of_grid: ShapPermutation {
        players: Players::Grid { rows: 3, columns: 6 },
        baselines: vec![Baseline::Mean],
        target: Some(0.2),
    };
    kernel: ShapKernel::default();
    kernel_of_grid: ShapKernel {
        players: Players::Grid { rows: 4, columns: 5 },
        baselines: vec![Baseline::Black, Baseline::Mean],
        target: None,
    };
}

/// Players are drawn without looking at outputs; which box is divided next depends on all classes.
#[test]
fn classes_of_drawn_players_do_not_matter_to_each_other() {
    ExplainerLaws::new(ShapPermutation::default()).classes_do_not_matter_to_each_other();
    ExplainerLaws::new(ShapKernel::default()).classes_do_not_matter_to_each_other();
}
