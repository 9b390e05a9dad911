//! What was used and how: data, model, splits, findings, provenance, durations.

use std::collections::BTreeSet;

use eyepatch_core::{
    Device, Direction, Finding, LegitimateRegion, Normalise, OutputSpace, PluginSpec, Step, Task,
};
use minijinja::Value;
use serde::Serialize;

use super::drawings::Drawing;
use crate::charts::spark::{self, Axis};
use crate::format;
use crate::schema::{AuditResult, CellTiming, ClassCount, PartCount, Timings, Training};
use crate::share::Counted;

#[derive(Serialize)]
pub(super) struct View<'a, N: Counted> {
    classes: Vec<(&'a ClassCount<N>, String)>,
    regions: Vec<(&'a str, String)>,
    task: &'static str,
    output: &'static str,
    steps: Vec<String>,
    training: Vec<(&'a str, Value)>,
    /// Whether the losses are drawn on a logarithmic axis.
    logarithmic: bool,
    /// Whether step sizes are drawn.
    rates: bool,
    /// Notes of the data set that the audit's own notes do not already say.
    data_notes: Vec<&'a str>,
    /// Parts, and whether a fold other than the first begins with each.
    parts: Vec<(&'a PartCount<N>, bool)>,
    findings: Vec<Group<'a, N>>,
    /// Plugins, their parameters, and whether these are many.
    plugins: Vec<(&'a PluginSpec, String, bool)>,
    device: Option<String>,
}

/// Findings of one contrast and estimand.
#[derive(Serialize)]
pub(super) struct Group<'a, N: Counted> {
    contrast: &'a str,
    estimand: &'a str,
    keys: Vec<&'a str>,
    margin: bool,
    p: bool,
    note: bool,
    /// Whether patients are counted on both sides of a question.
    sides: bool,
    rows: Vec<FindingRow<'a, N>>,
}

#[derive(Serialize)]
struct FindingRow<'a, N: Counted> {
    at: Vec<&'a str>,
    estimate: String,
    interval: String,
    reference: String,
    margin: String,
    p: String,
    direction: &'static str,
    f: &'a Finding<N>,
}

impl<'a, N: Counted> View<'a, N> {
    pub(super) fn new(r: &'a AuditResult<N>) -> Self {
        let card = &r.model.card;
        let axis = Axis::over(r.model.training.iter().map(|t| t.history.as_slice()));
        let said = |note: &&String| !r.notes.contains(note);
        Self {
            classes: r.data.classes.iter().map(|c| (c, prevalence(c))).collect(),
            regions: r.data.legitimate.iter().map(|(class, l)| (class.as_str(), region(l))).collect(),
            task: match card.task {
                Task::MultiLabel => "several yes/no classes",
                Task::Softmax => "exactly one of several classes",
                Task::SingleLogit => "one yes/no class",
            },
            output: match card.output {
                OutputSpace::Logits => "log odds",
                OutputSpace::Probabilities => "probabilities",
                OutputSpace::Scores => "scores without a scale",
            },
            steps: card.preprocessing.iter().map(step).collect(),
            training: training(&r.model.training, axis),
            logarithmic: axis.logarithmic,
            rates: r.model.training.iter().any(|t| spark::changing_rate(&[&t.history]).is_some()),
            data_notes: r.data.card.notes.iter().filter(said).map(String::as_str).collect(),
            parts: parts(&r.splits.parts),
            findings: groups(others(r)),
            plugins: r.provenance.plugins.iter().map(|p| (p, params(p), has_many(p))).collect(),
            device: r.provenance.device.map(|device| match device {
                Device::Cpu => "CPU".into(),
                Device::Cuda(i) => format!("CUDA device {i}"),
            }),
        }
    }
}

fn prevalence<N: Counted>(c: &ClassCount<N>) -> String {
    match (c.positive.known(), c.negative.known()) {
        (Some(positive), Some(negative)) if positive + negative > 0 => {
            format::percent(positive as f64 / (positive + negative) as f64)
        }
        _ => format::NONE.into(),
    }
}

fn region(l: &LegitimateRegion) -> String {
    let what = if l.structures.is_empty() { "all structures".into() } else { l.structures.join(" + ") };
    let margin = match l.margin {
        m if m > 0.0 => format!(", dilated by {} of the width", format::percent(f64::from(m))),
        _ => String::new(),
    };
    format!("{what}{margin}: {}", l.reason)
}

fn step(s: &Step) -> String {
    match s {
        Step::Decode => "Read the file; values keep their depth".into(),
        Step::Resize => "Resize to the working size".into(),
        Step::Mask => "Apply the masking".into(),
        Step::Normalise(Normalise::FullScale) => "Scale by the depth's full scale".into(),
        Step::Normalise(Normalise::ImageMaximum) => "Scale by the image's own maximum".into(),
        Step::Normalise(Normalise::Standardise { mean, std }) => {
            let [mean, std] = [*mean, *std].map(|v| format::number(f64::from(v), 3));
            format!("Standardise with mean {mean} and standard deviation {std}")
        }
        Step::Augment(how) => format!("During training only: {how}"),
    }
}

/// One panel a training masking, in the order in which they appear.
fn training(runs: &[Training], axis: Axis) -> Vec<(&str, Value)> {
    let mut names: Vec<&str> = Vec::new();
    for run in runs.iter().filter(|t| !t.history.is_empty()) {
        if !names.contains(&run.trained.as_str()) {
            names.push(&run.trained);
        }
    }
    let panel = |name: &str| {
        let folds: Vec<_> = runs.iter().filter(|t| t.trained == name).map(|t| t.history.as_slice()).collect();
        let last = |f: fn(&eyepatch_core::Epoch) -> Option<f64>| {
            let ends: Vec<_> = folds.iter().filter_map(|h| f(h.last()?)).filter(|v| v.is_finite()).collect();
            format::optional((!ends.is_empty()).then(|| ends.iter().sum::<f64>() / ends.len() as f64), 3)
        };
        let label = format!(
            "Losses by epoch of the model trained on {name}, {}: final training loss {}, final validation loss {}.",
            format::plural(folds.len(), "fold"),
            last(|e| Some(e.train_loss)),
            last(|e| e.validation_loss)
        );
        Value::from_safe_string(spark::svg(&folds, axis, &label))
    };
    names.into_iter().map(|name| (name, panel(name))).collect()
}

/// Masking and drawing of every training.
pub(super) fn drawings(runs: &[Training]) -> Vec<Drawing> {
    let axis = Axis::over(runs.iter().map(|t| t.history.as_slice()));
    let one = |(name, svg): (&str, Value)| Drawing::plain(format!("training {name}"), svg.to_string());
    training(runs, axis).into_iter().map(one).collect()
}

fn parts<N>(all: &[PartCount<N>]) -> Vec<(&PartCount<N>, bool)> {
    all.iter().enumerate().map(|(i, p)| (p, i > 0 && all[i - 1].fold != p.fold)).collect()
}

/// Findings that no probe shows in a section of its own.
fn others<N>(r: &AuditResult<N>) -> impl Iterator<Item = &Finding<N>> {
    let shown = |i: usize| r.sections.iter().any(|s| (s.findings.0..s.findings.1).contains(&i));
    r.findings.iter().enumerate().filter(move |(i, _)| !shown(*i)).map(|(_, f)| f)
}

/// Findings by contrast and estimand.
pub(super) fn groups<'a, N: Counted>(
    findings: impl IntoIterator<Item = &'a Finding<N>>,
) -> Vec<Group<'a, N>> {
    let mut groups: Vec<(&str, &str, Vec<&Finding<N>>)> = Vec::new();
    for f in findings {
        match groups.iter_mut().find(|g| (g.0, g.1) == (f.contrast.as_str(), f.estimand.as_str())) {
            Some(group) => group.2.push(f),
            None => groups.push((&f.contrast, &f.estimand, vec![f])),
        }
    }
    groups.into_iter().map(|(contrast, estimand, all)| group(contrast, estimand, &all)).collect()
}

