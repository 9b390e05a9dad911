//! Reader studies: which masked images human readers are shown, the page that shows them, and their answers held against a
//! model's.
//!
//! [`Scored`] -> [`Study`] (choice) -> images -> [`Made`] (page and key); then [`Key`] and [`Answers`] -> [`Scores`].
//!
//! Nothing on the page tells a case's label, score, masking, sample or patient: codes are drawn, the order is, images hold pixels
//! only. What the pixels show cannot be blinded: a reader sees that something is masked, and letters burnt into an image.

mod answers;
mod codes;
mod error;
mod files;
#[cfg(test)]
mod fixture;
mod key;
mod page;
mod png;
mod score;
mod scored;
mod select;
mod study;

pub use answers::{ANSWERS_SCHEMA, Answer, Answers, Exclusion, read_all};
pub use codes::random_seed;
pub use error::{Error, Result};
pub use key::{KEY_SCHEMA, Key, Sealed, SealedCase, SealedMasking};
pub use score::{
    Agreement, Interval, Measure, ReaderSummary, Reading, SCORES_SCHEMA, Scores, ShareOf, csv, markdown,
    score,
};
pub use scored::{Scored, ScoredImage, ScoredMasking, ordered, prevalence_threshold};
pub use select::{Candidate, Cell, Design, Pick, select};
pub use study::{Made, Study, StudyPlan};
