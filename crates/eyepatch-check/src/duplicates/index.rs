//! Hashes by their quarters.

/// Bits in which two hashes of one image may differ.
const RADIUS: u32 = 10;
const QUARTERS: usize = 4;
/// Bits that are tried changed in a quarter: 10 bits over 4 quarters leave one with 2 or fewer (Norouzi, Punjani and Fleet,
/// "Fast search in Hamming space with multi-index hashing", 2012).
const CHANGED: u32 = RADIUS / QUARTERS as u32;

/// Finds all earlier hashes within 10 bits of one without comparing it to each.
pub(super) struct Index<'a> {
    hashes: &'a [u64],
    /// For each quarter, where the rows of each of its 65,536 values begin, and the rows.
    quarters: Vec<(Vec<u32>, Vec<u32>)>,
    /// Changes of a quarter by up to [`CHANGED`] bits.
    changes: Vec<u16>,
}

impl<'a> Index<'a> {
    pub(super) fn new(hashes: &'a [u64]) -> Self {
        let changes = (0..=u16::MAX).filter(|c| c.count_ones() <= CHANGED).collect();
        Self { hashes, quarters: (0..QUARTERS).map(|q| by_value(hashes, q)).collect(), changes }
    }

    /// Places before `before` whose hash is within the radius, ascending.
    pub(super) fn near(&self, hash: u64, before: usize) -> Vec<usize> {
        let mut found = Vec::new();
        for (q, (starts, rows)) in self.quarters.iter().enumerate() {
            for change in &self.changes {
                let value = usize::from(quarter(hash, q) ^ change);
                for &row in &rows[starts[value] as usize..starts[value + 1] as usize] {
                    let row = row as usize;
                    // Rows of a value ascend.
                    if row >= before {
                        break;
                    }
                    if (self.hashes[row] ^ hash).count_ones() <= RADIUS {
                        found.push(row);
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[expect(clippy::cast_possible_truncation, reason = "16 bits are wanted")]
fn quarter(hash: u64, q: usize) -> u16 {
    (hash >> (16 * q)) as u16
}

/// A counting sort of rows by one quarter.
fn by_value(hashes: &[u64], q: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; usize::from(u16::MAX) + 2];
    for &hash in hashes {
        starts[usize::from(quarter(hash, q)) + 1] += 1;
    }
    for value in 1..starts.len() {
        starts[value] += starts[value - 1];
    }
    let (mut next, mut rows) = (starts.clone(), vec![0; hashes.len()]);
    for (row, &hash) in hashes.iter().enumerate() {
        let place = &mut next[usize::from(quarter(hash, q))];
        rows[*place as usize] = u32::try_from(row).unwrap_or(u32::MAX);
        *place += 1;
    }
    (starts, rows)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_a_comparison_with_all_finds(
            hashes in prop::collection::vec(any::<u64>(), 1..40),
            flips in prop::collection::vec((0..40usize, 0..64u32), 0..200),
            before in 0..60usize,
        ) {
            // Near copies of one hash, so that there is something to find.
            let mut near = vec![hashes[0]; 40];
            flips.iter().for_each(|&(row, bit)| near[row] ^= 1 << bit);
            let all = [hashes, near].concat();
            let index = Index::new(&all);
            for hash in &all {
                let slow: Vec<usize> =
                    (0..all.len().min(before)).filter(|&r| (all[r] ^ hash).count_ones() <= RADIUS).collect();
                prop_assert_eq!(index.near(*hash, before), slow);
            }
        }
    }
}
