//! The order of training images and their batches.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use std::collections::BinaryHeap;
use std::ops::Range;

/// A last batch of at most this many images joins the one before: so few spoil batch normalisation.
const SMALL_BATCH: usize = 2;

/// In which order an epoch meets the training images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shuffle {
    /// At random, anew each epoch.
    #[default]
    Random,
    /// At random, but images of one group (a patient) are spread over the batches: with batches of equal size no batch
    /// holds a group twice, unless it has more images than there are batches.
    Mixed,
    /// As they come, every epoch, as in the study: batches may then be of one camera or patient.
    None,
}

/// The row ranges of an epoch's batches.
pub(super) fn batches(len: usize, batch: usize) -> Vec<Range<usize>> {
    let mut ranges: Vec<_> =
        (0..len).step_by(batch.max(1)).map(|start| start..(start + batch).min(len)).collect();
    if ranges.len() > 1 && ranges.last().is_some_and(|r| r.len() <= SMALL_BATCH && r.len() < batch) {
        ranges.pop();
        if let Some(last) = ranges.last_mut() {
            last.end = len;
        }
    }
    ranges
}

impl Shuffle {
    /// The rows of an epoch in order; `groups` has one entry a row, or none where every image is a group of its own.
    pub(super) fn order(
        self,
        len: usize,
        groups: &[u64],
        batch: usize,
        (seed, epoch): (u64, usize),
    ) -> Vec<usize> {
        match self {
            Self::None => (0..len).collect(),
            Self::Mixed if groups.len() == len => {
                mixed(groups, &batches(len, batch), &mut stream(seed, epoch, 1 << 63))
            }
            Self::Random | Self::Mixed => random(len, &mut stream(seed, epoch, 0)),
        }
    }
}

fn stream(seed: u64, epoch: usize, kind: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch as u64 | kind);
    rng
}

/// A number below `n`; 64 random bits leave a bias below `n / 2^64`.
fn below(rng: &mut ChaCha8Rng, n: u64) -> u64 {
    ((u128::from(rng.next_u64()) * u128::from(n)) >> 64) as u64
}

/// A random order of `0..len` (Fisher and Yates).
fn random(len: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..len).collect();
    for i in (1..len).rev() {
        rows.swap(i, below(rng, i as u64 + 1) as usize);
    }
    rows
}

/// Fills batch after batch. A group with as many images as there are batches left, or more, must give its share now; the
/// other places go to groups that are not yet in the batch, each as likely as it has images left.
fn mixed(groups: &[u64], batches: &[Range<usize>], rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut index = std::collections::BTreeMap::new();
    let mut left: Vec<Vec<usize>> = vec![];
    for row in random(groups.len(), rng) {
        let at = *index.entry(groups[row]).or_insert(left.len());
        if at == left.len() {
            left.push(vec![]);
        }
        left[at].push(row);
    }
    let mut tree = Fenwick::new(left.iter().map(Vec::len));
    let mut largest: BinaryHeap<(usize, usize)> =
        left.iter().enumerate().map(|(g, l)| (l.len(), g)).collect();
    let mut rows = Vec::with_capacity(groups.len());
    for (done, range) in batches.iter().enumerate() {
        let (end, remaining) = (rows.len() + range.len(), batches.len() - done);
        let mut inside = vec![];
        while let Some(&(count, group)) =
            largest.peek().filter(|(count, _)| *count >= remaining && rows.len() < end)
        {
            largest.pop();
            // An entry may be older than what the group has left.
            if count == left[group].len() {
                let share = (count / remaining).min(end - rows.len());
                rows.extend(left[group].drain(count - share..));
                tree.set(group, 0);
                inside.push(group);
            }
        }
        while rows.len() < end && tree.total() > 0 {
            let group = tree.find(below(rng, tree.total()));
            rows.extend(left[group].pop());
            tree.set(group, 0);
            inside.push(group);
        }
        // Too few groups are left: some come twice.
        for &group in inside.iter().cycle().take(inside.len() * range.len()) {
            if rows.len() == end {
                break;
            }
            rows.extend(left[group].pop());
        }
        for group in inside {
            tree.set(group, left[group].len() as u64);
            largest.push((left[group].len(), group));
        }
    }
    rows
}

/// Sums of weights that change (Fenwick 1994).
struct Fenwick {
    weights: Vec<u64>,
    sums: Vec<u64>,
}

impl Fenwick {
    fn new(weights: impl Iterator<Item = usize>) -> Self {
        let weights: Vec<usize> = weights.collect();
        let mut tree = Self { weights: vec![0; weights.len()], sums: vec![0; weights.len() + 1] };
        for (i, weight) in weights.into_iter().enumerate() {
            tree.set(i, weight as u64);
        }
        tree
    }

    fn total(&self) -> u64 {
        let (mut at, mut sum) = (self.weights.len(), 0);
        while at > 0 {
            sum += self.sums[at];
            at &= at - 1;
        }
        sum
    }

    fn set(&mut self, i: usize, weight: u64) {
        let old = std::mem::replace(&mut self.weights[i], weight);
        let mut at = i + 1;
        while at < self.sums.len() {
            self.sums[at] = self.sums[at] + weight - old;
            at += at & at.wrapping_neg();
        }
    }

    /// The first index up to which the weights sum to more than `rank`, which is below the total.
    fn find(&self, mut rank: u64) -> usize {
        let (mut at, mut step) = (0, self.weights.len().next_power_of_two());
        while step > 0 {
            if at + step < self.sums.len() && self.sums[at + step] <= rank {
                at += step;
                rank -= self.sums[at];
            }
            step /= 2;
        }
        at
    }
}
