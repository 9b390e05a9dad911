//! How well readers and the model tell the label, per masking and class.

use eyepatch_stats::{AucInfluence, FoldScores, StatsError, clustered_share, contrast, exact_interval};
use serde::Serialize;

use super::{LEVEL, Measure, ShareOf};
use crate::key::{Sealed, SealedCase};
use crate::{Answer, Answers};

/// One reader, or all of them, on one masking and class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reading {
    /// Who; `None` for the mean over all readers.
    pub reader: Option<String>,
    /// The masking.
    pub masking: String,
    /// The class.
    pub class: String,
    /// Cases under this masking whose label is known.
    pub cases: usize,
    /// Whole answers to them; over all readers their sum.
    pub answered: usize,
    /// Readers whose AUC could be estimated; what stands for all readers is their mean.
    pub readers: usize,
    /// The reader's AUC.
    pub auc: Measure,
    /// The model's on the same images.
    pub model_auc: Measure,
    /// The reader's less the model's, on the same images; its interval is cut at -1 and 1.
    pub difference: Measure,
    /// Two-sided p of no difference.
    pub p: Option<f64>,
    /// Positive images that are called positive.
    pub sensitivity: ShareOf,
    /// Negative images that are called negative.
    pub specificity: ShareOf,
}

/// One answered case: what is true, what the reader said, what the model said.
#[derive(Clone, Copy)]
struct Read<'a> {
    case: &'a SealedCase,
    truth: bool,
    answer: Answer,
    model: f64,
}

pub(super) fn readings(sealed: &Sealed, answers: &[Answers]) -> Vec<Reading> {
    let mut all = Vec::new();
    for masking in &sealed.maskings {
        for (c, class) in sealed.classes.iter().enumerate() {
            let read: Vec<Vec<Read<'_>>> =
                answers.iter().map(|a| reads(sealed, a, &masking.name, c)).collect();
            let known = |case: &&SealedCase| case.masking == masking.name && case.truth[c].is_some();
            let cases = sealed.cases.iter().filter(known).count();
            let one = |reader: Option<String>, read: &[Vec<Read<'_>>]| {
                let usable: Vec<&Vec<Read<'_>>> =
                    read.iter().filter(|r| influence(r, |r| r.answer.score(), sealed.fold).is_ok()).collect();
                // Where there is none, the first reader's error tells why.
                let asked = if usable.is_empty() { read.iter().take(1).collect() } else { usable.clone() };
                let (auc, model_auc, difference, p) = aucs(&asked, sealed.fold);
                Reading {
                    reader,
                    masking: masking.name.clone(),
                    class: class.clone(),
                    cases,
                    answered: read.iter().map(Vec::len).sum(),
                    readers: usable.len(),
                    auc,
                    model_auc,
                    difference,
                    p,
                    sensitivity: share(read, true),
                    specificity: share(read, false),
                }
            };
            for (a, read) in answers.iter().zip(&read) {
                all.push(one(Some(a.reader.clone()), std::slice::from_ref(read)));
            }
            if answers.len() > 1 {
                all.push(one(None, &read));
            }
        }
    }
    all
}

fn reads<'a>(sealed: &'a Sealed, answers: &Answers, masking: &str, class: usize) -> Vec<Read<'a>> {
    let one = |(case, given): (&'a SealedCase, &Vec<Option<Answer>>)| {
        let (truth, answer) = (case.truth[class]?, given[class]?);
        (case.masking == masking).then_some(Read { case, truth, answer, model: case.scores[class] })
    };
    sealed.cases.iter().zip(&answers.given).filter_map(one).collect()
}

/// The mean AUC of the readers, of the model on each reader's images, and their difference with its p.
fn aucs(read: &[&Vec<Read<'_>>], fold: usize) -> (Measure, Measure, Measure, Option<f64>) {
    let of = |score: fn(&Read<'_>) -> f64| {
        read.iter().map(|r| influence(r, score, fold)).collect::<Result<Vec<_>, _>>()
    };
    let (readers, models) = match (of(|r| r.answer.score()), of(|r| r.model)) {
        (Ok(readers), Ok(models)) => (readers, models),
        (Err(e), _) | (_, Err(e)) => return (Measure::none(&e), Measure::none(&e), Measure::none(&e), None),
    };
    let share = 1.0 / read.len() as f64;
    let terms = |weight: f64, of: &'_ [AucInfluence<String>]| {
        of.iter().map(|i| (weight, i.clone())).collect::<Vec<_>>()
    };
    let (ours, theirs) = (terms(share, &readers), terms(share, &models));
    let both: Vec<_> = ours.iter().cloned().chain(terms(-share, &models)).collect();
    let mut p = None;
    let mut measure = |terms: &[(f64, AucInfluence<String>)]| -> Result<Measure, StatsError> {
        let terms: Vec<_> = terms.iter().map(|(w, i)| (*w, i)).collect();
        let found = contrast(&terms, 0.0)?;
        p = Some(found.p_two_sided());
        Ok(Measure::of(found.estimate, found.interval(LEVEL)?))
    };
    let auc = Measure::or_none(measure(&ours));
    let model = Measure::or_none(measure(&theirs));
    let mut difference = Measure::or_none(measure(&both));
    if let Some(ends) = &mut difference.interval {
        (ends.lower, ends.upper) = (ends.lower.max(-1.0), ends.upper.min(1.0));
    }
    (auc, model, difference, p)
}

fn influence(
    read: &[Read<'_>],
    score: fn(&Read<'_>) -> f64,
    fold: usize,
) -> Result<AucInfluence<String>, StatsError> {
    let labels: Vec<bool> = read.iter().map(|r| r.truth).collect();
    let scores: Vec<f64> = read.iter().map(score).collect();
    let patients: Vec<String> = read.iter().map(|r| r.case.patient.clone()).collect();
    let fold = FoldScores { fold, labels: &labels, scores: &scores, patients: &patients };
    AucInfluence::new(&[fold])
}

/// The share of images of one label that are called so.
fn share(read: &[Vec<Read<'_>>], label: bool) -> ShareOf {
    let right = |r: &Read<'_>| r.answer.yes == label;
    if let [one] = read {
        let of: Vec<bool> = one.iter().filter(|r| r.truth == label).map(right).collect();
        let count = of.iter().filter(|r| **r).count();
        let interval = exact_interval(count, of.len(), LEVEL);
        let share = interval.map(|i| Measure::of(count as f64 / of.len() as f64, i));
        return ShareOf { of: of.len(), share: Measure::or_none(share) };
    }
    // By image: its patient, and the share of its readers who are right.
    let mut images: std::collections::BTreeMap<&str, (&str, f64, f64)> = std::collections::BTreeMap::new();
    for r in read.iter().flatten().filter(|r| r.truth == label) {
        let image = images.entry(&r.case.code).or_insert((&r.case.patient, 0.0, 0.0));
        image.1 += f64::from(u8::from(right(r)));
        image.2 += 1.0;
    }
    let (patients, values): (Vec<&str>, Vec<f64>) = images.values().map(|(p, sum, n)| (*p, sum / n)).unzip();
    let share = clustered_share(&values, &patients, LEVEL).map(|s| Measure::of(s.share, (s.lower, s.upper)));
    ShareOf { of: values.len(), share: Measure::or_none(share) }
}
