use eyepatch_core::{Error, Mask, Result};
use rand_core::RngCore;

use super::blob::one_blob;
use super::{below, parts};

/// Places tried for each part before it is given up as a whole.
const TRIES: usize = 200;

/// `own` moved off itself: each part to a random place that overlaps neither the true ROI nor a part already placed; one
/// that fits nowhere becomes a blob of its area there. The area is that of `own`, or all the room that it leaves where that
/// is less.
///
/// # Errors
/// [`Error::EmptyRegion`] where the ROI leaves no room at all.
pub(super) fn moved(own: &Mask, rng: &mut impl RngCore) -> Result<Mask> {
    let (width, height) = (own.width(), own.height());
    let mut taken: Vec<bool> = own.bits().iter().map(|b| *b != 0).collect();
    let mut bits = vec![0; taken.len()];
    if taken.iter().all(|t| *t) {
        return Err(Error::EmptyRegion { what: "the place that the ROI could be moved to".into() });
    }
    for part in parts(own)? {
        let placed = place(&part, (width, height), &taken, rng).unwrap_or_else(|| {
            let free: Vec<usize> = (0..taken.len()).filter(|&p| !taken[p]).collect();
            one_blob(&part, width, &free, rng)
        });
        for pixel in placed {
            (taken[pixel], bits[pixel]) = (true, 1);
        }
    }
    Mask::new(width, height, bits)
}

/// The part at a random place where all of it is free.
fn place(
    part: &[usize],
    (width, height): (usize, usize),
    taken: &[bool],
    rng: &mut impl RngCore,
) -> Option<Vec<usize>> {
    let xs = || part.iter().map(|p| p % width);
    let (x0, x1) = (xs().min()?, xs().max()?);
    let (y0, y1) = (part.first()? / width, part.last()? / width);
    for _ in 0..TRIES {
        // Where the part's box comes to lie.
        let (x, y) = (below(rng, width - (x1 - x0)), below(rng, height - (y1 - y0)));
        let to = |p: &usize| (p / width - y0 + y) * width + (p % width - x0 + x);
        if part.iter().all(|p| !taken[to(p)]) {
            return Some(part.iter().map(to).collect());
        }
    }
    None
}
