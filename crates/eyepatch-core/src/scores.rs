use serde::{Deserialize, Serialize};

use crate::{Ctx, Error, OutputSpace, Result, Table};

/// Scores of `n` samples for some classes, rows first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Number of classes.
    pub classes: usize,
    /// Their scale.
    pub space: OutputSpace,
    /// `n` x `classes` values.
    pub values: Vec<f32>,
}

impl Scores {
    /// Scores from their values.
    ///
    /// # Errors
    /// [`Error::Shape`] where the length is no multiple of `classes` or a value is not finite.
    pub fn new(classes: usize, space: OutputSpace, values: Vec<f32>) -> Result<Self> {
        if classes == 0 || !values.len().is_multiple_of(classes) {
            return Err(Error::shape("scores", format!("n x {classes}"), format!("{} values", values.len())));
        }
        if let Some(i) = values.iter().position(|v| !v.is_finite()) {
            let found = format!("{} for sample {}", values[i], i / classes);
            return Err(Error::shape("scores", "finite numbers", found));
        }
        Ok(Self { classes, space, values })
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.classes
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The scores of one sample.
    ///
    /// # Panics
    /// Where `index` is `len()` or more.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.classes..][..self.classes]
    }
}

/// Scores of one fitted model on one masking of one part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreSet {
    /// Name of the masking that the model was trained with (`delivered` for one that arrived trained).
    pub trained: String,
    /// Name of the masking that it was evaluated with.
    pub evaluated: String,
    /// Extra dilation of the evaluation's region, in pixels.
    pub dilation: i32,
    /// 0-based fold; all its rows lie in that fold's test part.
    pub fold: usize,
    /// Rows of the table, in the order of the scores.
    pub rows: Vec<usize>,
    /// The scores.
    pub scores: Scores,
}

/// The images of a score set that have a label of one class, as statistics take them.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled<'a> {
    /// 0-based fold.
    pub fold: usize,
    /// Rows of the table, in the order of the scores.
    pub rows: Vec<usize>,
    /// Whether each has the class.
    pub labels: Vec<bool>,
    /// Its score for it.
    pub scores: Vec<f64>,
    /// Its patient.
    pub patients: Vec<&'a str>,
}

impl ScoreSet {
    /// The images that have a label of this class, of those that are wanted by their row.
    ///
    /// # Panics
    /// Where a row or the class does not exist in the table or the scores.
    #[must_use]
    pub fn labelled<'a>(
        &self,
        table: &'a Table,
        class: usize,
        wanted: impl Fn(usize) -> bool,
    ) -> Labelled<'a> {
        let mut of =
            Labelled { fold: self.fold, rows: vec![], labels: vec![], scores: vec![], patients: vec![] };
        for (i, &row) in self.rows.iter().enumerate() {
            if let Some(label) = table.rows[row].labels[class].filter(|_| wanted(row)) {
                of.rows.push(row);
                of.labels.push(label);
                of.scores.push(f64::from(self.scores.row(i)[class]));
                of.patients.push(&table.rows[row].patient);
            }
        }
        of
    }
}

/// What a model makes of images at one of its layers, one vector an image, rows first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embeddings {
    /// Name of the layer, or [`Embeddings::LAST`] for what the model's output is computed from. Of activations it is the mean over
    /// the plane.
    pub layer: String,
    /// Name of the masking that the model was trained with.
    pub trained: String,
    /// Name of the masking of the images, or [`Embeddings::NOISE`].
    pub evaluated: String,
    /// 0-based fold.
    pub fold: usize,
    /// Rows of the table; none for images of noise, which are nobody's.
    pub rows: Vec<usize>,
    /// Length of one embedding.
    pub dim: usize,
    /// Images x `dim` values.
    pub values: Vec<f32>,
}

impl Embeddings {
    /// The layer behind which there is only the head.
    pub const LAST: &str = "embedding";
    /// Images of noise in the place of a masking.
    pub const NOISE: &str = "noise";
}

/// Which scores are wanted, or given: one model on one masking of one fold's test part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ScoreKey {
    /// Name of the training masking.
    pub trained: String,
    /// Name of the evaluation masking.
    pub masking: String,
    /// Name of its fill.
    pub fill: String,
    /// Extra dilation in pixels.
    pub dilation: i32,
    /// 0-based fold.
    pub fold: usize,
}

/// One row of `manifest.csv`: a masked image that somebody else's software scores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestRow {
    /// Hash of the masked pixels; a manifest whose hashes no longer fit is stale.
    pub hash: String,
    /// The sample's id.
    pub sample: String,
    /// The sample's patient.
    pub patient: String,
    /// Name of the masking.
    pub masking: String,
    /// Name of its fill.
    pub fill: String,
    /// Extra dilation in pixels.
    pub dilation: i32,
    /// 0-based fold.
    pub fold: usize,
    /// `train`, `validation` or `test` within that fold.
    pub part: String,
    /// The masked image, relative to the manifest.
    pub path: String,
}

/// Scores that were computed elsewhere.
pub trait ScoreSource: Send + Sync {
    /// Names of the training maskings it has scores for; `["delivered"]` for one model.
    ///
    /// # Errors
    /// [`Error::ScoreFile`].
    fn trained(&self, ctx: &Ctx) -> Result<Vec<String>>;

    /// Checks it against the plan: every wanted row there once, nothing else, made from images whose hashes are
    /// `manifest`'s.
    ///
    /// # Errors
    /// [`Error::ScoreFile`] for missing, surplus and duplicate rows and for a stale manifest.
    fn verify(
        &self,
        wanted: &[(ScoreKey, Vec<String>)],
        classes: &[String],
        manifest: &[ManifestRow],
        ctx: &Ctx,
    ) -> Result<()>;

    /// The scores for `samples` (ids), in their order.
    ///
    /// # Errors
    /// [`Error::ScoreFile`].
    fn scores(&self, key: &ScoreKey, samples: &[String], classes: &[String], ctx: &Ctx) -> Result<Scores>;
}
