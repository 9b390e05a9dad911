//! Plans audits, runs their cells and gathers their results.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use eyepatch_core::{Cancel, Ctx, Device, Progress, Seed};
use eyepatch_report::schema::{AuditResult, Benchmark, CellRecord, CellTiming, RunResult, SCHEMA, Timings};

use crate::audit::{AuditInfo, Experiment};
use crate::cell::Cell;
use crate::machine::peak_memory;
use crate::profiles::comparisons;
use crate::schedule::execute;
use crate::store::Store;
use crate::{Error, Result};

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Threads in all; results do not depend on it.
    pub threads: usize,
    /// The quick form of an audit: for trying out only.
    pub quick: bool,
    /// Where to compute.
    pub device: Device,
    /// Set to stop: running cells end soon, finished ones are kept.
    pub cancel: Cancel,
    /// Bytes that caches may take in the store; `None` for half of what is free there. 0 keeps none. Results do not depend
    /// on it.
    pub cache_budget: Option<u64>,
    /// Number type of a shared trunk's features. Results depend on it, whether features are kept or not.
    pub cache_precision: Precision,
}

/// Number type of what is kept of a shared trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floats: the features as the trunk gives them.
    #[default]
    F32,
    /// IEEE half: half the room. Features are rounded to 11 significant bits (off by at most 2^-11 of themselves, and by
    /// 2^-25 near 0) and may not exceed 65504.
    F16,
}

impl Precision {
    /// `f32` or `f16`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            threads,
            quick: false,
            device: Device::Cpu,
            cancel: Cancel::default(),
            cache_budget: None,
            cache_precision: Precision::default(),
        }
    }
}

/// A planned experiment.
pub trait Planned: Send + Sync {
    /// Its cells; a cell's inputs come before it.
    fn cells(&self) -> &[Cell];

    /// What a user should know before it starts, as name and value: samples, maskings, folds, detectable gap.
    fn overview(&self) -> Vec<(String, String)>;

    /// The smallest distance from the rule's reference that can be found with 80 % power, by class; `None` where it is not
    /// to be had.
    fn detectable_gaps(&self) -> Vec<(String, Option<f64>)> {
        Vec::new()
    }

    /// Images that go through a shared trunk, and how many would without sharing; `None` where nothing is shared.
    fn trunk_passes(&self) -> Option<TrunkPasses> {
        None
    }

    /// What a user should be told once when it starts.
    fn notices(&self) -> Vec<String> {
        Vec::new()
    }

    /// Turns finished cells (their folders, in the plan's order) into the result and its pictures
    /// (`pictures/NAME.png`, bytes).
    ///
    /// # Errors
    /// What reading the cells or a probe says.
    fn assemble(&self, folders: &[PathBuf], ctx: &Ctx) -> Result<Assembled>;
}

/// Images that go through a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct TrunkPasses {
    /// With features kept and shared.
    pub shared: u64,
    /// If every model kept its own features and every prediction ran the trunk. Without that each epoch runs it again.
    pub unshared: u64,
}

/// What an experiment comes to.
pub enum Outcome {
    /// The result of one audit.
    Audit(Box<AuditResult>),
    /// How verdicts did on models whose truth is known.
    Benchmark(Box<Benchmark>),
}

impl Outcome {
    /// Where the cells are listed that it was made of.
    fn cells(&mut self) -> &mut Vec<CellRecord> {
        match self {
            Self::Audit(audit) => &mut audit.provenance.cells,
            Self::Benchmark(benchmark) => &mut benchmark.cells,
        }
    }
}

