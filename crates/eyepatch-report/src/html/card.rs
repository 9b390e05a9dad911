//! What a model card asks for (Mitchell et al., FAT* 2019), under its headings, as far as a result can say it.

use std::collections::BTreeSet;

use crate::checklist::{NOT_BY_RUN, unanswered};
use crate::format::{self, plural};
use crate::schema::AuditResult;
use crate::share::Counted;

/// Heading and text, in the card's order; model details stand above it on the page.
pub(super) fn rows<N: Counted>(a: &AuditResult<N>) -> Vec<(&'static str, String)> {
    let or_author = |text: Option<String>| text.unwrap_or_else(|| unanswered::<N>().to_owned());
    vec![
        ("Intended use", NOT_BY_RUN.to_owned()),
        ("Factors", or_author(factors(a))),
        ("Metrics", metrics(a)),
        ("Evaluation data", or_author(evaluation(a))),
        ("Training data", or_author(training(a))),
        ("Quantitative analyses", or_author(analyses(a))),
        ("Ethical considerations", NOT_BY_RUN.to_owned()),
        ("Caveats", or_author(Some(a.answer.caveats.join(" ")).filter(|t| !t.is_empty()))),
    ]
}

/// Groups in which the model was looked at; without any, the columns in which it could be.
fn factors<N: Counted>(a: &AuditResult<N>) -> Option<String> {
    let groups = a.verdict.iter().flat_map(|v| &v.classes).flat_map(|c| &c.subgroups);
    let measured = groups.filter(|g| !g.measured.is_empty());
    let groups: BTreeSet<&str> = measured.map(|g| g.id.strip_prefix("group:").unwrap_or(&g.id)).collect();
    if !groups.is_empty() {
        let groups: Vec<&str> = groups.into_iter().collect();
        return Some(format!("The hidden contrast in groups: {}.", groups.join("; ")));
    }
    let columns: Vec<&str> = a.data.columns.iter().map(|c| c.name.as_str()).collect();
    (!columns.is_empty()).then(|| format!("Known of the patients: {}.", columns.join(", ")))
}

fn metrics<N>(a: &AuditResult<N>) -> String {
    format!("AUC within folds, averaged, with intervals clustered by patient. {}", a.answer.rule)
}

fn evaluation<N: Counted>(a: &AuditResult<N>) -> Option<String> {
    Some(format!("{}, {}", a.data.card.name, part(a, "test")?))
}

/// Only where the run trained the model does it know on what.
fn training<N: Counted>(a: &AuditResult<N>) -> Option<String> {
    let seen = a.model.card.trained_here.then(|| part(a, "train"))??;
    Some(format!("{}, {seen}", a.data.card.name))
}

/// `part "test": 144 to 150 images a fold`.
fn part<N: Counted>(a: &AuditResult<N>, name: &str) -> Option<String> {
    let parts = a.splits.parts.iter().filter(|p| p.part == name);
    let counts: Vec<usize> = parts.filter_map(|p| p.images.known()).collect();
    let (least, most) = (counts.iter().min()?, counts.iter().max()?);
    let range =
        if least == most { plural(*most, "image") } else { format!("{least} to {}", plural(*most, "image")) };
    Some(format!("part \"{name}\": {range} a fold."))
}

fn analyses<N>(a: &AuditResult<N>) -> Option<String> {
    let one = |c: &crate::schema::ClassAnswer| {
        let [full, hidden] = [c.full, c.hidden].map(|e| format::estimate(e.as_ref()));
        format!("{}: AUC {full}; with the region hidden {hidden}", c.class)
    };
    let all: Vec<String> = a.answer.classes.iter().map(one).collect();
    (!all.is_empty()).then(|| format!("{}.", all.join(". ")))
}
