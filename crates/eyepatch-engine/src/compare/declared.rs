//! Declarations in which two runs of an audit differ.

use std::collections::BTreeMap;

use eyepatch_core::PluginSpec;
use eyepatch_report::schema::{AuditResult, Choice};
use serde_json::{Value, json};

use crate::profiles::differences;

/// Every one, by its path: `model.order`, `plugins.eyepatch/auc.revision`, `data.content`.
pub(super) fn choices(runs: [&AuditResult; 2]) -> Vec<Choice> {
    differences(&runs.map(described))
}

fn described(r: &AuditResult) -> Value {
    let mut plugins: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    // Maskings, model and data set have their parameters below.
    let known = |p: &PluginSpec| {
        p == &r.model.plugin || p == &r.data.plugin || r.maskings.iter().any(|m| m.plugin == *p)
    };
    for p in &r.provenance.plugins {
        let of = plugins.entry(p.id.as_str()).or_default();
        let said = if known(p) { version(p) } else { with_params(p) };
        if !of.contains(&said) {
            of.push(said);
        }
    }
    let external = r.transfers.iter().map(|t| {
        json!({ "plugin": with_params(&t.plugin), "id": t.plugin.id, "images": t.n_images, "patients": t.n_patients })
    });
    let maskings: BTreeMap<&str, &Value> =
        r.maskings.iter().map(|m| (m.card.name.as_str(), &m.plugin.params)).collect();
    json!({
        "seed": r.seed,
        "quick": r.quick,
        "rule": r.answer.rule,
        "dataset": r.data.plugin.params,
        "data": {
            "plugin": r.data.plugin.id,
            "content": r.data.content,
            "images": r.data.n_images,
            "patients": r.data.n_patients,
        },
        "model": r.model.plugin.params,
        "model plugin": r.model.plugin.id,
        "size": format!("{} x {}", r.model.size.1, r.model.size.0),
        "preprocessing": r.model.card.preprocessing,
        "maskings": maskings,
        "splits": { "scheme": r.splits.scheme, "parts": parts(r) },
        "plugins": plugins.into_iter().map(|(id, of)| (id, single(of))).collect::<BTreeMap<_, _>>(),
        "legitimate": r.data.legitimate,
        "external": external.collect::<Vec<_>>(),
        "device": r.provenance.device.map(|d| format!("{d:?}")),
        "precision": r.provenance.precision,
    })
}

fn version(p: &PluginSpec) -> Value {
    json!({ "revision": p.revision, "version": p.version })
}

fn with_params(p: &PluginSpec) -> Value {
    json!({ "revision": p.revision, "version": p.version, "params": p.params })
}

/// One of a list by itself.
fn single(mut of: Vec<Value>) -> Value {
    if of.len() == 1 { of.remove(0) } else { Value::Array(of) }
}

/// Images and patients of every part, in words, so that splits of another size show.
fn parts(r: &AuditResult) -> BTreeMap<String, String> {
    let one = |p: &eyepatch_report::schema::PartCount| {
        let name = format!("fold {} {}", p.fold + 1, p.part);
        (name, format!("{} images of {} patients, positive {:?}", p.images, p.patients, p.positives))
    };
    r.splits.parts.iter().map(one).collect()
}
