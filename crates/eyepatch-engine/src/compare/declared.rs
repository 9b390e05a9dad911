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
    let plugins: BTreeMap<&str, Value> =
        r.provenance.plugins.iter().map(|p| (p.id.as_str(), version(p))).collect();
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
        "plugins": plugins,
        "device": r.provenance.device.map(|d| format!("{d:?}")),
        "precision": r.provenance.precision,
    })
}

fn version(p: &PluginSpec) -> Value {
    json!({ "revision": p.revision, "version": p.version })
}

/// Images and patients of every part, in words, so that splits of another size show.
fn parts(r: &AuditResult) -> BTreeMap<String, String> {
    let one = |p: &eyepatch_report::schema::PartCount| {
        let name = format!("fold {} {}", p.fold + 1, p.part);
        (name, format!("{} images of {} patients, positive {:?}", p.images, p.patients, p.positives))
    };
    r.splits.parts.iter().map(one).collect()
}
