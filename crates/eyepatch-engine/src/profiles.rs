//! One experiment as it was published and as it should be, side by side.

use std::path::Path;
use std::sync::Arc;

use eyepatch_core::Profile;
use eyepatch_report::schema::{AnswerOf, AuditResult, Choice, ComparedAuc, Comparison};
use eyepatch_report::share::DATA_USED;
use serde_json::{Map, Value};

use crate::audit::{AuditInfo, Experiment};
use crate::run::{Observer, Options, Planned};
use crate::sweep::Export;
use crate::{Error, Result};

/// An experiment that is run once a [`Profile`]. Both have the same seed and, unless they say otherwise, the same folds;
/// the report tells every choice in which they differ and what it does to the numbers.
///
/// ```text
/// /// Does the model still answer, as published and as it should be?
/// #[audit(seed = 1907)]
/// fn lungs_hidden() -> Profiles {
///     Profiles::of(|profile| MaskingSweep::new(network(profile), films(profile)).maskers(study(profile)))
/// }
/// ```
#[derive(Clone)]
pub struct Profiles(Arc<dyn Fn(Profile) -> Box<dyn Experiment> + Send + Sync>);

impl Profiles {
    /// The experiments that `build` makes.
    pub fn of<E: Experiment + 'static>(build: impl Fn(Profile) -> E + Send + Sync + 'static) -> Self {
        Self(Arc::new(move |profile| Box::new(build(profile))))
    }
}

impl Experiment for Profiles {
    fn kind(&self) -> &'static str {
        "profiles"
    }

    fn plan(&self, audit: &AuditInfo, _: &Options) -> Result<Box<dyn Planned>> {
        Err(together(audit))
    }

    fn describe(&self) -> Value {
        let each = Profile::ALL.map(|p| (p.to_string(), (self.0)(p).describe()));
        Value::Object(each.into_iter().collect())
    }

    fn variants(&self) -> Vec<(String, Box<dyn Experiment>)> {
        Profile::ALL.map(|p| (p.to_string(), (self.0)(p))).into()
    }

    fn export(&self, audit: &AuditInfo, _: &Options, _: &Path, _: &dyn Observer) -> Result<Option<Export>> {
        Err(together(audit))
    }
}

fn together(audit: &AuditInfo) -> Error {
    Error::Declaration {
        audit: audit.id.clone(),
        problem: "it stands for several experiments".into(),
        remedy: format!("name one of them: {}@strict", audit.id),
    }
}

/// The comparisons of all audits that are variants of one declaration, in the order of the audits.
pub(crate) fn comparisons(
    audits: &[(&AuditInfo, &dyn Experiment)],
    results: &[AuditResult],
) -> Vec<Comparison> {
    let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
    for (i, (info, _)) in audits.iter().enumerate() {
        let Some(variant) = &info.variant else { continue };
        match groups.iter_mut().find(|(of, _)| *of == variant.of) {
            Some((_, members)) => members.push(i),
            None => groups.push((&variant.of, vec![i])),
        }
    }
    let several = groups.into_iter().filter(|(_, members)| members.len() > 1);
    several.map(|(of, members)| compare(of, &members, audits, results)).collect()
}

fn compare(
    of: &str,
    members: &[usize],
    audits: &[(&AuditInfo, &dyn Experiment)],
    results: &[AuditResult],
) -> Comparison {
    let name = |i: usize| audits[i].0.variant.as_ref().map_or_else(String::new, |v| v.name.clone());
    let results: Vec<&AuditResult> = members.iter().map(|&i| &results[i]).collect();
    let described: Vec<Value> = members.iter().map(|&i| audits[i].1.describe()).collect();
    let mut choices = differences(&described);
    let schemes = results.iter().map(|r| Some(r.splits.scheme.clone()));
    choices.extend(differing("splits", schemes.collect()));
    let counts =
        results.iter().map(|r| Some(format!("{} images of {} patients", r.data.n_images, r.data.n_patients)));
    choices.extend(differing(DATA_USED, counts.collect()));
    Comparison {
        of: of.to_owned(),
        question: audits[members[0]].0.question.clone(),
        variants: members.iter().map(|&i| name(i)).collect(),
        kinds: results.iter().map(|r| r.answer.kind).collect(),
        choices,
        answers: answers(&results),
        aucs: aucs(&results),
    }
}

