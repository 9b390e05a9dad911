//! Verdicts with error control. `VERDICTS.md` at the top of the repository is the rule; [`rule`] reads like it.

mod attribute;
mod broken;
mod cause;
mod data;
mod declare;
mod hidden;
mod readable;
mod rule;
mod scores;
mod subgroups;

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::{LegitimateRegion, MaskingCard, ScoreSet, Table};
use eyepatch_report::schema::{Check, ClassVerdict, Contrast, Status, Verdict};
use eyepatch_stats::normal_quantile;

pub use declare::VerdictRule;

use broken::Loss;
use cause::{Search, numbers};
use hidden::HidingSet;
pub(crate) use hidden::{ID as HIDDEN, margin_px};
pub(crate) use readable::Readout;
use rule::{Premises, Tested};
use scores::LEVEL;
pub(crate) use scores::{ClassScores, above_chance, difference};

/// Power at which the minimal detectable gap is stated.
const POWER: f64 = 0.8;

/// All that verdicts are made of.
pub(crate) struct Case<'a> {
    pub(crate) rule: &'a VerdictRule,
    pub(crate) table: &'a Table,
    pub(crate) sets: &'a [ScoreSet],
    pub(crate) cards: &'a [MaskingCard],
    /// Name of the full-image model and of the masking that shows everything.
    pub(crate) full: (&'a str, &'a str),
    pub(crate) trained: &'a [String],
    pub(crate) legitimate: &'a BTreeMap<String, LegitimateRegion>,
    /// Width of the working size in pixels.
    pub(crate) width: usize,
    pub(crate) check: Option<&'a Check>,
    /// Numbers that were measured in the images, one a row of the table.
    pub(crate) numbers: &'a [(String, Vec<Option<f64>>)],
    /// What the full-image model's embedding tells of the rule's columns.
    pub(crate) readouts: &'a [Readout],
    /// Scores of a classifier that sees the mask's shape only, or why there are none.
    pub(crate) shape: Result<&'a [ScoreSet], String>,
}

/// Name under which a classifier of mask shapes stands in its score sets.
pub(crate) const SHAPE: &str = "mask shape";

/// The verdicts of all classes; their primary contrasts are one family.
pub(crate) fn verdict(case: &Case<'_>) -> Verdict {
    let classes: Vec<OfClass<'_>> = (0..case.table.classes.len()).map(|c| OfClass::new(case, c)).collect();
    let tested: Vec<Vec<Tested>> = classes.iter().map(OfClass::primary).collect();
    let sizes: Vec<usize> = tested.iter().map(Vec::len).collect();
    let family: Vec<Tested> = tested.into_iter().flatten().collect();
    let n_tests = family.len();
    let mut outcomes = rule::outcomes(family, case.rule.margin, case.rule.alpha).into_iter();
    let each = classes
        .iter()
        .zip(sizes)
        .map(|(class, n)| class.verdict(outcomes.by_ref().take(n).collect(), n_tests));
    Verdict {
        classes: each.collect(),
        rule: case.rule.sentence(),
        margin: case.rule.margin,
        alpha: case.rule.alpha,
        n_tests,
    }
}

/// One class of a case.
struct OfClass<'a> {
    case: &'a Case<'a>,
    name: &'a str,
    scores: ClassScores<'a>,
    hiding: HidingSet<'a>,
    /// What it loses by each named column.
    losses: Vec<Loss>,
    region: Option<&'a LegitimateRegion>,
}

impl<'a> OfClass<'a> {
    fn new(case: &'a Case<'a>, class: usize) -> Self {
        let name = &case.table.classes[class];
        let region = case.legitimate.get(name);
        let whole = LegitimateRegion { structures: Vec::new(), margin: 0.0, reason: String::new() };
        let scores = ClassScores::new(case.table, class, case.sets);
        let columns = case.rule.attributes.iter();
        Self {
            case,
            name,
            losses: columns.map(|column| Loss::of_column(column, &scores, case.full)).collect(),
            scores,
            hiding: HidingSet::new(case.cards, region.unwrap_or(&whole), case.width),
            region,
        }
    }

    /// The primary contrasts, in the order of their declaration.
    fn primary(&self) -> Vec<Tested> {
        let Case { rule, full, .. } = self.case;
        let hidden = hidden::tested(rule, &self.hiding, &self.scores, full.0);
        std::iter::once(hidden).chain(self.losses.iter().map(|loss| loss.tested(rule.margin))).collect()
    }

