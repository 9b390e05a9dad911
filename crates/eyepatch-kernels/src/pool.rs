//! Maximum over 3 x 3 windows with stride 2 and one pixel of padding, as in torchvision's stem.

use crate::dispatch::dispatched;

/// Rows or columns that remain of `n`.
pub fn max_pool_len(n: usize) -> usize {
    n.div_ceil(2)
}

/// Takes (`v`, `code`) where `v` is greater than what is there, or NaN.
#[inline(always)]
fn better(best: &mut f32, index: &mut u8, v: f32, code: u8) {
    let take = v > *best || v.is_nan();
    *best = if take { v } else { *best };
    *index = if take { code } else { *index };
}

dispatched! {
    /// Maximum of each window of an `h` x `w` plane to `out`, and where in the window it was met first: `index` is
    /// `3 * row + column`, 0 being one pixel up and left of the centre. NaN wins, as in PyTorch.
    ///
    /// `out` and `index` take `max_pool_len(h) * max_pool_len(w)` elements; where sizes do not fit nothing is written.
    pub fn max_pool(x: &[f32], size: (usize, usize), out: &mut [f32], index: &mut [u8]) {
        let (h, w) = size;
        let (oh, ow) = (max_pool_len(h), max_pool_len(w));
        if w == 0 || x.len() != h * w || out.len() != oh * ow || index.len() != oh * ow { return; }
        out.fill(f32::NEG_INFINITY);
        for (oy, (out, index)) in out.chunks_exact_mut(ow).zip(index.chunks_exact_mut(ow)).enumerate() {
            for ky in 0..3 {
                let Some(y) = (2 * oy + ky).checked_sub(1).filter(|&y| y < h) else { continue };
                let (row, code) = (&x[y * w..(y + 1) * w], 3 * ky as u8);
                if ky == 0 || oy == 0 && ky == 1 {
                    // Where every value is minus infinity, point at a pixel that exists.
                    index.fill(code + 1);
                }
                // The first window has no left column, the last of an odd number has no right one.
                better(&mut out[0], &mut index[0], row[0], code + 1);
                if w > 1 { better(&mut out[0], &mut index[0], row[1], code + 2); }
                let inner = (w / 2).max(1);
                let windows = row[1..].windows(3).step_by(2);
                for ((o, i), v) in out[1..inner].iter_mut().zip(&mut index[1..inner]).zip(windows) {
                    better(o, i, v[0], code);
                    better(o, i, v[1], code + 1);
                    better(o, i, v[2], code + 2);
                }
                if w % 2 == 1 && w > 1 {
                    better(&mut out[ow - 1], &mut index[ow - 1], row[w - 2], code);
                    better(&mut out[ow - 1], &mut index[ow - 1], row[w - 1], code + 1);
                }
            }
        }
    }
}

/// Backward of [`max_pool`]: `out` (`h` x `w`) becomes zero but where a maximum was met; gradients add up there.
///
/// Where sizes do not fit nothing is written.
pub fn max_pool_backward(g: &[f32], index: &[u8], (h, w): (usize, usize), out: &mut [f32]) {
    let (oh, ow) = (max_pool_len(h), max_pool_len(w));
    if out.len() != h * w || g.len() != oh * ow || index.len() != oh * ow {
        return;
    }
    out.fill(0.0);
    for (oy, (g, index)) in g.chunks_exact(ow.max(1)).zip(index.chunks_exact(ow.max(1))).enumerate() {
        for (ox, (&g, &code)) in g.iter().zip(index).enumerate() {
            let (y, x) = (2 * oy + usize::from(code / 3), 2 * ox + usize::from(code % 3));
            // Both carry the pixel of padding; codes that point outside the plane never come from `max_pool`.
            if let Some(o) = (y * w + x).checked_sub(w + 1).and_then(|at| out.get_mut(at)) {
                *o += g;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn matches_the_obvious_loop(h in 1usize..12, w in 1usize..40, levels in 1u32..9, seed in any::<u32>()) {
            let value = |i: usize| ((i as u32 ^ seed).wrapping_mul(2_654_435_761) >> 16) % levels;
            let x: Vec<f32> = (0..h * w).map(|i| value(i) as f32 - 3.0).collect();
            let (oh, ow) = (h.div_ceil(2), w.div_ceil(2));
            let (mut out, mut index) = (vec![0.0; oh * ow], vec![99; oh * ow]);
            max_pool(&x, (h, w), &mut out, &mut index);
            let g: Vec<f32> = (0..oh * ow).map(|i| i as f32 + 1.0).collect();
            let (mut dx, mut twin) = (vec![9.0; h * w], vec![0.0; h * w]);
            max_pool_backward(&g, &index, (h, w), &mut dx);
            for oy in 0..oh {
                for ox in 0..ow {
                    let (mut best, mut at) = (f32::NEG_INFINITY, 0);
                    for y in (2 * oy).saturating_sub(1)..(2 * oy + 2).min(h) {
                        for xx in (2 * ox).saturating_sub(1)..(2 * ox + 2).min(w) {
                            if x[y * w + xx] > best { (best, at) = (x[y * w + xx], y * w + xx); }
                        }
                    }
                    prop_assert_eq!(out[oy * ow + ox], best);
                    twin[at] += g[oy * ow + ox];
                }
            }
            prop_assert_eq!(dx, twin);
        }
    }

    #[test]
    fn nan_wins_and_minus_infinity_has_a_place() {
        let (mut out, mut index) = ([0.0; 1], [0; 1]);
        max_pool(&[1.0, f32::NAN, 3.0, 2.0], (2, 2), &mut out, &mut index);
        assert!(out[0].is_nan());
        max_pool(&[f32::NEG_INFINITY; 4], (2, 2), &mut out, &mut index);
        assert_eq!((out[0], index[0]), (f32::NEG_INFINITY, 4));
    }
}
