//! The state of training after an epoch, in a file.

use super::fit::History;
use crate::densenet::Learnt;
use crate::error::{NnError, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Begins every file; the number grows with the format.
const MAGIC: &[u8; 16] = b"eyepatch train 1";
/// Of a blake3 hash over all that follows it.
const HASH: usize = 32;

/// All that training needs to go on as if it had not been interrupted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) history: History,
    /// Least validation loss, and what the network had learnt then.
    pub(super) best: Option<(f64, Learnt)>,
    pub(super) now: Learnt,
    /// The optimiser's.
    pub(super) steps: i32,
    pub(super) memory: BTreeMap<String, [Vec<f32>; 2]>,
}

/// Names and lengths of what follows as bare numbers, in their order.
#[derive(Serialize, Deserialize)]
struct Header {
    /// Of the training that this belongs to.
    fingerprint: String,
    history: History,
    best_loss: Option<f64>,
    steps: i32,
    now: Lengths,
    best: Option<Lengths>,
    memory: Vec<(String, usize)>,
}

#[derive(Serialize, Deserialize)]
struct Lengths {
    weights: Vec<(String, usize)>,
    norms: Vec<(usize, usize, u64)>,
}

impl Lengths {
    fn of(learnt: &Learnt) -> Self {
        Self {
            weights: learnt.weights.iter().map(|(name, v)| (name.clone(), v.len())).collect(),
            norms: learnt.norms.iter().map(|(at, [mean, _], batches)| (*at, mean.len(), *batches)).collect(),
        }
    }

    fn read(&self, values: &mut Reader<'_>) -> Option<Learnt> {
        let mut learnt = Learnt::default();
        for (name, len) in &self.weights {
            learnt.weights.push((name.clone(), values.take(*len)?));
        }
        for (at, len, batches) in &self.norms {
            learnt.norms.push((*at, [values.take(*len)?, values.take(*len)?], *batches));
        }
        Some(learnt)
    }
}

fn numbers(learnt: &Learnt) -> impl Iterator<Item = &Vec<f32>> {
    learnt.weights.iter().map(|(_, v)| v).chain(learnt.norms.iter().flat_map(|(_, statistics, _)| statistics))
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, len: usize) -> Option<Vec<f32>> {
        let (own, rest) = self.0.split_at_checked(len.checked_mul(4)?)?;
        self.0 = rest;
        Some(own.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
    }
}

impl State {
    fn to_bytes(&self, fingerprint: &str) -> Result<Vec<u8>> {
        let header = Header {
            fingerprint: fingerprint.to_owned(),
            history: self.history.clone(),
            best_loss: self.best.as_ref().map(|(loss, _)| *loss),
            steps: self.steps,
            now: Lengths::of(&self.now),
            best: self.best.as_ref().map(|(_, learnt)| Lengths::of(learnt)),
            memory: self.memory.iter().map(|(name, [first, _])| (name.clone(), first.len())).collect(),
        };
        let header = serde_json::to_vec(&header).map_err(|e| NnError::Weights(e.to_string()))?;
        let mut body = (header.len() as u64).to_le_bytes().to_vec();
        body.extend(header);
        let best = self.best.iter().flat_map(|(_, learnt)| numbers(learnt));
        for values in numbers(&self.now).chain(best).chain(self.memory.values().flatten()) {
            body.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        }
        Ok([&MAGIC[..], blake3::hash(&body).as_bytes(), &body].concat())
    }

    /// The state in these bytes, or what is wrong with them.
    fn from_bytes(bytes: &[u8], fingerprint: &str) -> std::result::Result<Self, &'static str> {
        let rest = bytes.strip_prefix(MAGIC).ok_or("it is no checkpoint of this version")?;
        let (hash, body) = rest.split_at_checked(HASH).ok_or("it is cut off")?;
        if blake3::hash(body).as_bytes() != hash {
            return Err("its checksum is wrong");
        }
        let (len, rest) = body.split_first_chunk::<8>().ok_or("it is cut off")?;
        let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| "its header is too long")?;
        let (header, numbers) = rest.split_at_checked(len).ok_or("its header is too long")?;
        let header: Header = serde_json::from_slice(header).map_err(|_| "its header cannot be read")?;
        if header.fingerprint != fingerprint {
            return Err("it belongs to another training");
        }
        let mut values = Reader(numbers);
        Self::read(header, &mut values)
            .filter(|_| values.0.is_empty())
            .ok_or("its numbers do not fit its header")
    }

    fn read(header: Header, values: &mut Reader<'_>) -> Option<Self> {
        let now = header.now.read(values)?;
        let best = match (header.best_loss, header.best) {
            (Some(loss), Some(lengths)) => Some((loss, lengths.read(values)?)),
            (None, None) => None,
            _ => return None,
        };
        let mut memory = BTreeMap::new();
        for (name, len) in header.memory {
            memory.insert(name, [values.take(len)?, values.take(len)?]);
        }
        Some(Self { history: header.history, best, now, steps: header.steps, memory })
    }

    /// Writes the state in place of the one before. A process killed meanwhile leaves one of the two; what else may be
    /// left after a power cut is known by its checksum.
    ///
    /// # Errors
    /// [`NnError::Io`] with the path.
    pub(super) fn write(&self, path: &Path, fingerprint: &str) -> Result<()> {
        let beside = path.with_extension("new");
        let bytes = self.to_bytes(fingerprint)?;
        let io = |source| NnError::Io { path: path.to_owned(), source };
        std::fs::write(&beside, bytes).map_err(io)?;
        std::fs::rename(&beside, path).map_err(io)
    }

    /// The state of this training in this file; `None`, with a warning, where the file is damaged or of another one, and
    /// without where there is none.
    pub(super) fn open(path: &Path, fingerprint: &str) -> Option<Self> {
        let problem = match std::fs::read(path) {
            Ok(bytes) => match Self::from_bytes(&bytes, fingerprint) {
                Ok(state) => return Some(state),
                Err(problem) => problem.to_owned(),
            },
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return None,
            Err(e) => e.to_string(),
        };
        tracing::warn!(path = %path.display(), problem, "checkpoint ignored, training begins anew");
        None
    }
}
