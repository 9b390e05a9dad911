use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A block in one context, waiting to be divided: `with` and `without` are the evaluations that show it and hide it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Item {
    pub(super) node: usize,
    /// What is shown around it; see [`crate::Shown`].
    pub(super) siblings: u64,
    pub(super) without: usize,
    pub(super) with: usize,
    /// Its share of the node's value.
    pub(super) weight: f64,
}

/// Items, those that change the output most first; of equal ones the one that came first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Entry>,
    pushed: u64,
}

#[derive(Debug)]
struct Entry {
    priority: f64,
    number: u64,
    item: Item,
}

impl Queue {
    pub(super) fn push(&mut self, priority: f64, item: Item) {
        self.heap.push(Entry { priority, number: self.pushed, item });
        self.pushed += 1;
    }

    pub(super) fn pop(&mut self) -> Option<Item> {
        self.heap.pop().map(|entry| entry.item)
    }

    /// The largest priority.
    pub(super) fn first(&self) -> Option<f64> {
        self.heap.peek().map(|entry| entry.priority)
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.priority.total_cmp(&other.priority).then(other.number.cmp(&self.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}
