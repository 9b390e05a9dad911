//! Exact overlaps of two even grids over one length.

/// How far a part of one grid and a part of another overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overlap {
    /// Part of the first grid.
    pub(crate) from: usize,
    /// Part of the second.
    pub(crate) to: usize,
    /// Their common length, in units of which a part of the first grid has `to` parts' number and a part of the
    /// second `from` parts' number. Whole, so sums are exact.
    pub(crate) length: u64,
}

/// All overlaps of `from` even parts and `to` even parts of one length, in order. Both are at least 1.
pub(crate) fn overlaps(from: usize, to: usize) -> Vec<Overlap> {
    let mut all = Vec::with_capacity(from + to);
    let (mut i, mut j, mut at) = (0, 0, 0);
    while i < from && j < to {
        let (first, second) = ((i + 1) * to, (j + 1) * from);
        let end = first.min(second);
        all.push(Overlap { from: i, to: j, length: (end - at) as u64 });
        i += usize::from(first == end);
        j += usize::from(second == end);
        at = end;
    }
    all
}
