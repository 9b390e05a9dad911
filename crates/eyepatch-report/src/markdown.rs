//! A run in a few lines of Markdown, for pull requests and terminals.

use std::fmt::Write as _;

use crate::escape::markdown as text;
use crate::format;
use crate::schema::{
    AuditResult, Cause, CheckState, ClassVerdict, Contrast, Maps, Measured, RunResult, Severity, Transfer,
    Verdict,
};
use crate::share::SharedResult;

/// One table row an audit and class, then the answers in a sentence each, then what verdicts rest on.
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
            let word = format::status(audit.answer.kind, class.status);
            let _ = writeln!(out, "| {id} | {name} | **{word}** | {full} | {hidden} |");
        }
    }
    out.push('\n');
    for audit in audits {
        let quick = if audit.quick { " Quick form: for trying out, not for conclusions." } else { "" };
        let (id, sentence) = (text(&audit.id), text(&audit.answer.sentence));
        let _ = writeln!(out, "- **{}**: {id}. {sentence}{quick}", audit.answer.word());
        for class in audit.verdict.iter().flat_map(|v| &v.classes) {
            let (name, said) = (text(&class.class), text(&class.data.sentence));
            let _ = writeln!(out, "  - About the data, {name}: {said}");
        }
        if let Some(check) = &audit.check {
            let _ = writeln!(out, "  - Data check: {}.", check.counts());
            for f in check.findings.iter().filter(|f| f.severity == Severity::Alarm) {
                let _ = writeln!(out, "  - **Alarm**: {}", text(&f.sentence));
            }
        }
    }
    for (audit, verdict) in audits.iter().filter_map(|a| Some((a, a.verdict.as_ref()?))) {
        let _ = writeln!(out, "\n### Evidence: {}\n\n{}", text(&audit.id), text(&verdict.rule));
        evidence(&mut out, verdict);
    }
    for audit in audits.iter().filter(|a| !a.maps.is_empty()) {
        let _ = writeln!(out, "\n### Attribution maps: {}\n", text(&audit.id));
        audit.maps.iter().for_each(|m| maps(&mut out, m));
    }
    for audit in audits {
        for t in &audit.transfers {
            let _ = writeln!(out, "\n### External data: {}, {}\n", text(&audit.id), text(&t.card.name));
            transfer(&mut out, t);
        }
    }
    out
}

/// What happened abroad, and a row a model and masking.
fn transfer(out: &mut String, t: &Transfer) {
    for c in &t.classes {
        let _ = writeln!(out, "- {}: {}", text(&c.class), text(&c.sentence));
    }
    out.push_str("\n| class | trained on | evaluated on | at home | there | drop | p |\n");
    out.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    for (c, r) in t.classes.iter().flat_map(|c| c.rows.iter().map(move |r| (c, r))) {
        let [home, there, drop] = [r.internal, r.external, r.drop].map(|e| format::estimate(e.as_ref()));
        let names = [&c.class, &r.trained, &r.evaluated].map(|n| text(n));
        let _ = writeln!(
            out,
            "| {} | {home} | {there} | {drop} | {} |",
            names.join(" | "),
            text(&format::p(r.p))
        );
    }
}

/// What the maps of one class say, and the checks that they failed.
fn maps(out: &mut String, m: &Maps) {
    let (name, sentence) = (text(&m.class), text(&m.sentence));
    let _ = writeln!(out, "- {name}, {} ({} images): {sentence}", text(&m.explainer), m.n_images);
    for c in m.checks.iter().filter(|c| c.state == CheckState::Failed) {
        let _ = writeln!(out, "  - **Failed**: {}", text(&c.what));
    }
}

/// The primary contrasts, a row a fill, and the causes with what the model loses without them.
fn evidence(out: &mut String, verdict: &Verdict) {
    out.push_str("\n| class | contrast | measured with | estimate | upper bound | adjusted p | outcome |\n");
    out.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    for (class, contrast) in verdict.classes.iter().flat_map(|c| c.primary.iter().map(move |p| (c, p))) {
        for row in rows(contrast) {
            let (name, id) = (text(&class.class), text(&contrast.id));
            let (p, outcome) = (text(&format::p(contrast.p_adjusted)), format::outcome(contrast.outcome));
            let _ = writeln!(out, "| {name} | {id} | {row} | {p} | {outcome} |");
        }
    }
    let causes: Vec<String> = verdict.classes.iter().filter_map(causes).collect();
    if !causes.is_empty() {
        let _ = writeln!(out, "\nAUC that the model loses without a cause:\n\n{}", causes.join("\n"));
    }
}

/// What a contrast was measured with, its estimate and its upper bound.
fn rows(c: &Contrast) -> Vec<String> {
    if c.measured.is_empty() {
        let dash = format::NONE;
        return vec![format!("{dash} | not estimable | {dash}")];
    }
    let row = |m: &Measured| {
        let (estimate, upper) = (format::estimate(Some(&m.estimate)), format::number(m.upper, 3));
        format!("{} | {estimate} | {upper}", text(&m.with))
    };
    c.measured.iter().map(row).collect()
}

/// `- opacity: **tag** 0.180 [0.150, 0.210], border 0.010 [...]`, the likeliest first.
fn causes(class: &ClassVerdict) -> Option<String> {
    let one = |c: &Cause| {
        let (name, loss) = (text(&c.name), format::estimate(c.loss.as_ref()));
        if c.named { format!("**{name}** {loss}") } else { format!("{name} {loss}") }
    };
    let all: Vec<String> = class.causes.iter().map(one).collect();
    (!all.is_empty()).then(|| format!("- {}: {}", text(&class.class), all.join(", ")))
}
