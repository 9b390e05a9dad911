use std::ops::Range;

use crate::KernelError;

/// Which players each coalition shows, as a bit matrix: player `j` of coalition `i` is bit `j % 64` of word
/// `i * words + j / 64`, with `words = players.div_ceil(64)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coalitions {
    rows: usize,
    players: usize,
    words: Vec<u64>,
}

impl Coalitions {
    /// Coalitions from their packed bits. Bits past the last player of a row are ignored.
    ///
    /// # Errors
    /// [`KernelError::Length`] where there are not `rows * players.div_ceil(64)` words.
    pub fn new(rows: usize, players: usize, words: Vec<u64>) -> Result<Self, KernelError> {
        KernelError::length("the bit matrix", rows.saturating_mul(players.div_ceil(64)), words.len())?;
        Ok(Self { rows, players, words })
    }

    /// Coalitions from a rule: whether coalition `i` shows player `j`.
    #[must_use]
    pub fn from_fn(rows: usize, players: usize, shows: impl Fn(usize, usize) -> bool) -> Self {
        let per_row = players.div_ceil(64);
        let word = |i: usize, w: usize| {
            (w * 64..players.min(w * 64 + 64)).fold(0, |word, j| word | u64::from(shows(i, j)) << (j % 64))
        };
        let words = (0..rows * per_row).map(|k| word(k / per_row, k % per_row)).collect();
        Self { rows, players, words }
    }

    /// Number of coalitions.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of players.
    #[must_use]
    pub fn players(&self) -> usize {
        self.players
    }

    /// The packed bits, all rows.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Whether coalition `row` shows `player`. Nobody is shown outside the matrix.
    #[must_use]
    pub fn shows(&self, row: usize, player: usize) -> bool {
        let word = || self.words.get(row * self.players.div_ceil(64) + player / 64);
        player < self.players && word().is_some_and(|word| word >> (player % 64) & 1 == 1)
    }

    /// The coalitions `rows`, for work in batches; rows that are not there are left out.
    #[must_use]
    pub fn part(&self, rows: Range<usize>) -> Self {
        let (start, end) = (rows.start.min(self.rows), rows.end.min(self.rows));
        let per_row = self.players.div_ceil(64);
        let words = self.words.get(start * per_row..end * per_row).unwrap_or_default().to_vec();
        Self { rows: end.saturating_sub(start), players: self.players, words }
    }
}
