//! Runs the cells of a plan that the store lacks, in an order that respects their inputs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use eyepatch_core::{Cancel, Ctx, Device, Progress, Seed};
use eyepatch_report::schema::{AuditResult, CellRecord, CellTiming, RunResult, SCHEMA, Timings};

use crate::audit::{AuditInfo, Experiment};
use crate::cell::{Cell, CellCtx};
use crate::store::{Found, Store};
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
}

impl Default for Options {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { threads, quick: false, device: Device::Cpu, cancel: Cancel::default() }
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

    /// Turns finished cells (their folders, in the plan's order) into the result and its pictures
    /// (`pictures/NAME.png`, bytes).
    ///
    /// # Errors
    /// What reading the cells or a probe says.
    fn assemble(&self, folders: &[PathBuf], ctx: &Ctx) -> Result<Assembled>;
}

/// A result with the files that go beside it.
pub struct Assembled {
    /// The result.
    pub result: AuditResult,
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
    /// Something that the user should know.
    fn notice(&self, _text: &str) {}
}

/// Hears nothing.
pub struct Quiet;

impl Observer for Quiet {}

/// Plans and runs audits, and gathers their results.
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
    let mut result =
        RunResult { schema: SCHEMA.into(), generator: env!("CARGO_PKG_VERSION").into(), audits: Vec::new() };
    let (mut files, mut timings) =
        (BTreeMap::new(), Timings { threads: options.threads, ..Timings::default() });
    for ((info, _), plan) in audits.iter().zip(&plans) {
        observer.audit(info, plan.cells());
        let done = execute(plan.cells(), info, store, options, observer)?;
        let ctx = Ctx::new(Seed::root(info.seed).child(&info.id), options.threads)?
            .with_cancel(options.cancel.clone())
            .with_device(options.device);
        let folders: Vec<PathBuf> = done.iter().map(|d| d.folder.clone()).collect();
        let mut assembled = guarded(|| plan.assemble(&folders, &ctx))?;
        for (cell, done) in plan.cells().iter().zip(done) {
            assembled.result.provenance.cells.push(CellRecord {
                kind: cell.spec.kind.clone(),
                name: cell.spec.name.clone(),
                key: cell.key,
            });
            timings.cells.push(CellTiming {
                audit: info.id.clone(),
                kind: cell.spec.kind.clone(),
                name: cell.spec.name.clone(),
                seconds: done.seconds,
                reused: done.reused,
            });
        }
        result.audits.push(assembled.result);
        files.extend(assembled.files);
    }
    timings.total_seconds = start.elapsed().as_secs_f64();
    Ok((result, files, timings))
}

/// A finished cell.
pub struct Done {
    /// Its folder.
    pub folder: PathBuf,
    /// Seconds it took when it was computed.
    pub seconds: f64,
    /// Whether it was found whole in the store.
    pub reused: bool,
}

/// Runs the cells that the store lacks. One-threaded cells run side by side; a parallel cell runs alone.
///
/// # Errors
/// [`Error::Cell`] for the first cell (in the plan's order) that failed; finished cells are kept.
pub fn execute(
    cells: &[Cell],
    info: &AuditInfo,
    store: &Store,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Vec<Done>> {
    let root = Seed::root(info.seed).child(&info.id);
    let all =
        Ctx::new(root, options.threads)?.with_cancel(options.cancel.clone()).with_device(options.device);
    let board = Board { state: Mutex::new(State::new(cells.len())), changed: Condvar::new() };
    let run_one = |index: usize, ctx: &Ctx| -> Result<Done> {
        let inputs = board.lock().folders(&cells[index].inputs);
        // A plugin's panic must not leave the other workers waiting for it.
        guarded(|| compute(&cells[index], inputs, ctx, store, observer))
    };
    std::thread::scope(|scope| {
        for _ in 0..options.threads.max(1) {
            scope.spawn(|| {
                let one = Ctx::new(root, 1)
                    .map(|c| c.with_cancel(options.cancel.clone()).with_device(options.device));
                while let Some(index) = board.take(cells) {
                    let outcome = match &one {
                        Ok(one) => run_one(index, if cells[index].parallel { &all } else { one }),
                        Err(e) => Err(Error::Io {
                            path: "thread pool".into(),
                            source: std::io::Error::other(e.to_string()),
                        }),
                    };
                    board.put(index, outcome);
                }
            });
        }
    });
    let state = board.state.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((index, error)) = state.failed.into_iter().next() {
        let spec = &cells[index].spec;
        if error.is_cancelled() {
            return Err(error);
        }
        return Err(Error::Cell {
            kind: spec.kind.clone(),
            name: spec.name.clone(),
            source: Box::new(error),
        });
    }
    Ok(state.done.into_iter().flatten().collect())
}

/// Turns a plugin's panic into an error, so that it is told as the plugin's and finished cells are kept.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|cause| Err(Error::Panic(panic_text(cause.as_ref()))))
}

