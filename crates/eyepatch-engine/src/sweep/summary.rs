//! What an audit was given, in numbers and notes.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::Meta;
use eyepatch_report::schema::{ClassCount, ColumnSummary, DataSummary, Provenance};

use super::plan::SweepPlan;
use super::shared::Shared;
use crate::run::Precision;

pub(super) fn data_summary(s: &Shared) -> DataSummary {
    let table = &s.table;
    let count = |c: usize, want: Option<bool>| table.rows.iter().filter(|r| r.labels[c] == want).count();
    let class = |(c, name): (usize, &String)| {
        let positive = table.rows.iter().filter(|r| r.labels[c] == Some(true));
        ClassCount {
            class: name.clone(),
            positive: count(c, Some(true)),
            negative: count(c, Some(false)),
            missing: count(c, None),
            patients_positive: positive.map(|r| r.patient.as_str()).collect::<BTreeSet<_>>().len(),
        }
    };
    let names: BTreeSet<&String> = table.rows.iter().flat_map(|r| r.meta.keys()).collect();
    DataSummary {
        plugin: s.dataset.spec().clone(),
        card: s.dataset.card(),
        n_images: table.rows.len(),
        n_patients: table.rows.iter().map(|r| r.patient.as_str()).collect::<BTreeSet<_>>().len(),
        classes: table.classes.iter().enumerate().map(class).collect(),
        columns: names.into_iter().map(|n| column(s, n)).collect(),
        legitimate: s.dataset.legitimate(),
        content: Some(s.content),
    }
}

fn column(s: &Shared, name: &str) -> ColumnSummary {
    let values: Vec<&Meta> =
        s.table.rows.iter().map(|r| r.meta.get(name).unwrap_or(&Meta::Missing)).collect();
    let numbers: Vec<f64> =
        values.iter().filter_map(|v| if let Meta::Number(x) = v { Some(*x) } else { None }).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in &values {
        if let Meta::Text(text) = value {
            *counts.entry(text).or_default() += 1;
        }
    }
    let missing = values.iter().filter(|v| matches!(v, Meta::Missing)).count();
    let summary = if counts.is_empty() && numbers.is_empty() {
        "no value".into()
    } else if counts.is_empty() {
        let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        format!("{} to {}, mean {}", short(low), short(high), short(mean))
    } else {
        let mut common: Vec<_> = counts.iter().collect();
        common.sort_by_key(|(text, n)| (std::cmp::Reverse(**n), **text));
        let shown: Vec<String> = common.iter().take(5).map(|(text, n)| format!("{text} ({n})")).collect();
        let more = common.len().saturating_sub(5);
        let mut text = shown.join(", ");
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        if !numbers.is_empty() {
            text.push_str(&format!("; {} numbers", numbers.len()));
        }
        text
    };
    ColumnSummary { name: name.into(), missing, summary }
}

fn short(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 1e9 { format!("{x:.0}") } else { format!("{x:.3}") }
}

pub(super) fn notes(s: &Shared) -> Vec<String> {
    let mut notes: Vec<String> = s.shares.message().into_iter().collect();
    for m in s.maskings.iter().filter(|m| !m.card.hides) {
        let why = if s.pipeline.leaks() {
            "images are divided by their own maximum before they are masked, so hidden pixels set the brightness of \
             visible ones"
                .to_owned()
        } else if s.leaks {
            "images are stretched before they are masked, as the study's were, so hidden pixels set the brightness of visible \
             ones"
                .to_owned()
        } else {
            format!("fill: {}", m.card.fill)
        };
        notes.push(format!(
            "Masking {} does not hide what it replaces ({why}), so nothing is concluded from it.",
            m.card.name
        ));
    }
    notes
}

pub(super) fn provenance(plan: &SweepPlan) -> Provenance {
    let s = &plan.shared;
    let mut plugins = vec![s.dataset.spec().clone(), s.model.spec().clone()];
    plugins.extend(s.maskings.iter().map(|m| m.handle.spec().clone()));
    plugins.extend(plan.probes.iter().map(|p| p.spec().clone()));
    let others = plan.judge.iter().flat_map(|j| &j.others);
    plugins.extend(plan.explainer.iter().chain(others).map(|e| e.spec().clone()));
    let half = s.shares.trunk().is_some_and(|t| t.precision == Precision::F16);
    let precision = if half { "f32, features f16" } else { "f32" };
    Provenance { plugins, cells: Vec::new(), device: Some(plan.device), precision: precision.into() }
}