fn group<'a, N: Counted>(contrast: &'a str, estimand: &'a str, all: &[&'a Finding<N>]) -> Group<'a, N> {
    let keys: BTreeSet<_> = all.iter().flat_map(|f| f.at.keys().map(String::as_str)).collect();
    Group {
        contrast,
        estimand,
        margin: all.iter().any(|f| f.margin.is_some()),
        p: all.iter().any(|f| f.p.is_some()),
        note: all.iter().any(|f| f.note.is_some()),
        sides: all
            .iter()
            .any(|f| [f.n_patients_positive, f.n_patients_negative].iter().any(|n| n.known() != Some(0))),
        rows: all.iter().map(|f| finding(f, &keys)).collect(),
        keys: keys.into_iter().collect(),
    }
}

fn finding<'a, N: Counted>(f: &'a Finding<N>, keys: &BTreeSet<&str>) -> FindingRow<'a, N> {
    FindingRow {
        at: keys.iter().map(|k| f.at.get(*k).map_or(format::NONE, String::as_str)).collect(),
        estimate: format::optional(f.estimate, 3),
        interval: f.interval.as_ref().map_or_else(|| format::NONE.into(), format::interval),
        reference: format::number(f.reference, 2),
        margin: format::optional(f.margin, 2),
        p: format::p(f.p),
        direction: match (f.interval, f.direction) {
            (None, _) => format::NONE,
            (_, Direction::Above) => "above",
            (_, Direction::Below) => "below",
            (_, Direction::Undecided) => "undecided",
        },
        f,
    }
}