fn panic_text(cause: &(dyn std::any::Any + Send)) -> String {
    let text = cause.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".into())
}

fn compute(
    cell: &Cell,
    inputs: Vec<PathBuf>,
    ctx: &Ctx,
    store: &Store,
    observer: &dyn Observer,
) -> Result<Done> {
    ctx.check()?;
    let kind = &cell.spec.kind;
    let (name, key) = (&cell.spec.name, cell.key.short());
    let reuse = |folder: PathBuf| {
        tracing::debug!(kind, name, key, "found whole in the store");
        observer.reused(cell);
        Done { seconds: Store::seconds(&folder), folder, reused: true }
    };
    if let Found::Whole(folder) = store.find(kind, &cell.key)? {
        return Ok(reuse(folder));
    }
    let lock = store.lock(&cell.key, ctx.cancel())?;
    // Another run may have finished it while this one waited.
    match store.find(kind, &cell.key)? {
        Found::Whole(folder) => return Ok(reuse(folder)),
        Found::Missing => {}
        Found::Damaged(problem) => {
            let text = store.set_aside(&lock, kind, &cell.key, &problem)?;
            tracing::warn!(kind, name, key, "{text}");
            observer.notice(&text);
        }
    }
    tracing::info!(kind, name, key, "starts");
    let progress = observer.started(cell);
    let place = store.workspace(&lock, kind, &cell.key)?;
    let ctx = ctx
        .child(&format!("{kind} {name}"))
        .with_progress(progress)
        .with_folders(&place.scratch, &place.checkpoint);
    let start = Instant::now();
    (cell.work)(&CellCtx { ctx: &ctx, out: &place.out, inputs })?;
    let seconds = start.elapsed().as_secs_f64();
    let folder = store.commit(&place, &cell.spec, &cell.key, seconds)?;
    tracing::info!(kind, name, key, seconds, "kept");
    observer.finished(cell, seconds);
    Ok(Done { folder, seconds, reused: false })
}

/// Who does what: shared by the workers.
struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    taken: Vec<bool>,
    done: Vec<Option<Done>>,
    failed: BTreeMap<usize, Error>,
    running: usize,
    alone: bool,
}

impl State {
    fn new(n: usize) -> Self {
        let done = std::iter::repeat_with(|| None).take(n).collect();
        Self { taken: vec![false; n], done, failed: BTreeMap::new(), running: 0, alone: false }
    }

    fn folders(&self, inputs: &[usize]) -> Vec<PathBuf> {
        inputs.iter().filter_map(|&i| self.done[i].as_ref().map(|d| d.folder.clone())).collect()
    }
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The first cell in the plan's order whose inputs are done; `None` once nothing is left to start.
    fn take(&self, cells: &[Cell]) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if !state.failed.is_empty() || state.taken.iter().all(|t| *t) {
                return None;
            }
            let ready = |i: &usize| {
                !state.taken[*i]
                    && cells[*i].inputs.iter().chain(&cells[*i].after).all(|&j| state.done[j].is_some())
            };
            let next = (0..cells.len()).find(ready);
            match next {
                Some(i) if !state.alone && (!cells[i].parallel || state.running == 0) => {
                    state.taken[i] = true;
                    state.running += 1;
                    state.alone = cells[i].parallel;
                    return Some(i);
                }
                _ => state = self.changed.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner),
            }
        }
    }

    fn put(&self, index: usize, outcome: Result<Done>) {
        let mut state = self.lock();
        state.running -= 1;
        state.alone = false;
        match outcome {
            Ok(done) => state.done[index] = Some(done),
            Err(error) => {
                state.failed.insert(index, error);
            }
        }
        drop(state);
        self.changed.notify_all();
    }
}
