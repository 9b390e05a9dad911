//! What a run's models said of the images that one fold tests, from `scores.csv`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use eyepatch_report::scores::each_score;

use crate::{Candidate, Cell, Error, Result};

/// What a model that arrived trained is said to be trained with.
const DELIVERED: &str = "delivered";

/// One image under one masking.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredImage {
    /// Whose it is.
    pub patient: String,
    /// A label a class; `None` where the table has none.
    pub labels: Vec<Option<bool>>,
    /// A score a class, from one model.
    pub scores: Vec<f64>,
}

/// One masking's images, all scored by one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredMasking {
    /// What the model was trained on.
    pub trained: String,
    /// By sample.
    pub images: BTreeMap<String, ScoredImage>,
}

/// The scores of one fold.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The classes, in the table's order.
    pub classes: Vec<String>,
    /// By name of the masking.
    pub maskings: BTreeMap<String, ScoredMasking>,
}

/// Classes of one image by name, with label and score.
type Answers = BTreeMap<String, (Option<bool>, f64)>;
/// By masking, training and sample: the patient and the answers.
type Found = BTreeMap<String, BTreeMap<String, BTreeMap<String, (String, Answers)>>>;

impl Scored {
    /// Reads the table. Of a masking's models the one trained on it is taken, else the one that arrived trained, else the one
    /// trained on the masking `full`.
    ///
    /// # Errors
    /// [`Error::Table`] with the line, also where the fold has no scores.
    pub fn read(path: &Path, fold: usize, full: &str) -> Result<Self> {
        let wrong = |line: Option<u64>, problem: String| Error::Table { path: path.into(), line, problem };
        let mut classes: Vec<String> = Vec::new();
        let mut found = Found::new();
        let taken = each_score(path, |row| {
            let usable = row.trained == row.masking || row.trained == DELIVERED || row.trained == full;
            if row.fold != fold || row.dilation != 0 || !usable {
                return Ok(());
            }
            if classes.iter().all(|c| c != row.class) {
                classes.push(row.class.to_owned());
            }
            let models = found.entry(row.masking.to_owned()).or_default();
            let of = models.entry(row.trained.to_owned()).or_default();
            let (patient, answers) =
                of.entry(row.sample.to_owned()).or_insert_with(|| (row.patient.to_owned(), Answers::new()));
            if patient != row.patient {
                return Err("this image belonged to another patient before".into());
            }
            match answers.insert(row.class.to_owned(), (row.label, f64::from(row.score))) {
                None => Ok(()),
                Some(_) => Err("this image, model and class stand in the table twice".into()),
            }
        });
        taken.map_err(|e| match e {
            eyepatch_report::Error::Scores { line, problem, .. } => wrong(line, problem),
            other => wrong(None, other.to_string()),
        })?;
        if found.is_empty() {
            return Err(wrong(None, format!("fold {fold} has no scores (folds count from 0)")));
        }
        let one =
            |(masking, models)| Some((String::clone(&masking), chosen(&masking, models, full, &classes)?));
        let maskings =
            found.into_iter().map(|m| one(m).ok_or_else(|| wrong(None, "an image lacks a class".into())));
        Ok(Self { maskings: maskings.collect::<Result<_>>()?, classes })
    }

    /// The cells of a study: every chosen masking with every chosen class.
    ///
    /// # Errors
    /// [`Error::Design`] for a masking or class that there is not.
    pub fn cells(&self, maskings: &[String], classes: &[String]) -> Result<Vec<Cell>> {
        let mut cells = Vec::new();
        let unknown = |what: &str, name: &str, known: Vec<&String>| {
            let known: Vec<&str> = known.into_iter().map(String::as_str).collect();
            Error::Design {
                problem: format!(
                    "there is no {what} `{name}` among the fold's scores; there are: {}",
                    known.join(", ")
                ),
            }
        };
        for masking in maskings {
            let of = self.maskings.get(masking);
            let of = of.ok_or_else(|| unknown("masking", masking, self.maskings.keys().collect()))?;
            for class in classes {
                let c = self.classes.iter().position(|k| k == class);
                let c = c.ok_or_else(|| unknown("class", class, self.classes.iter().collect()))?;
                let candidate = |(sample, image): (&String, &ScoredImage)| {
                    let (sample, patient) = (sample.clone(), image.patient.clone());
                    Some(Candidate { sample, patient, label: image.labels[c]?, score: image.scores[c] })
                };
                let candidates = of.images.iter().filter_map(candidate).collect();
                cells.push(Cell { class: class.clone(), masking: masking.clone(), candidates });
            }
        }
        Ok(cells)
    }
}

/// The scores of the masking's own model; `None` where an image lacks a class.
fn chosen(
    masking: &str,
    mut models: BTreeMap<String, BTreeMap<String, (String, Answers)>>,
    full: &str,
    classes: &[String],
) -> Option<ScoredMasking> {
    let order = [masking, DELIVERED, full];
    let trained = order.into_iter().find(|t| models.contains_key(*t))?;
    let images = models.remove(trained)?.into_iter().map(|(sample, (patient, answers))| {
        let of = classes.iter().map(|c| answers.get(c).copied()).collect::<Option<Vec<_>>>()?;
        let (labels, scores) = of.into_iter().unzip();
        Some((sample, ScoredImage { patient, labels, scores }))
    });
    Some(ScoredMasking { trained: trained.into(), images: images.collect::<Option<_>>()? })
}

/// The score from which on a model calls as many of these images positive as are positive; with equal scores as few more as may
/// be. `None` where none is positive or a score is no number.
#[must_use]
pub fn prevalence_threshold(of: &ScoredMasking, class: usize) -> Option<f64> {
    let known = of.images.values().filter(|i| i.labels[class].is_some());
    let (mut scores, mut positives) = (Vec::new(), 0);
    for image in known {
        positives += usize::from(image.labels[class] == Some(true));
        scores.push(image.scores[class]);
    }
    if scores.iter().any(|s| !s.is_finite()) {
        return None;
    }
    scores.sort_by(|a, b| b.total_cmp(a));
    positives.checked_sub(1).map(|i| scores[i])
}

/// The maskings' names in an order: those of `first`, then all others.
#[must_use]
pub fn ordered(scored: &Scored, first: &[String]) -> Vec<String> {
    let listed: BTreeSet<&String> = first.iter().collect();
    let named = first.iter().filter(|m| scored.maskings.contains_key(*m));
    named.chain(scored.maskings.keys().filter(|m| !listed.contains(m))).cloned().collect()
}
