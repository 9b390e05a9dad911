use std::ops::Range;

use crate::{Error, Occlusion};

/// Where patches stand: from the upper left corner on, each side's last patch flush with the edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// Rows and columns of a patch, in pixels.
    pub size: (usize, usize),
    /// Rows and columns between the starts of neighbouring patches, in pixels.
    pub stride: (usize, usize),
    /// First rows of patches.
    pub tops: Vec<usize>,
    /// First columns of patches.
    pub lefts: Vec<usize>,
    /// Whether the budget forced a wider stride than was asked for.
    pub coarsened: bool,
}

impl Grid {
    /// The grid of an image of `height` x `width` pixels (each at least 1) whose patches, with the image and the base,
    /// cost at most `evaluations`. Where they would cost more, the stride grows by as little as is enough; where it
    /// would outgrow the patch, so does the patch, so that no pixel is left out.
    ///
    /// # Errors
    /// [`Error::Budget`] below 3 evaluations.
    pub fn within(
        occlusion: &Occlusion,
        height: usize,
        width: usize,
        evaluations: usize,
    ) -> Result<Self, Error> {
        if evaluations < 3 {
            let parts = "the image, the base and one patch";
            return Err(Error::Budget { evaluations, least: 3, parts });
        }
        let (h, w) = (height as f64, width as f64);
        let size = (pixels(occlusion.patch * h, height), pixels(occlusion.patch * w, width));
        let asked = (
            pixels(occlusion.stride * h, height).min(size.0),
            pixels(occlusion.stride * w, width).min(size.1),
        );
        let mut extra = 0;
        loop {
            let stride = ((asked.0 + extra).min(height), (asked.1 + extra).min(width));
            let size = (size.0.max(stride.0), size.1.max(stride.1));
            let (tops, lefts) = (starts(height, size.0, stride.0), starts(width, size.1, stride.1));
            if tops.len() * lefts.len() + 2 <= evaluations {
                return Ok(Self { size, stride, tops, lefts, coarsened: extra > 0 });
            }
            extra += 1;
        }
    }

    /// Number of patches.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tops.len() * self.lefts.len()
    }

    /// Whether there are none; there is always one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows and columns that a patch (below `len`, rows first) covers.
    pub(crate) fn patch(&self, index: usize) -> (Range<usize>, Range<usize>) {
        let (top, left) = (self.tops[index / self.lefts.len()], self.lefts[index % self.lefts.len()]);
        (top..top + self.size.0, left..left + self.size.1)
    }

    /// For each pixel, the mean of the values of the patches that cover it.
    pub(crate) fn mean(&self, values: &[f64], height: usize, width: usize) -> Vec<f32> {
        let mut sums = vec![(0.0f64, 0.0f64); height * width];
        for (index, value) in values.iter().enumerate() {
            let (rows, columns) = self.patch(index);
            for y in rows {
                for (sum, n) in &mut sums[y * width..][columns.clone()] {
                    *sum += value;
                    *n += 1.0;
                }
            }
        }
        sums.into_iter().map(|(sum, n)| (sum / n) as f32).collect()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and the side")]
fn pixels(length: f64, side: usize) -> usize {
    length.round().clamp(1.0, side as f64) as usize
}

fn starts(side: usize, size: usize, stride: usize) -> Vec<usize> {
    let last = side - size;
    let mut starts: Vec<usize> = (0..last).step_by(stride).collect();
    starts.push(last);
    starts
}
