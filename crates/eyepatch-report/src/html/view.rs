//! The page, its summary and the answers.

use minijinja::Value;
use serde::Serialize;

use super::badge::Badge;
use super::{
    Head, benchmark, card, check, compare, evidence, gallery, maps, overview, probes, record, transfer,
    verdict,
};
use crate::Result;
use crate::charts::dots;
use crate::checklist::{self, Answered};
use crate::format::{self, plural};
use crate::schema::{Answer, AnswerKind, AuditResult, ClassAnswer, ClassVerdict, Picture, Timings, Verdict};
use crate::share::Counted;

/// All that the templates print.
#[derive(Serialize)]
pub(super) struct Page<'a, N: Counted> {
    title: String,
    generator: &'a str,
    schema: &'a str,
    lead: String,
    summary: Vec<SummaryRow<'a>>,
    several_classes: bool,
    comparisons: Vec<compare::View<'a>>,
    benchmarks: Vec<benchmark::View<'a>>,
    /// What a shared result leaves out.
    left_out: &'a [String],
    audits: Vec<Audit<'a, N>>,
    timings: Option<record::Durations<'a>>,
}

/// One audit and class in the summary.
#[derive(Serialize)]
struct SummaryRow<'a> {
    /// Rows that the audit spans; 0 where an earlier row of the audit spans this one.
    span: usize,
    /// Whether it is the audit's last row.
    last: bool,
    anchor: String,
    id: &'a str,
    question: String,
    quick: bool,
    class: Class<'a>,
}

#[derive(Serialize)]
struct Audit<'a, N: Counted> {
    anchor: String,
    heading: String,
    lead: Vec<String>,
    status: Badge,
    level: String,
    overview: overview::View<'a>,
    checklist: Vec<Answered>,
    card: Vec<(&'static str, String)>,
    classes: Vec<Class<'a>>,
    /// The causes that the verdict names, in words; empty where there is none.
    probably: String,
    verdict: Option<verdict::View<'a>>,
    check: Option<check::View<'a>>,
    evidence: evidence::View<'a, N>,
    maps: Vec<maps::View<'a>>,
    record: record::View<'a, N>,
    transfers: Vec<transfer::View<'a>>,
    probes: Vec<probes::View<'a, N>>,
    sections: Vec<(String, &'a str)>,
    r: &'a AuditResult<N>,
}

/// A class's answer; in the summary also an audit's that has none.
#[derive(Clone, Serialize)]
struct Class<'a> {
    name: &'a str,
    status: Badge,
    /// The cause that its verdict names.
    cause: Option<&'a str>,
    sentence: &'a str,
    full: String,
    full_interval: String,
    hidden: String,
    hidden_interval: String,
    gap: String,
    dots: Value,
}

impl<'a, N: Counted> Page<'a, N> {
    pub(super) fn new(
        head: Head<'a>,
        all: &'a [AuditResult<N>],
        timings: Option<&'a Timings>,
        pictures: &dyn Fn(&Picture) -> Result<Vec<u8>>,
    ) -> Result<Self> {
        let classes = all.iter().flat_map(|a| &a.answer.classes);
        let start = dots::axis_start(classes.flat_map(|c| [c.full, c.hidden]).flatten());
        let audits = all.iter().enumerate();
        let audits: Vec<_> = audits.map(|(i, r)| Audit::new(i, r, start, pictures)).collect::<Result<_>>()?;
        Ok(Self {
            title: title(all),
            generator: head.generator,
            schema: head.schema,
            left_out: head.left_out,
            lead: lead(all, head.benchmarks.len()),
            summary: summary(&audits),
            several_classes: all.iter().any(|a| a.answer.classes.len() > 1),
            comparisons: head.comparisons.iter().enumerate().map(|(i, c)| compare::View::new(i, c)).collect(),
            benchmarks: head.benchmarks.iter().enumerate().map(|(i, b)| benchmark::View::new(i, b)).collect(),
            audits,
            timings: timings.map(record::Durations::new),
        })
    }
}

