//! From finished cells to the result.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use eyepatch_core::{Ctx, Evidence, Finding, Keep};
use eyepatch_report::schema::{
    AuditResult, Curve, CurvePoint, Estimate, Further, FurtherRow, MaskingSummary, Matrix, ModelSummary,
    Verdict,
};

use super::gathered::Gathered;
use super::measure::Measures;
use super::plan::SweepPlan;
use super::shared::{DELIVERED, Evaluation, Masking, Shared};
use super::summary::{data_summary, notes, provenance};
use super::{answer, gallery, maps, probes, tables, transfer};
use crate::Result;
use crate::run::{Assembled, Outcome};
use crate::verdict::{Case, VerdictRule, verdict};

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
        for m in 0..s.maskings.len() {
            curves.extend(curve(s, index, (class, full, m), visible));
        }
        // The study swept the model that was trained on the same masking.
        for &m in s.trainings().iter().filter(|&&m| m != s.full) {
            curves.extend(curve(s, index, (class, s.trained_name(m), m), visible));
        }
    }
    curves
}

/// One model on one masking as it is dilated; `None` where it is not.
fn curve(
    s: &Shared,
    index: &AucIndex<'_>,
    (class, trained, m): (&str, &str, usize),
    visible: &[f64],
) -> Option<Curve> {
    let evaluated = &s.maskings[m].card.name;
    let of = s.evaluations.iter().zip(visible).filter(|(e, _)| e.masking == m);
    let point = |(e, &visible): (&Evaluation, &f64)| CurvePoint {
        dilation: e.dilation,
        visible,
        auc: estimate(index.get(class, trained, evaluated, e.dilation)),
    };
    let mut points: Vec<CurvePoint> = of.map(point).collect();
    points.sort_by_key(|p| p.dilation);
    let (class, trained, evaluated) = (class.to_owned(), trained.to_owned(), evaluated.clone());
    (points.len() > 1).then_some(Curve { class, trained, evaluated, points })
}
