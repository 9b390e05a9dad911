//! Every column held against every class, and what of it is worth saying.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::{Ctx, LegitimateRegion, Result, Table};
use eyepatch_report::schema::{CheckFinding, ColumnCheck, Severity};
use eyepatch_stats::{
    FoldScores, Pointing, Screen, StatsError, encode_categories, holm_adjusted, holm_steps,
    screen as screen_folds,
};
use rayon::prelude::*;

use crate::THRESHOLD;
use crate::column::{Column, Values};
use crate::families::Source;
use crate::finding::estimate;
use crate::telling;
use crate::words::{percent, plural};

/// Coverage of intervals, and 1 minus the chance of any false alarm.
pub(crate) const LEVEL: f64 = 0.95;
/// Halves that kinds are encoded across: each is scored by the labels of the other.
const HALVES: usize = 2;
/// Fixed, so that a table always gives the same halves.
const SEED: u64 = 1907;
/// A value of fewer patients is not named.
const NAMED_FROM: usize = 5;

/// What came of it.
pub(crate) struct Screened {
    pub(crate) columns: Vec<ColumnCheck>,
    pub(crate) findings: Vec<CheckFinding>,
    /// Columns times classes that were adjusted for.
    pub(crate) tests: usize,
}

/// The rule in words.
pub(crate) fn rule() -> String {
    format!(
        "An alarm where the lower {} bound of max(AUC, 1 - AUC) of a column alone, clustered by patient and Holm-adjusted \
         over all columns and classes, lies above {THRESHOLD:.2}; a warning where it lies above 0.50.",
        percent(LEVEL)
    )
}

/// One column and class.
pub(crate) struct Test<'a> {
    pub(crate) column: &'a Column,
    pub(crate) class: usize,
    screen: Screen,
    direction: String,
    /// Whether the column is the label in other words.
    pub(crate) restates: bool,
}

/// Measures all columns against all classes.
pub(crate) fn screen(
    table: &Table,
    columns: &[Column],
    restated: &BTreeSet<String>,
    legitimate: &BTreeMap<String, LegitimateRegion>,
    ctx: &Ctx,
) -> Result<Screened> {
    let patients = numbered(table);
    let pairs: Vec<(usize, &Column)> =
        (0..table.classes.len()).flat_map(|class| columns.iter().map(move |c| (class, c))).collect();
    let one = |&(class, column): &(usize, &'_ Column)| -> Result<Option<(Screen, String)>> {
        ctx.check()?;
        Ok(test(table, &patients, class, column))
    };
    let tested: Vec<Result<_>> = ctx.install(|| pairs.par_iter().map(one).collect());
    let mut tests = Vec::new();
    for ((class, column), found) in pairs.into_iter().zip(tested) {
        if let Some((screen, direction)) = found? {
            let restates = restated.contains(&column.family);
            tests.push(Test { column, class, screen, direction, restates });
        }
    }
    let region = |class: usize| legitimate.contains_key(&table.classes[class]);
    Ok(judged(table, &tests, &region))
}

/// Patients as numbers, in the order in which they first appear.
fn numbered(table: &Table) -> Vec<usize> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut out = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let next = numbers.len();
        out.push(*numbers.entry(row.patient.as_str()).or_insert(next));
    }
    out
}

/// A column's strength for a class; `None` where there is nothing to compare.
fn test(table: &Table, patients: &[usize], class: usize, column: &Column) -> Option<(Screen, String)> {
    let present = column.present();
    let rows: Vec<usize> =
        (0..table.rows.len()).filter(|&r| present[r] && table.rows[r].labels[class].is_some()).collect();
    let labels: Vec<bool> = rows.iter().map(|&r| table.rows[r].labels[class] == Some(true)).collect();
    let patients: Vec<usize> = rows.iter().map(|&r| patients[r]).collect();
    let name = &table.classes[class];
    match &column.values {
        Values::Numbers { of, high, low } => {
            let values: Vec<f64> = rows.iter().filter_map(|&r| of[r]).collect();
            let fold = FoldScores { fold: 0, labels: &labels, scores: &values, patients: &patients };
            let screen = screen_folds(&[fold], Pointing::Either).ok()?;
            let side = if screen.auc < 0.5 { low } else { high };
            let direction = if rarest(&values, &patients) < NAMED_FROM {
                format!(
                    "a rare value with {}",
                    if screen.auc < 0.5 { format!("no {name}") } else { name.clone() }
                )
            } else {
                format!("{side} with {name}")
            };
            Some((screen, direction))
        }
        Values::Kinds { of, names } => {
            let kinds: Vec<usize> = rows.iter().filter_map(|&r| of[r]).collect();
            if are_names(&kinds, &patients) {
                return None;
            }
            let screen = encoded(&kinds, &labels, &patients).ok()?;
            Some((screen, extremes(&kinds, names, &labels, &patients, name)))
        }
    }
}

/// Patients of the rarer of two values; of more values, plenty.
fn rarest(values: &[f64], patients: &[usize]) -> usize {
    let mut of: BTreeMap<u64, BTreeSet<usize>> = BTreeMap::new();
    for (value, patient) in values.iter().zip(patients) {
        of.entry(value.to_bits()).or_default().insert(*patient);
        if of.len() > 2 {
            return usize::MAX;
        }
    }
    of.values().map(BTreeSet::len).min().unwrap_or(0)
}

