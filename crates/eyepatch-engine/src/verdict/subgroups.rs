//! The hidden contrast by group: whether a shortcut is taken among women and men, young and old. It never makes a verdict.

use std::collections::BTreeSet;

use eyepatch_report::schema::{Contrast, Measured};

use super::VerdictRule;
use super::attribute::Attribute;
use super::hidden::HidingSet;
use super::rule::{Tested, outcomes};
use super::scores::{ClassScores, above_chance, measured};

/// Most groups of a column that are shown; one of more values is no way of grouping patients.
const MOST: usize = 8;

/// The AUC, less 0.5, of the full-image model with the legitimate region hidden, in each group of each named column, adjusted
/// among themselves. Groups with too few patients on a side are listed with their numbers.
pub(super) fn contrasts(
    rule: &VerdictRule,
    set: &HidingSet<'_>,
    scores: &ClassScores<'_>,
    (full, on): (&str, &str),
) -> Vec<Contrast> {
    let rows = scores.tested_rows(full, on);
    let mut all = Vec::new();
    for name in &rule.attributes {
        let Ok(attribute) = Attribute::column(scores.table, name) else { continue };
        let found: BTreeSet<usize> = rows.iter().filter_map(|&row| attribute.groups[row]).collect();
        if (2..=MOST).contains(&found.len()) {
            all.extend(
                found.into_iter().map(|group| one(rule, set, scores, full, (&attribute, group, &rows))),
            );
        }
    }
    outcomes(all, rule.margin, rule.alpha)
}

fn one(
    rule: &VerdictRule,
    set: &HidingSet<'_>,
    scores: &ClassScores<'_>,
    full: &str,
    (attribute, group, rows): (&Attribute, usize, &[usize]),
) -> Tested {
    let within = |row: usize| attribute.groups[row] == Some(group);
    let side = |label: bool| {
        let of = rows.iter().filter(|&&row| within(row) && scores.label(row) == label);
        of.map(|&row| scores.table.rows[row].patient.as_str()).collect::<BTreeSet<_>>().len()
    };
    let (with, without) = (side(true), side(false));
    let counts = format!("{with} patients with and {without} without the class");
    let one = |name: &str| -> Result<Measured, String> {
        measured(name, &above_chance(&scores.auc_of(full, name, within)?)?, rule.margin)
    };
    let measured = if with.min(without) < rule.patients {
        Err(format!("{counts}; fewer than {} decide nothing", rule.patients))
    } else {
        set.decisive().iter().map(|card| one(&card.name)).collect()
    };
    let (name, value) = (&attribute.name, &attribute.values[group]);
    Tested {
        id: format!("group:{name}={value}"),
        what: format!(
            "AUC of the full-image model with the legitimate region hidden, less 0.5, where {name} is {value}"
        ),
        measured,
        note: Some(format!("{counts}.")),
    }
}
