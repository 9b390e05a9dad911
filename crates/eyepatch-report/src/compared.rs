//! What changed between two runs, and whether it is more than noise: data and Markdown. The engine fills it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::aligned::table;
use crate::escape::markdown as text;
use crate::format;
use crate::schema::{Choice, Estimate};

/// Name and version of `compare.json`.
pub const COMPARED_SCHEMA: &str = "eyepatch-compare/1";

/// Two runs, held against each other. Every pair has the first run's value first; every difference is the second less the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedRuns {
    /// [`COMPARED_SCHEMA`].
    pub schema: String,
    /// Versions that wrote the runs.
    pub generators: [String; 2],
    /// Audits that only the first run has, and that only the second has.
    pub only: [Vec<String>; 2],
    /// Familywise error over all tested differences.
    pub alpha: f64,
    /// Differences that were tested together.
    pub n_tests: usize,
    /// One an audit of both runs, sorted by id.
    pub audits: Vec<ComparedAudit>,
}

/// One audit in both runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedAudit {
    /// Its id.
    pub id: String,
    /// Every declaration in which the runs differ: parameters, revisions, seeds, data, versions, device, precision, splits.
    pub choices: Vec<Choice>,
    /// Cells of the plan with the same key in both, and in all of the first and the second run.
    pub cells: (usize, usize, usize),
    /// The answers, one a class of either run.
    pub answers: Vec<ComparedAnswer>,
    /// Primary contrasts of verdicts, and AUCs.
    pub numbers: Vec<ComparedNumber>,
}

/// The answers for one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedAnswer {
    /// The class.
    pub class: String,
    /// In a word, with the cause that is named; `None` where a run has no such class.
    pub words: [Option<String>; 2],
}

/// One number of both runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedNumber {
    /// The class.
    pub class: String,
    /// `AUC` or `contrast`.
    pub kind: String,
    /// Which: training and evaluation masking, or the contrast and what it was measured with.
    pub what: String,
    /// The estimates; `None` where a run has none.
    pub estimates: [Option<Estimate>; 2],
    /// The difference with its 95 % interval, where both runs have an estimate.
    pub difference: Option<Estimate>,
    /// How the difference was judged.
    pub how: How,
    /// Two-sided p of "there is no difference".
    pub p: Option<f64>,
    /// The same, adjusted by Holm over all numbers of the comparison.
    pub p_adjusted: Option<f64>,
}

impl ComparedNumber {
    /// Whether the difference is more than noise: adjusted p below `alpha`.
    #[must_use]
    pub fn is_more_than_noise(&self, alpha: f64) -> bool {
        self.p_adjusted.is_some_and(|p| p < alpha)
    }
}

/// How a difference was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Both runs scored the same images, and scored them the same; where no scores were kept, estimate and interval are the same.
    Identical,
    /// Both runs scored the same images of the same patients: paired, clustered by patient.
    SameRows,
    /// Only the two intervals exist, taken as independent. Where the patients are the same this errs towards noise.
    Independent,
    /// One run has no estimate, or none has an interval.
    NotTested,
}

impl How {
    fn words(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::SameRows => "same rows, paired by patient",
            Self::Independent => "independent intervals",
            Self::NotTested => "not tested",
        }
    }
}

impl ComparedRuns {
    /// Whether nothing at all changed.
    #[must_use]
    pub fn is_same(&self) -> bool {
        let same = |a: &ComparedAudit| {
            a.choices.is_empty()
                && a.cells == (a.cells.0, a.cells.0, a.cells.0)
                && a.answers.iter().all(|x| x.words[0] == x.words[1])
                && a.numbers.iter().all(|n| n.estimates[0] == n.estimates[1] && n.how != How::SameRows)
        };
        self.generators[0] == self.generators[1]
            && self.only.iter().all(Vec::is_empty)
            && self.audits.iter().all(same)
    }

