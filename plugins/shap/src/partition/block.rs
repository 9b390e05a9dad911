use crate::Error;

/// The largest side of an image: a path from an image to one of its values then never passes 64 divisions.
const LARGEST: usize = 1 << 20;

/// A box of an image's values: rows, columns and channels, each from its first to before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// First row and the row after the last.
    pub rows: (u32, u32),
    /// First column and the column after the last.
    pub columns: (u32, u32),
    /// First channel and the channel after the last.
    pub channels: (u32, u32),
}

impl Block {
    /// A whole image.
    ///
    /// # Errors
    /// [`Error::Shape`] where a side is 0 or above 2^20.
    pub fn image(height: usize, width: usize, channels: usize) -> Result<Self, Error> {
        let side = |n: usize| match u32::try_from(n) {
            Ok(end) if n > 0 && n <= LARGEST => Ok((0, end)),
            _ => Err(Error::Shape { height, width, channels }),
        };
        Ok(Self { rows: side(height)?, columns: side(width)?, channels: side(channels)? })
    }

    /// Rows, columns and channels, as numbers of them.
    #[must_use]
    pub fn size(&self) -> (usize, usize, usize) {
        let length = |(start, end): (u32, u32)| (end - start) as usize;
        (length(self.rows), length(self.columns), length(self.channels))
    }

    /// Number of values.
    #[must_use]
    pub fn values(&self) -> usize {
        let (rows, columns, channels) = self.size();
        rows * columns * channels
    }

    /// Its halves: rows are divided where there are at least as many as columns, else columns, and channels only once a
    /// single pixel is left. Of an odd number, the part that comes first in the image is the larger one. `None` for a
    /// single value.
    ///
    /// This is the hierarchy of shap's `maskers.Image` as shap applies it: its code halves the other way round, but
    /// numbers the values from the image's end.
    #[must_use]
    pub fn halves(&self) -> Option<(Self, Self)> {
        let half = |(start, end): (u32, u32)| {
            let middle = end - (end - start) / 2;
            ((middle, end), (start, middle))
        };
        let (rows, columns, channels) = self.size();
        if rows >= columns && rows > 1 {
            let (a, b) = half(self.rows);
            Some((Self { rows: a, ..*self }, Self { rows: b, ..*self }))
        } else if columns > 1 {
            let (a, b) = half(self.columns);
            Some((Self { columns: a, ..*self }, Self { columns: b, ..*self }))
        } else if channels > 1 {
            let (a, b) = half(self.channels);
            Some((Self { channels: a, ..*self }, Self { channels: b, ..*self }))
        } else {
            None
        }
    }

    /// Whether it holds all of `other`.
    pub(crate) fn holds(&self, other: &Self) -> bool {
        let holds = |a: (u32, u32), b: (u32, u32)| a.0 <= b.0 && b.1 <= a.1;
        holds(self.rows, other.rows)
            && holds(self.columns, other.columns)
            && holds(self.channels, other.channels)
    }
}
