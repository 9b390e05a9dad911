//! A study: chosen cases, the page that shows them, and its key.

use std::collections::BTreeSet;

use eyepatch_core::{ContentHash, Image, Seed};

use crate::key::{Key, Sealed, SealedCase, SealedMasking};
use crate::page::{Page, PageCase};
use crate::{Cell, Design, Pick, Result, Scored, codes, page, png, prevalence_threshold, select};

/// Steps of the confidence scale.
const LEVELS: u8 = 5;

/// What is shown of a run, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyPlan {
    /// What readers see on top.
    pub title: String,
    /// What readers are told first; blank lines divide paragraphs.
    pub instructions: String,
    /// Of everything that is drawn.
    pub seed: u64,
    /// The audit.
    pub audit: String,
    /// The fold.
    pub fold: usize,
    /// BLAKE3 of `result.json`.
    pub result: ContentHash,
    /// BLAKE3 of `scores.csv`.
    pub scores: ContentHash,
    /// The maskings that are shown.
    pub maskings: Vec<String>,
    /// The classes that images are chosen for.
    pub classes: Vec<String>,
    /// How many of each.
    pub design: Design,
    /// The score from which on the model says yes; `None` for the one at which it does so as often as the label.
    pub threshold: Option<f32>,
}

/// A study whose images are chosen.
#[derive(Debug, Clone)]
pub struct Study {
    plan: StudyPlan,
    scored: Scored,
    cells: Vec<Cell>,
    picks: Vec<Pick>,
}

/// A finished study.
#[derive(Debug, Clone)]
pub struct Made {
    /// The page for readers.
    pub page: String,
    /// The key that readers must not see.
    pub key: Key,
}

impl Study {
    /// Chooses the images.
    ///
    /// # Errors
    /// [`crate::Error::Design`] for a masking or class that is named twice and a threshold that is no number; as [`select`] and
    /// [`Scored::cells`].
    pub fn new(plan: StudyPlan, scored: Scored) -> Result<Self> {
        check(&plan)?;
        let cells = scored.cells(&plan.maskings, &plan.classes)?;
        let picks = select(&cells, &plan.design, &Seed::root(plan.seed))?;
        Ok(Self { plan, scored, cells, picks })
    }

    /// Masking and sample of each case, in the page's order.
    #[must_use]
    pub fn images(&self) -> Vec<(String, String)> {
        let one = |p: &Pick| {
            let cell = &self.cells[p.cell];
            (cell.masking.clone(), cell.candidates[p.candidate].sample.clone())
        };
        self.picks.iter().map(one).collect()
    }

    /// Writes page and key, given the images in that order.
    ///
    /// # Errors
    /// [`crate::Error::Image`], [`crate::Error::Key`].
    pub fn make(&self, images: &[Image]) -> Result<Made> {
        let seed = Seed::root(self.plan.seed).child("reader study");
        let codes = codes::codes(self.picks.len(), &seed);
        let files = png::encode(images)?;
        let cases = self.picks.iter().zip(codes).zip(&files);
        let cases: Vec<SealedCase> = cases.map(|((pick, code), file)| self.case(pick, code, file)).collect();
        let shown =
            cases.iter().zip(&files).map(|(case, file)| PageCase { code: &case.code, png: file }).collect();
        let sealed = Sealed {
            nonce: codes::nonce(&seed),
            seed: self.plan.seed,
            audit: self.plan.audit.clone(),
            fold: self.plan.fold,
            result: self.plan.result,
            scores: self.plan.scores,
            levels: LEVELS,
            classes: self.plan.classes.clone(),
            maskings: self.plan.maskings.iter().map(|m| self.masking(m)).collect(),
            cases: cases.clone(),
        };
        let page = page::render(&Page {
            title: &self.plan.title,
            instructions: &self.plan.instructions,
            commitment: sealed.commitment()?,
            questions: &self.plan.classes,
            levels: LEVELS,
            cases: shown,
        })?;
        let key = Key::new(sealed, &page)?;
        Ok(Made { page, key })
    }

    fn case(&self, pick: &Pick, code: String, file: &[u8]) -> SealedCase {
        let cell = &self.cells[pick.cell];
        let candidate = &cell.candidates[pick.candidate];
        let image = &self.scored.maskings[&cell.masking].images[&candidate.sample];
        let places: Vec<usize> = self.plan.classes.iter().map(|c| self.place(c)).collect();
        SealedCase {
            code,
            sample: candidate.sample.clone(),
            patient: candidate.patient.clone(),
            masking: cell.masking.clone(),
            class: cell.class.clone(),
            position: pick.position,
            image: ContentHash::of(file),
            truth: places.iter().map(|&c| image.labels[c]).collect(),
            scores: places.iter().map(|&c| image.scores[c]).collect(),
        }
    }

    fn masking(&self, name: &str) -> SealedMasking {
        let of = &self.scored.maskings[name];
        let threshold = |class: &String| match self.plan.threshold {
            // Scores have 32 bits: one that is printed as the threshold is it.
            Some(threshold) => Some(f64::from(threshold)),
            None => prevalence_threshold(of, self.place(class)),
        };
        let thresholds = self.plan.classes.iter().map(threshold).collect();
        SealedMasking { name: name.into(), trained: of.trained.clone(), thresholds }
    }

    /// Among the scores' classes; that it is there was found out when images were chosen.
    fn place(&self, class: &str) -> usize {
        self.scored.classes.iter().position(|c| c == class).unwrap_or_default()
    }
}

/// What a key could be written of, and never be read.
fn check(plan: &StudyPlan) -> Result<()> {
    let wrong = |problem: String| Err(crate::Error::Design { problem });
    for (what, names) in [("masking", &plan.maskings), ("class", &plan.classes)] {
        let mut seen = BTreeSet::new();
        if let Some(twice) = names.iter().find(|n| !seen.insert(*n)) {
            return wrong(format!("the {what} `{twice}` is named twice"));
        }
    }
    if plan.threshold.is_some_and(|t| !t.is_finite()) {
        return wrong("the threshold is no finite number".into());
    }
    Ok(())
}

#[cfg(test)]
#[path = "study_tests.rs"]
mod tests;
