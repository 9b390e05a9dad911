//! Many cells at once: 5 models on 5 maskings for each of 5 classes, none above the AUC that it is held against.

use eyepatch_stats::{StatsError, contrast, holm_adjusted};

use crate::ALPHA;
use crate::cohort::{Cohort, Draws};

const CLASSES: usize = 5;
/// Of a class.
const CELLS: usize = 25;
/// Correlation of the scores of two cells of a class, given the label.
const SHARED: f64 = 0.5;

/// Whether any of the 125 cells is found above `auc`, its true AUC, by Holm at alpha.
pub(crate) fn run(cohort: &Cohort, auc: f64, condition: usize, run: usize) -> Result<[bool; 1], StatsError> {
    let mut draws = Draws::new(condition, run);
    let mut family = Vec::with_capacity(CLASSES * CELLS);
    for _ in 0..CLASSES {
        for mut scores in cohort.noise(&mut draws, CELLS, SHARED) {
            cohort.raise(&mut scores, auc);
            let influence = cohort.influence(&scores)?;
            family.push(contrast(&[(1.0, &influence)], auc)?.p_above(0.0));
        }
    }
    Ok([holm_adjusted(&family).iter().any(|p| *p < ALPHA)])
}
