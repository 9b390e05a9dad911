use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use eyepatch_core::{Batch, ContentHash, Ctx, Error as CoreError, Result};
use ort::logging::LogLevel;
use ort::session::Session;
use ort::value::TensorRef;
use rayon::prelude::*;

use crate::error::{Error, NOT_FINITE};
use crate::interface::Interface;
use crate::library;
use crate::params::Onnx;

/// Where the library would look for weights outside the file: nowhere, since the hash over the file would not cover them.
const NO_FOLDER: &str = "weights outside the ONNX file are not read";

/// A network in the library's hands. Images go through it one by one, each on one thread, so that neither the batch nor
/// the number of threads changes a bit; as many at a time as the context has threads.
pub(crate) struct Network {
    file: PathBuf,
    hash: ContentHash,
    interface: Interface,
    /// Channels, height and width of the input.
    shape: [usize; 3],
    standardisation: Option<Vec<(f32, f32)>>,
    scores: usize,
    embedding: Option<usize>,
    seconds: f64,
    /// A session computes one image at a time; those that do not work lie here.
    idle: Mutex<Vec<Session>>,
}

impl Network {
    /// Loads the library and the file, holds the file's inputs and outputs against the parameters, and lets a black image
    /// go through.
    pub(crate) fn open(params: &Onnx) -> Result<Self> {
        library::load(params.library.as_deref())?;
        let bytes = read(&params.path)?;
        let session = session(&params.path, &bytes)?;
        let (height, width) = params.size.pair();
        let shape = [params.channels, height, width];
        let interface = Interface::of(&session, params)?;
        let mut network = Self {
            file: params.path.clone(),
            hash: ContentHash::of(&bytes),
            interface,
            shape,
            standardisation: params.standardisation(),
            scores: 0,
            embedding: None,
            seconds: 0.0,
            idle: Mutex::new(vec![session]),
        };
        network.try_out()?;
        Ok(network)
    }

    /// Counts the outputs of a black image and times the second pass: the first one allocates.
    fn try_out(&mut self) -> Result<()> {
        let image = vec![0.0; self.shape.iter().product()];
        self.scores = self.image(&image, &self.interface.scores)?.len();
        if let Some(name) = &self.interface.embedding {
            self.embedding = Some(self.image(&image, name)?.len());
        }
        let start = Instant::now();
        self.image(&image, &self.interface.scores)?;
        self.seconds = start.elapsed().as_secs_f64();
        Ok(())
    }

    pub(crate) fn hash(&self) -> ContentHash {
        self.hash
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Name of the output that gives scores.
    pub(crate) fn output(&self) -> &str {
        &self.interface.scores
    }

    /// Scores an image.
    pub(crate) fn scores(&self) -> usize {
        self.scores
    }

    /// Length of an embedding, where there is one.
    pub(crate) fn dim(&self) -> Option<usize> {
        self.embedding
    }

    /// Seconds that an image takes on one thread.
    pub(crate) fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Scores of a batch, `n` x [`Network::scores`].
    pub(crate) fn score(&self, batch: &Batch, ctx: &Ctx) -> Result<Vec<f32>> {
        self.batch(batch, &self.interface.scores, self.scores, ctx)
    }

    /// Embeddings of a batch, `n` x [`Network::dim`].
    pub(crate) fn embed(&self, batch: &Batch, ctx: &Ctx) -> Result<Vec<f32>> {
        match (&self.interface.embedding, self.embedding) {
            (Some(name), Some(dim)) => self.batch(batch, name, dim, ctx),
            _ => Err(CoreError::Unsupported { what: "eyepatch/onnx".into(), capability: "embedding".into() }),
        }
    }

    fn batch(&self, batch: &Batch, output: &str, length: usize, ctx: &Ctx) -> Result<Vec<f32>> {
        let got = [batch.channels, batch.height, batch.width];
        if got != self.shape {
            return Err(CoreError::shape("network input", format!("{:?}", self.shape), format!("{got:?}")));
        }
        let values = batch.host_f32()?;
        let one = |(index, image): (usize, &[f32])| -> Result<Vec<f32>> {
            ctx.check()?;
            let found = self.image(&self.standardised(image), output)?;
            if found.len() != length {
                let expected = format!("{length} values an image");
                return Err(CoreError::shape(
                    format!("output `{output}`"),
                    expected,
                    found.len().to_string(),
                ));
            }
            match found.iter().find(|v| !v.is_finite()) {
                Some(&value) => Err(self.value(output, index, value, NOT_FINITE)),
                None => Ok(found),
            }
        };
        let images = values.par_chunks(self.shape.iter().product::<usize>()).enumerate();
        let rows: Vec<Result<Vec<f32>>> = ctx.install(|| images.map(one).collect());
        let rows: Vec<Vec<f32>> = rows.into_iter().collect::<Result<_>>()?;
        Ok(rows.concat())
    }

    /// An error about a value of the batch's image `index`.
    pub(crate) fn value(&self, output: &str, image: usize, value: f32, problem: &'static str) -> CoreError {
        Error::Value { path: self.file.clone(), output: output.into(), image, value, problem }.into()
    }

    fn standardised<'a>(&self, image: &'a [f32]) -> std::borrow::Cow<'a, [f32]> {
        let Some(channels) = &self.standardisation else { return image.into() };
        let mut image = image.to_vec();
        let pixels = self.shape[1] * self.shape[2];
        for (plane, (mean, std)) in image.chunks_mut(pixels).zip(channels) {
            plane.iter_mut().for_each(|v| *v = (*v - mean) / std);
        }
        image.into()
    }

    /// One output of one image.
    fn image(&self, image: &[f32], output: &str) -> Result<Vec<f32>> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut session = idle.map_or_else(|| self.another(), Ok)?;
        let values = self.run(&mut session, image, output).map_err(|e| self.network(e.to_string()))?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        Ok(values)
    }

    fn run(&self, session: &mut Session, image: &[f32], output: &str) -> ort::Result<Vec<f32>> {
        let [channels, height, width] = self.shape;
        let tensor = TensorRef::from_array_view(([1, channels, height, width], image))?;
        let outputs = session.run(ort::inputs![self.interface.images.as_str() => tensor])?;
        let missing = || ort::Error::new(format!("no output `{output}` was computed"));
        let (_, values) = outputs.get(output).ok_or_else(missing)?.try_extract_tensor::<f32>()?;
        Ok(values.to_vec())
    }

    /// A further session on the same file.
    fn another(&self) -> Result<Session> {
        let bytes = read(&self.file)?;
        if ContentHash::of(&bytes) != self.hash {
            return Err(Error::Changed { path: self.file.clone() }.into());
        }
        session(&self.file, &bytes)
    }

    fn network(&self, problem: String) -> CoreError {
        Error::Network { path: self.file.clone(), problem }.into()
    }
}

/// The file's bytes.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|e| CoreError::io(file, e))
}

/// A session of one thread on the file's bytes. Its own complaints are silenced: they come back as errors.
fn session(file: &Path, bytes: &[u8]) -> Result<Session> {
    let open = || -> ort::Result<Session> {
        let builder = Session::builder()?.with_log_level(LogLevel::Fatal)?;
        let builder = builder.with_intra_threads(1)?.with_inter_threads(1)?;
        let folder = "session.model_external_initializers_file_folder_path";
        builder.with_config_entry(folder, NO_FOLDER)?.commit_from_memory(bytes)
    };
    open().map_err(|e| Error::Network { path: file.to_owned(), problem: e.to_string() }.into())
}
