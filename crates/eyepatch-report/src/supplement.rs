//! A run in Markdown for a paper's supplement: every section in words and aligned tables, with the names of the files beside it.

use std::fmt::Write as _;

use eyepatch_core::Finding;

use crate::aligned::table;
use crate::checklist::{self, Answered};
use crate::escape::markdown as text;
use crate::format::{self, count, number, plural};
use crate::schema::{AuditResult, Cause, ClassVerdict, Contrast, Estimate, FurtherRow, Matrix, RunResult};
use crate::{figures, next};

/// Rows of a table that a reader of a supplement still reads.
const LONGEST: usize = 60;

/// The document. `folder` gives the name of an audit's folder in `figures/` and `tables/`. The same result gives the same bytes.
#[must_use]
pub fn markdown(result: &RunResult, folder: &dyn Fn(&str) -> String) -> String {
    let mut out = String::from("# Supplement\n");
    let _ = writeln!(
        out,
        "\nMade by eyepatch {}. Intervals are 95 % where nothing else is said.",
        text(&result.generator)
    );
    for audit in &result.audits {
        one(&mut out, audit, &folder(&audit.id));
    }
    out
}

fn one(out: &mut String, a: &AuditResult, folder: &str) {
    let _ = writeln!(out, "\n## {}\n", text(&a.id));
    let question: Vec<&str> = a.question.split_whitespace().collect();
    let _ = writeln!(out, "{}\n", text(&question.join(" ")));
    summary(out, a);
    methods(out, a);
    splits(out, a, folder);
    check(out, a, folder);
    matrices(out, a, folder);
    further(out, a, folder);
    contrasts(out, a, folder);
    maps(out, a);
    probes(out, a, folder);
    transfers(out, a, folder);
    checklist(out, a);
    files(out, a, folder);
}

fn summary(out: &mut String, a: &AuditResult) {
    let _ = writeln!(out, "### Summary\n\n**{}.** {}\n", a.answer.word(), text(&a.answer.sentence));
    let rows = a.answer.classes.iter().map(|c| {
        let word = a.answer.kind.word(c.status).to_owned();
        let [full, hidden] = [c.full, c.hidden].map(|e| format::estimate(e.as_ref()));
        vec![text(&c.class), word, full, hidden, format::optional(c.minimal_detectable_gap, 3)]
    });
    let rows: Vec<_> = rows.collect();
    let _ = writeln!(
        out,
        "{}",
        table(&["class", "answer", "AUC, full", "AUC, region hidden", "detectable gap"], &rows)
    );
    out.push_str("What to do next:\n\n");
    for (i, step) in next::steps(a).iter().enumerate() {
        let _ = writeln!(out, "{}. {}", i + 1, text(step));
    }
    if !a.answer.caveats.is_empty() {
        out.push_str("\nWhat this does not say:\n\n");
        a.answer.caveats.iter().for_each(|c| {
            let _ = writeln!(out, "- {}", text(c));
        });
    }
}

/// Data, model, maskings and rule in one paragraph, from what the run declared.
fn methods(out: &mut String, a: &AuditResult) {
    let d = &a.data;
    let folds = a.splits.parts.iter().map(|p| p.fold + 1).max().unwrap_or(0);
    let said = |t: &str| text(t.trim().trim_end_matches('.'));
    let maskings: Vec<String> = a.maskings.iter().map(|m| text(&m.card.name)).collect();
    let _ = writeln!(
        out,
        "\n### Methods\n\nData: {} ({}), {} of {}. Regions of interest: {}. Splits: {} ({}). Model: {}. {}. Working size {} x {} px. \
         Maskings: {}. Rule, declared before results were seen: {}. Root seed {}, precision {}.",
        said(&d.card.name),
        said(&d.card.origin),
        plural(d.n_images, "image"),
        plural(d.n_patients, "patient"),
        said(&d.card.roi_origin),
        said(&a.splits.scheme),
        plural(folds, "fold"),
        said(&a.model.card.name),
        said(&a.model.card.description),
        a.model.size.1,
        a.model.size.0,
        maskings.join(", "),
        said(&a.answer.rule),
        a.seed,
        text(&a.provenance.precision)
    );
}

