//! ROIs that are tiny, huge or not there. How they go with a label is a column like any other.

use eyepatch_report::schema::{CheckFinding, Severity};

use crate::families::Measure;
use crate::finding::finding;
use crate::gather::{Failure, Gathered};
use crate::words::{percent, plural};

/// Shares of the image below and above which a ROI is odd.
const TINY: f64 = 0.005;
const HUGE: f64 = 0.9;

pub(crate) fn check(gathered: &Gathered) -> Vec<CheckFinding> {
    let n = gathered.images.len();
    let areas: Vec<f64> = gathered.images.iter().flatten().map(|f| f.get(Measure::RoiArea)).collect();
    let count = |is: &dyn Fn(f64) -> bool| areas.iter().filter(|a| is(**a)).count();
    let unusable = gathered.failed.iter().filter(|f| **f == Some(Failure::Roi)).count();
    let cases = [
        (
            unusable,
            "missing, empty or not readable",
            "Mend them or drop the rows, and see below whether they go with a label.",
        ),
        (
            count(&|a| a > 0.0 && a < TINY),
            "smaller than 0.5 % of the image",
            "Look at some: a mask that failed hides nothing, so the model keeps its answer.",
        ),
        (
            count(&|a| a > HUGE),
            "larger than 90 % of the image",
            "Look at some: a mask turned inside out leaves nothing outside.",
        ),
    ];
    let told = |(count, what, remedy): (usize, &str, &str)| {
        if count == 0 {
            return None;
        }
        let sentence = format!("{} ({}) {what}.", plural(count, "ROI"), percent(count as f64 / n as f64));
        let sentence = sentence.replacen(") ", if count == 1 { ") is " } else { ") are " }, 1);
        Some(finding(Severity::Warning, "roi", sentence, remedy))
    };
    cases.into_iter().filter_map(told).collect()
}