impl<'a, N: Counted> Audit<'a, N> {
    fn new(
        index: usize,
        r: &'a AuditResult<N>,
        start: f64,
        pictures: &dyn Fn(&Picture) -> Result<Vec<u8>>,
    ) -> Result<Self> {
        let (heading, lead) = question(&r.question, &r.id);
        let threshold = r.answer.test.as_ref().map(|t| t.threshold);
        let evidence = evidence::View::new(r, pictures)?;
        let shown = gallery::anchors(&evidence.gallery);
        let mut audit = Self {
            anchor: format!("a{}", index + 1),
            heading,
            lead,
            status: Badge::new(r.answer.kind, r.answer.status),
            level: level(&r.answer),
            checklist: checklist::answers(r),
            card: card::rows(r),
            overview: overview::View::new(r, pictures)?,
            classes: classes(r, threshold, start),
            probably: r.verdict.as_ref().map(Verdict::probably).unwrap_or_default(),
            verdict: r.verdict.as_ref().map(|v| verdict::View::new(v, &shown)),
            check: r.check.as_ref().map(check::View::new),
            evidence,
            record: record::View::new(r),
            maps: r.maps.iter().map(|m| maps::View::new(m, pictures)).collect::<Result<_>>()?,
            transfers: r.transfers.iter().map(transfer::View::new).collect(),
            probes: probes::View::all(r, pictures)?,
            sections: Vec::new(),
            r,
        };
        let e = &audit.evidence;
        let present = [
            ("overview", "In one page", true),
            ("answer", "Answer", true),
            ("verdict", "Evidence", audit.verdict.as_ref().is_some_and(|v| !v.classes.is_empty())),
            ("check", "Data check", r.check.is_some()),
            ("matrix", "AUC matrix", !e.matrices.is_empty()),
            ("curves", "Dilation", !e.charts.is_empty()),
            ("further", "Fills and controls", !e.further.is_empty()),
            ("maskings", "Maskings", !r.maskings.is_empty() || !e.gallery.is_empty()),
            ("explanations", "Explanations", !e.explanations.is_empty()),
            ("maps", "Attribution maps", !r.maps.is_empty()),
            ("transfer", "External data", !r.transfers.is_empty()),
            ("data", "Data", true),
            ("model", "Model", true),
            ("splits", "Splits", true),
            ("findings", "Findings", !r.findings.is_empty()),
            ("provenance", "Provenance", true),
            ("checklist", "Checklist", true),
        ];
        let mut sections: Vec<(String, &str)> =
            present.into_iter().filter(|s| s.2).map(|s| (s.0.to_owned(), s.1)).collect();
        let probes = (1..).zip(&r.sections).map(|(i, s)| (format!("probe{i}"), s.name.as_str()));
        let data = sections.iter().position(|s| s.0 == "transfer" || s.0 == "data").unwrap_or(sections.len());
        sections.splice(data..data, probes);
        audit.sections = sections;
        Ok(audit)
    }
}

impl<'a> Class<'a> {
    fn new(
        kind: AnswerKind,
        c: &'a ClassAnswer,
        verdict: Option<&'a ClassVerdict>,
        threshold: Option<f64>,
        start: f64,
    ) -> Self {
        let interval = |e: Option<crate::schema::Estimate>| {
            e.and_then(|e| e.interval).map(|i| format::interval(&i)).unwrap_or_default()
        };
        Self {
            name: &c.class,
            status: Badge::new(kind, c.status),
            cause: verdict.and_then(ClassVerdict::named_cause).map(|c| c.name.as_str()),
            sentence: &c.sentence,
            full: format::optional(c.full.map(|e| e.value), 3),
            full_interval: interval(c.full),
            hidden: format::optional(c.hidden.map(|e| e.value), 3),
            hidden_interval: interval(c.hidden),
            gap: format::optional(c.minimal_detectable_gap, 3),
            dots: Value::from_safe_string(dots::svg(c.full, c.hidden, threshold, start)),
        }
    }

    /// An audit without classes, in the summary.
    fn none(answer: &'a Answer) -> Self {
        let dash = || format::NONE.to_owned();
        Self {
            name: "",
            status: Badge::new(answer.kind, answer.status),
            cause: None,
            sentence: &answer.sentence,
            full: dash(),
            full_interval: String::new(),
            hidden: dash(),
            hidden_interval: String::new(),
            gap: dash(),
            dots: Value::from_safe_string(String::new()),
        }
    }
}