    /// In Markdown, tables aligned: what changed first, then every number that both runs have.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = String::from("# Comparison of two runs\n\n");
        out.push_str(if self.is_same() {
            "Nothing changed.\n"
        } else {
            "Differences are the second run less the first.\n"
        });
        if self.generators[0] != self.generators[1] {
            let [a, b] = self.generators.each_ref().map(|g| text(g));
            let _ = writeln!(out, "\nWritten by eyepatch {a}, then {b}.");
        }
        for (ids, which) in self.only.iter().zip(["first", "second"]).filter(|(ids, _)| !ids.is_empty()) {
            let ids: Vec<String> = ids.iter().map(|id| text(id)).collect();
            let _ = writeln!(out, "\nOnly in the {which} run: {}.", ids.join(", "));
        }
        self.audits.iter().for_each(|a| self.audit(&mut out, a));
        out
    }

    fn audit(&self, out: &mut String, a: &ComparedAudit) {
        let _ = writeln!(out, "\n## {}\n", text(&a.id));
        let (same, first, second) = a.cells;
        let _ = writeln!(
            out,
            "{same} of {first} and {second} cells have the same key: same inputs, same numbers.\n"
        );
        if a.choices.is_empty() {
            out.push_str("No declaration differs.\n\n");
        } else {
            let value = |v: &Option<String>| v.as_deref().map_or_else(|| format::NONE.to_owned(), text);
            let row = |c: &Choice| {
                std::iter::once(text(&c.what)).chain(c.values.iter().map(value)).collect::<Vec<_>>()
            };
            let rows: Vec<_> = a.choices.iter().map(row).collect();
            let _ = writeln!(out, "{}", table(&["declaration", "first run", "second run"], &rows));
        }
        let answer = |x: &ComparedAnswer| {
            let [a, b] = x.words.each_ref().map(|w| w.as_deref().map_or(format::NONE.into(), text));
            let changed = if x.words[0] == x.words[1] { "same" } else { "**changed**" };
            vec![text(&x.class), a, b, changed.to_owned()]
        };
        let rows: Vec<_> = a.answers.iter().map(answer).collect();
        let _ = writeln!(out, "{}", table(&["class", "first run", "second run", "answer"], &rows));
        if a.numbers.is_empty() {
            return;
        }
        let rows: Vec<_> = a.numbers.iter().map(|n| self.number(n)).collect();
        let header = [
            "class",
            "number",
            "first run",
            "second run",
            "difference",
            "adjusted p",
            "more than noise?",
            "judged by",
        ];
        let _ = writeln!(out, "{}", table(&header, &rows));
        let count = |which: &dyn Fn(&ComparedNumber) -> bool| a.numbers.iter().filter(|n| which(n)).count();
        let _ = writeln!(
            out,
            "{} of {} tested differences are more than noise (Holm over {} tests of the whole comparison, familywise error {}); {} \
             numbers are identical, {} could not be tested. All is conditional on the trained models: training them again, with \
             another seed, moves numbers too.",
            count(&|n| n.is_more_than_noise(self.alpha)),
            count(&|n| n.p.is_some()),
            self.n_tests,
            format::number(self.alpha, 2),
            count(&|n| n.how == How::Identical),
            count(&|n| n.p.is_none() && n.how != How::Identical),
        );
    }

    fn number(&self, n: &ComparedNumber) -> Vec<String> {
        let [a, b] = n.estimates.each_ref().map(|e| format::estimate(e.as_ref()));
        let difference = n.difference.map_or_else(
            || format::NONE.to_owned(),
            |d| {
                let i = d.interval.as_ref().map(|i| format!(" {}", format::interval(i))).unwrap_or_default();
                format::signed(d.value, 3) + &i
            },
        );
        let said = match n.how {
            How::Identical => "no change",
            How::NotTested => format::NONE,
            _ if n.is_more_than_noise(self.alpha) => "**yes**",
            _ => "no",
        };
        let what = format!("{} {}", n.kind, text(&n.what));
        let p = text(&format::p(n.p_adjusted));
        vec![text(&n.class), what, a, b, difference, p, said.to_owned(), n.how.words().to_owned()]
    }
}
