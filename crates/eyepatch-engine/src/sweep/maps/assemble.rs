//! From what the cell found to the report's section.

use std::path::Path;

use eyepatch_core::{Interval, Keep, Mask, Meta, Seed};
use eyepatch_maps::checks::{Check, Judgement, MapSet, State, Taken, relative_additivity_error};
use eyepatch_maps::places::{PlaceRule, PlaceShare, PlaceShares, PlaceWeights, Places, pointing};
use eyepatch_maps::summary::{ClusteredMean, Observation, by_group, clustered_mean};
use eyepatch_maps::{Map, Outcome, outcome};
use eyepatch_report::schema::{Beyond, CheckState, Estimate, MapCheck, MapGroup, MapPlace, Maps, Null};

use super::beyond::{CHANCE, beyond};
use super::found::{Checked, Found, FoundImage};
use super::game::RoiGame;
use super::strategies::strategies;
use super::{Region, draw};
use crate::Result;
use crate::data::RowSet;
use crate::sweep::assemble::LEVEL;
use crate::sweep::gallery::Drawer;
use crate::sweep::plan::SweepPlan;
use crate::sweep::shared::Shared;

/// How far off a maximum may lie to count as in the ROI, as a share of the image's shorter side.
const TOLERANCE: f64 = 0.02;

/// What a map has in one place.
type InPlace = fn(&PlaceShares) -> PlaceShare;

/// The places, by name.
const PLACES: [(&str, InPlace); 6] = [
    ("inside the region", |s| s.inside),
    ("in its box", |s| s.in_box),
    ("at its rim", |s| s.rim),
    ("in the corners", |s| s.corners),
    ("elsewhere", |s| s.background),
    ("outside in all", |s| s.outside),
];

/// An image with all that is measured of its map.
pub(super) struct Measured<'a> {
    pub(super) found: &'a FoundImage,
    pub(super) map: Map,
    pub(super) roi: Mask,
    pub(super) patient: &'a str,
    pub(super) positive: bool,
    /// The places on the map's grid; `None` where the ROI is empty.
    pub(super) places: Option<PlaceWeights>,
    /// Where the map lies; `None` likewise.
    pub(super) shares: Option<PlaceShares>,
}

impl<'a> Measured<'a> {
    fn of(
        shared: &'a Shared,
        training: &RowSet,
        (class, region): (usize, &Region),
        found: &'a FoundImage,
    ) -> Result<Self> {
        let row = &shared.table.rows[found.row];
        let (map, roi) = (Map::try_from(&found.map)?, region.mask(&training.roi(found.row)?)?);
        let places = || Places::new(&roi, PlaceRule::default())?.on_grid(map.height(), map.width());
        let places = (!roi.is_empty()).then(places).transpose()?;
        let shares = places.as_ref().map(|places| places.shares(&map)).transpose()?;
        let positive = row.labels[class] == Some(true);
        Ok(Self { found, map, roi, patient: &row.patient, positive, places, shares })
    }

    /// Share of absolute attribution outside of the ROI.
    pub(super) fn outside(&self) -> Option<f64> {
        self.shares.as_ref()?.outside.absolute
    }
}

/// One section a class.
pub(in crate::sweep) fn sections(
    plan: &SweepPlan,
    prepared: &Path,
    found: &[Found],
    drawer: &mut Drawer,
) -> Result<Vec<Maps>> {
    let Some(judge) = &plan.judge else { return Ok(Vec::new()) };
    let s = &plan.shared;
    let training = s.training(prepared, 0, Keep::Outside)?;
    let mut sections = Vec::new();
    for of_class in found {
        let region = Region::of(s, of_class.class);
        let measured = |image| Measured::of(s, &training, (of_class.class, &region), image);
        let images: Vec<Measured<'_>> = of_class.images.iter().map(measured).collect::<Result<_>>()?;
        let judged = judge.rule.limits.judge(&map_set(of_class, &images)?)?;
        let beyond = beyond(s, &images)?;
        let patients: std::collections::BTreeSet<&str> = images.iter().map(|i| i.patient).collect();
        let class = s.table.classes[of_class.class].clone();
        let seed = Seed::root(s.audit.seed).child("maps").child(&class);
        let (clusters, clusters_note) = strategies(drawer, &class, &training, &images, &seed)?;
        sections.push(Maps {
            sentence: sentence(judged.passes, &beyond),
            plugin: judge.explainer.spec().clone(),
            explainer: judge.explainer.card().name,
            n_images: images.len(),
            n_patients: patients.len(),
            n_checked: images.iter().filter(|i| i.found.checked.is_some()).count(),
            counts: judged.passes,
            checks: judged.reasons.iter().map(|j| check(j, of_class, &images)).collect::<Result<_>>()?,
            places: places(&images)?,
            pointing: pointing_game(&images)?,
            groups: groups(s, &judge.rule.attributes, &images)?,
            game: estimate(&observations(&images, |i| i.found.game?.outside))?,
            roi_alone: restored(&images, |g| g.roi_alone)?,
            rest_alone: restored(&images, |g| g.alone)?,
            beyond,
            mean: draw::mean(drawer, &class, &images)?,
            clusters,
            clusters_note,
            class,
        });
    }
    Ok(sections)
}

