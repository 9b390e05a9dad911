//! Images that lie beyond what chance would give.

use eyepatch_core::Seed;
use eyepatch_maps::null::MovedNull;
use eyepatch_maps::summary::{ClusteredShare, clustered_share};
use eyepatch_maps::{Outcome, outcome};
use eyepatch_report::schema::{Beyond, Null};

use super::assemble::{Measured, interval};
use crate::Result;
use crate::sweep::assemble::LEVEL;
use crate::sweep::shared::Shared;

/// Share of images that lie beyond by chance.
pub(super) const CHANCE: f64 = 0.05;

/// What lies beyond chance by three readings, the published one last.
pub(super) fn beyond(s: &Shared, images: &[Measured<'_>]) -> Result<Vec<Beyond>> {
    Ok(vec![other_label(images)?, moved_maps(s, images)?, mass(images)?])
}

/// Without an association of the rest with the label, what it tells is as high in healthy images as in ill ones.
fn other_label(images: &[Measured<'_>]) -> Result<Beyond> {
    let alone = |i: &Measured<'_>| i.found.game.map(|g| g.alone);
    let of = |positive: bool| images.iter().filter(move |i| i.positive == positive);
    let mut counted = Vec::new();
    for (positive, sign) in [(true, 1.0), (false, -1.0)] {
        let others: Vec<f64> = of(!positive).filter_map(|i| Some(sign * alone(i)?)).collect();
        for (image, own) in of(positive).filter_map(|i| Some((i, sign * alone(i)?))) {
            let as_far = others.iter().filter(|other| **other >= own).count();
            let p = (as_far + 1) as f64 / (others.len() + 1) as f64;
            counted.push((image.patient, p <= CHANCE));
        }
    }
    let what = "What the rest does to the output when it is put around the regions of training images. Counted are images in which it \
                speaks for their label more than in 95 % of the images with the other label. A model to which the rest tells nothing of the label \
                has 5 % of them, however much the rest moves its output.";
    let share = outcome(clustered_share(&counted, LEVEL))?;
    Ok(row(Null::OtherLabel, what, share, Some(CHANCE), None))
}

fn moved_maps(s: &Shared, images: &[Measured<'_>]) -> Result<Beyond> {
    let seed = Seed::root(s.audit.seed).child("moved maps");
    let mut counted = Vec::new();
    for image in images {
        let Some(places) = &image.places else { continue };
        let null = MovedNull::new(seed.child(&s.table.rows[image.found.row].id));
        // Moved, a map keeps its grid.
        if let Outcome::Value(test) = outcome(null.test(&image.map, |map| places.absolute_outside(map)))? {
            counted.push((image.patient, test.exceeds()));
        }
    }
    let what = "Counted are images of whose map more lies outside of the region than of 95 % of the same map moved to random places. A \
                small marker fills a small part of the image, so this reading seldom sees one.";
    let share = outcome(clustered_share(&counted, LEVEL))?;
    Ok(row(Null::MovedMaps, what, share, Some(CHANCE), None))
}

fn mass(images: &[Measured<'_>]) -> Result<Beyond> {
    let counted: Vec<(&str, bool)> =
        images.iter().filter_map(|i| Some((i.patient, i.outside()? > 0.5))).collect();
    let what = "The published reading: images of whose map more than half lies outside of the region. It knows no chance, \
                and more than half of most images is outside of the region.";
    let share = outcome(clustered_share(&counted, LEVEL))?;
    Ok(row(Null::Half, what, share, None, Some(0.5)))
}

fn row(
    null: Null,
    what: &str,
    share: Outcome<ClusteredShare>,
    chance: Option<f64>,
    threshold: Option<f64>,
) -> Beyond {
    let (share, note) = match share {
        Outcome::Value(share) => (Some(share), None),
        Outcome::NotEstimable(why) => (None, Some(why.to_string())),
    };
    Beyond {
        null,
        what: what.into(),
        share: share.as_ref().map(|s| s.share),
        interval: share.as_ref().map(|s| interval(s.lower, s.upper)),
        chance,
        threshold,
        note,
    }
}
