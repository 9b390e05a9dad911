//! Levels along one row, the first step of the transform.

use super::bits::{self, WORD};
use super::level::Level;

/// What one row needs, used again for every row.
#[derive(Debug, Clone, Default)]
pub(super) struct RowScratch<L> {
    /// The row's edges, one bit a pixel.
    edges: Vec<u64>,
    /// Distance to the nearest edge on the left and on the right, up to a whole number of words.
    before: Vec<L>,
    after: Vec<L>,
}

impl<L: Level> RowScratch<L> {
    pub(super) fn prepare(&mut self, width: usize) {
        let words = width.div_ceil(WORD);
        self.edges.resize(words, 0);
        self.before.resize(words * WORD, L::default());
        self.after.resize(words * WORD, L::default());
    }
}

/// Levels of one row as seen from that row and, where there is one, from the levels of the row above.
///
/// Distances run from edge to edge; the image's borders are none. Words without an edge are plain ramps, all others
/// go by a table, 8 pixels at a time, so that the cost hardly depends on what the row holds.
#[inline(always)]
pub(super) fn measure<L: Level>(
    row: &[u8],
    above: Option<&[L]>,
    levels: &mut [L],
    scratch: &mut RowScratch<L>,
) {
    find_edges(row, &mut scratch.edges);
    ramps_from_left(&scratch.edges, &mut scratch.before);
    ramps_from_right(&scratch.edges, &mut scratch.after);
    let ramps = scratch.before.iter().zip(&scratch.after);
    let level = |byte: u8, before: L, after: L| {
        let distance = before.min(after);
        if byte == 0 { distance } else { distance.inside() }
    };
    if let Some(above) = above {
        for (((out, &byte), (&before, &after)), &above) in levels.iter_mut().zip(row).zip(ramps).zip(above) {
            *out = level(byte, before, after).relaxed(above);
        }
    } else {
        for ((out, &byte), (&before, &after)) in levels.iter_mut().zip(row).zip(ramps) {
            *out = level(byte, before, after);
        }
    }
}

#[inline(always)]
fn find_edges(row: &[u8], edges: &mut [u64]) {
    bits::pack_row(row, edges);
    // Shifted in on the left, the first pixel itself: the border is no edge.
    let mut left = edges[0] & 1;
    for word in edges.iter_mut() {
        let pixels = *word;
        *word = bits::edges(pixels, left);
        left = pixels >> 63;
    }
    // Nor is the border on the right.
    if let (Some(last), rest @ 1..) = (edges.last_mut(), row.len() % WORD) {
        *last &= (1 << rest) - 1;
    }
}

#[inline(always)]
fn ramps_from_left<L: Level>(edges: &[u64], out: &mut [L]) {
    let mut reach = L::NEVER;
    for (out, &edges) in out.as_chunks_mut::<WORD>().0.iter_mut().zip(edges) {
        if edges == 0 {
            for (k, out) in out.iter_mut().enumerate() {
                *out = reach.plus(L::small(k + 1));
            }
            reach = reach.plus(L::small(WORD));
            continue;
        }
        for (out, byte) in out.as_chunks_mut::<8>().0.iter_mut().zip(edges.to_le_bytes()) {
            let table = &L::AFTER[usize::from(byte)];
            for (k, out) in out.iter_mut().enumerate() {
                *out = table[k].min(reach.plus(L::small(k + 1)));
            }
            reach = table[7].min(reach.plus(L::small(8)));
        }
    }
}

#[inline(always)]
fn ramps_from_right<L: Level>(edges: &[u64], out: &mut [L]) {
    let mut reach = L::NEVER;
    let mut right = 0;
    for (out, &word) in out.as_chunks_mut::<WORD>().0.iter_mut().zip(edges).rev() {
        // Seen from the right, an edge belongs to the pixel before it.
        let edges = word >> 1 | right << 63;
        right = word;
        if edges == 0 {
            for (k, out) in out.iter_mut().enumerate() {
                *out = reach.plus(L::small(WORD - k));
            }
            reach = reach.plus(L::small(WORD));
            continue;
        }
        for (out, byte) in out.as_chunks_mut::<8>().0.iter_mut().zip(edges.to_le_bytes()).rev() {
            let table = &L::BEFORE[usize::from(byte)];
            for (k, out) in out.iter_mut().enumerate() {
                *out = table[k].min(reach.plus(L::small(8 - k)));
            }
            reach = table[0].min(reach.plus(L::small(8)));
        }
    }
}
