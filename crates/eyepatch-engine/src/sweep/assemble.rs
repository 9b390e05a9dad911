//! From finished cells to the result.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use eyepatch_core::{Attribution, Ctx, Evidence, Finding, Keep, Meta, ScoreSet};
use eyepatch_report::schema::{
    AuditResult, Check, ClassCount, ColumnSummary, Curve, CurvePoint, DataSummary, Estimate, Further,
    FurtherRow, MaskingSummary, Matrix, ModelSummary, Provenance, Training, Verdict,
};

use super::measure::Measures;
use super::plan::{Role, SweepPlan};
use super::shared::{DELIVERED, Masking, Shared};
use super::{answer, check, gallery, maps, measure, probes, readable, tables, transfer, work};
use crate::Result;
use crate::cell::read_json;
use crate::run::{Assembled, Outcome, Precision};
use crate::verdict::{Case, Readout, VerdictRule, verdict};

/// Confidence level of every interval.
pub(super) const LEVEL: f64 = 0.95;

pub(super) fn assemble(plan: &SweepPlan, folders: &[PathBuf], ctx: &Ctx) -> Result<Assembled> {
    let s = &plan.shared;
    let gathered = Gathered::read(plan, folders)?;
    let cards: Vec<_> = s.maskings.iter().map(|m| m.card.clone()).collect();
    let evidence = Evidence {
        table: &s.table,
        maskings: &cards,
        scores: &gathered.scores,
        splits: &s.splits.folds,
        embeddings: &[],
        attributions: &gathered.attributions,
    };
    let mut answers = probes::answers(plan, &gathered.examined, &evidence, ctx)?;
    let findings = std::mem::take(&mut answers.findings);
    let trained = gathered.trained_names();
    let delivered = trained.iter().any(|t| t == DELIVERED);
    let full = if delivered { DELIVERED.to_owned() } else { cards[s.full].name.clone() };
    let index = AucIndex::new(&findings);
    let gallery::Drawn { mut files, explanations, maps: judged, gallery } =
        gallery::draw(plan, folders, &gathered, &mut answers, ctx)?;
    files.extend(tables::tables(plan, &gathered)?);
    let screening = answer::answer(s, &plan.design.flag, &index, &full, plan.quick);
    let mut verdict = plan.design.verdict.as_ref().map(|rule| verdict_of(plan, rule, &gathered, &full));
    if let Some(verdict) = &mut verdict {
        maps::speak(&judged, verdict);
    }
    let answer = match &verdict {
        Some(v) => answer::of_verdict(s, screening, v, plan.quick),
        None => screening,
    };
    let result = AuditResult {
        id: s.audit.id.clone(),
        question: s.audit.question.clone(),
        tags: s.audit.tags.clone(),
        seed: s.audit.seed,
        quick: plan.quick,
        declared_in: s.audit.declared_in.clone(),
        answer,
        verdict,
        data: data_summary(s),
        model: ModelSummary {
            plugin: s.model.spec().clone(),
            card: s.model.card(),
            size: s.size,
            training: gathered.training.clone(),
        },
        maskings: s
            .maskings
            .iter()
            .enumerate()
            .map(|(i, m)| MaskingSummary {
                plugin: m.handle.spec().clone(),
                card: m.card.clone(),
                further: m.further,
                visible: gathered.visible[i],
            })
            .collect(),
        splits: s.splits.summary(&s.table),
        check: gathered.check.clone(),
        matrices: matrices(s, &index, &trained),
        curves: curves(s, &index, &full, &gathered.visible),
        further: further(s, &index, &full),
        gallery,
        explanations,
        maps: judged,
        transfers: transfer::transfers(plan, &gathered),
        findings,
        sections: answers.sections,
        notes: notes(s),
        provenance: provenance(plan),
    };
    Ok(Assembled { outcome: Outcome::Audit(Box::new(result)), files })
}

/// The verdict on what the cells left.
pub(super) fn verdict_of(plan: &SweepPlan, rule: &VerdictRule, gathered: &Gathered, full: &str) -> Verdict {
    let s = &plan.shared;
    let cards: Vec<_> = s.maskings.iter().map(|m| m.card.clone()).collect();
    let trained = gathered.trained_names();
    let measures = gathered.measures.as_ref();
    let numbers = measures.map(Measures::numbers).unwrap_or_default();
    let shape = measures.ok_or_else(|| "nothing was measured".to_owned()).and_then(|m| m.shape_scores(s));
    let case = Case {
        rule,
        table: &s.table,
        sets: &gathered.scores,
        cards: &cards,
        full: (full, &cards[s.full].name),
        trained: &trained,
        legitimate: &s.dataset.legitimate(),
        width: s.size.1,
        check: gathered.check.as_ref(),
        numbers: &numbers,
        readouts: &gathered.readouts,
        shape: match &shape {
            Ok(sets) => Ok(sets.as_slice()),
            Err(why) => Err(why.clone()),
        },
    };
    verdict(&case)
}

