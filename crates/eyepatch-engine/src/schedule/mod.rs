//! Runs the cells of a plan that the store lacks, in an order that respects their inputs.

mod board;
mod budget;

use std::path::PathBuf;
use std::time::Instant;

use eyepatch_core::{Ctx, Seed};
use rayon::prelude::*;

use crate::audit::AuditInfo;
use crate::cell::{Cell, CellCtx};
use crate::run::{Observer, Options, guarded};
use crate::store::{CellLock, Found, Store};
use crate::{Error, Result};
use board::{Board, Outcome};
use budget::Budget;

/// A finished cell.
pub struct Done {
    /// Its folder. A cache's may be there or not.
    pub folder: PathBuf,
    /// Seconds it took when it was computed; of a cache that was computed again, all of them.
    pub seconds: f64,
    /// Whether it was found whole in the store.
    pub reused: bool,
    /// Whether any cell needed it: false of caches that nobody asked for, or that the budget had no room for.
    pub needed: bool,
}

/// A plan's cells, and which of those that read caches the store has already.
struct Plan<'a> {
    cells: &'a [Cell],
    found: Vec<Option<PathBuf>>,
    /// By cell, its inputs that are caches.
    caches: Vec<Vec<usize>>,
}

impl<'a> Plan<'a> {
    /// Looks for the cells that read caches, so that no cache is made for a cell that is there.
    fn look(cells: &'a [Cell], store: &Store, ctx: &Ctx) -> Result<Self> {
        let reads = |c: &Cell| c.inputs.iter().copied().filter(|&i| cells[i].cache).collect::<Vec<_>>();
        let caches: Vec<Vec<usize>> = cells.iter().map(reads).collect();
        let look = |i: usize| {
            if caches[i].is_empty() || cells[i].cache {
                return Ok(None);
            }
            ctx.check()?;
            Ok(match store.find(&cells[i].spec.kind, &cells[i].key)? {
                Found::Whole(folder) => Some(folder),
                Found::Missing | Found::Damaged(_) => None,
            })
        };
        let found: Result<Vec<_>> = ctx.install(|| (0..cells.len()).into_par_iter().map(look).collect());
        Ok(Self { cells, found: found?, caches })
    }

    /// Whether a cell that the store lacks reads this cache.
    fn wants(&self, cache: usize) -> bool {
        self.readers(cache).next().is_some()
    }

    /// Cells that the store lacks and that read this cache, in the plan's order.
    fn readers(&self, cache: usize) -> impl Iterator<Item = usize> {
        (0..self.cells.len()).filter(move |&i| self.found[i].is_none() && self.caches[i].contains(&cache))
    }
}

/// Runs the cells that the store lacks. One-threaded cells run side by side; a parallel cell runs alone. A cache is made
/// only when a missing cell reads it, and given up when the budget is spent.
///
/// # Errors
/// [`Error::Cell`] for the first cell (in the plan's order) that failed; finished cells are kept. [`Error::Space`] before
/// anything starts where the disk has no room.
pub fn execute(
    cells: &[Cell],
    info: &AuditInfo,
    store: &Store,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Vec<Done>> {
    let root = Seed::root(info.seed).child(info.stream());
    let all =
        Ctx::new(root, options.threads)?.with_cancel(options.cancel.clone()).with_device(options.device);
    let plan = Plan::look(cells, store, &all)?;
    let budget = Budget::new(&plan, store, options)?;
    budget.check_space(&plan)?;
    if let Some(text) = budget.notice(&plan) {
        observer.notice(&text);
    }
    let board = Board::new(&plan, &budget);
    budget.make_room(&plan, None, &board.room(None))?;
    let unwanted = |i: &usize| cells[*i].cache && (budget.left_out(*i) || !plan.wants(*i));
    (0..cells.len()).filter(unwanted).for_each(|i| observer.unneeded(&cells[i]));
    let run = Run { plan: &plan, budget: &budget, board: &board, store, observer };
    std::thread::scope(|scope| {
        for _ in 0..options.threads.max(1) {
            scope.spawn(|| {
                let one = Ctx::new(root, 1)
                    .map(|c| c.with_cancel(options.cancel.clone()).with_device(options.device));
                while let Some(index) = board.take() {
                    let outcome = match &one {
                        // A plugin's panic must not leave the other workers waiting for it.
                        Ok(one) => guarded(|| run.one(index, if cells[index].parallel { &all } else { one })),
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
    board.end(store)
}

/// What a worker needs.
struct Run<'a> {
    plan: &'a Plan<'a>,
    budget: &'a Budget<'a>,
    board: &'a Board<'a>,
    store: &'a Store,
    observer: &'a dyn Observer,
}

impl Run<'_> {
    fn one(&self, index: usize, ctx: &Ctx) -> Result<Outcome> {
        ctx.check()?;
        let cell = &self.plan.cells[index];
        let inputs = self.board.inputs(index);
        if cell.cache {
            let room = self.board.room(Some(index));
            for away in self.budget.make_room(self.plan, Some(index), &room)? {
                self.observer.given_up(&self.plan.cells[away]);
                self.board.given_up(away);
            }
        }
        if let Some(folder) = &self.plan.found[index] {
            return Ok(Outcome::Done(self.reuse(cell, folder.clone())));
        }
        let (mut caches, mut held, mut lost) = (Vec::new(), Vec::<CellLock>::new(), Vec::new());
        for &cache in &self.plan.caches[index] {
            let of = &self.plan.cells[cache];
            if self.budget.left_out(cache) {
                caches.push(None);
                continue;
            }
            held.push(self.store.hold(&of.key, ctx.cancel())?);
            let folder = self.store.cell_path(&of.spec.kind, &of.key);
            if !folder.exists() {
                // Another run on this store gave it up.
                lost.push(cache);
            }
            caches.push(Some(folder));
        }
        if !lost.is_empty() {
            lost.iter().for_each(|&c| self.observer.given_up(&self.plan.cells[c]));
            return Ok(Outcome::Lost(lost));
        }
        self.compute(cell, inputs, caches, ctx).map(Outcome::Done)
    }

    fn reuse(&self, cell: &Cell, folder: PathBuf) -> Done {
        tracing::debug!(
            kind = cell.spec.kind,
            name = cell.spec.name,
            key = cell.key.short(),
            "found whole in the store"
        );
        self.observer.reused(cell);
        Done { seconds: Store::seconds(&folder), folder, reused: true, needed: true }
    }

    fn compute(
        &self,
        cell: &Cell,
        inputs: Vec<PathBuf>,
        caches: Vec<Option<PathBuf>>,
        ctx: &Ctx,
    ) -> Result<Done> {
        let (store, observer) = (self.store, self.observer);
        let kind = &cell.spec.kind;
        let (name, key) = (&cell.spec.name, cell.key.short());
        if let Found::Whole(folder) = store.find(kind, &cell.key)? {
            return Ok(self.reuse(cell, folder));
        }
        let lock = store.lock(&cell.key, ctx.cancel())?;
        // Another run may have finished it while this one waited.
        match store.find(kind, &cell.key)? {
            Found::Whole(folder) => return Ok(self.reuse(cell, folder)),
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
        (cell.work)(&CellCtx { ctx: &ctx, out: &place.out, inputs, caches })?;
        let seconds = start.elapsed().as_secs_f64();
        let folder = store.commit(&place, &cell.spec, &cell.key, seconds)?;
        tracing::info!(kind, name, key, seconds, "kept");
        observer.finished(cell, seconds);
        Ok(Done { folder, seconds, reused: false, needed: true })
    }
}
