//! Loops over image planes (one channel of one sample) that networks spend their time in beside matrix products.
//!
//! Slices that belong together should have equal lengths; what is longer is left alone. Sums run in a fixed order, so
//! results depend neither on threads nor on the instruction set.

use crate::dispatch::dispatched;

/// Partial sums kept apart, so that a sum vectorises without being reordered.
const LANES: usize = 32;

#[inline(always)]
fn total(lanes: [f32; LANES]) -> f64 {
    lanes.iter().map(|&v| f64::from(v)).sum()
}

/// Sums `f(i)` over `0..n` in `LANES` interleaved partial sums.
macro_rules! lane_sums {
    ($slices:expr, $n:expr, |$($x:ident),+| $body:expr) => {{
        let ($($x,)+) = $slices;
        let whole = $n / LANES * LANES;
        let mut lanes = [0f32; LANES];
        let mut start = 0;
        while start < whole {
            $(let $x = &$x[start..start + LANES];)+
            for i in 0..LANES {
                $(let $x = $x[i];)+
                lanes[i] += $body;
            }
            start += LANES;
        }
        for i in whole..$n {
            $(let $x = $x[i];)+
            lanes[i - whole] += $body;
        }
        total(lanes)
    }};
}

dispatched! {
    /// Sum of the elements, and sum of squared distances from `sum / len`.
    pub fn moments(x: &[f32]) -> (f64, f64) {
        let sum = lane_sums!((x,), x.len(), |v| v);
        let mean = if x.is_empty() { 0.0 } else { (sum / x.len() as f64) as f32 };
        let squares = lane_sums!((x,), x.len(), |v| (v - mean) * (v - mean));
        // `mean` is rounded: take the square of the remainder back out (Chan et al. 1983, eq. 1.7).
        let rest = sum - f64::from(mean) * x.len() as f64;
        let correction = if x.is_empty() { 0.0 } else { rest * rest / x.len() as f64 };
        (sum, squares - correction)
    }

    /// Sum of the elements.
    pub fn sum(x: &[f32]) -> f64 {
        lane_sums!((x,), x.len(), |v| v)
    }

    /// `out = max(a x + b, 0)`; NaN stays NaN.
    pub fn affine_relu(x: &[f32], a: f32, b: f32, out: &mut [f32]) {
        for (o, &v) in out.iter_mut().zip(x) {
            let y = a * v + b;
            *o = if y < 0.0 { 0.0 } else { y };
        }
    }

    /// Backward of [`affine_relu`] as far as the ReLU: sets `g` to zero where `a x + b` is not positive, then returns
    /// the sum of `g` and the sum of `g (x - mean)`.
    pub fn relu_backward(x: &[f32], a: f32, b: f32, mean: f32, g: &mut [f32]) -> (f64, f64) {
        let n = x.len().min(g.len());
        let whole = n / LANES * LANES;
        let (mut s0, mut s1) = ([0f32; LANES], [0f32; LANES]);
        let mut start = 0;
        while start < whole {
            let (x, g) = (&x[start..start + LANES], &mut g[start..start + LANES]);
            for i in 0..LANES {
                let kept = if a * x[i] + b > 0.0 { g[i] } else { 0.0 };
                g[i] = kept;
                s0[i] += kept;
                s1[i] += kept * (x[i] - mean);
            }
            start += LANES;
        }
        for i in whole..n {
            let kept = if a * x[i] + b > 0.0 { g[i] } else { 0.0 };
            g[i] = kept;
            s0[i - whole] += kept;
            s1[i - whole] += kept * (x[i] - mean);
        }
        (total(s0), total(s1))
    }

    /// `out = cg g + cx x + c0`.
    pub fn combine(g: &[f32], x: &[f32], cg: f32, cx: f32, c0: f32, out: &mut [f32]) {
        for ((o, &g), &x) in out.iter_mut().zip(g).zip(x) {
            *o = cg * g + cx * x + c0;
        }
    }

    /// `out += cg g + cx x + c0`.
    pub fn combine_add(g: &[f32], x: &[f32], cg: f32, cx: f32, c0: f32, out: &mut [f32]) {
        for ((o, &g), &x) in out.iter_mut().zip(g).zip(x) {
            *o += cg * g + cx * x + c0;
        }
    }

    /// `x = cg x + cx y + c0` in place.
    pub fn combine_in_place(x: &mut [f32], y: &[f32], cg: f32, cx: f32, c0: f32) {
        for (g, &y) in x.iter_mut().zip(y) {
            *g = cg * *g + cx * y + c0;
        }
    }

    /// `out += x`.
    pub fn add(x: &[f32], out: &mut [f32]) {
        for (o, &v) in out.iter_mut().zip(x) {
            *o += v;
        }
    }

    /// One Adam step without AMSGrad (Kingma and Ba 2015, algorithm 1, with PyTorch's order of operations):
    /// `weight` moves by `-step m / (sqrt(v) / root + eps)`, where `root` is `sqrt(1 - beta2^t)`.
    pub fn adam(weight: &mut [f32], grad: &[f32], m: &mut [f32], v: &mut [f32], beta: (f32, f32), decay: f32, step: f32, root: f32, eps: f32) {
        for (((w, &g), m), v) in weight.iter_mut().zip(grad).zip(m.iter_mut()).zip(v.iter_mut()) {
            let g = g + decay * *w;
            *m += (1.0 - beta.0) * (g - *m);
            *v = beta.1 * *v + (1.0 - beta.1) * g * g;
            *w -= step * *m / (v.sqrt() / root + eps);
        }
    }

    /// Mean of each 2 x 2 square of an `h` x `w` plane; a last odd row or column is dropped. `out` is `h/2` x `w/2`.
    pub fn avg_pool2(x: &[f32], w: usize, out: &mut [f32]) {
        let ow = w / 2;
        if ow == 0 { return; }
        for (rows, out) in x.chunks_exact(2 * w).zip(out.chunks_exact_mut(ow)) {
            let (top, bottom) = rows.split_at(w);
            for ((o, t), b) in out.iter_mut().zip(top.chunks_exact(2)).zip(bottom.chunks_exact(2)) {
                *o = 0.25 * ((t[0] + t[1]) + (b[0] + b[1]));
            }
        }
    }

    /// Backward of [`avg_pool2`]: writes a quarter of each gradient to its four places, zero to dropped ones.
    pub fn avg_pool2_backward(g: &[f32], w: usize, out: &mut [f32]) {
        let ow = w / 2;
        if ow == 0 { out.fill(0.0); return; }
        if w % 2 == 1 || !out.len().is_multiple_of(2 * w) { out.fill(0.0); }
        for (rows, g) in out.chunks_exact_mut(2 * w).zip(g.chunks_exact(ow)) {
            let (top, bottom) = rows.split_at_mut(w);
            for ((&g, t), b) in g.iter().zip(top.chunks_exact_mut(2)).zip(bottom.chunks_exact_mut(2)) {
                let q = 0.25 * g;
                t[0] = q; t[1] = q;
                b[0] = q; b[1] = q;
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
        fn moments_match_f64(x in proptest::collection::vec(-5f32..5.0, 1..200), shift in -100f32..100.0) {
            let x: Vec<f32> = x.iter().map(|v| v + shift).collect();
            let n = x.len() as f64;
            let sum: f64 = x.iter().map(|&v| f64::from(v)).sum();
            let m2: f64 = x.iter().map(|&v| (f64::from(v) - sum / n).powi(2)).sum();
            let (got_sum, got_m2) = moments(&x);
            prop_assert!((got_sum - sum).abs() < 1e-4 * (1.0 + sum.abs()));
            prop_assert!((got_m2 - m2).abs() < 1e-4 * (1.0 + m2), "{got_m2} {m2}");
        }

        #[test]
        fn relu_backward_matches_its_twin(
            xg in proptest::collection::vec((-2f32..2.0, -2f32..2.0), 0..150), a in -2f32..2.0, b in -1f32..1.0,
        ) {
            let (x, g): (Vec<f32>, Vec<f32>) = xg.into_iter().unzip();
            let mut kept = g.clone();
            let (s0, s1) = relu_backward(&x, a, b, 0.3, &mut kept);
            let twin: Vec<f32> = x.iter().zip(&g).map(|(&x, &g)| if a * x + b > 0.0 { g } else { 0.0 }).collect();
            prop_assert_eq!(&kept, &twin);
            let t0: f64 = twin.iter().map(|&g| f64::from(g)).sum();
            let t1: f64 = twin.iter().zip(&x).map(|(&g, &x)| f64::from(g) * f64::from(x - 0.3)).sum();
            prop_assert!((s0 - t0).abs() < 1e-4 && (s1 - t1).abs() < 1e-4);
        }

        #[test]
        fn average_pool_and_its_backward_are_adjoint(h in 1usize..7, w in 1usize..7, seed in 0u32..1000) {
            let value = |i: usize| ((i as u32).wrapping_mul(2_654_435_761).wrapping_add(seed) % 17) as f32;
            let x: Vec<f32> = (0..h * w).map(value).collect();
            let g: Vec<f32> = (0..(h / 2) * (w / 2)).map(value).collect();
            let (mut y, mut dx) = (vec![f32::NAN; g.len()], vec![f32::NAN; x.len()]);
            avg_pool2(&x, w, &mut y);
            avg_pool2_backward(&g, w, &mut dx);
            let left: f32 = y.iter().zip(&g).map(|(a, b)| a * b).sum();
            let right: f32 = x.iter().zip(&dx).map(|(a, b)| a * b).sum();
            prop_assert!((left - right).abs() < 1e-2, "{left} {right}");
        }
    }

    #[test]
    fn relu_keeps_nan() {
        let mut out = [0.0; 3];
        affine_relu(&[f32::NAN, -1.0, 2.0], 1.0, 0.0, &mut out);
        assert!(out[0].is_nan() && out[1] == 0.0 && out[2] == 2.0);
    }
}