/// The answers of an audit's classes, each with the cause that its verdict names.
fn classes<N>(r: &AuditResult<N>, threshold: Option<f64>, start: f64) -> Vec<Class<'_>> {
    let verdict = |class: &str| r.verdict.iter().flat_map(|v| &v.classes).find(|c| c.class == class);
    let one = |c| Class::new(r.answer.kind, c, verdict(&c.class), threshold, start);
    r.answer.classes.iter().map(one).collect()
}

fn summary<'a, N: Counted>(audits: &[Audit<'a, N>]) -> Vec<SummaryRow<'a>> {
    let mut rows = Vec::new();
    for audit in audits {
        let classes =
            if audit.classes.is_empty() { vec![Class::none(&audit.r.answer)] } else { audit.classes.clone() };
        let n = classes.len();
        rows.extend(classes.into_iter().enumerate().map(|(i, class)| SummaryRow {
            span: if i == 0 { n } else { 0 },
            last: i + 1 == n,
            anchor: audit.anchor.clone(),
            id: &audit.r.id,
            question: audit.heading.clone(),
            quick: audit.r.quick,
            class,
        }));
    }
    rows
}

/// The crate where all audits come from one, otherwise the only audit, otherwise just what the page is.
fn title<N>(audits: &[AuditResult<N>]) -> String {
    let stem = |a: &AuditResult<N>| a.id.split_once('/').map_or_else(|| a.id.clone(), |(c, _)| c.to_owned());
    match audits {
        [] => "Audit report".into(),
        [first, rest @ ..] if rest.iter().all(|a| stem(a) == stem(first)) => {
            format!("{}: audit report", stem(first))
        }
        _ => "Audit report".into(),
    }
}

/// `3 audits: 1 shortcut, 1 flagged, 1 clear.`
fn lead<N>(audits: &[AuditResult<N>], benchmarks: usize) -> String {
    let words = ["Shortcut", "Flagged", "Inconclusive", "No evidence", "Clear"];
    let count = |word: &str| audits.iter().filter(|a| a.answer.word() == word).count();
    let found = words.into_iter().map(|word| (count(word), word.to_lowercase())).filter(|(n, _)| *n > 0);
    let parts: Vec<_> = found.map(|(n, word)| format!("{n} {word}")).collect();
    let audits = match (parts.is_empty(), benchmarks) {
        (true, 0) => "No audit.".into(),
        (true, _) => String::new(),
        (false, _) => format!("{}: {}.", plural(audits.len(), "audit"), parts.join(", ")),
    };
    let benchmarks =
        if benchmarks > 0 { format!("{}.", plural(benchmarks, "benchmark")) } else { String::new() };
    format!("{audits} {benchmarks}").trim().to_owned()
}

/// A doc comment's first paragraph as the heading, the others as lead. Without any text: the audit's id.
fn question(doc: &str, id: &str) -> (String, Vec<String>) {
    let doc = doc.replace("\r\n", "\n");
    let mut paragraphs = doc
        .split("\n\n")
        .map(|p| p.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|p| !p.is_empty());
    let heading = paragraphs.next().unwrap_or_else(|| id.to_owned());
    (heading, paragraphs.collect())
}

/// The confidence level that all intervals of an answer share: `95 %`.
fn level(answer: &Answer) -> String {
    let intervals =
        answer.classes.iter().flat_map(|c| [c.full, c.hidden]).flatten().filter_map(|e| e.interval);
    let mut levels: Vec<_> = intervals.map(|i| format::percent(i.level)).collect();
    levels.dedup();
    if levels.len() == 1 { format!("{} interval", levels[0]) } else { "interval".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_split_into_heading_and_lead() {
        let (h, lead) = question(" Does it\n still see?\n\n Why we\n ask.\n\n\n", "a/b");
        assert_eq!((h.as_str(), lead), ("Does it still see?", vec!["Why we ask.".to_owned()]));
        assert_eq!(question(" \n", "a/b").0, "a/b");
    }
}
