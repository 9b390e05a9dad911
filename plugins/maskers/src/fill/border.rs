/// Mirrors the indices `-before .. len + after` into `0..len` without repeating the edge, as OpenCV's
/// `BORDER_REFLECT_101` and scipy's `mirror`: `… 2 1 0 1 2 … n-1 n-2 …`, as often as it takes; all 0 where `len`
/// is 1.
pub(super) fn mirror(len: usize, before: usize, after: usize) -> Vec<usize> {
    let period = 2 * (len - 1).max(1);
    // A whole number of periods that keeps the difference from going below 0.
    let shift = before.div_ceil(period) * period - before;
    let fold = |i: usize| {
        let i = (i + shift) % period;
        if len == 1 { 0 } else { i.min(period - i) }
    };
    (0..before + len + after).map(fold).collect()
}