fn splits(out: &mut String, a: &AuditResult, folder: &str) {
    if a.splits.parts.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n### Splits\n\n{}\n", text(&a.splits.leak_check));
    let mut header = vec!["fold", "part", "images", "patients"];
    header.extend(a.data.classes.iter().map(|_| "positive"));
    let names: Vec<String> = a.data.classes.iter().map(|c| format!("positive {}", text(&c.class))).collect();
    header.splice(4.., names.iter().map(String::as_str));
    let rows = a.splits.parts.iter().map(|p| {
        let numbers = [p.images, p.patients].into_iter().chain(p.positives.iter().copied());
        let mut row = vec![(p.fold + 1).to_string(), text(&p.part)];
        row.extend(numbers.map(|n| count(n as u64)));
        row
    });
    let rows: Vec<_> = rows.collect();
    let _ =
        writeln!(out, "{}\nAs data, with folds from 0: `tables/{folder}/splits.csv`.", table(&header, &rows));
}

fn check(out: &mut String, a: &AuditResult, folder: &str) {
    let Some(check) = &a.check else { return };
    let _ = writeln!(out, "\n### Data check\n\n{}: {}\n", check.counts(), text(&check.rule));
    let rows = check
        .findings
        .iter()
        .map(|f| vec![format!("{:?}", f.severity).to_lowercase(), text(&f.sentence), text(&f.remedy)]);
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        let _ = writeln!(out, "{}", table(&["severity", "found", "what to do"], &rows));
    }
    let _ = writeln!(out, "All columns: `tables/{folder}/check.csv`.");
}

fn matrices(out: &mut String, a: &AuditResult, folder: &str) {
    if a.matrices.is_empty() {
        return;
    }
    out.push_str("\n### AUC by training and evaluation masking\n");
    for m in &a.matrices {
        let _ = writeln!(
            out,
            "\n{}: {} of {}. Rows: trained on. Columns: evaluated on.\n\n{}",
            text(&m.class),
            plural(m.n_images, "image"),
            plural(m.n_patients, "patient"),
            matrix(m)
        );
    }
    let _ = writeln!(out, "As data: `tables/{folder}/matrices.csv`, dilations in `curves.csv`.");
}

fn matrix(m: &Matrix) -> String {
    let columns: Vec<String> = m.columns.iter().map(|c| text(c)).collect();
    let header: Vec<&str> = std::iter::once("trained on").chain(columns.iter().map(String::as_str)).collect();
    let rows = m.rows.iter().zip(&m.cells).map(|(name, cells)| {
        std::iter::once(text(name))
            .chain(cells.iter().map(|e| format::estimate(e.as_ref())))
            .collect::<Vec<_>>()
    });
    table(&header, &rows.collect::<Vec<_>>())
}

/// Fills and controls: what a verdict with covers rests on.
fn further(out: &mut String, a: &AuditResult, folder: &str) {
    if a.further.is_empty() {
        return;
    }
    out.push_str("\n### AUC under further fills and controls\n");
    for f in &a.further {
        let row = |r: &FurtherRow| vec![text(&r.masking), format::estimate(r.auc.as_ref())];
        let rows: Vec<_> = f.rows.iter().map(row).collect();
        let (class, trained) = (text(&f.class), text(&f.trained));
        let _ =
            writeln!(out, "\n{class}, trained on {trained}.\n\n{}", table(&["evaluated on", "AUC"], &rows));
    }
    let _ = writeln!(out, "As data: `tables/{folder}/further.csv`.");
}

fn contrasts(out: &mut String, a: &AuditResult, folder: &str) {
    let Some(v) = &a.verdict else { return };
    let _ = writeln!(
        out,
        "\n### Contrasts\n\nMargin {}, familywise error {} over {} tests. {}",
        number(v.margin, 2),
        number(v.alpha, 2),
        v.n_tests,
        text(&v.rule)
    );
    for c in &v.classes {
        let kinds = [("primary", &c.primary), ("supporting", &c.supporting), ("subgroup", &c.subgroups)];
        let rows: Vec<_> =
            kinds.iter().flat_map(|(kind, all)| all.iter().flat_map(|x| contrast(kind, x))).collect();
        let header =
            ["kind", "contrast", "measured with", "estimate", "upper bound", "adjusted p", "outcome"];
        let _ =
            writeln!(out, "\n{}: {}\n\n{}", text(&c.class), text(&c.data.sentence), table(&header, &rows));
        causes(out, c);
    }
    let _ = writeln!(out, "As data: `tables/{folder}/contrasts.csv`.");
}

fn causes(out: &mut String, c: &ClassVerdict) {
    let row = |cause: &Cause| {
        let named = if cause.named { "named" } else { "" };
        vec![text(&cause.name), format::estimate(cause.loss.as_ref()), named.to_owned()]
    };
    let rows: Vec<_> = c.causes.iter().map(row).collect();
    if !rows.is_empty() {
        let header = ["cause looked for", "AUC owed to it", "by the verdict"];
        let _ = writeln!(out, "\n{}", table(&header, &rows));
    }
}