/// A result with the files that go beside it.
pub struct Assembled {
    /// The result.
    pub outcome: Outcome,
    /// Files by path relative to the result: pictures, score tables.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Hears what happens during a run. Called from several threads.
pub trait Observer: Send + Sync {
    /// An audit starts: its name and how many cells it has.
    fn audit(&self, _info: &AuditInfo, _cells: &[Cell]) {}
    /// A cell was found whole in the store.
    fn reused(&self, _cell: &Cell) {}
    /// A cell is being computed; its own progress goes to the returned listener.
    fn started(&self, _cell: &Cell) -> Arc<dyn Progress> {
        Arc::new(eyepatch_core::Silent)
    }
    /// A cell was computed and kept.
    fn finished(&self, _cell: &Cell, _seconds: f64) {}
    /// A cache that nobody needs, or that the budget has no room for.
    fn unneeded(&self, _cell: &Cell) {}
    /// A cache that was there or computed, and was given up for others; it may be computed again.
    fn given_up(&self, _cell: &Cell) {}
    /// Something that the user should know.
    fn notice(&self, _text: &str) {}
}

/// Hears nothing.
pub struct Quiet;

impl Observer for Quiet {}

/// Plans and runs audits ([`expanded`](crate::expanded) ones), and gathers their results.
///
/// # Errors
/// The first error of a plan or a cell; finished cells are kept.
pub fn run_audits(
    audits: &[(AuditInfo, Box<dyn Experiment>)],
    store: &Store,
    options: &Options,
    observer: &dyn Observer,
) -> Result<(RunResult, BTreeMap<String, Vec<u8>>, Timings)> {
    let start = Instant::now();
    let plans =
        audits.iter().map(|(info, e)| guarded(|| e.plan(info, options))).collect::<Result<Vec<_>>>()?;
    let mut result = RunResult {
        schema: SCHEMA.into(),
        generator: env!("CARGO_PKG_VERSION").into(),
        ..RunResult::default()
    };
    let (mut files, mut timings) =
        (BTreeMap::new(), Timings { threads: options.threads, ..Timings::default() });
    // Those that came to the result of an audit, beside it.
    let mut declared: Vec<(&AuditInfo, &dyn Experiment)> = Vec::new();
    for ((info, experiment), plan) in audits.iter().zip(&plans) {
        observer.audit(info, plan.cells());
        plan.notices().iter().for_each(|text| observer.notice(text));
        let done = execute(plan.cells(), info, store, options, observer)?;
        let ctx = Ctx::new(Seed::root(info.seed).child(info.stream()), options.threads)?
            .with_cancel(options.cancel.clone())
            .with_device(options.device);
        let folders: Vec<PathBuf> = done.iter().map(|d| d.folder.clone()).collect();
        let mut assembled = guarded(|| plan.assemble(&folders, &ctx))?;
        for (cell, done) in plan.cells().iter().zip(done) {
            assembled.outcome.cells().push(CellRecord {
                kind: cell.spec.kind.clone(),
                name: cell.spec.name.clone(),
                key: cell.key,
            });
            if !done.needed {
                continue;
            }
            timings.cells.push(CellTiming {
                audit: info.id.clone(),
                kind: cell.spec.kind.clone(),
                name: cell.spec.name.clone(),
                seconds: done.seconds,
                reused: done.reused,
            });
        }
        match assembled.outcome {
            Outcome::Audit(audit) => {
                declared.push((info, experiment.as_ref()));
                result.audits.push(*audit);
            }
            Outcome::Benchmark(benchmark) => result.benchmarks.push(*benchmark),
        }
        files.extend(assembled.files);
    }
    result.comparisons = comparisons(&declared, &result.audits);
    timings.peak_disk_bytes = Some(store.peak_bytes());
    timings.peak_memory_bytes = peak_memory();
    timings.total_seconds = start.elapsed().as_secs_f64();
    Ok((result, files, timings))
}

/// Turns a plugin's panic into an error, so that it is told as the plugin's and finished cells are kept.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|cause| Err(Error::Panic(panic_text(cause.as_ref()))))
}

fn panic_text(cause: &(dyn std::any::Any + Send)) -> String {
    let text = cause.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".into())
}