/// Name of a data set's broken twin in its score sets.
pub(super) const BROKEN: &str = "broken";

/// What the cells left.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) scores: Vec<ScoreSet>,
    /// Scores on the twin whose associations are broken.
    pub(super) broken: Vec<ScoreSet>,
    pub(super) attributions: Vec<(usize, Attribution)>,
    pub(super) training: Vec<Training>,
    /// Mean visible share of each evaluation.
    pub(super) visible: Vec<f64>,
    /// What the check of the data set found.
    check: Option<Check>,
    /// Maps of many images and their checks.
    pub(super) maps: Vec<maps::Found>,
    /// What embeddings tell of columns.
    readouts: Vec<Readout>,
    /// What was measured in the images.
    measures: Option<Measures>,
    /// What probes with cells of their own say, by place.
    pub(super) examined: Vec<(usize, probes::Examined)>,
    /// Scores on external data, by place.
    pub(super) abroad: Vec<(usize, ScoreSet)>,
}

impl Gathered {
    pub(super) fn read(plan: &SweepPlan, folders: &[PathBuf]) -> Result<Self> {
        let mut all = Self::of(&plan.shared, plan.roles.iter().zip(folders))?;
        for (role, folder) in plan.roles.iter().zip(folders) {
            let &Role::Abroad { transfer, trained, evaluation, fold } = role else { continue };
            let s = &plan.externals[transfer].shared;
            all.abroad.push((transfer, score_set(s, (trained, evaluation, fold), folder)?));
        }
        Ok(all)
    }

    /// Of some cells.
    pub(super) fn of<'a>(s: &Shared, cells: impl Iterator<Item = (&'a Role, &'a PathBuf)>) -> Result<Self> {
        let mut all = Self::default();
        for (role, folder) in cells {
            match *role {
                Role::Prepare | Role::Split | Role::Features | Role::Elsewhere | Role::Permuted => {}
                Role::Embed | Role::External { .. } | Role::ExternalSurvey | Role::Abroad { .. } => {}
                Role::Examine { probe } => all.examined.push((probe, probes::examined(folder)?)),
                Role::Check => all.check = Some(read_json(&folder.join(check::CHECK_FILE))?),
                Role::Measure => all.measures = Some(read_json(&folder.join(measure::MEASURES_FILE))?),
                Role::Survey => all.visible = read_json(&folder.join(work::SURVEY_FILE))?,
                Role::Fit { trained, fold } => all.training.push(Training {
                    trained: s.trained_name(trained).to_owned(),
                    fold,
                    history: read_json(&folder.join(work::HISTORY_FILE))?,
                }),
                Role::Predict { trained, evaluation, fold } => {
                    all.scores.push(score_set(s, (trained, evaluation, fold), folder)?);
                }
                Role::Broken { fold } => all.broken.push(ScoreSet {
                    trained: s.trained_name(s.full).to_owned(),
                    evaluated: BROKEN.to_owned(),
                    dilation: 0,
                    fold,
                    rows: s.splits.folds[fold].test.clone(),
                    scores: read_json(&folder.join(work::SCORES_FILE))?,
                }),
                Role::Explain => all.attributions = read_json(&folder.join(work::ATTRIBUTIONS_FILE))?,
                Role::Maps => all.maps = read_json(&folder.join(maps::MAPS_FILE))?,
                Role::Read { .. } => {
                    let read: Vec<Readout> = read_json(&folder.join(readable::READABLE_FILE))?;
                    all.readouts.extend(read);
                }
                Role::Scores => all.scores = read_json(&folder.join(work::SCORES_FILE))?,
            }
        }
        Ok(all)
    }

    /// Training maskings, in the order in which they first appear.
    pub(super) fn trained_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for set in &self.scores {
            if !names.contains(&set.trained) {
                names.push(set.trained.clone());
            }
        }
        names
    }
}

/// What a cell of prediction left: a model's scores of the images that its fold tests.
fn score_set(
    s: &Shared,
    (trained, evaluation, fold): (usize, usize, usize),
    folder: &Path,
) -> Result<ScoreSet> {
    let e = &s.evaluations[evaluation];
    Ok(ScoreSet {
        trained: s.trained_name(trained).to_owned(),
        evaluated: s.maskings[e.masking].card.name.clone(),
        dilation: e.dilation,
        fold,
        rows: s.splits.folds[fold].test.clone(),
        scores: read_json(&folder.join(work::SCORES_FILE))?,
    })
}

