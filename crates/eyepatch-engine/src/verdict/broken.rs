//! The second kind of primary contrast: the AUC that the full-image model loses when the association of an attribute with the
//! label is broken by reweighting.
//!
//! Images are weighted so that the value says nothing of the label ([`eyepatch_stats::AucInfluence::balanced`]). A model that
//! does not use the attribute, or what goes with it, keeps its AUC.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_stats::ContrastEstimate;

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

/// The AUC that a model loses on full images where an attribute says nothing of the label.
pub(super) struct Loss {
    /// The column, or what was measured.
    pub(super) name: String,
    id: String,
    what: String,
    /// The loss and what was left out, or why it is not estimable.
    found: Result<(ContrastEstimate, Option<String>), String>,
}

impl Loss {
    /// Of a column of the table.
    pub(super) fn of_column(name: &str, scores: &ClassScores<'_>, full: (&str, &str)) -> Self {
        let attribute = Attribute::column(scores.table, name);
        Self::new(name, (format!("attribute:{name}"), &format!("`{name}`")), attribute, scores, full)
    }

    /// Of numbers that were measured in the images, one a row.
    pub(super) fn of_numbers(
        (name, values): (&str, &[Option<f64>]),
        scores: &ClassScores<'_>,
        full: (&str, &str),
    ) -> Self {
        let attribute = Attribute::numbers(name, values);
        Self::new(name, (format!("number:{name}"), name), attribute, scores, full)
    }

    fn new(
        name: &str,
        (id, called): (String, &str),
        attribute: Result<Attribute, String>,
        scores: &ClassScores<'_>,
        full: (&str, &str),
    ) -> Self {
        let what = format!(
            "AUC that the full-image model loses when the association of {called} with the label is broken"
        );
        let found = attribute.and_then(|a| loss(&a, scores, full));
        Self { name: name.to_owned(), id, what, found }
    }

    /// The contrast with this margin.
    pub(super) fn tested(&self, margin: f64) -> Tested {
        let measured = self
            .found
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|(contrast, _)| Ok(vec![measured(&self.name, contrast, margin)?]));
        let note = self.found.as_ref().ok().and_then(|(_, note)| note.clone());
        Tested { id: self.id.clone(), what: self.what.clone(), measured, note }
    }
}

fn loss(
    attribute: &Attribute,
    scores: &ClassScores<'_>,
    (full, on): (&str, &str),
) -> Result<(ContrastEstimate, Option<String>), String> {
    let rows = scores.tested_rows(full, on);
    let matched = Matched::new(attribute, scores, &rows)?;
    let (plain, broken) = scores.balanced(full, on, &matched.groups)?;
    let note = (matched.left_out > 0).then(|| {
        format!(
            "{} of {} images have no value, or one that too few of the other side have",
            matched.left_out,
            rows.len()
        )
    });
    Ok((difference(&plain, &broken)?, note))
}
