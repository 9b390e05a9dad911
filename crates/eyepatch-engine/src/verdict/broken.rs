//! The second kind of primary contrast: the AUC that the full-image model loses when the association of an attribute with the
//! label is broken by reweighting.
//!
//! Images of class y with value a get the weight P(a) / P(a | y), so that in the weighted sample the value says nothing of
//! the label (inverse-probability weighting; Hernán & Robins, "Causal Inference: What If", 2020, chapter 12). A model that
//! does not use the attribute, or what goes with it, keeps its AUC.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::{Meta, Table};
use eyepatch_report::schema::Measured;

use super::rule::Tested;
use super::scores::{ClassScores, difference, measured};

/// Patients that a value must have on either side to be matched.
const PATIENTS_A_VALUE: usize = 5;
/// Groups of equal size that numbers are cut into.
const GROUPS: usize = 5;

/// An attribute: a group a row, `None` where there is no value.
struct Attribute {
    name: String,
    groups: Vec<Option<usize>>,
}

impl Attribute {
    /// A column of the table: its texts, or its numbers in fifths.
    ///
    /// # Errors
    /// Where no row has a value, in words.
    fn column(table: &Table, name: &str) -> Result<Self, String> {
        let of = |row: usize| table.rows[row].meta.get(name).unwrap_or(&Meta::Missing);
        let rows = 0..table.rows.len();
        let texts: BTreeSet<&str> = rows
            .clone()
            .filter_map(|r| if let Meta::Text(t) = of(r) { Some(t.as_str()) } else { None })
            .collect();
        if texts.is_empty() {
            let number = |r: usize| if let Meta::Number(x) = of(r) { Some(*x) } else { None };
            return Self::numbers(name, &rows.map(number).collect::<Vec<_>>());
        }
        let texts: Vec<&str> = texts.into_iter().collect();
        let group =
            |r: usize| if let Meta::Text(t) = of(r) { texts.binary_search(&t.as_str()).ok() } else { None };
        Ok(Self { name: name.to_owned(), groups: rows.map(group).collect() })
    }

    /// Numbers, cut into fifths; equal numbers stay together.
    fn numbers(name: &str, values: &[Option<f64>]) -> Result<Self, String> {
        let mut sorted: Vec<f64> = values.iter().flatten().copied().filter(|v| v.is_finite()).collect();
        if sorted.is_empty() {
            return Err(format!("the table has no column `{name}` with values"));
        }
        sorted.sort_unstable_by(f64::total_cmp);
        let cuts: Vec<f64> = (1..GROUPS).map(|k| sorted[k * sorted.len() / GROUPS]).collect();
        let group = |v: &Option<f64>| {
            v.filter(|v| v.is_finite()).map(|v| cuts.iter().filter(|cut| v >= **cut).count())
        };
        Ok(Self { name: name.to_owned(), groups: values.iter().map(group).collect() })
    }
}

/// Weights by row that break the association, and what was left out.
struct Weights {
    by_row: BTreeMap<usize, f64>,
    /// Tested rows without a value or with one that the other side lacks.
    left_out: usize,
}

impl Weights {
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
        let kept: Vec<(usize, usize)> = rows
            .iter()
            .filter_map(|&row| Some((row, attribute.groups[row].filter(|g| groups.contains(g))?)))
            .collect();
        let share = |group: usize, label: Option<bool>| {
            let of = || kept.iter().filter(move |(row, _)| label.is_none_or(|l| scores.label(*row) == l));
            of().filter(|(_, g)| *g == group).count() as f64 / of().count() as f64
        };
        let by_value: BTreeMap<(usize, bool), f64> = groups
            .iter()
            .flat_map(|&g| [true, false].map(|l| ((g, l), share(g, None) / share(g, Some(l)))))
            .collect();
        let by_row = kept.iter().map(|&(row, g)| (row, by_value[&(g, scores.label(row))])).collect();
        Ok(Self { by_row, left_out: rows.len() - kept.len() })
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
    let weights = Weights::new(attribute, scores, &rows)?;
    let (plain, weighted) = scores.weighted(full, on, &weights.by_row)?;
    let found = measured(&attribute.name, &difference(&plain, &weighted)?, margin)?;
    let note = (weights.left_out > 0).then(|| {
        format!(
            "{} of {} images have no value, or one that too few of the other side have",
            weights.left_out,
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
