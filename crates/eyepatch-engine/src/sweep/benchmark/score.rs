//! Truth, verdict and other readings of every case, and how often they are right.

use std::path::{Path, PathBuf};

use eyepatch_core::{Interval, Keep};
use eyepatch_report::schema::{Benchmark, BenchmarkCase, Bucket, Estimate, Rate, Reading, Status};
use eyepatch_stats::exact_interval;

use super::super::assemble::{LEVEL, verdict_of};
use super::super::gallery::share_inside;
use super::super::gathered::{BROKEN, Gathered};
use super::plan::{BenchmarkPlan, PlannedCase};
use crate::verdict::{ClassScores, above_chance, difference};
use crate::{Error, Result};

/// A model that loses at least so much AUC has a shortcut.
const PLANTED: f64 = 0.10;
/// A model whose loss lies below this, with its whole interval, has none.
const CLEAN: f64 = 0.02;

/// How the published study reads its matrix, and how attribution maps are usually read.
const OTHERS: [(&str, &str); 2] = [
    (
        "AUC without ROI above chance",
        "The published protocol: a model trained and tested with the ROI hidden (black) has an AUC whose 95 % interval lies \
         above 0.5.",
    ),
    (
        "attribution mass",
        "More than half of the absolute attribution of the full-image model lies outside of the ROI, on average over the \
         explained images.",
    ),
];

pub(super) fn case(planned: &PlannedCase, folders: &[PathBuf]) -> Result<BenchmarkCase> {
    let (plan, case) = (&planned.plan, &planned.case);
    let s = &plan.shared;
    let gathered = Gathered::read(plan, folders)?;
    let full = (s.trained_name(s.full), s.maskings[s.full].card.name.as_str());
    let rule = plan.design.verdict.clone().unwrap_or_default();
    let mut verdict = verdict_of(plan, &rule, &gathered, full.0);
    let found = if verdict.classes.is_empty() { None } else { Some(verdict.classes.swap_remove(0)) };
    let found = found.ok_or_else(|| wrong(&case.name, "no class to judge"))?;
    let scores = ClassScores::new(&s.table, 0, &gathered.scores);
    let whole = scores.auc(full.0, full.1).map_err(|why| wrong(&case.name, &why))?;
    let estimated = |c: eyepatch_stats::ContrastEstimate, shift: f64| -> Result<Estimate> {
        let (lower, upper) = c.interval(LEVEL).map_err(|e| wrong(&case.name, &e.to_string()))?;
        let interval = Some(Interval { lower: lower + shift, upper: upper + shift, level: LEVEL });
        Ok(Estimate { value: c.estimate + shift, interval })
    };
    let told = |why: String| wrong(&case.name, &why);
    let loss = if gathered.broken.is_empty() {
        None
    } else {
        let twin = ClassScores::new(&s.table, 0, &gathered.broken).auc(full.0, BROKEN).map_err(told)?;
        Some(estimated(difference(&whole, &twin).map_err(told)?, 0.0)?)
    };
    Ok(BenchmarkCase {
        name: case.name.clone(),
        group: case.group.clone(),
        strength: case.strength,
        causes: case.causes.clone(),
        full: Some(estimated(above_chance(&whole).map_err(told)?, 0.5)?),
        loss,
        bucket: bucket(loss),
        verdict: found,
        others: vec![published(planned, &scores), mass(planned, &gathered, &folders[0])?],
    })
}

fn wrong(case: &str, why: &str) -> Error {
    Error::Declaration {
        audit: case.to_owned(),
        problem: format!("its truth cannot be measured: {why}"),
        remedy: "give it more patients".into(),
    }
}

fn bucket(loss: Option<Estimate>) -> Bucket {
    let upper = |e: Estimate| e.interval.map_or(f64::INFINITY, |i| i.upper);
    match loss {
        None => Bucket::Clean,
        Some(loss) if loss.value >= PLANTED => Bucket::Planted,
        Some(loss) if upper(loss) < CLEAN => Bucket::Clean,
        Some(_) => Bucket::Between,
    }
}