/// Whether there is a kind for most patients: such a column names images or people, and says nothing of others.
fn are_names(kinds: &[usize], patients: &[usize]) -> bool {
    let different = |of: &[usize]| of.iter().collect::<BTreeSet<_>>().len();
    2 * different(kinds) > different(patients)
}

fn encoded(kinds: &[usize], labels: &[bool], patients: &[usize]) -> Result<Screen, StatsError> {
    let folds = encode_categories(kinds, labels, patients, HALVES, SEED)?;
    let parts: Vec<(Vec<bool>, Vec<usize>)> =
        folds.iter().map(|f| f.rows.iter().map(|&r| (labels[r], patients[r])).unzip()).collect();
    let scored: Vec<FoldScores<'_, usize>> = folds
        .iter()
        .zip(&parts)
        .enumerate()
        .map(|(fold, (f, (labels, patients)))| FoldScores { fold, labels, scores: &f.scores, patients })
        .collect();
    screen_folds(&scored, Pointing::Towards)
}

/// The kinds with the highest and the lowest share of positives, among those of enough patients.
fn extremes(kinds: &[usize], names: &[String], labels: &[bool], patients: &[usize], class: &str) -> String {
    let mut of: BTreeMap<usize, (usize, usize, BTreeSet<usize>)> = BTreeMap::new();
    for ((kind, label), patient) in kinds.iter().zip(labels).zip(patients) {
        let (positive, images, who) = of.entry(*kind).or_default();
        *positive += usize::from(*label);
        *images += 1;
        who.insert(*patient);
    }
    let share = |(positive, images, _): &(usize, usize, BTreeSet<usize>)| *positive as f64 / *images as f64;
    let common: Vec<_> = of.iter().filter(|(_, o)| o.2.len() >= NAMED_FROM).collect();
    let highest = common.iter().max_by(|a, b| share(a.1).total_cmp(&share(b.1)).then(b.0.cmp(a.0)));
    let lowest = common.iter().min_by(|a, b| share(a.1).total_cmp(&share(b.1)).then(a.0.cmp(b.0)));
    match (highest, lowest) {
        (Some(high), Some(low)) if high.0 != low.0 => format!(
            "`{}` ({} of {}) rather than `{}` ({} of {}) with {class}",
            names[*high.0],
            percent(share(high.1)),
            plural(high.1.1, "image"),
            names[*low.0],
            percent(share(low.1)),
            plural(low.1.1, "image"),
        ),
        _ => format!("some kinds rather than others with {class}"),
    }
}

/// Adjusts for the number of tests, and says what is worth saying.
fn judged(table: &Table, tests: &[Test<'_>], region: &dyn Fn(usize) -> bool) -> Screened {
    let counted: Vec<usize> = (0..tests.len()).filter(|&t| !tests[t].restates).collect();
    let p = |threshold: f64| -> Vec<f64> {
        counted.iter().map(|&t| tests[t].screen.p_at_most(threshold)).collect()
    };
    let (p_alarm, p_any) = (p(THRESHOLD), p(0.5));
    let (alarm, any, steps) = (holm_adjusted(&p_alarm), holm_adjusted(&p_any), holm_steps(&p_alarm));
    let place: BTreeMap<usize, usize> = counted.iter().enumerate().map(|(place, &t)| (t, place)).collect();
    let mut columns: Vec<(ColumnCheck, &Test<'_>)> = Vec::new();
    for (t, test) in tests.iter().enumerate() {
        let alpha = 1.0 - LEVEL;
        let (severity, lower, p) = match place.get(&t) {
            None => (Some(Severity::Note), 0.5, 1.0),
            Some(&i) => {
                let bound = test.screen.lower_bound(1.0 - alpha / steps[i] as f64).unwrap_or(0.5);
                // A bound that an earlier step forbids to count is shown where it stops counting.
                let bound = if alarm[i] <= alpha { bound } else { bound.min(THRESHOLD) };
                let severity = if alarm[i] <= alpha {
                    Some(Severity::Alarm)
                } else {
                    (any[i] <= alpha).then_some(Severity::Warning)
                };
                (severity.map(|s| s.max(mildest(test, region(test.class)))), bound, alarm[i])
            }
        };
        let screen = &test.screen;
        let check = ColumnCheck {
            class: table.classes[test.class].clone(),
            column: test.column.name.clone(),
            source: test.column.source.name().into(),
            auc: estimate(screen.auc, screen.interval(LEVEL).unwrap_or((0.0, 1.0))),
            lower,
            p,
            points_to: test.direction.clone(),
            n_images: screen.n_images,
            n_patients: screen.n_patients,
            severity,
        };
        columns.push((check, test));
    }
    columns.sort_by(|(a, x), (b, y)| {
        y.screen
            .strength()
            .total_cmp(&x.screen.strength())
            .then_with(|| (&a.class, &a.column).cmp(&(&b.class, &b.column)))
    });
    let findings = telling::findings(&columns, region);
    Screened { columns: columns.into_iter().map(|(c, _)| c).collect(), findings, tests: counted.len() }
}

/// The gravest that a column may be. What lies inside the legitimate region may be the sign of the disease itself; an order
/// of rows is seen by no model that draws its batches.
fn mildest(test: &Test<'_>, has_region: bool) -> Severity {
    match test.column.source {
        Source::Inside if has_region => Severity::Note,
        Source::Order => Severity::Warning,
        _ => Severity::Alarm,
    }
}
