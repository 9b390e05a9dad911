//! The models on external data.

use minijinja::Value;
use serde::Serialize;

use super::drawings::Drawing;
use crate::charts::{STYLES, dots, reliability, swatch};
use crate::format;
use crate::schema::{Calibration, Carried, Estimate, Transfer, TransferClass, TransferGroup, TransferRow};

/// One external data set.
#[derive(Serialize)]
pub(super) struct View<'a> {
    name: &'a str,
    origin: &'a str,
    roi: &'a str,
    n_images: usize,
    n_patients: usize,
    /// Whether images became what models see in the same way as the audit's own did.
    same: bool,
    hash: String,
    notes: &'a [String],
    classes: Vec<Class<'a>>,
    /// Marks of the forms of probabilities.
    keys: Vec<Value>,
}

#[derive(Serialize)]
struct Class<'a> {
    name: &'a str,
    positive: usize,
    negative: usize,
    sentence: &'a str,
    rows: Vec<Row<'a>>,
    groups: Vec<(&'a TransferGroup, String)>,
    calibration: Vec<(&'a Calibration, String, String)>,
    diagram: Option<Value>,
    operating: Option<Operating>,
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct Row<'a> {
    trained: &'a str,
    evaluated: &'a str,
    plot: Value,
    internal: String,
    external: String,
    drop: String,
    p: String,
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct Operating {
    target: String,
    /// What, at home, there.
    rows: Vec<(&'static str, String, String)>,
    reweighted: (String, String),
}

impl<'a> View<'a> {
    pub(super) fn new(t: &'a Transfer) -> Self {
        Self {
            name: &t.card.name,
            origin: t.card.origin.trim_end_matches('.'),
            roi: t.card.roi_origin.trim_end_matches('.'),
            n_images: t.n_images,
            n_patients: t.n_patients,
            same: t.preparation[0] == t.preparation[1],
            hash: t.preparation[0].short(),
            notes: &t.notes,
            classes: t.classes.iter().map(class).collect(),
            keys: (0..STYLES).map(|i| Value::from_safe_string(swatch(i))).collect(),
        }
    }
}

/// Name and drawing of the reliability of each external set and class.
pub(super) fn drawings(transfers: &[Transfer]) -> Vec<Drawing> {
    let of = |t: &Transfer| {
        let drawn = t.classes.iter().filter(|c| !c.calibration.is_empty());
        let one = |c: &TransferClass| Drawing {
            name: format!("reliability {} {}", t.card.name, c.class),
            svg: reliability::svg(&c.calibration, &c.class),
            keys: c.calibration.iter().map(|r| format!("{}, {}", r.data, r.form)).collect(),
        };
        drawn.map(one).collect::<Vec<_>>()
    };
    transfers.iter().flat_map(of).collect()
}

fn class(c: &TransferClass) -> Class<'_> {
    let drawn = c.rows.iter().flat_map(|r| [r.internal, r.external]).flatten();
    let start = dots::axis_start(drawn);
    Class {
        name: &c.class,
        positive: c.positive,
        negative: c.negative,
        sentence: &c.sentence,
        rows: c.rows.iter().map(|r| row(r, start)).collect(),
        groups: c.groups.iter().map(|g| (g, format::estimate(g.auc.as_ref()))).collect(),
        calibration: c
            .calibration
            .iter()
            .map(|r| (r, format::optional(r.slope, 2), format::optional(r.in_the_large, 2)))
            .collect(),
        diagram: (!c.calibration.is_empty())
            .then(|| Value::from_safe_string(reliability::svg(&c.calibration, &c.class))),
        operating: c.operating.as_ref().map(operating),
        note: c.note.as_deref(),
    }
}

fn row(r: &TransferRow, start: f64) -> Row<'_> {
    Row {
        trained: &r.trained,
        evaluated: &r.evaluated,
        plot: Value::from_safe_string(dots::svg(r.internal, r.external, None, start)),
        internal: format::estimate(r.internal.as_ref()),
        external: format::estimate(r.external.as_ref()),
        drop: format::estimate(r.drop.as_ref()),
        p: format::p(r.p),
        note: r.note.as_deref(),
    }
}

fn operating(c: &Carried) -> Operating {
    let estimates = |of: &[Estimate; 2]| of.each_ref().map(|e| format::estimate(Some(e)));
    let [sens, spec] = [&c.sensitivity, &c.specificity].map(estimates);
    let percents = |a: f64, b: f64| (format::percent(a), format::percent(b));
    let known = |a: Option<f64>, b: Option<f64>| {
        let text = |v: Option<f64>| v.map_or_else(|| format::NONE.to_owned(), format::percent);
        (text(a), text(b))
    };
    let row = |what, (home, there): (String, String)| (what, home, there);
    Operating {
        target: format::percent(c.target),
        rows: vec![
            row("Sensitivity", sens.into()),
            row("Specificity", spec.into()),
            row("Positive images", percents(c.prevalence[0], c.prevalence[1])),
            row("Positive predictive value", known(c.ppv[0], c.ppv[1])),
            row("Negative predictive value", known(c.npv[0], c.npv[1])),
        ],
        reweighted: known(c.ppv[2], c.npv[2]),
    }
}
