//! Making and sorting findings.

use std::cmp::Ordering;

use eyepatch_core::Interval;
use eyepatch_report::schema::{CheckFinding, Estimate, Severity};

/// A finding without column, class or ids.
pub(crate) fn finding(
    severity: Severity,
    check: &str,
    sentence: impl Into<String>,
    remedy: impl Into<String>,
) -> CheckFinding {
    CheckFinding {
        severity,
        check: check.into(),
        sentence: sentence.into(),
        remedy: remedy.into(),
        class: None,
        column: None,
        auc: None,
        samples: Vec::new(),
        patients: Vec::new(),
    }
}

/// By severity, then whatever is no column, then the strongest column.
pub(crate) fn gravest_first(a: &CheckFinding, b: &CheckFinding) -> Ordering {
    let strength = |f: &CheckFinding| f.auc.map_or(2.0, |e| e.value.max(1.0 - e.value));
    a.severity
        .cmp(&b.severity)
        .then(strength(b).total_cmp(&strength(a)))
        .then_with(|| a.check.cmp(&b.check))
        .then_with(|| a.sentence.cmp(&b.sentence))
}

/// An estimate with a 95 % interval.
pub(crate) fn estimate(value: f64, (lower, upper): (f64, f64)) -> Estimate {
    Estimate { value, interval: Some(Interval { lower, upper, level: crate::screening::LEVEL }) }
}
