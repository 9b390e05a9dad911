use std::cmp::Ordering;

use crate::StatsError;

/// A column as the places of its values among the column's different values in ascending order: what
/// `numpy.unique(column, return_inverse=True)` gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    codes: Vec<usize>,
    kinds: usize,
}

impl Keys {
    /// Of values that have an order. Text is in the order of its code points, as NumPy has it.
    #[must_use]
    pub fn sorted<T: Ord>(values: &[T]) -> Self {
        Self::by(values, T::cmp)
    }

    /// Of a table's cells, as pandas and NumPy take them: where every cell is a whole number (of any length), in the order of
    /// the numbers; else, where every cell is a finite decimal number, likewise, in 64 bits; else as text. So `2` comes
    /// before `10` in a column of numbers and after it in a column that also holds `x`, and `7`, `07` and `+7` are one value
    /// only among numbers.
    #[must_use]
    pub fn parsed<S: AsRef<str>>(cells: &[S]) -> Self {
        if let Some(whole) = cells.iter().map(|c| Whole::of(c.as_ref())).collect::<Option<Vec<_>>>() {
            return Self::sorted(&whole);
        }
        match decimals(cells) {
            Some(numbers) => Self::by(&numbers, |a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal)),
            None => Self::sorted(&cells.iter().map(AsRef::as_ref).collect::<Vec<_>>()),
        }
    }

    /// Of a table's cells that are classes: as [`Keys::parsed`].
    ///
    /// # Errors
    /// [`StatsError::NotClasses`] for a column of numbers that are not all whole, as scikit-learn's `type_of_target` has it.
    pub fn classes<S: AsRef<str>>(cells: &[S]) -> Result<Self, StatsError> {
        let fraction = decimals(cells).and_then(|n| n.iter().position(|x| x.fract() != 0.0));
        match fraction {
            Some(row) => Err(StatsError::NotClasses { row, value: cells[row].as_ref().to_owned() }),
            None => Ok(Self::parsed(cells)),
        }
    }

    fn by<T>(values: &[T], compare: impl Fn(&T, &T) -> Ordering) -> Self {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| compare(&values[a], &values[b]));
        let (mut codes, mut kinds) = (vec![0; values.len()], 0);
        for (place, &row) in order.iter().enumerate() {
            if place == 0 || compare(&values[order[place - 1]], &values[row]) != Ordering::Equal {
                kinds += 1;
            }
            codes[row] = kinds - 1;
        }
        Self { codes, kinds }
    }

    /// Each row's place, from 0 to `kinds() - 1`.
    #[must_use]
    pub fn codes(&self) -> &[usize] {
        &self.codes
    }

    /// Number of different values.
    #[must_use]
    pub fn kinds(&self) -> usize {
        self.kinds
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.codes.len()
    }

    /// Rows of each value.
    pub(super) fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.kinds];
        self.codes.iter().for_each(|&code| counts[code] += 1);
        counts
    }
}

/// The numbers, where all cells are finite ones.
fn decimals<S: AsRef<str>>(cells: &[S]) -> Option<Vec<f64>> {
    let number = |c: &S| c.as_ref().trim().parse::<f64>().ok().filter(|x| x.is_finite());
    cells.iter().map(number).collect()
}

/// A whole number of any length: image archives have patient ids of 40 digits.
#[derive(Debug, PartialEq, Eq)]
struct Whole<'a> {
    negative: bool,
    /// Without leading zeros; empty for 0.
    digits: &'a str,
}

impl<'a> Whole<'a> {
    fn of(cell: &'a str) -> Option<Self> {
        let cell = cell.trim();
        let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits = digits.trim_start_matches('0');
        Some(Self { negative: cell.starts_with('-') && !digits.is_empty(), digits })
    }
}

impl Ord for Whole<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = (self.digits.len(), self.digits).cmp(&(other.digits.len(), other.digits));
        match (self.negative, other.negative) {
            (false, false) => size,
            (true, true) => size.reverse(),
            (negative, _) => negative.cmp(&false).reverse(),
        }
    }
}

impl PartialOrd for Whole<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
