//! Attribution maps of many images: what they show, and whether they count.

use minijinja::Value;
use serde::Serialize;

use super::badge::Badge;
use super::evidence::Bytes;
use super::picture::Shown;
use crate::Result;
use crate::charts::share;
use crate::format;
use crate::schema::{Beyond, CheckState, Estimate, MapCheck, MapCluster, MapPlace, Maps, Null};

/// The section of one class.
#[derive(Serialize)]
pub(super) struct View<'a> {
    m: &'a Maps,
    counts: Badge,
    checks: Vec<Check<'a>>,
    places: Vec<Place<'a>>,
    pointing: Option<(String, String)>,
    game: String,
    alone: Option<(String, String)>,
    groups: Vec<(&'a str, &'a str, usize, usize, String)>,
    beyond: Vec<Row<'a>>,
    mean: Option<Shown>,
    clusters: Vec<Cluster<'a>>,
}

#[derive(Serialize)]
struct Check<'a> {
    badge: Badge,
    c: &'a MapCheck,
}

#[derive(Serialize)]
struct Place<'a> {
    name: &'a str,
    area: String,
    absolute: String,
    positive: String,
    bar: Value,
}

#[derive(Serialize)]
struct Row<'a> {
    title: &'static str,
    b: &'a Beyond,
    share: String,
    chance: String,
    bar: Value,
}

#[derive(Serialize)]
struct Cluster<'a> {
    number: usize,
    n_images: usize,
    positive: String,
    outside: String,
    mean: Shown,
    examples: Vec<(&'a str, Shown)>,
}

impl<'a> View<'a> {
    pub(super) fn new(m: &'a Maps, bytes: Bytes<'_>) -> Result<Self> {
        let shown = |picture| Shown::new(picture, bytes);
        Ok(Self {
            counts: Badge::of_check(if m.counts { CheckState::Passed } else { CheckState::Failed }),
            checks: m.checks.iter().map(|c| Check { badge: Badge::of_check(c.state), c }).collect(),
            places: m.places.iter().map(place).collect(),
            pointing: m.pointing.as_ref().map(|(hit, chance)| (percent(Some(hit)), format::percent(*chance))),
            game: percent(m.game.as_ref()),
            alone: m
                .roi_alone
                .is_some()
                .then(|| [&m.roi_alone, &m.rest_alone].map(|e| percent(e.as_ref())).into()),
            groups: m
                .groups
                .iter()
                .map(|g| (&*g.column, &*g.value, g.n_images, g.n_patients, percent(g.outside.as_ref())))
                .collect(),
            beyond: m.beyond.iter().map(row).collect(),
            mean: m.mean.as_ref().map(shown).transpose()?,
            clusters: (1..).zip(&m.clusters).map(|c| cluster(c, bytes)).collect::<Result<_>>()?,
            m,
        })
    }
}

/// `31 % [28 %, 34 %]`.
fn percent(estimate: Option<&Estimate>) -> String {
    let Some(Estimate { value, interval }) = estimate else { return format::NONE.to_owned() };
    let ends = interval.map(|i| format!(" [{}, {}]", format::percent(i.lower), format::percent(i.upper)));
    format!("{}{}", format::percent(*value), ends.unwrap_or_default())
}

fn place(p: &MapPlace) -> Place<'_> {
    let bar = p.absolute.map(|a| share::svg(a.value, p.area)).unwrap_or_default();
    Place {
        name: &p.place,
        area: format::percent(p.area),
        absolute: percent(p.absolute.as_ref()),
        positive: percent(p.positive.as_ref()),
        bar: Value::from_safe_string(bar),
    }
}

fn row(b: &Beyond) -> Row<'_> {
    let title = match b.null {
        Null::OtherLabel => {
            "what lies outside tells the label more than it does in 95 % of those with the other label"
        }
        Null::MovedMaps => "more of the map lies outside than of 95 % of the same map at random places",
        Null::Half => "more than half of the map lies outside: the published reading",
    };
    let estimate = b.share.map(|value| Estimate { value, interval: b.interval });
    let bar = b.share.map(|s| share::svg(s, b.chance.unwrap_or(f64::NAN))).unwrap_or_default();
    Row {
        title,
        share: percent(estimate.as_ref()),
        chance: b.chance.map_or_else(|| "not known".into(), format::percent),
        bar: Value::from_safe_string(bar),
        b,
    }
}

fn cluster<'a>((number, c): (usize, &'a MapCluster), bytes: Bytes<'_>) -> Result<Cluster<'a>> {
    let examples = c.examples.iter().map(|e| Ok((&*e.sample, Shown::new(&e.picture, bytes)?)));
    Ok(Cluster {
        number,
        n_images: c.n_images,
        positive: format::percent(c.n_positive as f64 / c.n_images.max(1) as f64),
        outside: c.outside.map_or_else(|| format::NONE.to_owned(), format::percent),
        mean: Shown::new(&c.mean, bytes)?,
        examples: examples.collect::<Result<_>>()?,
    })
}