/// The published reading; `None` where no model was trained without the ROI.
fn published(planned: &PlannedCase, scores: &ClassScores<'_>) -> Option<bool> {
    let s = &planned.plan.shared;
    let without = s.maskings.iter().find(|m| !m.further && m.card.keep == Keep::Outside)?;
    let auc = scores.auc(&without.card.name, &without.card.name).ok()?;
    Some(above_chance(&auc).ok()?.interval(LEVEL).ok()?.0 > 0.0)
}

/// The reading of attribution mass alone; `None` where nothing was explained.
fn mass(planned: &PlannedCase, gathered: &Gathered, prepared: &Path) -> Result<Option<bool>> {
    let s = &planned.plan.shared;
    let whole = s.training(prepared, 0, Keep::Full)?;
    let mut outside = 0.0;
    for (row, attribution) in &gathered.attributions {
        outside += 1.0 - share_inside(attribution, &whole.roi(*row)?.union(&[])?)?.0;
    }
    s.release();
    let n = gathered.attributions.len();
    Ok((n > 0).then(|| outside / n as f64 > 0.5))
}

pub(super) fn benchmark(plan: &BenchmarkPlan, cases: Vec<BenchmarkCase>) -> Benchmark {
    let of = |bucket: Bucket| cases.iter().filter(move |c| c.bucket == bucket);
    let called = |c: &BenchmarkCase| c.verdict.status == Status::Flagged;
    let inconclusive = |bucket: Bucket| of(bucket).map(|c| c.verdict.status == Status::Inconclusive);
    let mut readings = vec![Reading {
        name: "verdict".into(),
        rule: "The verdict is `shortcut`.".into(),
        sensitivity: rate(of(Bucket::Planted).map(called)),
        specificity: rate(of(Bucket::Clean).map(|c| !called(c))),
    }];
    for (i, (name, rule)) in OTHERS.iter().enumerate() {
        let said = |bucket: Bucket| of(bucket).filter_map(move |c| c.others[i]);
        readings.push(Reading {
            name: (*name).into(),
            rule: (*rule).into(),
            sensitivity: rate(said(Bucket::Planted)),
            specificity: rate(said(Bucket::Clean).map(|s| !s)),
        });
    }
    let right = |c: &BenchmarkCase| c.cause().is_some_and(|name| c.causes.iter().any(|right| right == name));
    let rule = plan.cases.first().and_then(|c| c.plan.design.verdict.clone()).unwrap_or_default();
    Benchmark {
        id: plan.audit.id.clone(),
        question: plan.audit.question.clone(),
        seed: plan.audit.seed,
        quick: plan.quick,
        declared_in: plan.audit.declared_in.clone(),
        rule: rule.sentence(),
        truth: format!(
            "What the full-image model's AUC loses on the same test images with the planted association broken in the pixels: \
             at least {PLANTED:.2} is planted; clean is an interval wholly below {CLEAN:.2}, or nothing planted."
        ),
        readings,
        cause_accuracy: rate(of(Bucket::Planted).filter(|c| called(c)).map(right)),
        inconclusive_planted: rate(inconclusive(Bucket::Planted)),
        inconclusive_clean: rate(inconclusive(Bucket::Clean)),
        plugins: plugins(plan),
        cells: Vec::new(),
        cases,
    }
}

fn rate(each: impl Iterator<Item = bool>) -> Rate {
    let (count, of) = each.fold((0, 0), |(count, of), is| (count + usize::from(is), of + 1));
    let interval = exact_interval(count, of, LEVEL);
    let share = interval.ok().map(|(lower, upper)| Estimate {
        value: count as f64 / of as f64,
        interval: Some(Interval { lower, upper, level: LEVEL }),
    });
    Rate { count, of, share }
}

/// Models, maskers and probes of the first case; the data sets differ and stand in the declaration.
fn plugins(plan: &BenchmarkPlan) -> Vec<eyepatch_core::PluginSpec> {
    let Some(first) = plan.cases.first() else { return Vec::new() };
    let s = &first.plan.shared;
    let mut all = vec![s.model.spec().clone()];
    all.extend(s.maskings.iter().map(|m| m.handle.spec().clone()));
    all.extend(first.plan.explainer.iter().map(|e| e.spec().clone()));
    all
}
