//! A resized ROI's two edges.

use std::collections::BTreeMap;

use eyepatch_core::{Error, Mask, Result, Roi};

use super::{ResizeMethod, Taps, antialias, bilinear, check};

/// An inside pixel has weight.
const INSIDE: u8 = 1;
/// An outside pixel has weight.
const OUTSIDE: u8 = 2;

/// A ROI's two edges; without resizing they are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edges {
    /// Every pixel in which an inside pixel has weight.
    pub outer: Roi,
    /// Those of them in which no outside pixel has weight.
    pub inner: Roi,
}

/// The ROI at `to` (height, width). At its outer edge it is what the study had: the mask through the same filter, then
/// all above 0.
///
/// # Errors
/// [`Error::Shape`] where a side is 0.
pub fn roi(source: &Roi, to: (usize, usize), how: ResizeMethod) -> Result<Edges> {
    edges(source, source, to, how)
}

/// The edges at `to` of a ROI that has two already: a pixel may be hidden by neither of two resizes in a row.
///
/// # Errors
/// [`Error::Shape`] where a side is 0 or the edges are not of one size, [`Error::UnknownStructure`] where they have not the
/// same structures.
pub fn edges(outer: &Roi, inner: &Roi, to: (usize, usize), how: ResizeMethod) -> Result<Edges> {
    check(to)?;
    let from = (outer.height(), outer.width());
    if (inner.height(), inner.width()) != from {
        let found = format!("{}x{}", inner.height(), inner.width());
        return Err(Error::shape("inner edge of the ROI", format!("{}x{}", from.0, from.1), found));
    }
    if from == to {
        return Ok(Edges { outer: outer.clone(), inner: inner.clone() });
    }
    let scale = Scale::new(from, to, how);
    let (mut outers, mut inners) = (BTreeMap::new(), BTreeMap::new());
    for (name, mask) in outer.structures() {
        let whole = inner.structures().get(name).ok_or_else(|| Error::UnknownStructure {
            name: name.clone(),
            known: inner.structures().keys().cloned().collect(),
        })?;
        let touched = scale.touched(mask, whole);
        let plane =
            |of: fn(u8) -> bool| Mask::new(to.1, to.0, touched.iter().map(|&t| u8::from(of(t))).collect());
        outers.insert(name.clone(), plane(|t| t & INSIDE != 0)?);
        inners.insert(name.clone(), plane(|t| t == INSIDE)?);
    }
    Ok(Edges { outer: Roi::new(outers)?, inner: Roi::new(inners)? })
}

/// Which source pixels have weight in which pixels.
struct Scale {
    to: (usize, usize),
    top: usize,
    left: usize,
    down: Vec<std::ops::Range<usize>>,
    along: Vec<std::ops::Range<usize>>,
}

impl Scale {
    fn new(from: (usize, usize), to: (usize, usize), how: ResizeMethod) -> Self {
        let frame = how.frame(from, to);
        let taps = match how {
            ResizeMethod::Antialias => antialias::taps,
            ResizeMethod::Study => bilinear::taps,
        };
        let weighty = |from: usize, to: usize| taps(from, to).iter().map(weighty).collect();
        Self {
            to,
            top: frame.top,
            left: frame.left,
            down: weighty(from.0, frame.height),
            along: weighty(from.1, frame.width),
        }
    }

    /// For each pixel of the result whether an inside pixel has weight in it, and whether an outside one has.
    fn touched(&self, outer: &Mask, inner: &Mask) -> Vec<u8> {
        let width = outer.width();
        let sides: Vec<u8> = outer
            .bits()
            .iter()
            .zip(inner.bits())
            .map(|(&outer, &inner)| outer * INSIDE + (1 - inner) * OUTSIDE)
            .collect();
        let mut out = vec![0; self.to.0 * self.to.1];
        let mut columns = vec![0u8; width];
        for (row, down) in out.chunks_exact_mut(self.to.1).skip(self.top).zip(&self.down) {
            columns.fill(0);
            for line in sides[down.start * width..down.end * width].chunks_exact(width) {
                columns.iter_mut().zip(line).for_each(|(all, one)| *all |= one);
            }
            for (pixel, along) in row[self.left..].iter_mut().zip(&self.along) {
                *pixel = columns[along.clone()].iter().fold(0, |all, one| all | one);
            }
        }
        out
    }
}

/// From the first place with weight to the last; weights between them are never 0.
fn weighty(taps: &Taps) -> std::ops::Range<usize> {
    let has = |w: &f32| *w > 0.0;
    let first = taps.weights.iter().position(has).unwrap_or(0);
    let end = taps.weights.iter().rposition(has).map_or(first, |last| last + 1);
    taps.first + first..taps.first + end
}

#[cfg(test)]
#[path = "rois_tests.rs"]
mod tests;