fn sentence(counts: bool, beyond: &[Beyond]) -> String {
    let told = match beyond.iter().find(|b| b.null == Null::OtherLabel).and_then(|b| b.share) {
        Some(share) => format!(
            "On {:.0} % of the images what lies outside of the region tells the label, beyond what chance gives on {:.0} %",
            100.0 * share,
            100.0 * CHANCE
        ),
        None => "Whether what lies outside of the region tells the label cannot be said".into(),
    };
    let counting = if counts {
        "The maps pass their checks"
    } else {
        "The maps do not pass their checks, so they are pictures and no evidence"
    };
    format!("{counting}. {told}.")
}

/// What the checks look at.
fn map_set(found: &Found, images: &[Measured<'_>]) -> Result<MapSet> {
    let errors = images.iter().filter_map(|i| relative_additivity_error(&i.found.map));
    let additivity = match errors.fold(None, |most: Option<f64>, e| Some(most.map_or(e, |m| m.max(e)))) {
        Some(most) => Taken::Measured(most),
        None => Taken::Not("its values need not add up".into()),
    };
    let alike = |why: &str, of: &dyn Fn(&Checked) -> Option<f64>| mean_of(images, why, of);
    // Their mean over the further explainers of one sort.
    let others = |same: bool| {
        move |c: &Checked| {
            let sort = c.others.iter().zip(&found.same_method).filter(|(_, s)| **s == same);
            let all: Vec<f64> = sort.filter_map(|(other, _)| *other).collect();
            (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
        }
    };
    let none = "the model cannot be drawn anew";
    let missing = |same| if found.same_method.contains(&same) { "no map varies" } else { "none was named" };
    Ok(MapSet {
        additivity,
        randomised_weights: alike(none, &|c| c.cascade.last().copied().flatten())?,
        randomised_labels: alike("no model was trained on permuted labels", &|c| c.permuted)?,
        reseeding: alike("no map varies", &|c| c.reseeded)?,
        noise: alike("no map varies", &|c| c.noisy)?,
        deletion: alike("no map varies", &|c| c.deletion.as_ref().map(|d| d.gain))?,
        insertion: alike("no map varies", &|c| c.insertion.as_ref().map(|d| d.gain))?,
        explainers: alike(missing(false), &others(false))?,
        baselines: alike(missing(true), &others(true))?,
    })
}

/// The mean over checked images of what `of` takes from them, or why there is none.
fn mean_of(
    images: &[Measured<'_>],
    why: &str,
    of: &dyn Fn(&Checked) -> Option<f64>,
) -> Result<Taken<ClusteredMean>> {
    let one = |i: &Measured<'_>| i.found.checked.as_ref().and_then(of);
    let all = observations(images, one);
    if all.is_empty() {
        return Ok(Taken::Not(why.into()));
    }
    Ok(outcome(clustered_mean(&all, LEVEL))?.into())
}

fn observations<'a>(
    images: &[Measured<'a>],
    of: impl Fn(&Measured<'a>) -> Option<f64>,
) -> Vec<Observation<'a>> {
    images.iter().filter_map(|i| Some(Observation { patient: i.patient, value: of(i)? })).collect()
}

fn check(judgement: &Judgement, found: &Found, images: &[Measured<'_>]) -> Result<MapCheck> {
    let check = serde_json::to_value(judgement.check).ok();
    let stages =
        if judgement.check == Check::RandomisedWeights { cascade(found, images)? } else { String::new() };
    Ok(MapCheck {
        check: check.and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default(),
        state: match judgement.state {
            State::Passed => CheckState::Passed,
            State::Failed => CheckState::Failed,
            State::NotRun { .. } => CheckState::NotRun,
        },
        what: format!("{judgement}{stages}"),
        required: judgement.required,
    })
}

/// `; as stages are drawn anew: classifier 0.81, features.denseblock2 0.40`: what is left of the maps, stage by stage.
fn cascade(found: &Found, images: &[Measured<'_>]) -> Result<String> {
    let mut left = Vec::new();
    for (i, stage) in found.stages.iter().enumerate() {
        let mean = mean_of(images, "no map varies", &|c| c.cascade.get(i).copied().flatten())?;
        if let Taken::Measured(mean) = mean {
            left.push(format!("{stage} {:.2}", mean.mean));
        }
    }
    if left.is_empty() {
        return Ok(String::new());
    }
    Ok(format!("; as stages are drawn anew: {}", left.join(", ")))
}

fn places(images: &[Measured<'_>]) -> Result<Vec<MapPlace>> {
    let mut rows = Vec::new();
    for (name, place) in PLACES {
        let of = |image: &Measured<'_>| image.shares.as_ref().map(place);
        let areas: Vec<f64> = images.iter().filter_map(|i| Some(of(i)?.area)).collect();
        if areas.is_empty() {
            continue;
        }
        rows.push(MapPlace {
            place: name.into(),
            area: areas.iter().sum::<f64>() / areas.len() as f64,
            absolute: estimate(&observations(images, |i| of(i)?.absolute))?,
            positive: estimate(&observations(images, |i| of(i)?.positive))?,
        });
    }
    Ok(rows)
}

/// The mean with its interval; `None` where it cannot be told.
fn estimate(all: &[Observation<'_>]) -> Result<Option<Estimate>> {
    let mean = outcome(clustered_mean(all, LEVEL))?;
    Ok(mean.value().map(|m| Estimate { value: m.mean, interval: Some(interval(m.lower, m.upper)) }))
}

/// How much of what whole images do to the output a part of them does alone, over training images that take the place of all else
/// (the sufficiency of DeYoung et al., "ERASER", ACL 2020): the slope, through 0, of the part's effect on the image's. Its
/// interval is that of the slope's influence values, clustered by patient.
fn restored(images: &[Measured<'_>], part: impl Fn(&RoiGame) -> f64) -> Result<Option<Estimate>> {
    let pair = |i: &Measured<'_>| i.found.game.map(|game| (game.effect, part(&game)));
    let pairs: Vec<(f64, f64)> = images.iter().filter_map(pair).collect();
    let squares = pairs.iter().map(|(effect, _)| effect * effect).sum::<f64>() / pairs.len().max(1) as f64;
    if squares <= 0.0 {
        return Ok(None);
    }
    let slope = pairs.iter().map(|(effect, part)| effect * part).sum::<f64>() / pairs.len() as f64 / squares;
    estimate(&observations(images, |i| {
        let (effect, part) = pair(i)?;
        Some(slope + effect * (part - slope * effect) / squares)
    }))
}

pub(super) fn interval(lower: f64, upper: f64) -> Interval {
    Interval { lower, upper, level: LEVEL }
}

fn pointing_game(images: &[Measured<'_>]) -> Result<Option<(Estimate, f64)>> {
    let (mut hits, mut chance) = (Vec::new(), Vec::new());
    for image in images {
        let tolerance = TOLERANCE * image.roi.width().min(image.roi.height()) as f64;
        let Outcome::Value(found) = outcome(pointing(&image.map, &image.roi, tolerance))? else { continue };
        hits.push(Observation { patient: image.patient, value: found.hit });
        chance.push(found.chance);
    }
    let mean = chance.iter().sum::<f64>() / chance.len().max(1) as f64;
    Ok(estimate(&hits)?.map(|hit| (hit, mean)))
}

/// By label, then by the columns that the rule names.
fn groups(s: &Shared, columns: &[String], images: &[Measured<'_>]) -> Result<Vec<MapGroup>> {
    let mut keyed = Vec::new();
    for image in images {
        let Some(value) = image.outside() else { continue };
        let observation = Observation { patient: image.patient, value };
        let label = if image.positive { "positive" } else { "negative" };
        keyed.push(((0, "label".to_owned(), label.to_owned()), observation));
        for (at, column) in columns.iter().enumerate() {
            if let Some(Meta::Text(text)) = s.table.rows[image.found.row].meta.get(column) {
                keyed.push(((at + 1, column.clone(), text.clone()), observation));
            }
        }
    }
    let group = |((_, column, value), g): ((usize, String, String), eyepatch_maps::summary::GroupMean)| {
        let mean = g.mean.value();
        let outside = mean.map(|m| Estimate { value: m.mean, interval: Some(interval(m.lower, m.upper)) });
        MapGroup { column, value, n_images: g.n_images, n_patients: g.n_patients, outside }
    };
    Ok(by_group(keyed, LEVEL)?.into_iter().map(group).collect())
}
