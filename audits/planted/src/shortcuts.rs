//! What is planted: eight shortcuts that the pixels show, at four strengths of association with the label.

use eyepatch::prelude::*;
use plugin_phantom::{Association, Background, Blur, Border, CameraGain, Jpeg, Positioning, Tag, Tube, What};

use crate::{LUNGS, SHORTCUTS, films, sweep};

/// Share of the ill that have it, by strength; as many of the healthy have it not.
const STRENGTHS: [f64; 4] = [0.65, 0.75, 0.85, 0.95];
/// Films drawn anew for each strength.
const SEEDS: u64 = 3;

/// A kind of shortcut, by name, and the causes that are right for it.
fn kinds() -> [(&'static str, What, &'static [&'static str]); 8] {
    [
        ("tag", Tag::marker('L').into(), &["corner"]),
        ("tube", Tube::default().into(), &["background"]),
        ("border", Border::default().into(), &["border"]),
        ("camera-gain", CameraGain::default().into(), &["camera"]),
        ("jpeg", Jpeg::default().into(), &["camera"]),
        ("blur", Blur::default().into(), &["camera"]),
        ("background", Background::default().into(), &["site"]),
        ("positioning", Positioning::default().into(), &["site"]),
    ]
}

/// Every kind at every strength, several times.
pub(crate) fn cases(first: u64) -> Vec<PlantedCase> {
    let (test, patients) = SHORTCUTS;
    let mut all = Vec::new();
    for (kind, (name, what, causes)) in kinds().into_iter().enumerate() {
        for (level, share) in STRENGTHS.into_iter().enumerate() {
            for repeat in 0..SEEDS {
                let seed = first + 100 * kind as u64 + 10 * level as u64 + repeat;
                let films =
                    films(seed, patients).with_shortcut(what.clone(), Association::new(share, 1.0 - share));
                all.push(PlantedCase {
                    name: format!("{name} {} #{}", level + 1, repeat + 1),
                    group: name.into(),
                    strength: Some(level + 1),
                    causes: causes.iter().map(|c| (*c).to_owned()).collect(),
                    broken: Some(films.clone().with_broken_shortcuts().into()),
                    sweep: sweep(films, test, &LUNGS),
                    // The middle strengths, once.
                    quick: repeat == 0 && (level == 1 || level == 3),
                });
            }
        }
    }
    all
}
