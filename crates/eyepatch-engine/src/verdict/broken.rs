//! The second kind of primary contrast: the AUC that the full-image model loses when the association of an attribute with the
//! label is broken by reweighting.
//!
//! Images are weighted so that the value says nothing of the label ([`eyepatch_stats::AucInfluence::balanced`]). A model that
//! does not use the attribute, or what goes with it, keeps its AUC.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_report::schema::Measured;

use super::attribute::Attribute;
use super::rule::Tested;
use super::scores::{ClassScores, difference, measured};

/// Patients that a value must have on either side to be matched.
const PATIENTS_A_VALUE: usize = 5;
/// Rows whose values can be matched, and what was left out.
struct Matched {
    /// The value of each.
    groups: BTreeMap<usize, usize>,
    /// Tested rows without a value or with one that the other side lacks.
    left_out: usize,
}

impl Matched {
    /// # Errors
    /// Where fewer than two values have enough patients on both sides, in words.
    fn new(attribute: &Attribute, scores: &ClassScores<'_>, rows: &[usize]) -> Result<Self, String> {
        let mut patients: BTreeMap<(usize, bool), BTreeSet<&str>> = BTreeMap::new();
        for &row in rows {
            if let Some(group) = attribute.groups[row] {
                patients
                    .entry((group, scores.label(row)))
                    .or_default()
                    .insert(&scores.table.rows[row].patient);
            }
        }
        let enough = |group: usize, label: bool| {
            patients.get(&(group, label)).is_some_and(|p| p.len() >= PATIENTS_A_VALUE)
        };
        let groups: BTreeSet<usize> =
            patients.keys().map(|k| k.0).filter(|&g| enough(g, true) && enough(g, false)).collect();
        if groups.len() < 2 {
            return Err(format!(
                "fewer than two values of `{}` have {PATIENTS_A_VALUE} patients with and {PATIENTS_A_VALUE} without the class, so \
                 its association cannot be broken by weights",
                attribute.name
            ));
        }
        let kept: BTreeMap<usize, usize> = rows
            .iter()
            .filter_map(|&row| Some((row, attribute.groups[row].filter(|g| groups.contains(g))?)))
            .collect();
        Ok(Self { left_out: rows.len() - kept.len(), groups: kept })
    }
}

/// The AUC that a model loses on full images without the attribute's association with the label.
fn loss(
    attribute: &Attribute,
    scores: &ClassScores<'_>,
    (full, on): (&str, &str),
    margin: f64,
) -> Result<(Measured, Option<String>), String> {
    let rows = scores.tested_rows(full, on);
    let matched = Matched::new(attribute, scores, &rows)?;
    let (plain, broken) = scores.balanced(full, on, &matched.groups)?;
    let found = measured(&attribute.name, &difference(&plain, &broken)?, margin)?;
    let note = (matched.left_out > 0).then(|| {
        format!(
            "{} of {} images have no value, or one that too few of the other side have",
            matched.left_out,
            rows.len()
        )
    });
    Ok((found, note))
}

/// The contrast of a column of the table.
pub(super) fn of_column(name: &str, scores: &ClassScores<'_>, full: (&str, &str), margin: f64) -> Tested {
    let attribute = Attribute::column(scores.table, name);
    tested(format!("attribute:{name}"), &format!("`{name}`"), attribute, scores, full, margin)
}

/// The contrast of numbers that were measured in the images, one a row.
pub(super) fn of_numbers(
    (name, values): (&str, &[Option<f64>]),
    scores: &ClassScores<'_>,
    full: (&str, &str),
    margin: f64,
) -> Tested {
    tested(format!("number:{name}"), name, Attribute::numbers(name, values), scores, full, margin)
}

fn tested(
    id: String,
    called: &str,
    attribute: Result<Attribute, String>,
    scores: &ClassScores<'_>,
    full: (&str, &str),
    margin: f64,
) -> Tested {
    let (measured, note) = match attribute.and_then(|a| loss(&a, scores, full, margin)) {
        Ok((measured, note)) => (Ok(vec![measured]), note),
        Err(why) => (Err(why), None),
    };
    let what = format!(
        "AUC that the full-image model loses when the association of {called} with the label is broken"
    );
    Tested { id, what, measured, note }
}
