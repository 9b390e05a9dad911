//! Golden values of shap, the core against slow twins and the axioms of Shapley values, and the laws of an explainer.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

mod axioms;
mod explain;
mod golden;
mod images;
mod parts;
mod sampling;
mod table;

use eyepatch_core::Budget;
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

/// Sampled coalitions are the same for each output; with 2^12 evaluations they are all.
#[test]
fn numbered_players_keep_the_axioms() {
    let players = Players::Grid { rows: 4, columns: 3 };
    let kernel = || ShapKernel { players, ..ShapKernel::default() };
    let permutation = || ShapPermutation { players, ..ShapPermutation::default() };
    let all = Budget { evaluations: 1 << 12, batch: 64 };
    for laws in [ExplainerLaws::new(kernel()), ExplainerLaws::new(permutation())] {
        laws.sums_of_outputs_get_sums_of_values();
    }
    for laws in [ExplainerLaws::new(kernel()), ExplainerLaws::new(permutation())] {
        laws.budget(all).equal_parts_get_equal_values();
    }
}

/// Players are drawn without looking at outputs; which box is divided next depends on all classes.
#[test]
fn classes_of_drawn_players_do_not_matter_to_each_other() {
    ExplainerLaws::new(ShapPermutation::default()).classes_do_not_matter_to_each_other();
    ExplainerLaws::new(ShapKernel::default()).classes_do_not_matter_to_each_other();
}