/// AUC findings by class, training masking, evaluation masking and dilation.
pub(super) struct AucIndex<'a>(BTreeMap<(&'a str, &'a str, &'a str, i32), &'a Finding>);

impl<'a> AucIndex<'a> {
    fn new(findings: &'a [Finding]) -> Self {
        let key = |f: &'a Finding| {
            let at = |k: &str| f.at.get(k).map(String::as_str);
            Some((at("class")?, at("trained")?, at("evaluated")?, at("dilation")?.parse().ok()?))
        };
        let aucs = findings.iter().filter(|f| f.contrast == "auc");
        Self(aucs.filter_map(|f| Some((key(f)?, f))).collect())
    }

    pub(super) fn get(
        &self,
        class: &str,
        trained: &str,
        evaluated: &str,
        dilation: i32,
    ) -> Option<&'a Finding> {
        self.0.get(&(class, trained, evaluated, dilation)).copied()
    }
}

/// The estimate of a finding, where there is one.
pub(super) fn estimate(finding: Option<&Finding>) -> Option<Estimate> {
    let finding = finding?;
    Some(Estimate { value: finding.estimate?, interval: finding.interval })
}

/// Smallest gap above `margin` that the patients who are tested let a test find with 80 % power.
pub(super) fn detectable_gap(
    s: &Shared,
    class: usize,
    margin: f64,
) -> Result<f64, eyepatch_stats::StatsError> {
    let tested: BTreeSet<usize> = s.splits.folds.iter().flat_map(|f| &f.test).copied().collect();
    let patients = |answer: bool| {
        let rows = tested.iter().map(|&r| &s.table.rows[r]).filter(|r| r.labels[class] == Some(answer));
        rows.map(|r| r.patient.as_str()).collect::<BTreeSet<_>>().len()
    };
    // A common test set that several models see tells no more of its patients than one model's look at it.
    let folds = if s.splits.common_test() { 1 } else { s.splits.folds.len() };
    let alpha = (1.0 - LEVEL) / 2.0;
    eyepatch_stats::minimal_detectable_gap(patients(true), patients(false), folds, alpha, 0.8, margin)
}

fn matrices(s: &Shared, index: &AucIndex<'_>, trained: &[String]) -> Vec<Matrix> {
    let columns: Vec<String> = s.matrix().map(|m| s.maskings[m].card.name.clone()).collect();
    let matrix = |class: &String| {
        let row = |t: &String| columns.iter().map(|e| estimate(index.get(class, t, e, 0))).collect();
        let any = trained
            .iter()
            .flat_map(|t| columns.iter().map(move |e| (t, e)))
            .find_map(|(t, e)| index.get(class, t, e, 0));
        Matrix {
            class: class.clone(),
            rows: trained.to_vec(),
            columns: columns.clone(),
            cells: trained.iter().map(row).collect(),
            n_images: any.map_or(0, |f| f.n_images),
            n_patients: any.map_or(0, |f| f.n_patients),
        }
    };
    s.table.classes.iter().map(matrix).collect()
}

/// The full-image model on what lies beside the matrix, after what it is to be compared with: the full image and the
/// maskings that the rule may look at.
fn further(s: &Shared, index: &AucIndex<'_>, full: &str) -> Vec<Further> {
    if s.maskings.iter().all(|m| !m.further) {
        return Vec::new();
    }
    let row = |class: &String, m: &Masking| FurtherRow {
        masking: m.card.name.clone(),
        auc: estimate(index.get(class, full, &m.card.name, 0)),
    };
    let compared = |m: &&Masking| m.further || m.card.keep == Keep::Full || m.card.keep == Keep::Outside;
    let rows = |class: &String| s.maskings.iter().filter(compared).map(|m| row(class, m)).collect();
    let of = |class: &String| Further { class: class.clone(), trained: full.into(), rows: rows(class) };
    s.table.classes.iter().map(of).collect()
}

