//! AUCs and contrasts of two runs, each difference with its interval.

use eyepatch_core::Interval;
use eyepatch_report::compared::{ComparedNumber, How};
use eyepatch_report::escape::csv_cell;
use eyepatch_report::schema::{AuditResult, Estimate, Measured};
use eyepatch_stats::{contrast, normal_quantile, normal_upper_tail};

use super::scores::{Scores, Set, influence, only, same_rows};
use crate::verdict::HIDDEN;

const LEVEL: f64 = 0.95;

/// Which number of a class it is.
#[derive(PartialEq)]
enum What {
    Auc { trained: String, evaluated: String },
    Contrast(String),
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auc { trained, evaluated } => write!(f, "{trained} on {evaluated}"),
            Self::Contrast(what) => f.write_str(what),
        }
    }
}

/// Class, kind and what it is of, with its estimate.
type Named = ((String, &'static str, What), Option<Estimate>);
/// A difference, how it was judged, and its two-sided p.
type Judged = (Option<Estimate>, How, Option<f64>);

/// Contrasts of verdicts, then AUCs, in the order of the first run; what only one run has is told, not tested. A verdict's contrast
/// of the hidden region is an AUC less one half: it is told and tested as that AUC, once.
pub(super) fn all(runs: [&AuditResult; 2], scores: &[Scores; 2]) -> Vec<ComparedNumber> {
    let [a, b] = runs.map(|r| contrasts(r).into_iter().chain(aucs(r)).collect::<Vec<_>>());
    let find =
        |all: &[Named], name: &(String, &str, What)| all.iter().find(|n| n.0 == *name).and_then(|n| n.1);
    let only_second = b.iter().filter(|n| a.iter().all(|m| m.0 != n.0));
    let names = a.iter().chain(only_second).map(|n| &n.0);
    names.map(|name| number(name, [find(&a, name), find(&b, name)], scores)).collect()
}

fn contrasts(r: &AuditResult) -> Vec<Named> {
    let classes = r.verdict.iter().flat_map(|v| &v.classes);
    let all = classes.flat_map(|c| c.primary.iter().map(move |p| (c, p))).filter(|(_, p)| p.id != HIDDEN);
    let one = |(c, p): (&eyepatch_report::schema::ClassVerdict, &eyepatch_report::schema::Contrast)| {
        let named = |m: &Measured| {
            (
                (c.class.clone(), "contrast", What::Contrast(format!("{} with {}", p.id, m.with))),
                Some(m.estimate),
            )
        };
        p.measured.iter().map(named).collect::<Vec<_>>()
    };
    all.flat_map(one).collect()
}

/// Cells of the matrices, then the full-image model on controls and further fills.
fn aucs(r: &AuditResult) -> Vec<Named> {
    let mut all: Vec<Named> = Vec::new();
    let mut push = |class: &str, trained: &str, evaluated: &str, e: Option<Estimate>| {
        let name =
            (class.to_owned(), "AUC", What::Auc { trained: trained.into(), evaluated: evaluated.into() });
        if all.iter().all(|n| n.0 != name) {
            all.push((name, e));
        }
    };
    for m in &r.matrices {
        for (trained, cells) in m.rows.iter().zip(&m.cells) {
            m.columns.iter().zip(cells).for_each(|(evaluated, e)| push(&m.class, trained, evaluated, *e));
        }
    }
    for f in &r.further {
        f.rows.iter().for_each(|row| push(&f.class, &f.trained, &row.masking, row.auc));
    }
    all
}

fn number(
    (class, kind, what): &(String, &'static str, What),
    estimates: [Option<Estimate>; 2],
    scores: &[Scores; 2],
) -> ComparedNumber {
    let (difference, how, p) = match what {
        What::Auc { trained, evaluated } => judge(scores, (class, trained, evaluated), estimates),
        What::Contrast(_) => independent(estimates),
    };
    ComparedNumber {
        class: class.clone(),
        kind: (*kind).to_owned(),
        what: what.to_string(),
        estimates,
        difference,
        how,
        p,
        p_adjusted: None,
    }
}

/// The difference of an AUC (class, training masking, evaluation masking), how it was judged, and its p.
pub(super) fn judge(
    scores: &[Scores; 2],
    (class, trained, evaluated): (&str, &str, &str),
    estimates: [Option<Estimate>; 2],
) -> Judged {
    // As the tables have them.
    let [class, trained, evaluated] = [class, trained, evaluated].map(csv_cell);
    let key = (class, trained, evaluated);
    if let [Some(a), Some(b)] = scores.each_ref().map(|all| all.get(&key))
        && let Some(judged) = paired(a, b)
    {
        return judged;
    }
    independent(estimates)
}

/// The paired difference; `None` where the runs did not test the same rows.
fn paired(a: &Set, b: &Set) -> Option<Judged> {
    if a == b {
        return Some((Some(Estimate { value: 0.0, interval: None }), How::Identical, None));
    }
    if !same_rows(a, b) {
        return None;
    }
    let ((of_a, folds_a), (of_b, folds_b)) = (influence(a)?, influence(b)?);
    // Folds without an AUC are left out, of either run its own.
    if !same_rows(&only(a, &folds_a), &only(b, &folds_b)) {
        return None;
    }
    let (a, b) = (of_a, of_b);
    let difference = contrast(&[(1.0, &b), (-1.0, &a)], 0.0).ok()?;
    let (lower, upper) = difference.interval(LEVEL).ok()?;
    let interval = Some(Interval { lower, upper, level: LEVEL });
    let estimate = Estimate { value: difference.estimate, interval };
    Some((Some(estimate), How::SameRows, Some(difference.p_two_sided())))
}

/// The difference of estimates whose intervals are taken as independent and symmetric.
fn independent(estimates: [Option<Estimate>; 2]) -> Judged {
    let [Some(a), Some(b)] = estimates else { return (None, How::NotTested, None) };
    let value = b.value - a.value;
    if a == b {
        return (Some(Estimate { value: 0.0, interval: None }), How::Identical, None);
    }
    let se = |e: Estimate| {
        let i = e.interval.filter(|i| i.level > 0.0 && i.level < 1.0)?;
        Some((i.upper - i.lower) / 2.0 / normal_quantile(0.5 + i.level / 2.0))
    };
    let both = se(a).zip(se(b)).map(|(a, b)| a.hypot(b)).filter(|se| *se > 0.0);
    let Some(se) = both else { return (Some(Estimate { value, interval: None }), How::NotTested, None) };
    let reach = normal_quantile(0.5 + LEVEL / 2.0) * se;
    let interval = Some(Interval { lower: value - reach, upper: value + reach, level: LEVEL });
    let p = (2.0 * normal_upper_tail((value / se).abs())).min(1.0);
    (Some(Estimate { value, interval }), How::Independent, Some(p))
}