fn contrast(kind: &str, c: &Contrast) -> Vec<Vec<String>> {
    let row = |with: String, estimate: String, upper: String| {
        let p = text(&format::p(c.p_adjusted));
        vec![kind.to_owned(), text(&c.id), with, estimate, upper, p, format::outcome(c.outcome).to_owned()]
    };
    if c.measured.is_empty() {
        return vec![row(format::NONE.into(), "not estimable".into(), format::NONE.into())];
    }
    let one = |m: &crate::schema::Measured| {
        row(text(&m.with), format::estimate(Some(&m.estimate)), number(m.upper, 3))
    };
    c.measured.iter().map(one).collect()
}

fn maps(out: &mut String, a: &AuditResult) {
    if a.maps.is_empty() {
        return;
    }
    out.push_str("\n### Attribution maps\n\n");
    for m in &a.maps {
        let counts = if m.counts { "pass their checks" } else { "do not pass their checks" };
        let _ = writeln!(
            out,
            "- {}, {} ({}): maps {counts}. {}",
            text(&m.class),
            text(&m.explainer),
            plural(m.n_images, "image"),
            text(&m.sentence)
        );
    }
}

/// What probes say beside the AUC matrix, as a table a contrast; long ones lie in `findings.csv` only.
fn probes(out: &mut String, a: &AuditResult, folder: &str) {
    for s in &a.sections {
        let _ = writeln!(out, "\n### {}\n\n{}\n", text(&s.name), text(&s.description));
        let all = a.findings.get(s.findings.0..s.findings.1).unwrap_or_default();
        let contrasts: Vec<&str> = all.iter().map(|f| f.contrast.as_str()).collect();
        let first = |i: usize| !contrasts[..i].contains(&contrasts[i]);
        for i in (0..all.len()).filter(|&i| first(i)) {
            let of: Vec<&Finding> = all.iter().filter(|f| f.contrast == contrasts[i]).collect();
            let _ = writeln!(out, "{}: {}.\n", text(contrasts[i]), text(&all[i].estimand));
            if of.len() <= LONGEST {
                let _ = writeln!(out, "{}", findings(&of));
            }
        }
        let _ = writeln!(out, "As data: `tables/{folder}/findings.csv`.");
    }
}

fn findings(of: &[&Finding]) -> String {
    let at = |f: &Finding| {
        f.at.iter().map(|(k, v)| format!("{} {}", text(k), text(v))).collect::<Vec<_>>().join(", ")
    };
    let row = |f: &&Finding| {
        let estimate = f.estimate.map(|value| Estimate { value, interval: f.interval });
        vec![at(f), format::estimate(estimate.as_ref()), text(&format::p(f.p)), count(f.n_patients as u64)]
    };
    table(&["where", "estimate", "p", "patients"], &of.iter().map(row).collect::<Vec<_>>())
}

fn transfers(out: &mut String, a: &AuditResult, folder: &str) {
    for t in &a.transfers {
        let _ = writeln!(out, "\n### External data: {}\n", text(&t.card.name));
        for c in &t.classes {
            let _ = writeln!(out, "{}: {}\n", text(&c.class), text(&c.sentence));
            let rows = c.rows.iter().map(|r| {
                let aucs = [r.internal, r.external, r.drop].map(|e| format::estimate(e.as_ref()));
                let mut row = vec![text(&r.trained), text(&r.evaluated)];
                row.extend(aucs);
                row.push(text(&format::p(r.p)));
                row
            });
            let header = ["trained on", "evaluated on", "at home", "there", "drop", "p"];
            let _ = writeln!(out, "{}", table(&header, &rows.collect::<Vec<_>>()));
        }
        let _ = writeln!(out, "As data: `tables/{folder}/transfer.csv`.");
    }
}

fn checklist(out: &mut String, a: &AuditResult) {
    let answer = |r: &Answered| r.answer.as_deref().map_or_else(|| r.otherwise.to_owned(), text);
    let rows: Vec<_> = checklist::answers(a)
        .iter()
        .map(|r| vec![r.topic.to_owned(), r.items.to_owned(), answer(r)])
        .collect();
    let _ = writeln!(out, "\n### Checklist\n\n{}", table(&["topic", "item", "answer"], &rows));
}

fn files(out: &mut String, a: &AuditResult, folder: &str) {
    let names = figures::files(a);
    if names.is_empty() {
        return;
    }
    out.push_str("\n### Figures\n\n");
    for (name, _) in names {
        let _ = writeln!(out, "- `figures/{folder}/{name}`");
    }
}