    fn verdict(&self, primary: Vec<Contrast>, n_tests: usize) -> ClassVerdict {
        let Case { rule, full, .. } = self.case;
        let on_full = self.scores.auc(full.0, full.1);
        let full_lower =
            on_full.as_ref().ok().and_then(|a| above_chance(a).ok()?.interval(LEVEL).ok()).map(|i| 0.5 + i.0);
        let premises = Premises { legitimate: self.region.is_some(), patients: self.patients(), full_lower };
        let (status, why) = rule::status(rule, &premises, &primary);
        let shape = match &self.case.shape {
            Ok(sets) => ClassScores::new(self.case.table, self.scores.class, sets).auc(SHAPE, SHAPE),
            Err(why) => Err(why.clone()),
        };
        let without = data::Without { trained: self.case.trained, shape };
        let data = data::statement(&without, &self.hiding, &self.scores, rule.alpha);
        let search = Search {
            scores: &self.scores,
            cards: self.case.cards,
            full: *full,
            columns: &self.losses,
            numbers: self.case.numbers,
            readouts: self.case.readouts,
            hiding: &self.hiding,
            check: self.case.check,
            alpha: rule.alpha,
        };
        let (supporting, causes) = search.run(status == Status::Flagged);
        let sentence =
            self.sentence(status, why, &primary, causes.iter().find(|c| c.named).map(|c| c.name.as_str()));
        ClassVerdict {
            class: self.name.to_owned(),
            status,
            sentence,
            data,
            minimal_detectable_gap: gap(&primary, rule, n_tests),
            primary,
            supporting,
            subgroups: subgroups::contrasts(rule, &self.hiding, &self.scores, *full),
            causes,
        }
    }

    /// Tested patients on the smaller side.
    fn patients(&self) -> usize {
        let rows = self.scores.tested_rows(self.case.full.0, self.case.full.1);
        let side = |label: bool| {
            let of = rows.iter().filter(|r| self.scores.label(**r) == label);
            of.map(|r| self.case.table.rows[*r].patient.as_str()).collect::<BTreeSet<_>>().len()
        };
        side(true).min(side(false))
    }

    fn sentence(
        &self,
        status: Status,
        why: Option<String>,
        primary: &[Contrast],
        cause: Option<&str>,
    ) -> String {
        let class = self.name;
        // The fill that argues least for evidence, or least for its absence.
        let shown = |c: &Contrast| {
            let by = |a: f64, b: f64| a.total_cmp(&b);
            let value = |m: &&eyepatch_report::schema::Measured| m.estimate.value;
            let found = if status == Status::Flagged {
                c.measured.iter().min_by(|a, b| by(value(a), value(b)))
            } else {
                c.measured.iter().max_by(|a, b| by(value(a), value(b)))
            };
            found.map(|m| format!("{}: {}", c.what, numbers(m)))
        };
        match status {
            Status::Flagged => {
                let evidence =
                    primary.iter().filter(|c| c.outcome == eyepatch_report::schema::Outcome::Evidence);
                let text: Vec<String> = evidence.filter_map(shown).collect();
                let cause = match cause {
                    Some(name) => format!("; probably {name}"),
                    None => "; none of the causes that were looked for stands out".into(),
                };
                format!("{class}: the model takes a shortcut{cause} ({}).", text.join("; "))
            }
            Status::Clear => {
                let upper =
                    |c: &&Contrast| c.measured.iter().map(|m| m.upper).fold(f64::NEG_INFINITY, f64::max);
                let nearest = primary.iter().max_by(|a, b| upper(a).total_cmp(&upper(b))).and_then(shown);
                let which = if primary.len() > 1 {
                    format!("the nearest of {}, ", primary.len())
                } else {
                    String::new()
                };
                let text = nearest.map(|t| format!(" ({which}{t})")).unwrap_or_default();
                format!("{class}: no evidence of a shortcut above {:.2}{text}.", self.case.rule.margin)
            }
            Status::Inconclusive => format!("{class}: {}.", why.unwrap_or_default()),
        }
    }
}

/// The margin and what a test of this standard error needs to be seen with 80 % power at the family's strictest level:
/// d + (z of 1 - alpha / m, plus z of 0.8) SE, for the largest standard error of the primary contrasts.
fn gap(primary: &[Contrast], rule: &VerdictRule, n_tests: usize) -> Option<f64> {
    let half_width =
        |m: &eyepatch_report::schema::Measured| m.estimate.interval.map(|i| (i.upper - i.lower) / 2.0);
    let widths: Vec<f64> = primary.iter().flat_map(|c| &c.measured).filter_map(half_width).collect();
    let widest = widths.into_iter().reduce(f64::max)?;
    let se = widest / normal_quantile(0.5 + LEVEL / 2.0);
    let z = normal_quantile(1.0 - rule.alpha / n_tests.max(1) as f64) + normal_quantile(POWER);
    Some(rule.margin + z * se)
}

#[cfg(test)]
mod tests;
