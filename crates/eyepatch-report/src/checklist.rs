//! What CLAIM 2024 (Tejani et al., Radiology: Artificial Intelligence 6, 2024) and TRIPOD+AI (Collins et al., BMJ 385, 2024) ask
//! for and a run can answer by itself. Items are named by their topic, in our words. An answer is taken from the result; where
//! the result does not hold it, the author must give it.

use std::collections::BTreeSet;

use eyepatch_core::Step;

use crate::format;
use crate::schema::AuditResult;
use crate::share::Counted;

/// Stands where a run cannot answer.
pub(crate) const NOT_BY_RUN: &str = "not by this run: the author must say";
/// Stands where a shared result does not say what the run could.
pub(crate) const HELD_BACK: &str = "held back in this shared form";

/// Stands where there is no answer to what a run can answer.
pub(crate) fn unanswered<N: Counted>() -> &'static str {
    if N::SHARED { HELD_BACK } else { NOT_BY_RUN }
}

/// One question.
#[derive(serde::Serialize)]
pub(crate) struct Answered {
    /// What is asked, in our words.
    pub(crate) topic: &'static str,
    /// The topics of the items, by checklist.
    pub(crate) items: &'static str,
    /// From the result; `None` where it does not say.
    pub(crate) answer: Option<String>,
    /// [`NOT_BY_RUN`] or [`HELD_BACK`].
    pub(crate) otherwise: &'static str,
}

