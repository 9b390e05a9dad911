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
        text.push_str(&format!("  {:<28} {}\n", audit.id(), paragraph(audit.question)));
    }
    let mut kind = None;
    for entry in linked.registry.entries() {
        if kind != Some(entry.kind) {
            text.push_str(&format!("\n{}s\n", entry.kind));
            kind = Some(entry.kind);
        }
        text.push_str(&format!(
            "  {:<28} {} ({} {})\n",
            entry.id,
            paragraph(entry.doc),
            entry.origin.crate_name,
            entry.origin.version
        ));
    }
    files::print(&text)
}

/// The first paragraph of a doc comment, in one line.
fn paragraph(doc: &str) -> String {
    let lines = doc.lines().map(str::trim).skip_while(|l| l.is_empty()).take_while(|l| !l.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::paragraph;

    #[test]
    fn a_paragraph_ends_at_an_empty_line() {
        assert_eq!(paragraph(" Does it\n still see?\n\n Why we ask."), "Does it still see?");
        assert_eq!(paragraph("\r\n One.\r\n\r\n Two."), "One.");
        assert_eq!(paragraph(""), "");
    }
}
