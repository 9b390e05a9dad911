//! A run in Markdown for a paper's supplement: every section in words and aligned tables, with the names of the files beside it.

use std::fmt::Write as _;

use crate::aligned::table;
use crate::checklist::{self, Answered};
use crate::escape::markdown as text;
use crate::format::{self, count, number, plural};
use crate::schema::{AuditResult, Contrast, Matrix, RunResult};
use crate::{figures, next};

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
    contrasts(out, a, folder);
    maps(out, a);
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
    let _ = writeln!(out, "{}\nAs data: `tables/{folder}/splits.csv`.", table(&header, &rows));
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
    }
    let _ = writeln!(out, "As data: `tables/{folder}/contrasts.csv`.");
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

fn checklist(out: &mut String, a: &AuditResult) {
    let answer = |r: &Answered| r.answer.as_deref().map_or_else(|| checklist::NOT_BY_RUN.to_owned(), text);
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
