//! How verdicts did on models whose truth is known.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::badge::Badge;
use crate::format;
use crate::schema::{AnswerKind, Benchmark, BenchmarkCase, Bucket, Estimate, Rate, Status};

/// One benchmark as the template prints it.
#[derive(Serialize)]
pub(super) struct View<'a> {
    anchor: String,
    b: &'a Benchmark,
    question: String,
    readings: Vec<Reading<'a>>,
    /// Right cause, inconclusive among planted, inconclusive among clean models.
    rates: Vec<(&'static str, String)>,
    counts: String,
    strengths: Vec<usize>,
    /// A shortcut a row, a cell a strength.
    grid: Vec<(&'a str, Vec<Option<String>>)>,
    /// A trap a row: how many, and how many were called a shortcut, left open, or cleared.
    traps: Vec<(&'a str, [usize; 4])>,
    misses: Vec<Row<'a>>,
    cases: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Reading<'a> {
    name: &'a str,
    rule: &'a str,
    sensitivity: String,
    specificity: String,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    full: String,
    loss: String,
    bucket: &'static str,
    status: Badge,
    cause: &'a str,
    right: bool,
    sentence: &'a str,
}

impl<'a> View<'a> {
    pub(super) fn new(index: usize, b: &'a Benchmark) -> Self {
        let of = |bucket| b.cases.iter().filter(move |c| c.bucket == bucket).count();
        let readings = b.readings.iter().map(|r| Reading {
            name: &r.name,
            rule: &r.rule,
            sensitivity: rate(&r.sensitivity),
            specificity: rate(&r.specificity),
        });
        Self {
            anchor: format!("benchmark-{index}"),
            b,
            question: b.question.split_whitespace().collect::<Vec<_>>().join(" "),
            readings: readings.collect(),
            rates: vec![
                ("Right cause among shortcuts that were found", rate(&b.cause_accuracy)),
                ("Inconclusive among planted models", rate(&b.inconclusive_planted)),
                ("Inconclusive among clean models", rate(&b.inconclusive_clean)),
            ],
            counts: format!(
                "{}: {} planted, {} clean, {} between the two.",
                format::plural(b.cases.len(), "model"),
                of(Bucket::Planted),
                of(Bucket::Clean),
                of(Bucket::Between)
            ),
            strengths: strengths(b),
            grid: grid(b),
            traps: traps(b),
            misses: b.cases.iter().filter(|c| is_miss(c)).map(row).collect(),
            cases: b.cases.iter().map(row).collect(),
        }
    }
}

/// A planted model that is not called so, or called so for a wrong cause; a clean one that is not cleared.
fn is_miss(c: &BenchmarkCase) -> bool {
    match c.bucket {
        Bucket::Planted => c.verdict.status != Status::Flagged || !right(c),
        Bucket::Clean => c.verdict.status != Status::Clear,
        Bucket::Between => false,
    }
}

fn right(c: &BenchmarkCase) -> bool {
    c.cause().is_some_and(|cause| c.causes.iter().any(|r| r == cause))
}

/// `57 of 60 = 0.950 [0.861, 0.990]`.
fn rate(r: &Rate) -> String {
    match &r.share {
        Some(share) => format!("{} of {} = {}", r.count, r.of, estimate(Some(share))),
        None => "none".into(),
    }
}

/// `0.950 [0.861, 0.990]`.
fn estimate(e: Option<&Estimate>) -> String {
    let Some(e) = e else { return format::NONE.into() };
    let interval = e.interval.map(|i| format!(" {}", format::interval(&i))).unwrap_or_default();
    format!("{}{interval}", format::number(e.value, 3))
}

fn row(c: &BenchmarkCase) -> Row<'_> {
    Row {
        name: &c.name,
        full: format::optional(c.full.map(|e| e.value), 3),
        loss: estimate(c.loss.as_ref()),
        bucket: match c.bucket {
            Bucket::Planted => "planted",
            Bucket::Between => "between",
            Bucket::Clean => "clean",
        },
        status: Badge::new(AnswerKind::Verdict, c.verdict.status),
        cause: c.cause().unwrap_or_default(),
        right: right(c),
        sentence: &c.verdict.sentence,
    }
}

fn strengths(b: &Benchmark) -> Vec<usize> {
    b.cases.iter().filter_map(|c| c.strength).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Groups in the order of the cases.
fn groups(b: &Benchmark, planted: bool) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for c in b.cases.iter().filter(|c| c.strength.is_some() == planted) {
        if !names.contains(&c.group.as_str()) {
            names.push(&c.group);
        }
    }
    names
}

fn grid(b: &Benchmark) -> Vec<(&str, Vec<Option<String>>)> {
    let cell = |group: &str, strength: usize| {
        let of: Vec<&BenchmarkCase> =
            b.cases.iter().filter(|c| c.group == group && c.strength == Some(strength)).collect();
        let losses: Vec<f64> = of.iter().filter_map(|c| c.loss.map(|l| l.value)).collect();
        let found = of.iter().filter(|c| c.verdict.status == Status::Flagged).count();
        (!of.is_empty()).then(|| {
            let mean = (!losses.is_empty()).then(|| losses.iter().sum::<f64>() / losses.len() as f64);
            format!("{found} of {}, loss {}", of.len(), format::optional(mean, 3))
        })
    };
    let row = |group| (group, strengths(b).into_iter().map(|s| cell(group, s)).collect());
    groups(b, true).into_iter().map(row).collect()
}

fn traps(b: &Benchmark) -> Vec<(&str, [usize; 4])> {
    let mut counts: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for c in b.cases.iter().filter(|c| c.strength.is_none()) {
        let place = match c.verdict.status {
            Status::Flagged => 1,
            Status::Inconclusive => 2,
            Status::Clear => 3,
        };
        let of = counts.entry(&c.group).or_default();
        of[0] += 1;
        of[place] += 1;
    }
    groups(b, false).into_iter().map(|g| (g, counts.get(g).copied().unwrap_or_default())).collect()
}
