//! What a verdict rests on: contrasts, their plot and the causes that were looked for.

use std::collections::BTreeMap;

use minijinja::Value;
use serde::Serialize;

use super::badge::Badge;
use crate::charts::forest;
use crate::format;
use crate::schema::{AnswerKind, Cause, ClassVerdict, Contrast, Measured, Verdict};

#[derive(Serialize)]
pub(super) struct View<'a> {
    pub(super) classes: Vec<ClassView<'a>>,
    several: bool,
    margin: String,
    alpha: String,
    v: &'a Verdict,
}

#[derive(Serialize)]
pub(super) struct ClassView<'a> {
    badge: Badge,
    tables: Vec<Contrasts<'a>>,
    plot: Value,
    /// Causes that are named or that something speaks for.
    causes: Vec<CauseView<'a>>,
    others: Vec<CauseView<'a>>,
    c: &'a ClassVerdict,
}

/// A table of contrasts.
#[derive(Serialize)]
struct Contrasts<'a> {
    title: &'static str,
    folded: bool,
    rows: Vec<ContrastView<'a>>,
}

#[derive(Serialize)]
struct ContrastView<'a> {
    badge: Badge,
    p: String,
    measured: Vec<MeasuredView<'a>>,
    c: &'a Contrast,
}

#[derive(Serialize)]
struct MeasuredView<'a> {
    with: &'a str,
    /// The number of its picture in the gallery.
    shown: Option<usize>,
    /// Whether it is the one of several by which the outcome stands.
    decides: bool,
    estimate: String,
    interval: String,
    upper: String,
}

#[derive(Serialize)]
struct CauseView<'a> {
    loss: String,
    c: &'a Cause,
}

impl<'a> View<'a> {
    /// `shown`: the numbers of the maskings that have a picture.
    pub(super) fn new(v: &'a Verdict, shown: &BTreeMap<&str, usize>) -> Self {
        Self {
            classes: v.classes.iter().map(|c| ClassView::new(c, shown)).collect(),
            several: v.classes.len() > 1,
            margin: format::number(v.margin, 2),
            alpha: format::number(v.alpha, 2),
            v,
        }
    }
}

impl<'a> ClassView<'a> {
    fn new(c: &'a ClassVerdict, shown: &BTreeMap<&str, usize>) -> Self {
        let table = |title, folded, all: &'a [Contrast]| Contrasts {
            title,
            folded,
            rows: all.iter().map(|c| contrast(c, shown)).collect(),
        };
        let tables = [
            table("Primary contrasts", false, &c.primary),
            table("Supporting contrasts", true, &c.supporting),
            table("The hidden region, by group", true, &c.subgroups),
        ];
        let speaks = |c: &&Cause| c.named || !c.speaks_for.is_empty();
        let (causes, others): (Vec<_>, Vec<_>) = c.causes.iter().partition(speaks);
        Self {
            badge: Badge::new(AnswerKind::Verdict, c.status),
            tables: tables.into_iter().filter(|t| !t.rows.is_empty()).collect(),
            plot: Value::from_safe_string(forest::svg(c)),
            causes: causes.into_iter().map(cause).collect(),
            others: others.into_iter().map(cause).collect(),
            c,
        }
    }
}

fn contrast<'a>(c: &'a Contrast, shown: &BTreeMap<&str, usize>) -> ContrastView<'a> {
    let deciding = c.deciding().filter(|_| c.measured.len() > 1);
    let one = |(i, m): (usize, &'a Measured)| MeasuredView {
        with: &m.with,
        shown: shown.get(m.with.as_str()).copied(),
        decides: deciding == Some(i),
        estimate: format::number(m.estimate.value, 3),
        interval: m.estimate.interval.as_ref().map(format::interval).unwrap_or_default(),
        upper: format::number(m.upper, 3),
    };
    ContrastView {
        badge: Badge::of_outcome(c.outcome),
        p: format::p(c.p_adjusted),
        measured: c.measured.iter().enumerate().map(one).collect(),
        c,
    }
}

fn cause(c: &Cause) -> CauseView<'_> {
    CauseView { loss: c.loss.as_ref().map(|l| format::estimate(Some(l))).unwrap_or_default(), c }
}
