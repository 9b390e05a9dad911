//! What only looks like a shortcut.

use eyepatch::prelude::*;
use plugin_phantom::{Association, Camera, MetadataOnly, Phantom, Sign, Site, WideRoi};

use crate::cameras::two_cameras;
use crate::{LUNGS, films, sweep};

/// A strong association with the label.
const STRONG: Association = Association::new(0.85, 0.15);

/// A trap: its name, how often it is drawn, the films, and the legitimate region.
struct Trap {
    name: &'static str,
    repeats: u64,
    films: fn(Phantom) -> Phantom,
    region: &'static [&'static str],
}

const LUNGS_AND_HEART: [&str; 3] = ["left_lung", "right_lung", "heart"];

const TRAPS: [Trap; 10] = [
    Trap { name: "honest", repeats: 10, films: |f| f, region: &LUNGS },
    // A column of the table goes with the label, and no pixel shows it.
    Trap {
        name: "ward",
        repeats: 6,
        films: |f| f.with_shortcut(MetadataOnly::default(), STRONG),
        region: &LUNGS,
    },
    // The segmentation is wider in the ill, and no pixel of the film shows it.
    Trap {
        name: "wide ROI",
        repeats: 8,
        films: |f| f.with_shortcut(WideRoi::default(), STRONG),
        region: &LUNGS,
    },
    // A true sign outside of the lungs, inside the declared region.
    Trap {
        name: "large heart",
        repeats: 8,
        films: |f| f.with_sign(Sign::LargeHeart).with_strength(0.8),
        region: &LUNGS_AND_HEART,
    },
    // A true sign that changes the area of the region.
    Trap {
        name: "emphysema",
        repeats: 8,
        films: |f| f.with_sign(Sign::Emphysema).with_strength(0.8),
        region: &LUNGS,
    },
    Trap { name: "imbalance", repeats: 6, films: |f| f.with_prevalence(0.2), region: &LUNGS },
    // Cameras that look different and say nothing of the label.
    Trap {
        name: "cameras",
        repeats: 8,
        films: |f| f.with_sites(two_cameras(Association::independent(0.5))),
        region: &LUNGS,
    },
    // Hospitals that go with the label and look alike.
    Trap { name: "hospitals", repeats: 6, films: |f| f.with_sites(alike()), region: &LUNGS },
    // Several films of a patient whose labels differ.
    Trap { name: "mixed labels", repeats: 4, films: |f| f.with_mixed_labels(0.5), region: &LUNGS },
    // A true sign that sets the film's maximum: see `max_before_masking`.
    Trap { name: "brightest spot", repeats: 4, films: calcified, region: &LUNGS },
];

/// Not overexposed, so that a spot in the lungs can be brighter than all else.
pub(crate) fn calcified(films: Phantom) -> Phantom {
    let camera = Camera { gain: 0.8, ..Camera::named("A") };
    let site = Site { name: "north".into(), share: Association::independent(1.0), camera };
    films.with_sign(Sign::Calcification).with_strength(0.5).with_sites(vec![site])
}

fn alike() -> Vec<Site> {
    let site = |name: &str, share: f64| Site {
        name: name.into(),
        share: Association::new(share, 1.0 - share),
        camera: Camera { name: name.into(), ..Camera::default() },
    };
    vec![site("north", 0.8), site("south", 0.2)]
}

/// Every trap, several times.
pub(crate) fn cases(first: u64) -> Vec<PlantedCase> {
    let (test, patients) = crate::TRAPS;
    let mut all = Vec::new();
    for (kind, trap) in TRAPS.into_iter().enumerate() {
        for repeat in 0..trap.repeats {
            let seed = first + 2000 + 100 * kind as u64 + repeat;
            let films = (trap.films)(films(seed, patients));
            all.push(PlantedCase {
                name: format!("{} #{}", trap.name, repeat + 1),
                group: trap.name.into(),
                strength: None,
                causes: Vec::new(),
                broken: Some(films.clone().with_broken_shortcuts().into()),
                sweep: sweep(films, test, trap.region),
                quick: repeat == 0,
            });
        }
    }
    all
}