/// All questions, in the order of a paper.
pub(crate) fn answers<N: Counted>(a: &AuditResult<N>) -> Vec<Answered> {
    let row = |topic, items, answer| Answered { topic, items, answer, otherwise: unanswered::<N>() };
    let author = |topic, items| Answered { topic, items, answer: None, otherwise: NOT_BY_RUN };
    let said = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
    vec![
        row("What question is asked", "CLAIM: objectives; TRIPOD+AI: objectives", said(&words(&a.question))),
        author("Clinical context and intended use", "CLAIM: background; TRIPOD+AI: healthcare context"),
        row(
            "Where the data come from",
            "CLAIM: data sources; TRIPOD+AI: data sources",
            said(&a.data.card.origin),
        ),
        author("When and where patients were seen", "CLAIM: data sources; TRIPOD+AI: dates, setting"),
        author("Who was included", "CLAIM: inclusion and exclusion; TRIPOD+AI: eligibility"),
        row("How images are prepared", "CLAIM: preprocessing; TRIPOD+AI: data preparation", steps(a)),
        author("How labels were made", "CLAIM: reference standard; TRIPOD+AI: outcome"),
        row("How many, and how rare", "CLAIM: participants; TRIPOD+AI: participants", numbers(a)),
        row("How much that lets one see", "CLAIM: sample size; TRIPOD+AI: sample size", gaps(a)),
        row("What is missing", "CLAIM: missing data; TRIPOD+AI: missing data", missing(a)),
        row("How data are parted", "CLAIM: data partitions; TRIPOD+AI: analytical methods", parted(a)),
        row(
            "What the model is",
            "CLAIM: model; TRIPOD+AI: analytical methods",
            said(&a.model.card.description),
        ),
        row("How it was trained", "CLAIM: training; TRIPOD+AI: analytical methods", trained(a)),
        row("Software, versions, seed", "CLAIM: software; TRIPOD+AI: code", software(a)),
        row(
            "How performance is measured",
            "CLAIM: metrics, uncertainty; TRIPOD+AI: performance",
            performance(a),
        ),
        row("Whether it holds in groups", "CLAIM: robustness; TRIPOD+AI: fairness, heterogeneity", groups(a)),
        row("What the model looks at", "CLAIM: explainability", looked(a)),
        row("Limits", "CLAIM: limitations; TRIPOD+AI: limitations", said(&a.answer.caveats.join(" "))),
        author("Ethics, registration, funding", "CLAIM: other information; TRIPOD+AI: open science"),
    ]
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn steps<N>(a: &AuditResult<N>) -> Option<String> {
    let steps = &a.model.card.preprocessing;
    let at = |f: fn(&Step) -> bool| steps.iter().position(f);
    let (mask, scale) = (at(|s| matches!(s, Step::Mask)), at(|s| matches!(s, Step::Normalise(_))));
    let order = match (mask, scale) {
        (Some(mask), Some(scale)) if mask < scale => ", masked before it is scaled",
        (Some(_), Some(_)) => ", masked after it is scaled",
        _ => "",
    };
    let size = a.model.size;
    (!steps.is_empty())
        .then(|| format!("{} steps to {} x {} px{order}; see Model.", steps.len(), size.1, size.0))
}

fn numbers<N: Counted>(a: &AuditResult<N>) -> Option<String> {
    let (images, patients) = (a.data.n_images.known()?, a.data.n_patients.known()?);
    let class = |c: &crate::schema::ClassCount<N>| {
        let (positive, negative) = (c.positive.known()?, c.negative.known()?);
        Some(format!("{}: {positive} positive of {}", c.class, positive + negative))
    };
    let classes: Option<Vec<String>> = a.data.classes.iter().map(class).collect();
    let all = format!("{} of {}", format::plural(images, "image"), format::plural(patients, "patient"));
    let each = classes.filter(|c| !c.is_empty()).map(|c| format!("; {}", c.join(", "))).unwrap_or_default();
    Some(format!("{all}{each}."))
}

fn gaps<N>(a: &AuditResult<N>) -> Option<String> {
    let gap = |c: &crate::schema::ClassAnswer| {
        Some(format!("{} {}", c.class, format::number(c.minimal_detectable_gap?, 3)))
    };
    let gaps: Vec<String> = a.answer.classes.iter().filter_map(gap).collect();
    (!gaps.is_empty()).then(|| format!("Smallest effect found with 80 % power, in AUC: {}.", gaps.join(", ")))
}

fn missing<N: Counted>(a: &AuditResult<N>) -> Option<String> {
    let labels = a.data.classes.iter().map(|c| Some(format!("{} {}", c.class, c.missing.known()?)));
    let columns = a.data.columns.iter().map(|c| Some(format!("{} {}", c.name, c.missing.known()?)));
    let all: Vec<String> = labels.chain(columns).collect::<Option<_>>()?;
    let unreadable = a.check.as_ref().map_or(0, |c| c.n_unreadable);
    let unreadable = if unreadable > 0 {
        format!(" Not readable: {}.", format::plural(unreadable, "image"))
    } else {
        String::new()
    };
    (!all.is_empty()).then(|| format!("Of the images used, without a value: {}.{unreadable}", all.join(", ")))
}

fn parted<N>(a: &AuditResult<N>) -> Option<String> {
    let said = [a.splits.scheme.trim(), a.splits.leak_check.trim()];
    let said: Vec<&str> = said.into_iter().filter(|t| !t.is_empty()).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

fn trained<N>(a: &AuditResult<N>) -> Option<String> {
    if !a.model.card.trained_here {
        return None;
    }
    let epochs = a.model.training.iter().map(|t| t.history.len()).max().filter(|n| *n > 0)?;
    Some(format!(
        "{} in this run, at most {epochs} epochs; see Model.",
        format::plural(a.model.training.len(), "model")
    ))
}

fn software<N>(a: &AuditResult<N>) -> Option<String> {
    let one = |p: &eyepatch_core::PluginSpec| format!("{} {} revision {}", p.id, p.version, p.revision);
    // Maskings are many uses of one plugin.
    let plugins: BTreeSet<String> = a.provenance.plugins.iter().map(one).collect();
    let plugins: Vec<String> = plugins.into_iter().collect();
    let list = if plugins.is_empty() { String::new() } else { format!("; {}", plugins.join(", ")) };
    Some(format!("Root seed {}, precision {}{list}.", a.seed, a.provenance.precision))
}

fn performance<N>(a: &AuditResult<N>) -> Option<String> {
    let one =
        |c: &crate::schema::ClassAnswer| Some(format!("{} {}", c.class, format::estimate(Some(&c.full?))));
    let all: Vec<String> = a.answer.classes.iter().filter_map(one).collect();
    (!all.is_empty()).then(|| format!("AUC of the full-image model with its interval: {}.", all.join(", ")))
}

/// Groups in which the hidden contrast was estimated; those of too few patients are listed, and not estimated.
fn groups<N>(a: &AuditResult<N>) -> Option<String> {
    let all = || a.verdict.iter().flat_map(|v| &v.classes).flat_map(|c| &c.subgroups);
    let (n, total) = (all().filter(|g| !g.measured.is_empty()).count(), all().count());
    let few = if total > n { format!("; too few patients in {} more", total - n) } else { String::new() };
    (n > 0).then(|| format!("The hidden contrast in {}{few}; see Evidence.", format::plural(n, "group")))
}

fn looked<N>(a: &AuditResult<N>) -> Option<String> {
    let samples: BTreeSet<&str> = a.explanations.iter().map(|e| e.sample.as_str()).collect();
    let (maps, examples) = (a.maps.len(), samples.len());
    let passed = a.maps.iter().filter(|m| m.counts).count();
    (maps + examples > 0).then(|| {
        let judged = if maps > 0 {
            format!("; maps of {passed} of {maps} classes pass their checks")
        } else {
            String::new()
        };
        format!("{}{judged}.", format::plural(examples, "explained example"))
    })
}
