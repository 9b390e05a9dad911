use serde_json::json;

use super::args::ListArgs;
use super::error::CliError;
use super::{Linked, Outcome, files};

pub(crate) fn list(args: &ListArgs, linked: &Linked) -> Result<Outcome, CliError> {
    if args.json {
        let audits: Vec<_> = linked
            .audits
            .entries()
            .map(|a| json!({ "audit": a.info() }))
            .map(|mut v| v["audit"].take())
            .collect();
        let plugins: Vec<_> = linked
            .registry
            .entries()
            .map(|e| json!({ "kind": e.kind, "id": e.id, "revision": e.revision, "doc": e.doc, "origin": e.origin }))
            .collect();
        return files::print_json(&json!({ "audits": audits, "plugins": plugins }));
    }
    let mut text = String::from("audits\n");
    for audit in linked.audits.entries() {
        let question = audit.question.lines().next().unwrap_or_default();
        text.push_str(&format!("  {:<28} {question}\n", audit.id()));
    }
    let mut kind = None;
    for entry in linked.registry.entries() {
        if kind != Some(entry.kind) {
            text.push_str(&format!("\n{}s\n", entry.kind));
            kind = Some(entry.kind);
        }
        let doc = entry.doc.lines().next().unwrap_or_default();
        text.push_str(&format!(
            "  {:<28} {doc} ({} {})\n",
            entry.id, entry.origin.crate_name, entry.origin.version
        ));
    }
    files::print(&text)
}
