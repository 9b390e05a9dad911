//! The benchmark of planted shortcuts: are verdicts right on models whose truth is known?
//!
//! `shortcuts` lists what is planted, `traps` what only looks like a shortcut. `benchmark` is scored; `tuning` is the same
//! with other seeds, on which margins and thresholds were fixed.

mod cameras;
mod maps;
mod shortcuts;
mod traps;

use eyepatch::prelude::*;
use plugin_auc::AucMatrix;
use plugin_densenet::{DenseNet, Order, densenet_tiny};
use plugin_maskers::{Region, verdict_maskings};
use plugin_phantom::{Phantom, phantom_chest};
use plugin_saliency::Occlusion;

/// The lungs, in which opacities lie.
const LUNGS: [&str; 2] = ["left_lung", "right_lung"];

/// Share of the patients that is tested, and how many there are: 2000 films or more are tested, about 1100 train and watch.
const SHORTCUTS: (f64, usize) = (0.65, 2100);
/// That nothing is there takes more films to show than that something is: some 3500 are tested, as many train.
const TRAPS: (f64, usize) = (0.76, 3060);

/// Films of 64 px. The disease is faint, so that shortcuts pay.
fn films(seed: u64, patients: usize) -> Phantom {
    phantom_chest()
        .with_patients(patients)
        .with_visits(1, 2)
        .with_strength(0.35)
        .with_truth_columns(false)
        .with_seed(seed)
}

/// A network that learns them in seconds.
fn network() -> DenseNet {
    DenseNet { epochs: 12, patience: 4, ..densenet_tiny() }
}

/// [`sweep_of`] on films of which this share of the patients is tested.
fn sweep(films: Phantom, test: f64, region: &[&str]) -> MaskingSweep {
    sweep_of(network(), films, region)
        .split(SplitScheme::Holdout { test })
        .folds(1)
        .verdict(VerdictRule::default().attributes(["camera", "site", "view", "sex", "age"]))
}

/// One model with the region visible and one without it, and all that the verdict looks at.
fn sweep_of(network: DenseNet, films: Phantom, region: &[&str]) -> MaskingSweep {
    let hidden: Handle<dyn Masker> =
        Region { structures: region.iter().map(|s| (*s).to_owned()).collect(), ..Region::default() }.into();
    let full: Handle<dyn Masker> = Region { keep: Keep::Full, ..Region::default() }.into();
    MaskingSweep::new(network, films)
        .maskers([full, hidden])
        .also(verdict_maskings(region))
        .validation(0.15)
        .probe(AucMatrix::default())
        .explain(Occlusion::default())
        .examples(16)
        .unchecked()
}

/// All cases, with films drawn from seeds that begin at `first`.
fn cases(first: u64) -> PlantedBenchmark {
    let mut cases = shortcuts::cases(first);
    cases.extend(traps::cases(first));
    PlantedBenchmark::new(cases)
}

/// Is a model said to do without the lungs because films were divided by their maximum before they were masked?
///
/// The sign is the film's brightest spot and lies in the lungs. Divided by its maximum first, as the study did, a film whose
/// lungs are hidden still tells by its brightness; masked first, it tells nothing.
#[audit(seed = 1907, tags = ["planted", "profiles", "synthetic"])]
fn max_before_masking() -> Profiles {
    Profiles::of(|profile| {
        let order = if profile == Profile::Published { Order::Published } else { Order::Strict };
        MaskingSweep::new(DenseNet { order, ..network() }, traps::calcified(films(1, SHORTCUTS.1)))
            .maskers([Region { keep: Keep::Full, ..Region::default() }, Region::default()])
            .split(SplitScheme::Holdout { test: SHORTCUTS.0 })
            .folds(1)
            .validation(0.15)
            .probe(AucMatrix::default())
            .examples(16)
            .flag_if(auc(Keep::Outside).above(0.60))
    })
}

/// How often is the verdict right where the truth is known?
///
/// Eight shortcuts at four strengths, and ten kinds of traps: associations that no pixel shows, regions whose shape goes with
/// the label, true signs outside of the lungs or as bright as nothing else, cameras that look different and say nothing.
#[audit(seed = 1907, tags = ["planted", "benchmark", "synthetic"])]
fn benchmark() -> PlantedBenchmark {
    cases(1000)
}

/// The same as `planted/benchmark` with other seeds: what the margins and thresholds were fixed on.
#[audit(seed = 2025, tags = ["planted", "tuning", "synthetic"])]
fn tuning() -> PlantedBenchmark {
    cases(5000)
}

/// Does a verdict tell a camera that a model takes from one that it only sees, and from one that leaves no trace?
///
/// Twenty times each: two cameras that look different, of which one goes with the label; the same where neither does; two that look
/// alike, of which one goes with the label.
#[audit(seed = 1907, tags = ["planted", "cameras", "synthetic"])]
fn cameras() -> PlantedBenchmark {
    PlantedBenchmark::new(cameras::cases(7000))
}

/// What does a verdict say of a model that meets a camera that goes with the label only after its training?
///
/// Trained where the camera says nothing, such a model still answers a little otherwise on each camera; where the camera then goes with
/// the label, that moves its AUC, up or down.
#[audit(seed = 1907, tags = ["planted", "cameras", "deployment", "synthetic"])]
fn cameras_after_training() -> PlantedBenchmark {
    PlantedBenchmark::new(cameras::elsewhere(7000))
}
