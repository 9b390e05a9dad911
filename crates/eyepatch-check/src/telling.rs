//! What is said of columns, and what to do about them.

use std::collections::BTreeMap;

use eyepatch_report::schema::{CheckFinding, ColumnCheck, Severity};

use crate::families::Source;
use crate::finding::finding;
use crate::screening::Test;
use crate::words::plural;

/// A finding a family and class: its strongest column, and how many others point with it.
pub(crate) fn findings(
    columns: &[(ColumnCheck, &Test<'_>)],
    region: &dyn Fn(usize) -> bool,
) -> Vec<CheckFinding> {
    let mut families: BTreeMap<(usize, &str), Vec<&(ColumnCheck, &Test<'_>)>> = BTreeMap::new();
    for both in columns.iter().filter(|(check, test)| check.severity.is_some() && !test.restates) {
        families.entry((both.1.class, both.1.column.family.as_str())).or_default().push(both);
    }
    let mut findings = Vec::new();
    for ((class, _), mut members) in families {
        // The strongest of the gravest.
        members.sort_by_key(|(check, _)| check.severity);
        let (check, test) = members[0];
        let severity = check.severity.unwrap_or(Severity::Note);
        let mut sentence = format!("{}: {}", check.column, measured(check));
        let others: Vec<String> = members[1..]
            .iter()
            .take(4)
            .map(|(c, _)| format!("{} {:.3}", c.column, c.auc.value.max(1.0 - c.auc.value)))
            .collect();
        if !others.is_empty() {
            sentence.push_str(&format!(" Also {}", others.join(", ")));
            let more = members.len() - 1 - others.len();
            sentence.push_str(&if more > 0 { format!(" and {more} more.") } else { ".".into() });
        }
        let mut found = finding(severity, "columns", sentence, remedy(test, region(class)));
        found.class = Some(check.class.clone());
        found.column = Some(check.column.clone());
        found.auc = Some(check.auc);
        findings.push(found);
    }
    findings
}

/// `PA with pneumonia, AUC 0.617 [0.581, 0.652], adjusted bound 0.556 (1,000 images of 682 patients).`
fn measured(check: &ColumnCheck) -> String {
    let auc = check.auc.value;
    let (mut lower, mut upper) = check.auc.interval.map_or((0.0, 1.0), |i| (i.lower, i.upper));
    // Kinds are scored so as to point to the class; numbers point either way.
    let strength = if auc < 0.5 {
        (lower, upper) = (1.0 - upper, 1.0 - lower);
        1.0 - auc
    } else {
        auc
    };
    format!(
        "{}, AUC {strength:.3} [{lower:.3}, {upper:.3}], adjusted bound {:.3} ({} of {}).",
        check.points_to,
        check.lower,
        plural(check.n_images, "image"),
        plural(check.n_patients, "patient")
    )
}

fn remedy(test: &Test<'_>, has_region: bool) -> &'static str {
    match test.column.source {
        Source::Table => {
            "A model can learn this instead of the disease. Balance or match the classes by it, or report within its values; \
             and compare the model with this column alone."
        }
        Source::File => {
            "Files were made differently for the two answers. Decode and save all images in one way before training, and \
             check that the difference did not get into the pixels."
        }
        Source::Image => {
            "Bring all images to one size, depth and border before training, and check whether the sites differ behind it."
        }
        Source::Inside if has_region => {
            "It may be the sign of the disease itself, since the region is legitimate. Nothing to do; a model that does no \
             better than this number has learnt a brightness."
        }
        Source::Inside => {
            "It may be the sign of the disease, or exposure, window and processing. Declare the class's legitimate region if \
             it is the sign; else normalise per image and compare the model with this number alone."
        }
        Source::Outside => {
            "The disease should not show here: exposure, window, field of view or patients differ. Normalise per image, look \
             for the site or view behind it, and expect a model to find it with the region hidden."
        }
        Source::Roi => {
            "The ROI's outline alone tells the class, so a masked image still shows it. Use boxes beside exact outlines, and \
             check who or what drew the ROIs."
        }
        Source::Order => {
            "Harmless where batches are drawn at random, as eyepatch does. Shuffle before any other training, and never split by \
             position."
        }
    }
}
