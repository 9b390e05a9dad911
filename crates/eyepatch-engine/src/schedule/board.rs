//! Who does what: shared by the workers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::budget::Budget;
use super::{Done, Plan};
use crate::store::Store;
use crate::{Error, Result};

/// What became of a cell that a worker took.
pub(super) enum Outcome {
    Done(Done),
    /// It could not start: these caches, which it reads, are gone.
    Lost(Vec<usize>),
}

/// Where a cache is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cached {
    /// Not yet, or not any more, in the store.
    Away,
    Here,
    /// Larger than the budget: it is never made, and nobody waits for it.
    LeftOut,
}

/// Which caches may make room for one that is to be made.
pub(super) struct Room {
    /// By cell, the first of the cells still to run that reads this cache; `None` where none does.
    pub(super) next_use: Vec<Option<usize>>,
    /// Caches that the cell that waits reads too.
    pub(super) beside: Vec<usize>,
}

pub(super) struct Board<'a> {
    plan: &'a Plan<'a>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    taken: Vec<bool>,
    done: Vec<Option<Done>>,
    cached: Vec<Cached>,
    failed: BTreeMap<usize, Error>,
    running: usize,
    alone: bool,
}

impl<'a> Board<'a> {
    pub(super) fn new(plan: &'a Plan<'a>, budget: &Budget<'_>) -> Self {
        let n = plan.cells.len();
        let cached = |i| if budget.left_out(i) { Cached::LeftOut } else { Cached::Away };
        let state = State {
            taken: vec![false; n],
            done: std::iter::repeat_with(|| None).take(n).collect(),
            cached: (0..n).map(cached).collect(),
            failed: BTreeMap::new(),
            running: 0,
            alone: false,
        };
        Self { plan, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Folders of a cell's inputs that are no caches.
    pub(super) fn inputs(&self, index: usize) -> Vec<PathBuf> {
        let state = self.lock();
        let inputs = self.plan.cells[index].inputs.iter().filter(|&&i| !self.plan.cells[i].cache);
        inputs.filter_map(|&i| state.done[i].as_ref().map(|d| d.folder.clone())).collect()
    }

    /// The next cell to run; `None` once nothing is left to start.
    pub(super) fn take(&self) -> Option<usize> {
        let mut state = self.lock();
        loop {
            let left = |i: usize| !self.plan.cells[i].cache && !state.taken[i];
            if !state.failed.is_empty() || !(0..self.plan.cells.len()).any(left) {
                return None;
            }
            match self.next(&state) {
                Some(i) if !state.alone && (!self.plan.cells[i].parallel || state.running == 0) => {
                    state.taken[i] = true;
                    state.running += 1;
                    state.alone = self.plan.cells[i].parallel;
                    return Some(i);
                }
                _ => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// The first cell in the plan's order whose inputs are there. Where all that could run lack a cache, that cache: so
    /// that a cache is made late and everything that reads it runs before the next one needs its room.
    fn next(&self, state: &State) -> Option<usize> {
        let mut could = (0..self.plan.cells.len()).filter(|&i| self.could_run(i, state));
        could
            .clone()
            .find(|&i| {
                self.plan.found[i].is_some()
                    || self.plan.caches[i].iter().all(|&c| state.cached[c] != Cached::Away)
            })
            .or_else(|| could.find_map(|i| self.lacks(i, state)))
    }

    /// Whether a cell that is no cache waits for caches at most.
    fn could_run(&self, i: usize, state: &State) -> bool {
        !self.plan.cells[i].cache && !state.taken[i] && self.is_ready(i, state)
    }

    /// Whether all that a cell reads or comes after is done, caches aside.
    fn is_ready(&self, i: usize, state: &State) -> bool {
        let cell = &self.plan.cells[i];
        cell.inputs.iter().chain(&cell.after).all(|&j| self.plan.cells[j].cache || state.done[j].is_some())
    }

    /// The first cache that a cell lacks and that nobody makes.
    fn lacks(&self, i: usize, state: &State) -> Option<usize> {
        let mut caches = self.plan.caches[i].iter().copied();
        caches.find(|&c| state.cached[c] == Cached::Away && !state.taken[c] && self.is_ready(c, state))
    }

    /// Who still needs which cache, when one is to be made.
    pub(super) fn room(&self, cache: Option<usize>) -> Room {
        let state = self.lock();
        let next_use = |c: usize| self.plan.readers(c).find(|&i| !state.taken[i]);
        let waits = cache.and_then(|c| self.plan.readers(c).find(|&i| self.could_run(i, &state)));
        Room {
            next_use: (0..self.plan.cells.len()).map(next_use).collect(),
            beside: waits.map(|i| self.plan.caches[i].clone()).unwrap_or_default(),
        }
    }

    /// A cache is gone.
    pub(super) fn given_up(&self, cache: usize) {
        self.lock().lose(cache);
    }

    pub(super) fn put(&self, index: usize, outcome: Result<Outcome>) {
        let mut state = self.lock();
        state.running -= 1;
        state.alone = false;
        match outcome {
            Ok(Outcome::Done(mut done)) => {
                if self.plan.cells[index].cache {
                    state.cached[index] = Cached::Here;
                }
                if let Some(before) = &state.done[index] {
                    done.seconds += if done.reused { 0.0 } else { before.seconds };
                    done.reused &= before.reused;
                }
                state.done[index] = Some(done);
            }
            Ok(Outcome::Lost(caches)) => {
                state.taken[index] = false;
                caches.into_iter().for_each(|c| state.lose(c));
            }
            Err(error) => {
                state.failed.insert(index, error);
            }
        }
        drop(state);
        self.changed.notify_all();
    }

    /// All cells in the plan's order, or the first error.
    pub(super) fn end(self, store: &Store) -> Result<Vec<Done>> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some((index, error)) = state.failed.into_iter().next() {
            let spec = &self.plan.cells[index].spec;
            if error.is_cancelled() {
                return Err(error);
            }
            return Err(Error::Cell {
                kind: spec.kind.clone(),
                name: spec.name.clone(),
                source: Box::new(error),
            });
        }
        let unneeded = |i: usize| Done {
            folder: store.cell_path(&self.plan.cells[i].spec.kind, &self.plan.cells[i].key),
            seconds: 0.0,
            reused: false,
            needed: false,
        };
        Ok(state.done.into_iter().enumerate().map(|(i, done)| done.unwrap_or_else(|| unneeded(i))).collect())
    }
}

impl State {
    fn lose(&mut self, cache: usize) {
        if self.cached[cache] == Cached::Here {
            self.cached[cache] = Cached::Away;
            self.taken[cache] = false;
        }
    }
}
