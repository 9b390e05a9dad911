//! Similarities, and how far groups lie apart.

use std::collections::BTreeSet;

use eyepatch_core::{Ctx, Evidence, Finding, Interval, Result, Table};
use eyepatch_embedding::{
    Class, EmbeddingError, Points, by_class, discrepancy, purity, silhouette, to_full, to_noise, to_others,
};
use eyepatch_maps::Outcome;
use eyepatch_maps::summary::ClusteredMean;

use crate::Embedding;
use crate::groups::{Grouping, MOST, groupings};
use crate::views::{View, Views, evenly, part};

/// Name of the group of images that are known to have none of the classes.
const HEALTHY: &str = "no class";

/// A contrast with its estimand.
const SILHOUETTE: (&str, &str) = ("silhouette", "mean silhouette, -1 to 1; 0 where groups do not lie apart");

/// One number an image, or why there are none.
type Values = std::result::Result<Vec<f64>, String>;

pub(crate) fn findings(probe: &Embedding, evidence: &Evidence<'_>, ctx: &Ctx) -> Result<Vec<Finding>> {
    let views = match Views::new(probe, evidence) {
        Ok(views) => views,
        Err(why) => return Ok(vec![Finding::of("similarity", "", 0.0, &[]).not_estimable(why)]),
    };
    let table = evidence.table;
    let mut found = similarities(probe, table, &views);
    ctx.check()?;
    found.extend(apart(probe, table, &views, ctx)?);
    Ok(found)
}

/// The three similarities and the first less the second, for every masking, over all images and by class.
fn similarities(probe: &Embedding, table: &Table, views: &Views) -> Vec<Finding> {
    let patients = views.patients(table);
    let is = |class: usize, wanted: bool| -> Vec<bool> {
        views.rows.iter().map(|&r| table.rows[r].labels[class] == Some(wanted)).collect()
    };
    let labels: Vec<[Vec<bool>; 2]> = (0..table.classes.len()).map(|c| [is(c, true), is(c, false)]).collect();
    let named = table.classes.iter().zip(&labels);
    let classes: Vec<Class<'_>> =
        named.map(|(name, [positive, negative])| Class { name, positive, negative }).collect();
    let Some((full, masked)) = views.views.split_first() else { return Vec::new() };
    let one = |view: &View| -> Vec<Finding> {
        let own = to_full(&full.points, &view.points);
        let others = to_others(&full.points, &view.points, &patients);
        let more = match (&own, &others) {
            (Ok(own), Ok(others)) => Ok(own.iter().zip(others).map(|(a, b)| a - b).collect()),
            (Err(why), _) | (_, Err(why)) => Err(why.to_string()),
        };
        let told = |r: std::result::Result<Vec<f64>, EmbeddingError>| r.map_err(|e| e.to_string());
        let noise = match &views.noise {
            Some(noise) => told(to_noise(&view.points, noise)),
            None => Err("there are no images of noise".to_owned()),
        };
        let kinds: [(&str, &str, Values); 4] = [
            (
                "similarity to the same image",
                "mean cosine similarity to the embedding of the same image in full",
                told(own),
            ),
            (
                "similarity to other patients",
                "mean cosine similarity to the embeddings of all full images of other patients",
                told(others),
            ),
            (
                "own less others",
                "similarity to the same image less that to other patients: above 0 the masked image is still told from others",
                more,
            ),
            ("similarity to noise", "mean cosine similarity to the embeddings of images of noise", noise),
        ];
        kinds
            .into_iter()
            .flat_map(|(contrast, estimand, values)| {
                over_classes(probe, (contrast, estimand, &view.masking), values, &patients, &classes)
            })
            .collect()
    };
    let mut found: Vec<Finding> = masked.iter().flat_map(one).collect();
    // In full there is something to compare with noise and with others, too.
    if let Some(noise) = &views.noise {
        let values = to_noise(&full.points, noise).map_err(|e| e.to_string());
        let what = ("similarity to noise", "mean cosine similarity to the embeddings of images of noise");
        found.extend(over_classes(probe, (what.0, what.1, &full.masking), values, &patients, &classes));
    }
    found
}

