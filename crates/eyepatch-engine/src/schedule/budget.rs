//! What caches may take on the disk, and which make room for others.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Plan;
use super::board::Room;
use crate::run::Options;
use crate::store::{Kept, Store};
use crate::{Error, Result};

pub(super) struct Budget<'a> {
    store: &'a Store,
    /// Bytes of all caches in the store.
    bytes: u64,
    free: u64,
    /// By cell, whether it is a cache that its readers must do without.
    left_out: Vec<bool>,
    kinds: BTreeSet<&'a str>,
}

impl<'a> Budget<'a> {
    pub(super) fn new(plan: &Plan<'a>, store: &'a Store, options: &Options) -> Result<Self> {
        let kinds = plan.cells.iter().filter(|c| c.cache).map(|c| c.spec.kind.as_str()).collect();
        let free = store.free_bytes()?;
        let mut budget = Self { store, bytes: 0, free, left_out: vec![false; plan.cells.len()], kinds };
        let kept = sum(&budget.kept()?);
        // Left to itself it gives up nothing that is there already, unless something else takes its room.
        budget.bytes = options.cache_budget.unwrap_or_else(|| (kept.saturating_add(free) / 2).max(kept));
        for (i, caches) in plan.caches.iter().enumerate() {
            // What a cell reads must be there at once.
            let mut together = 0u64;
            for &cache in caches.iter().filter(|_| plan.found[i].is_none()) {
                together = together.saturating_add(plan.cells[cache].bytes);
                budget.left_out[cache] |= together > budget.bytes;
            }
        }
        Ok(budget)
    }

    /// Whether there is no room for this cache: its readers do without.
    pub(super) fn left_out(&self, cache: usize) -> bool {
        self.left_out[cache]
    }

    /// Tells of the caches that there is no room for.
    pub(super) fn notice(&self, plan: &Plan<'_>) -> Option<String> {
        let left = (0..plan.cells.len()).filter(|&i| self.left_out[i]).map(|i| &plan.cells[i]);
        let (count, bytes) = left.fold((0, 0), |(n, most), c| (n + 1, c.bytes.max(most)));
        (count > 0).then(|| {
            format!(
                "{count} caches of up to {} MB find no room in a cache budget of {} MB: what they would hold is computed \
                 wherever it is read",
                megabytes(bytes),
                megabytes(self.bytes)
            )
        })
    }

    /// Checks that the disk has room for all that is missing.
    pub(super) fn check_space(&self, plan: &Plan<'_>) -> Result<()> {
        let missing = |i: usize| {
            let cell = &plan.cells[i];
            plan.found[i].is_none() && !self.path(plan, i).exists() && !self.left_out[i] && cell.bytes > 0
        };
        let bytes = |cache: bool| -> u64 {
            let of = (0..plan.cells.len()).filter(|&i| plan.cells[i].cache == cache && missing(i));
            of.filter(|&i| !cache || plan.wants(i)).map(|i| plan.cells[i].bytes).sum()
        };
        let room = self.bytes.saturating_sub(sum(&self.kept()?));
        let caches = bytes(true).min(room);
        let needed = bytes(false).saturating_add(caches);
        if needed <= self.free {
            return Ok(());
        }
        Err(Error::Space {
            folder: self.store.root().into(),
            needed_mb: megabytes(needed),
            caches_mb: megabytes(caches),
            free_mb: self.free / 1_000_000,
        })
    }

    /// Gives up caches until one more (or those that are there) have room, and says which of the plan's these were: first those that no cell still to
    /// run reads, then those that are read last. Called while no cell runs, so only another run can hold one.
    pub(super) fn make_room(&self, plan: &Plan<'_>, cache: Option<usize>, room: &Room) -> Result<Vec<usize>> {
        let mut kept = self.kept()?;
        if let Some(cache) = cache {
            let own = self.path(plan, cache);
            kept.retain(|k| k.path != own);
        }
        let more = cache.map_or(0, |c| plan.cells[c].bytes);
        let mut taken = sum(&kept).saturating_add(more);
        let index =
            |k: &Kept| (0..plan.cells.len()).find(|&i| plan.cells[i].cache && self.path(plan, i) == k.path);
        let mut ranked: Vec<(Option<usize>, &Kept)> = kept.iter().map(|k| (index(k), k)).collect();
        let used = |i: Option<usize>| i.filter(|&i| !self.left_out[i]);
        ranked.retain(|(i, _)| used(*i).is_none_or(|i| !room.beside.contains(&i)));
        // Never read again counts as read at the end of time. The sort is stable: among equals the oldest goes first.
        let when = |i: Option<usize>| used(i).and_then(|i| room.next_use[i]).unwrap_or(usize::MAX);
        ranked.sort_by_key(|(i, _)| std::cmp::Reverse(when(*i)));
        let mut away = Vec::new();
        for (index, kept) in ranked {
            if taken <= self.bytes {
                break;
            }
            if self.store.give_up(kept)? {
                taken -= kept.bytes;
                away.extend(index);
            }
        }
        Ok(away)
    }

    fn kept(&self) -> Result<Vec<Kept>> {
        let all: Result<Vec<_>> = self.kinds.iter().map(|k| self.store.kept(k)).collect();
        Ok(all?.into_iter().flatten().collect())
    }

    fn path(&self, plan: &Plan<'_>, i: usize) -> PathBuf {
        self.store.cell_path(&plan.cells[i].spec.kind, &plan.cells[i].key)
    }
}

fn sum(kept: &[Kept]) -> u64 {
    kept.iter().map(|k| k.bytes).sum()
}

/// Rounded up.
fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}