fn curves(s: &Shared, index: &AucIndex<'_>, full: &str, visible: &[f64]) -> Vec<Curve> {
    let mut curves = Vec::new();
    for class in &s.table.classes {
        for (m, masking) in s.maskings.iter().enumerate() {
            let mut points: Vec<CurvePoint> = s
                .evaluations
                .iter()
                .zip(visible)
                .filter(|(e, _)| e.masking == m)
                .map(|(e, &visible)| CurvePoint {
                    dilation: e.dilation,
                    visible,
                    auc: estimate(index.get(class, full, &masking.card.name, e.dilation)),
                })
                .collect();
            if points.len() > 1 {
                points.sort_by_key(|p| p.dilation);
                let evaluated = masking.card.name.clone();
                curves.push(Curve { class: class.clone(), trained: full.into(), evaluated, points });
            }
        }
    }
    curves
}

fn data_summary(s: &Shared) -> DataSummary {
    let table = &s.table;
    let count = |c: usize, want: Option<bool>| table.rows.iter().filter(|r| r.labels[c] == want).count();
    let class = |(c, name): (usize, &String)| {
        let positive = table.rows.iter().filter(|r| r.labels[c] == Some(true));
        ClassCount {
            class: name.clone(),
            positive: count(c, Some(true)),
            negative: count(c, Some(false)),
            missing: count(c, None),
            patients_positive: positive.map(|r| r.patient.as_str()).collect::<BTreeSet<_>>().len(),
        }
    };
    let names: BTreeSet<&String> = table.rows.iter().flat_map(|r| r.meta.keys()).collect();
    DataSummary {
        plugin: s.dataset.spec().clone(),
        card: s.dataset.card(),
        n_images: table.rows.len(),
        n_patients: table.rows.iter().map(|r| r.patient.as_str()).collect::<BTreeSet<_>>().len(),
        classes: table.classes.iter().enumerate().map(class).collect(),
        columns: names.into_iter().map(|n| column(s, n)).collect(),
        legitimate: s.dataset.legitimate(),
        content: Some(s.content),
    }
}

fn column(s: &Shared, name: &str) -> ColumnSummary {
    let values: Vec<&Meta> =
        s.table.rows.iter().map(|r| r.meta.get(name).unwrap_or(&Meta::Missing)).collect();
    let numbers: Vec<f64> =
        values.iter().filter_map(|v| if let Meta::Number(x) = v { Some(*x) } else { None }).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in &values {
        if let Meta::Text(text) = value {
            *counts.entry(text).or_default() += 1;
        }
    }
    let missing = values.iter().filter(|v| matches!(v, Meta::Missing)).count();
    let summary = if counts.is_empty() && numbers.is_empty() {
        "no value".into()
    } else if counts.is_empty() {
        let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        format!("{} to {}, mean {}", short(low), short(high), short(mean))
    } else {
        let mut common: Vec<_> = counts.iter().collect();
        common.sort_by_key(|(text, n)| (std::cmp::Reverse(**n), **text));
        let shown: Vec<String> = common.iter().take(5).map(|(text, n)| format!("{text} ({n})")).collect();
        let more = common.len().saturating_sub(5);
        let mut text = shown.join(", ");
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        if !numbers.is_empty() {
            text.push_str(&format!("; {} numbers", numbers.len()));
        }
        text
    };
    ColumnSummary { name: name.into(), missing, summary }
}

fn short(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 1e9 { format!("{x:.0}") } else { format!("{x:.3}") }
}

fn notes(s: &Shared) -> Vec<String> {
    let mut notes: Vec<String> = s.shares.message().into_iter().collect();
    for m in s.maskings.iter().filter(|m| !m.card.hides) {
        let why = if s.pipeline.leaks() {
            "images are divided by their own maximum before they are masked, so hidden pixels set the brightness of \
             visible ones"
                .to_owned()
        } else if s.leaks {
            "images are stretched before they are masked, as the study's were, so hidden pixels set the brightness of visible \
             ones"
                .to_owned()
        } else {
            format!("fill: {}", m.card.fill)
        };
        notes.push(format!(
            "Masking {} does not hide what it replaces ({why}), so nothing is concluded from it.",
            m.card.name
        ));
    }
    notes
}

fn provenance(plan: &SweepPlan) -> Provenance {
    let s = &plan.shared;
    let mut plugins = vec![s.dataset.spec().clone(), s.model.spec().clone()];
    plugins.extend(s.maskings.iter().map(|m| m.handle.spec().clone()));
    plugins.extend(plan.probes.iter().map(|p| p.spec().clone()));
    let others = plan.judge.iter().flat_map(|j| &j.others);
    plugins.extend(plan.explainer.iter().chain(others).map(|e| e.spec().clone()));
    let half = s.shares.trunk().is_some_and(|t| t.precision == Precision::F16);
    let precision = if half { "f32, features f16" } else { "f32" };
    Provenance { plugins, cells: Vec::new(), device: Some(plan.device), precision: precision.into() }
}
