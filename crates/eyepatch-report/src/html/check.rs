//! What the check of the data set found.

use eyepatch_core::Interval;
use minijinja::Value;
use serde::Serialize;

use super::badge::Badge;
use crate::charts::strip;
use crate::format;
use crate::schema::{Check, CheckFinding, ColumnCheck, Estimate};

#[derive(Serialize)]
pub(super) struct View<'a> {
    headline: String,
    findings: Vec<FindingView<'a>>,
    columns: Vec<ColumnView<'a>>,
    /// Whether more than one class is told apart.
    several: bool,
    c: &'a Check,
}

#[derive(Serialize)]
struct FindingView<'a> {
    badge: Badge,
    plot: Option<Value>,
    /// Ids of samples and patients, in one line.
    ids: String,
    f: &'a CheckFinding,
}

#[derive(Serialize)]
struct ColumnView<'a> {
    badge: Option<Badge>,
    strength: String,
    interval: String,
    lower: String,
    p: String,
    plot: Value,
    c: &'a ColumnCheck,
}

impl<'a> View<'a> {
    pub(super) fn new(check: &'a Check) -> Self {
        let mut classes: Vec<&str> = check.columns.iter().map(|c| c.class.as_str()).collect();
        classes.sort_unstable();
        classes.dedup();
        Self {
            headline: check.counts(),
            findings: check.findings.iter().map(|f| finding(f, check.threshold)).collect(),
            columns: check.columns.iter().map(|c| column(c, check.threshold)).collect(),
            several: classes.len() > 1,
            c: check,
        }
    }
}

fn finding(f: &CheckFinding, threshold: f64) -> FindingView<'_> {
    let name = |what: &str, ids: &[String]| (!ids.is_empty()).then(|| format!("{what} {}", ids.join(", ")));
    let ids = [name("samples", &f.samples), name("patients", &f.patients)];
    FindingView {
        badge: Badge::of_severity(f.severity),
        plot: f.auc.map(|e| Value::from_safe_string(strip::svg(strength(e), threshold))),
        ids: ids.into_iter().flatten().collect::<Vec<_>>().join("; "),
        f,
    }
}

fn column(c: &ColumnCheck, threshold: f64) -> ColumnView<'_> {
    let e = strength(c.auc);
    ColumnView {
        badge: c.severity.map(Badge::of_severity),
        strength: format::number(e.value, 3),
        interval: e.interval.as_ref().map(format::interval).unwrap_or_default(),
        lower: format::number(c.lower, 3),
        p: format::p(Some(c.p)),
        plot: Value::from_safe_string(strip::svg(e, threshold)),
        c,
    }
}

/// An AUC turned so that it is at least one half.
fn strength(e: Estimate) -> Estimate {
    if e.value >= 0.5 || !e.value.is_finite() {
        return e;
    }
    let turned = |i: Interval| Interval { lower: 1.0 - i.upper, upper: 1.0 - i.lower, level: i.level };
    Estimate { value: 1.0 - e.value, interval: e.interval.map(turned) }
}
