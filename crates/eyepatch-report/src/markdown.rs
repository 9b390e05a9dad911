//! A run in a few lines of Markdown, for pull requests and terminals.

use std::fmt::Write as _;

use crate::escape::markdown as text;
use crate::format;
use crate::schema::{AuditResult, RunResult, Severity};
use crate::share::SharedResult;

/// One table row an audit and class, then the answers in a sentence each.
#[must_use]
pub fn summary(result: &RunResult) -> String {
    lines(&result.audits)
}

/// As [`summary`], of a result in its shared form.
#[must_use]
pub fn shared(result: &SharedResult) -> String {
    lines(&result.audits)
}

fn lines<N>(audits: &[AuditResult<N>]) -> String {
    let mut out = String::from("| audit | class | answer | AUC, full | AUC, region hidden |\n");
    out.push_str("| --- | --- | --- | --- | --- |\n");
    for audit in audits {
        for class in &audit.answer.classes {
            let [full, hidden] = [class.full, class.hidden].map(|e| format::estimate(e.as_ref()));
            let (id, name) = (text(&audit.id), text(&class.class));
            let _ =
                writeln!(out, "| {id} | {name} | **{}** | {full} | {hidden} |", format::status(class.status));
        }
    }
    out.push('\n');
    for audit in audits {
        let quick = if audit.quick { " Quick form: for trying out, not for conclusions." } else { "" };
        let (id, sentence) = (text(&audit.id), text(&audit.answer.sentence));
        let _ = writeln!(out, "- **{}**: {id}. {sentence}{quick}", format::status(audit.answer.status));
        if let Some(check) = &audit.check {
            let _ = writeln!(out, "  - Data check: {}.", check.counts());
            for f in check.findings.iter().filter(|f| f.severity == Severity::Alarm) {
                let _ = writeln!(out, "  - **Alarm**: {}", text(&f.sentence));
            }
        }
    }
    out
}