/// Parameters in a form that breaks into lines: `kind = "chest", size = 96`; nothing for none.
fn params(p: &PluginSpec) -> String {
    match &p.params {
        serde_json::Value::Null => String::new(),
        serde_json::Value::Object(map) => {
            map.iter().map(|(k, v)| format!("{k} = {v}")).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn has_many(p: &PluginSpec) -> bool {
    p.params.as_object().is_some_and(|map| map.len() > 6)
}

/// How long the run took.
#[derive(Serialize)]
pub(super) struct Durations<'a> {
    total: f64,
    threads: usize,
    groups: Vec<Duration<'a>>,
    cells: &'a [CellTiming],
}

/// Cells of one audit and kind.
#[derive(Serialize)]
struct Duration<'a> {
    audit: &'a str,
    kind: &'a str,
    cells: usize,
    reused: usize,
    computed: f64,
}

impl<'a> Durations<'a> {
    pub(super) fn new(t: &'a Timings) -> Self {
        let mut groups: Vec<Duration<'a>> = Vec::new();
        for cell in &t.cells {
            let at = groups.iter().position(|g| (g.audit, g.kind) == (&cell.audit, &cell.kind));
            let at = at.unwrap_or_else(|| {
                groups.push(Duration {
                    audit: &cell.audit,
                    kind: &cell.kind,
                    cells: 0,
                    reused: 0,
                    computed: 0.0,
                });
                groups.len() - 1
            });
            let group = &mut groups[at];
            group.cells += 1;
            group.reused += usize::from(cell.reused);
            group.computed += if cell.reused { 0.0 } else { cell.seconds };
        }
        Self { total: t.total_seconds, threads: t.threads, groups, cells: &t.cells }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_count_reused_cells_without_their_seconds() {
        let cell = |audit: &str, seconds, reused| CellTiming {
            audit: audit.into(),
            kind: "train".into(),
            name: "n".into(),
            seconds,
            reused,
        };
        let t = Timings {
            total_seconds: 9.0,
            threads: 2,
            cells: vec![cell("a", 2.0, false), cell("b", 1.0, false), cell("a", 5.0, true)],
            ..Timings::default()
        };
        let groups = Durations::new(&t).groups;
        let rows: Vec<_> = groups.iter().map(|g| (g.audit, g.cells, g.reused, g.computed)).collect();
        assert_eq!(rows, [("a", 2, 1, 2.0), ("b", 1, 0, 1.0)]);
    }
}
