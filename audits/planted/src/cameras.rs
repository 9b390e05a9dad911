//! What a verdict says of cameras: taken as a shortcut, seen but of no use, of use but without a trace, and met only after the training.

use eyepatch::prelude::*;
use plugin_phantom::{Association, Camera, Phantom, Site};

use crate::{LUNGS, films, network, sweep_of};

/// Films drawn anew for each kind.
const SEEDS: u64 = 20;
/// Share of the ill, and of the healthy, that camera B took.
const ASSOCIATED: Association = Association::new(0.85, 0.15);
/// Share of the patients on whom the models are trained that do not take what goes with the label where they are asked.
const DEVELOPMENT: f64 = 0.5;

/// Cameras that anybody can tell apart.
pub(crate) fn two_cameras(dark: Association) -> Vec<Site> {
    let site = |name: &str, share, camera| Site { name: name.into(), share, camera };
    let bright = Association::new(1.0 - dark.positive, 1.0 - dark.negative);
    let dark_camera =
        Camera { gain: 0.8, gamma: 1.2, blur: 8.0, noise: 5.0, jpeg: Some(50), ..Camera::named("B") };
    vec![site("north", bright, Camera { gain: 1.1, ..Camera::named("A") }), site("south", dark, dark_camera)]
}

/// A kind of case: whether the camera is a shortcut, and how its films are drawn and split.
struct Kind {
    name: &'static str,
    shortcut: bool,
    films: fn(Phantom) -> Phantom,
    patients: usize,
    split: fn() -> (SplitScheme, usize),
    /// Where its seeds begin.
    seeds: u64,
}

fn holdout() -> (SplitScheme, usize) {
    (SplitScheme::Holdout { test: 0.65 }, 1)
}

/// Trained on the one cohort, asked about the other.
fn deployed() -> (SplitScheme, usize) {
    (SplitScheme::study_fundus("cohort", "deployment"), 2)
}

/// The camera goes with the label, and films show nothing of it: nobody can take it.
fn without_a_trace() -> Vec<Site> {
    let mut sites = two_cameras(ASSOCIATED);
    let name = |site: &Site| Camera { name: site.camera.name.clone(), ..Camera::default() };
    sites.iter_mut().for_each(|site| site.camera = name(site));
    sites
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "taken",
        shortcut: true,
        films: |f| f.with_sites(two_cameras(ASSOCIATED)),
        patients: 2100,
        split: holdout,
        seeds: 0,
    },
    Kind {
        name: "seen",
        shortcut: false,
        films: |f| f.with_sites(two_cameras(Association::independent(0.5))),
        patients: 3060,
        split: holdout,
        seeds: 100,
    },
    Kind {
        name: "without a trace",
        shortcut: false,
        films: |f| f.with_sites(without_a_trace()),
        patients: 3060,
        split: holdout,
        seeds: 300,
    },
];

/// The camera goes with the label where the model is asked, and did not where it was trained.
const ELSEWHERE: Kind = Kind {
    name: "not taken",
    shortcut: false,
    films: |f| f.with_sites(two_cameras(ASSOCIATED)).with_development(DEVELOPMENT),
    patients: 4000,
    split: deployed,
    seeds: 200,
};

/// Three kinds, several times.
pub(crate) fn cases(first: u64) -> Vec<PlantedCase> {
    KINDS.iter().flat_map(|kind| of_kind(kind, first)).collect()
}

/// Models that meet the association after their training.
pub(crate) fn elsewhere(first: u64) -> Vec<PlantedCase> {
    of_kind(&ELSEWHERE, first)
}

fn of_kind(kind: &Kind, first: u64) -> Vec<PlantedCase> {
    let case = |repeat: u64| {
        let films = (kind.films)(films(first + kind.seeds + repeat, kind.patients));
        let (split, folds) = (kind.split)();
        PlantedCase {
            name: format!("{} #{}", kind.name, repeat + 1),
            group: kind.name.into(),
            strength: kind.shortcut.then_some(1),
            causes: if kind.shortcut { vec!["camera".into()] } else { Vec::new() },
            broken: Some(films.clone().with_broken_shortcuts().into()),
            sweep: sweep_of(network(), films, &LUNGS)
                .split(split)
                .folds(folds)
                .verdict(VerdictRule::default().attributes(["camera", "view", "sex", "age"])),
            quick: repeat == 0,
        }
    };
    (0..SEEDS).map(case).collect()
}
