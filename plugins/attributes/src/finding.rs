//! Findings of contrasts of AUCs.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::{Direction, Finding, Interval, Labelled};
use eyepatch_stats::{AucInfluence, ContrastEstimate, FoldScores, contrast};

/// What is found where, before it is measured.
pub(crate) fn empty(contrast: &str, estimand: &str, reference: f64, at: &[(&str, &str)]) -> Finding {
    Finding {
        contrast: contrast.into(),
        at: at.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>(),
        estimand: estimand.into(),
        reference,
        ..Finding::default()
    }
}

/// The finding with what was measured, or why it was not.
pub(crate) fn with(
    empty: Finding,
    folds: &[Labelled<'_>],
    level: f64,
    measured: Result<ContrastEstimate, String>,
) -> Finding {
    let patients = |wanted: fn(bool) -> bool| {
        let all = folds.iter().flat_map(|f| f.labels.iter().zip(&f.patients));
        all.filter(|(l, _)| wanted(**l)).map(|(_, p)| *p).collect::<BTreeSet<_>>().len()
    };
    let counted = Finding {
        n_images: folds.iter().flat_map(|f| &f.rows).collect::<BTreeSet<_>>().len(),
        n_patients: patients(|_| true),
        n_patients_positive: patients(|l| l),
        n_patients_negative: patients(|l| !l),
        ..empty
    };
    let told = measured.and_then(|m| {
        let bounds = m.interval(level).map_err(|e| e.to_string())?;
        Ok((m, bounds))
    });
    let (found, (lower, upper)) = match told {
        Ok(told) => told,
        Err(why) => return Finding { note: Some(format!("not estimable: {why}")), ..counted },
    };
    let reference = counted.reference;
    Finding {
        estimate: Some(found.estimate + reference),
        interval: Some(Interval { lower: lower + reference, upper: upper + reference, level }),
        direction: match (lower, upper) {
            (lower, _) if lower > 0.0 => Direction::Above,
            (_, upper) if upper < 0.0 => Direction::Below,
            _ => Direction::Undecided,
        },
        ..counted
    }
}

/// The mean of folds' AUCs.
///
/// # Errors
/// In words.
pub(crate) fn influence<'a>(folds: &[Labelled<'a>]) -> Result<AucInfluence<&'a str>, String> {
    AucInfluence::new(&given(folds)).map_err(|e| e.to_string())
}

/// The mean of folds' AUCs, less one half.
///
/// # Errors
/// In words.
pub(crate) fn above_chance(folds: &[Labelled<'_>]) -> Result<ContrastEstimate, String> {
    influence(folds).and_then(|own| contrast(&[(1.0, &own)], 0.5).map_err(|e| e.to_string()))
}

pub(crate) fn given<'f, 'a>(folds: &'f [Labelled<'a>]) -> Vec<FoldScores<'f, &'a str>> {
    let one = |f: &'f Labelled<'a>| FoldScores {
        fold: f.fold,
        labels: &f.labels,
        scores: &f.scores,
        patients: &f.patients,
    };
    folds.iter().map(one).collect()
}
