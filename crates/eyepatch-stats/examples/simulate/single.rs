//! One AUC against its true value, and two equal AUCs against each other.

use eyepatch_stats::{ContrastEstimate, StatsError, contrast};

use crate::cohort::{Cohort, Draws};
use crate::{ALPHA, Rate};

/// Correlation of two models' scores of an image, given its label.
const SHARED: f64 = 0.5;
/// Runs whose interval is made as well, to be held against the p that stand for it: its bounds are searched for, which takes
/// most of a run's time.
const INTERVALS: usize = 50;

pub(crate) const NAMES: [&str; 4] = ["type_one", "coverage", "paired_type_one", "paired_coverage"];

/// Of a single AUC and of a paired difference: whether it is found above the truth, and whether its interval holds the truth.
pub(crate) fn run(cohort: &Cohort, auc: f64, condition: usize, run: usize) -> Result<[bool; 4], StatsError> {
    let mut noise = cohort.noise(&mut Draws::new(condition, run), 2, SHARED);
    noise.iter_mut().for_each(|scores| cohort.raise(scores, auc));
    let (one, other) = (cohort.influence(&noise[0])?, cohort.influence(&noise[1])?);
    let single = contrast(&[(1.0, &one)], 0.5)?;
    let paired = contrast(&[(1.0, &one), (-1.0, &other)], 0.0)?;
    let covered = |c: &ContrastEstimate, truth: f64| -> Result<bool, StatsError> {
        let by_p = c.p_above(truth) >= ALPHA / 2.0 && c.p_below(truth) >= ALPHA / 2.0;
        if run < INTERVALS {
            let (lower, upper) = c.interval(1.0 - ALPHA)?;
            assert_eq!(by_p, lower <= truth && truth <= upper, "interval and p of {c:?} disagree at {truth}");
        }
        Ok(by_p)
    };
    let truth = auc - 0.5;
    Ok([
        single.p_above(truth) < ALPHA,
        covered(&single, truth)?,
        paired.p_above(0.0) < ALPHA,
        covered(&paired, 0.0)?,
    ])
}

/// What was asked of each, from 60 patients on.
pub(crate) const ASKED: [Rate; 4] = [Rate::TYPE_ONE, Rate::COVERAGE, Rate::TYPE_ONE, Rate::COVERAGE];
