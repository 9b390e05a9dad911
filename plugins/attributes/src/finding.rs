//! Findings of contrasts of AUCs.

use eyepatch_core::{Finding, Interval, Labelled};
use eyepatch_stats::{AucInfluence, ContrastEstimate, FoldScores, contrast};

/// The finding with what was measured on these folds, or why it was not.
pub(crate) fn with(
    empty: Finding,
    folds: &[Labelled<'_>],
    level: f64,
    measured: Result<ContrastEstimate, String>,
) -> Finding {
    let counted = empty.counting(folds);
    let told = measured.and_then(|m| {
        let bounds = m.interval(level).map_err(|e| e.to_string())?;
        Ok((m.estimate, bounds))
    });
    match told {
        Err(why) => counted.not_estimable(why),
        Ok((estimate, (lower, upper))) => {
            let by = counted.reference;
            counted.measured(estimate + by, Interval { lower: lower + by, upper: upper + by, level })
        }
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
