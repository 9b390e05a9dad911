//! Where the signs of each finding may lie, unless the user says otherwise.

use std::collections::BTreeMap;

use eyepatch_core::LegitimateRegion;

use crate::options::Options;

/// A finding, its structures, its margin in fractions of the image's width, and why. The margins are judgements: wide enough
/// for what the reason names, no measurement.
const DEFAULTS: [(&str, &[&str], f32, &str); 5] = [
    (
        "cardiomegaly",
        &["heart", "left lung", "right lung"],
        0.03,
        "the heart's width is judged against the chest's, so the heart, its borders and the inner walls of the chest count",
    ),
    (
        "pneumonia",
        &["left lung", "right lung", "heart"],
        0.03,
        "consolidation lies in the lungs, also behind the heart and below the dome of the diaphragm, where masks have no lung",
    ),
    (
        "atelectasis",
        &["left lung", "right lung", "heart"],
        0.05,
        "collapsed lung is dense and falls out of predicted lung masks; it pulls the hilum, the heart and the diaphragm along",
    ),
    (
        "pneumothorax",
        &["left lung", "right lung"],
        0.05,
        "air lies between the lung and the chest wall, where a mask may follow the collapsed lung: the margin covers the pleura",
    ),
    (
        "pleural effusion",
        &["left lung", "right lung"],
        0.08,
        "fluid fills the costophrenic angles and hides the lung's lower border, so predicted masks end above it",
    ),
];

/// The regions of the classes there are. A class whose main structure is not in the ROI gets none, nor does one that is not
/// among the study's five.
pub(crate) fn regions(classes: &[String], options: &Options<'_>) -> BTreeMap<String, LegitimateRegion> {
    let has = |name: &str| options.structures.iter().any(|s| s == name);
    let mut regions = BTreeMap::new();
    for (class, structures, margin, reason) in DEFAULTS {
        if classes.iter().any(|c| c == class) && has(structures[0]) {
            let structures = structures.iter().filter(|s| has(s)).map(|s| (*s).to_owned()).collect();
            regions
                .insert(class.to_owned(), LegitimateRegion { structures, margin, reason: reason.to_owned() });
        }
    }
    regions.extend(options.legitimate.iter().map(|(class, region)| (class.clone(), region.clone())));
    regions
}