/// Every leaf in which JSON values differ, by its path.
pub(crate) fn differences(values: &[Value]) -> Vec<Choice> {
    let mut leaves: Vec<std::collections::BTreeMap<String, String>> = Vec::new();
    for value in values {
        let mut of = std::collections::BTreeMap::new();
        flatten("", value, &mut of);
        leaves.push(of);
    }
    let paths: std::collections::BTreeSet<&String> = leaves.iter().flat_map(|l| l.keys()).collect();
    paths
        .into_iter()
        .filter_map(|path| differing(path, leaves.iter().map(|l| l.get(path).cloned()).collect()))
        .collect()
}

fn differing(what: &str, values: Vec<Option<String>>) -> Option<Choice> {
    let same = values.windows(2).all(|pair| pair[0] == pair[1]);
    (!same).then(|| Choice { what: what.to_owned(), values })
}

fn flatten(path: &str, value: &Value, leaves: &mut std::collections::BTreeMap<String, String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(map) => map.iter().filter(|(k, _)| !is_wrapper(map, k)).for_each(|(k, v)| {
            // A plugin's parameters are told as the plugin's: `model.order`, not `model.params.order`.
            let path = if k == "params" { path.to_owned() } else { below(k) };
            flatten(&path, v, leaves);
        }),
        Value::Array(items) if items.iter().any(|i| i.is_object() || i.is_array()) => {
            for (i, item) in items.iter().enumerate() {
                flatten(&below(&(i + 1).to_string()), item, leaves);
            }
        }
        Value::String(text) => {
            leaves.insert(path.to_owned(), text.clone());
        }
        leaf => {
            leaves.insert(path.to_owned(), leaf.to_string());
        }
    }
}

/// Empty parameters say nothing.
fn is_wrapper(map: &Map<String, Value>, key: &str) -> bool {
    key == "params" && map[key].is_null()
}

fn answers(results: &[&AuditResult]) -> Vec<AnswerOf> {
    let first = &results[0].answer.classes;
    let of = |class: &str| {
        let status = |r: &&AuditResult| {
            r.answer.classes.iter().find(|c| c.class == class).map(|c| (c.status, c.full, c.hidden))
        };
        results.iter().map(status).collect::<Vec<_>>()
    };
    first
        .iter()
        .map(|c| {
            let all = of(&c.class);
            AnswerOf {
                class: c.class.clone(),
                statuses: all.iter().map(|a| a.map(|a| a.0)).collect(),
                full: all.iter().map(|a| a.and_then(|a| a.1)).collect(),
                hidden: all.iter().map(|a| a.and_then(|a| a.2)).collect(),
            }
        })
        .collect()
}

/// The cells of the AUC matrices, paired by place: a masking may be called otherwise in another variant (its box has
/// another edge). Matrices of different sizes cannot be paired.
fn aucs(results: &[&AuditResult]) -> Vec<ComparedAuc> {
    let mut all = Vec::new();
    for first in &results[0].matrices {
        let matrices: Vec<_> =
            results.iter().filter_map(|r| r.matrices.iter().find(|m| m.class == first.class)).collect();
        let shape = (first.rows.len(), first.columns.len());
        if matrices.len() != results.len()
            || matrices.iter().any(|m| (m.rows.len(), m.columns.len()) != shape)
        {
            continue;
        }
        for row in 0..shape.0 {
            for column in 0..shape.1 {
                all.push(ComparedAuc {
                    class: first.class.clone(),
                    trained: names(matrices.iter().map(|m| &m.rows[row])),
                    evaluated: names(matrices.iter().map(|m| &m.columns[column])),
                    aucs: matrices.iter().map(|m| m.cells[row][column]).collect(),
                });
            }
        }
    }
    all
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let mut all: Vec<&str> = names.map(String::as_str).collect();
    all.dedup();
    all.join(" / ")
}

#[cfg(test)]
#[path = "profiles_tests.rs"]
mod tests;