fn over_classes(
    probe: &Embedding,
    (contrast, estimand, masking): (&str, &str, &str),
    values: Values,
    patients: &[&str],
    classes: &[Class<'_>],
) -> Vec<Finding> {
    let means = values.and_then(|v| by_class(&v, patients, classes, probe.level).map_err(|e| e.to_string()));
    let means = match means {
        Ok(means) => means,
        Err(why) => {
            let at = [("evaluated", masking), ("images", "all")];
            return vec![Finding::of(contrast, estimand, 0.0, &at).not_estimable(why)];
        }
    };
    // Counts of patients on both sides are those of the classes' own group.
    let mut all = vec![mean((contrast, estimand, masking, "all"), &means.overall)];
    all.extend(means.classes.iter().map(|(class, m)| mean((contrast, estimand, masking, class), m)));
    all.push(mean((contrast, estimand, masking, HEALTHY), &means.healthy));
    all
}

fn mean(
    (contrast, estimand, masking, images): (&str, &str, &str, &str),
    of: &Outcome<ClusteredMean>,
) -> Finding {
    let empty = Finding::of(contrast, estimand, 0.0, &[("evaluated", masking), ("images", images)]);
    match of {
        Outcome::Value(m) => Finding { n_images: m.n_images, n_patients: m.n_patients, ..empty }
            .measured(m.mean, Interval { lower: m.lower, upper: m.upper, level: m.level }),
        Outcome::NotEstimable(why) => empty.not_estimable(why),
    }
}

/// Silhouette, purity and discrepancy by masking, class and column.
fn apart(probe: &Embedding, table: &Table, views: &Views, ctx: &Ctx) -> Result<Vec<Finding>> {
    let all: Vec<usize> = (0..views.rows.len()).collect();
    let places = evenly(&views.one_a_patient(table, &all), probe.points);
    let mut found = Vec::new();
    if views.views.len() > 1 {
        // As many images as there is room for under all maskings.
        let few = evenly(&places, (probe.points / views.views.len()).max(2));
        let (points, of) = stacked(views, &few);
        let names = views.views.iter().map(|v| v.masking.clone()).collect();
        let grouping = Grouping { by: "masking".into(), names, of: of.into_iter().map(Some).collect() };
        found.extend(spread(probe, "all maskings", points, &grouping, few.len()));
    }
    let groups = groupings(table, &views.rows, &probe.columns);
    let idle = probe.columns.iter().filter(|c| groups.iter().all(|g| g.by != **c));
    let idle: Vec<&str> = idle.map(String::as_str).collect();
    if !idle.is_empty() {
        let why = format!("the images have no two values of it, or more than {MOST} texts");
        found.push(
            Finding::of(SILHOUETTE.0, SILHOUETTE.1, 0.0, &[("by", &idle.join(", "))]).not_estimable(why),
        );
    }
    for view in &views.views {
        let points = part(&view.points, &places);
        for grouping in &groups {
            ctx.check()?;
            let here = grouping.at(&places);
            found.extend(spread(probe, &view.masking, points.clone(), &here, places.len()));
            found.extend(differ(probe, &view.masking, &points, &here, ctx));
        }
    }
    Ok(found)
}

/// The same images under all maskings, one masking after the other, and the masking of each.
pub(crate) fn stacked(views: &Views, places: &[usize]) -> (std::result::Result<Points, String>, Vec<usize>) {
    let mut values = Vec::new();
    for view in &views.views {
        values.extend(places.iter().flat_map(|&i| view.points.row(i).iter().copied()));
    }
    let of = (0..views.views.len()).flat_map(|m| places.iter().map(move |_| m)).collect();
    let columns = views.views.first().map_or(0, |v| v.points.columns());
    let points = Points::new(&values, places.len() * views.views.len(), columns);
    (points.map_err(|e| e.to_string()), of)
}

fn spread(
    probe: &Embedding,
    evaluated: &str,
    points: std::result::Result<Points, String>,
    grouping: &Grouping,
    patients: usize,
) -> Vec<Finding> {
    let whole = (0..grouping.of.len()).filter(|&i| grouping.of[i].is_some());
    let kept: Vec<usize> = whole.collect();
    let of: Vec<usize> = kept.iter().filter_map(|&i| grouping.of[i]).collect();
    let points = points.and_then(|p| part(&p, &kept));
    let place = [("by", grouping.by.as_str()), ("evaluated", evaluated)];
    let finding = |contrast, estimand, reference, estimate: std::result::Result<f64, String>| {
        // Of several maskings each image stands there more than once.
        let n_images = kept.len().min(patients);
        let n_patients = n_images;
        let empty = Finding { n_images, n_patients, ..Finding::of(contrast, estimand, reference, &place) };
        match estimate {
            Ok(estimate) => Finding { estimate: Some(estimate), ..empty },
            Err(why) => empty.not_estimable(why),
        }
    };
    let silhouettes = points
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|p| silhouette(p, &of).map_err(|e| e.to_string()))
        .map(|s| s.mean);
    let shares = points.and_then(|p| purity(&p, &of, probe.neighbours).map_err(|e| e.to_string()));
    let chance = shares.as_ref().map_or(0.0, |s| s.chance);
    vec![
        finding(SILHOUETTE.0, SILHOUETTE.1, 0.0, silhouettes),
        finding(
            "neighbours of the own group",
            "share of the nearest neighbours that are of the own group; the reference is what chance gives",
            chance,
            shares.map(|s| s.mean),
        ),
    ]
}

/// Each group against all others.
fn differ(
    probe: &Embedding,
    evaluated: &str,
    points: &std::result::Result<Points, String>,
    grouping: &Grouping,
    ctx: &Ctx,
) -> Vec<Finding> {
    let held: BTreeSet<usize> = grouping.of.iter().flatten().copied().collect();
    // Of two groups each is the other's opposite.
    let asked: Vec<usize> =
        if held.len() == 2 { held.into_iter().skip(1).collect() } else { held.into_iter().collect() };
    let kept: Vec<usize> = (0..grouping.of.len()).filter(|&i| grouping.of[i].is_some()).collect();
    let one = |group: usize| {
        let name = &grouping.names[group];
        let place = [("by", grouping.by.as_str()), ("evaluated", evaluated), ("group", name.as_str())];
        let seed = ctx.seed().child(evaluated).child(&grouping.by).child(name).to_u64();
        let second: Vec<bool> = kept.iter().map(|&i| grouping.of[i] == Some(group)).collect();
        let measured = points.as_ref().map_err(Clone::clone).and_then(|p| part(p, &kept)).and_then(|p| {
            discrepancy(&p, &second, None, probe.permutations, seed).map_err(|e| e.to_string())
        });
        let estimand = "squared maximum mean discrepancy of this group and all others, unbiased; 0 where they are distributed alike";
        let (n_images, n_patients) = (kept.len(), kept.len());
        let empty = Finding { n_images, n_patients, ..Finding::of("discrepancy", estimand, 0.0, &place) };
        match measured {
            Ok(d) => Finding {
                estimate: Some(d.squared),
                p: d.test.map(|t| t.p),
                n_patients_positive: d.rows[1],
                n_patients_negative: d.rows[0],
                ..empty
            },
            Err(why) => empty.not_estimable(why),
        }
    };
    asked.into_iter().map(one).collect()
}
