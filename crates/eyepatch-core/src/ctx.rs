use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rand_chacha::ChaCha12Rng;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Seed};

/// Where numbers are crunched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// The processor.
    Cpu,
    /// A CUDA device by index.
    Cuda(usize),
}

/// A flag that asks running work to stop soon. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether stopping was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Hears how far a piece of work is.
pub trait Progress: Send + Sync {
    /// `done` of `total` steps (epochs, images, evaluations) are done; `note` may name the current figure.
    fn report(&self, done: u64, total: u64, note: &str);
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _done: u64, _total: u64, _note: &str) {}
}

/// What every method of a plugin is given: seeded randomness, cancel, progress, threads, device, folders.
#[derive(Clone)]
pub struct Ctx {
    seed: Seed,
    cancel: Cancel,
    progress: Arc<dyn Progress>,
    pool: Arc<rayon::ThreadPool>,
    device: Device,
    scratch: PathBuf,
    checkpoint: PathBuf,
}

impl Ctx {
    /// A context on the processor with `threads` threads and the system's temporary folder.
    ///
    /// # Errors
    /// [`Error::Io`] where the threads cannot be started.
    pub fn new(seed: Seed, threads: usize) -> Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
        let pool = pool.map_err(|e| Error::io("thread pool", std::io::Error::other(e)))?;
        let temp = std::env::temp_dir();
        Ok(Self {
            seed,
            cancel: Cancel::default(),
            progress: Arc::new(Silent),
            pool: Arc::new(pool),
            device: Device::Cpu,
            scratch: temp.clone(),
            checkpoint: temp,
        })
    }

    /// A one-threaded context for tests and examples.
    ///
    /// # Panics
    /// Where the system cannot start a thread.
    #[must_use]
    pub fn for_tests(seed: u64) -> Self {
        Self::new(Seed::root(seed), 1).expect("one thread can be started")
    }

    /// The same context for one named part of the work: its random streams are its own.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        Self { seed: self.seed.child(name), ..self.clone() }
    }

    /// With this seed.
    #[must_use]
    pub fn with_seed(self, seed: Seed) -> Self {
        Self { seed, ..self }
    }

    /// With this cancel flag.
    #[must_use]
    pub fn with_cancel(self, cancel: Cancel) -> Self {
        Self { cancel, ..self }
    }

    /// With this listener.
    #[must_use]
    pub fn with_progress(self, progress: Arc<dyn Progress>) -> Self {
        Self { progress, ..self }
    }

    /// With this device.
    #[must_use]
    pub fn with_device(self, device: Device) -> Self {
        Self { device, ..self }
    }

    /// With these folders: `scratch` may vanish after the call, `checkpoint` outlives a killed run.
    #[must_use]
    pub fn with_folders(self, scratch: &Path, checkpoint: &Path) -> Self {
        Self { scratch: scratch.into(), checkpoint: checkpoint.into(), ..self }
    }

    /// A generator for the named stream.
    #[must_use]
    pub fn rng(&self, stream: &str) -> ChaCha12Rng {
        self.seed.child(stream).rng()
    }

    /// The seed that streams are derived from.
    #[must_use]
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// # Errors
    /// [`Error::Cancelled`] once stopping was asked for; call it in every long loop.
    pub fn check(&self) -> Result<()> {
        if self.cancel.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// The cancel flag.
    #[must_use]
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// The listener.
    #[must_use]
    pub fn progress(&self) -> &dyn Progress {
        self.progress.as_ref()
    }

    /// Threads this work may use. Results must not depend on it.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Runs `work` on this context's threads, so that rayon's parallel iterators inside use them.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// Where to compute.
    #[must_use]
    pub fn device(&self) -> Device {
        self.device
    }

    /// A folder for temporary files.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// A folder that outlives a killed run.
    #[must_use]
    pub fn checkpoint(&self) -> &Path {
        &self.checkpoint
    }
}
