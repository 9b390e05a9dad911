#![doc = include_str!("../README.md")]

mod index;
mod manifest;
mod reader;
mod verify;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use eyepatch_core::{
    ContentHash, Ctx, Error, Examples, Fitted, Hasher, InputSpec, ManifestRow, Model, ModelCard, OutputSpace,
    Params, Result, ScoreKey, ScoreSource, Scores, Step, Task, plugin,
};
use serde::{Deserialize, Serialize};

use index::Index;

/// A model that arrives as a score file. Its fields are the plugin's parameters; start from [`predictions`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Predictions {
    scores: PathBuf,
    manifest: Option<PathBuf>,
    name: String,
    description: String,
    output: OutputSpace,
    task: Task,
    size: (usize, usize),
    #[serde(skip)]
    cache: Cache,
}

impl Default for Predictions {
    fn default() -> Self {
        Self {
            scores: PathBuf::new(),
            manifest: None,
            name: "predictions".into(),
            description: "A model that lives elsewhere and arrives as a score file.".into(),
            output: OutputSpace::Scores,
            task: Task::MultiLabel,
            size: (224, 224),
            cache: Cache::default(),
        }
    }
}

/// A model whose scores are in `scores`, made from the masked images of the `manifest.csv` beside it.
///
/// ```
/// let model = plugin_predictions::predictions("scores.csv").name("ResNet-50 of the clinic").size(512, 512);
/// ```
#[must_use]
pub fn predictions(scores: impl Into<PathBuf>) -> Predictions {
    Predictions { scores: scores.into(), ..Predictions::default() }
}

impl Predictions {
    /// The manifest, where it is not `manifest.csv` beside the scores.
    #[must_use]
    pub fn manifest(self, manifest: impl Into<PathBuf>) -> Self {
        Self { manifest: Some(manifest.into()), cache: Cache::default(), ..self }
    }

    /// The model's name.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Architecture and training, in a few sentences.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }

    /// The scale of the scores.
    #[must_use]
    pub fn output(self, output: OutputSpace) -> Self {
        Self { output, cache: Cache::default(), ..self }
    }

    /// What the outputs mean together.
    #[must_use]
    pub fn task(self, task: Task) -> Self {
        Self { task, ..self }
    }

    /// Height and width of the masked images that are written for the model.
    #[must_use]
    pub fn size(self, height: usize, width: usize) -> Self {
        Self { size: (height, width), ..self }
    }

    fn manifest_path(&self) -> PathBuf {
        self.manifest.clone().unwrap_or_else(|| self.scores.with_file_name("manifest.csv"))
    }

    fn index(&self, ctx: &Ctx) -> Result<Arc<Index>> {
        let mut slot = self.cache.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = slot.as_ref() {
            return Ok(index.clone());
        }
        let index = Arc::new(Index::read(&self.scores, self.output, ctx)?);
        *slot = Some(index.clone());
        Ok(index)
    }

    fn lives_elsewhere(&self, capability: &str) -> Error {
        Error::Unsupported {
            what: format!("model `{}`, which is a score file,", self.name),
            capability: capability.into(),
        }
    }
}

/// Hash of a file, read piece by piece.
fn hash(path: &Path) -> Result<ContentHash> {
    let io = |e| Error::io(path, e);
    let mut file = std::fs::File::open(path).map_err(io)?;
    let (mut hasher, mut piece) = (Hasher::new(), Vec::new());
    loop {
        piece.clear();
        if (&mut file).take(1 << 20).read_to_end(&mut piece).map_err(io)? == 0 {
            return Ok(hasher.finish());
        }
        hasher = hasher.part(&piece);
    }
}

/// The file's content, once read. A clone starts without.
#[derive(Default)]
struct Cache(Mutex<Option<Arc<Index>>>);

impl Clone for Cache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cache")
    }
}

impl Params for Predictions {
    fn check(&self) -> Result<(), String> {
        if self.scores.as_os_str().is_empty() {
            return Err("`scores` is missing: give the path of the score file".into());
        }
        if self.size.0 == 0 || self.size.1 == 0 {
            return Err(format!("`size` is {:?}: height and width must be above 0", self.size));
        }
        if self.name.trim().is_empty() {
            return Err("`name` is empty: the report needs one".into());
        }
        Ok(())
    }
}

/// A model from any other software: a score file made from the masked images of a manifest.
#[plugin("eyepatch/predictions")]
impl Model for Predictions {
    fn card(&self) -> ModelCard {
        ModelCard {
            name: self.name.clone(),
            task: self.task,
            output: self.output,
            preprocessing: vec![Step::Decode, Step::Resize, Step::Mask],
            trained_here: false,
            parameters: None,
            description: self.description.clone(),
        }
    }

    fn input(&self) -> InputSpec {
        // Masked images are written with the channels they have, so that grey and colour both will do.
        InputSpec { channels: 3, size: self.size }
    }

    fn fit(&self, _train: &dyn Examples, _validation: &dyn Examples, _ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        Err(self.lives_elsewhere("training"))
    }

    fn restore(&self, _folder: &Path, _ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        Err(self.lives_elsewhere("saved weights"))
    }

    fn content(&self, _ctx: &Ctx) -> Result<Option<ContentHash>> {
        let parts = [self.scores.clone(), self.manifest_path()].map(|path| hash(&path));
        let mut both = Hasher::new();
        for part in parts {
            both = both.part(part?.0);
        }
        Ok(Some(both.finish()))
    }

    fn scores(&self) -> Option<&dyn ScoreSource> {
        Some(self)
    }
}

impl ScoreSource for Predictions {
    fn trained(&self, ctx: &Ctx) -> Result<Vec<String>> {
        Ok(self.index(ctx)?.trained())
    }

    fn verify(
        &self,
        wanted: &[(ScoreKey, Vec<String>)],
        classes: &[String],
        manifest: &[ManifestRow],
        ctx: &Ctx,
    ) -> Result<()> {
        manifest::verify(&self.manifest_path(), manifest, ctx)?;
        verify::complete(&self.scores, self.index(ctx)?.as_ref(), wanted, classes, ctx)
    }

    fn scores(&self, key: &ScoreKey, samples: &[String], classes: &[String], ctx: &Ctx) -> Result<Scores> {
        let index = self.index(ctx)?;
        let mut values = Vec::with_capacity(samples.len() * classes.len());
        for sample in samples {
            for class in classes {
                values.push(index.score(key, sample, class).ok_or_else(|| Error::ScoreFile {
                    path: self.scores.clone(),
                    row: None,
                    problem: format!("there is no score for {}", verify::row_text(key, sample, class)),
                    remedy: "score every image of the manifest".into(),
                })?);
            }
        }
        Scores::new(classes.len(), self.output, values)
    }
}
