//! The sealed key of a study: what is true of every case, and a commitment to it that the page carries.

use std::collections::BTreeSet;
use std::path::Path;

use eyepatch_core::ContentHash;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Name and version of the key's schema.
pub const KEY_SCHEMA: &str = "eyepatch-reader-key/1";
/// A key holds no images, so none is larger.
const MAX_KEY: u64 = 64 << 20;

/// The key's file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// [`KEY_SCHEMA`].
    pub schema: String,
    /// BLAKE3 of the sealed part as compact JSON with sorted names. Page and answers carry it. The part's nonce keeps it from
    /// telling anything.
    pub commitment: ContentHash,
    /// BLAKE3 of the page.
    pub page: ContentHash,
    /// What readers must not know.
    pub sealed: Sealed,
}

/// What readers must not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// 64 hexadecimal digits that nobody can guess.
    pub nonce: ContentHash,
    /// What codes, order and choice were drawn from.
    pub seed: u64,
    /// The audit.
    pub audit: String,
    /// The fold whose models answered; folds count from 0.
    pub fold: usize,
    /// BLAKE3 of the run's `result.json`.
    pub result: ContentHash,
    /// BLAKE3 of the run's `scores.csv`.
    pub scores: ContentHash,
    /// Steps of the confidence scale.
    pub levels: u8,
    /// The classes that each case is asked about.
    pub classes: Vec<String>,
    /// The maskings.
    pub maskings: Vec<SealedMasking>,
    /// The cases, in the page's order.
    pub cases: Vec<SealedCase>,
}

/// A masking of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedMasking {
    /// Its name.
    pub name: String,
    /// What the model was trained on whose scores it has.
    pub trained: String,
    /// A class each: the score from which on the model says yes; `None` where there is none.
    pub thresholds: Vec<Option<f64>>,
}

/// A case of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedCase {
    /// What readers know it by.
    pub code: String,
    /// The sample.
    pub sample: String,
    /// Whose it is.
    pub patient: String,
    /// The masking.
    pub masking: String,
    /// The class that it was chosen for.
    pub class: String,
    /// At which position among the scores of its label.
    pub position: f64,
    /// BLAKE3 of its image on the page.
    pub image: ContentHash,
    /// A label a class.
    pub truth: Vec<Option<bool>>,
    /// The model's score, a class each.
    pub scores: Vec<f64>,
}

impl Sealed {
    /// The hash that stands for it.
    ///
    /// # Errors
    /// [`Error::Key`] where it cannot be written as JSON.
    pub fn commitment(&self) -> Result<ContentHash> {
        let wrong = |e: serde_json::Error| Error::Key { path: "the key".into(), problem: e.to_string() };
        Ok(of_value(&serde_json::to_value(self).map_err(wrong)?))
    }

    fn problem(&self) -> Option<String> {
        let n = self.classes.len();
        let codes: BTreeSet<&str> = self.cases.iter().map(|c| c.code.as_str()).collect();
        let names: BTreeSet<&str> = self.maskings.iter().map(|m| m.name.as_str()).collect();
        if n == 0 || self.cases.is_empty() || self.levels == 0 {
            return Some("it has no class, no case or no confidence scale".into());
        }
        if codes.len() != self.cases.len() || names.len() != self.maskings.len() {
            return Some("a code or masking stands in it twice".into());
        }
        let thresholds = self.maskings.iter().all(|m| m.thresholds.len() == n);
        let case =
            |c: &SealedCase| c.truth.len() == n && c.scores.len() == n && names.contains(c.masking.as_str());
        let whole = thresholds && self.cases.iter().all(case);
        (!whole).then(|| "a case or masking does not fit its classes and maskings".into())
    }
}

/// serde_json's maps are sorted, so equal values give equal bytes.
fn of_value(value: &serde_json::Value) -> ContentHash {
    ContentHash::of(value.to_string().as_bytes())
}

impl Key {
    /// Seals a study.
    ///
    /// # Errors
    /// As [`Sealed::commitment`].
    pub fn new(sealed: Sealed, page: &str) -> Result<Self> {
        let commitment = sealed.commitment()?;
        Ok(Self { schema: KEY_SCHEMA.into(), commitment, page: ContentHash::of(page.as_bytes()), sealed })
    }

    /// As its file.
    ///
    /// # Errors
    /// [`Error::Key`] where it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String> {
        let wrong = |e: serde_json::Error| Error::Key { path: "the key".into(), problem: e.to_string() };
        Ok(serde_json::to_string_pretty(self).map_err(wrong)? + "\n")
    }

    /// Reads a key whose seal is whole.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Key`] where it is no key, or what is sealed is not what was.
    pub fn read(path: &Path) -> Result<Self> {
        let wrong = |problem: String| Error::Key { path: path.into(), problem };
        let bytes = crate::files::read(path, MAX_KEY)?;
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?;
        let schema = value.get("schema").and_then(serde_json::Value::as_str).unwrap_or_default();
        if schema != KEY_SCHEMA {
            return Err(wrong(format!("its schema is `{schema}`; this version reads {KEY_SCHEMA}")));
        }
        let commitment = value.get("sealed").map(of_value);
        let key: Self = serde_json::from_value(value).map_err(|e| wrong(e.to_string()))?;
        if commitment != Some(key.commitment) {
            return Err(wrong("the seal is broken: what is sealed is not what was sealed".into()));
        }
        match key.sealed.problem() {
            None => Ok(key),
            Some(problem) => Err(wrong(problem)),
        }
    }
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
