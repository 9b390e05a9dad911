//! Named random streams: every draw depends on (seed, stream name, index) and on nothing else.

use eyepatch_core::Seed;
use rand_chacha::ChaCha12Rng;
use rand_core::RngCore;

/// A seeded stream of random numbers. Separate names keep separate ideas apart: drawing one number more for the
/// tube never moves a rib.
pub(crate) struct Stream(ChaCha12Rng);

impl Stream {
    /// The stream called `name` for item `index` (a patient or an image) under `seed`.
    pub(crate) fn new(seed: u64, name: &str, index: u64) -> Self {
        Self(Seed::root(seed).child("phantom").child(name).child(&index.to_string()).rng())
    }

    /// Uniform in [0, 1), 24 bits.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1u32 << 24) as f32
    }

    /// Uniform in [lo, hi).
    pub(crate) fn range(&mut self, lo: f32, hi: f32) -> f32 {
        lo + (hi - lo) * self.unit()
    }

    /// Roughly normal, cut at two standard deviations so that no anatomy turns monstrous.
    pub(crate) fn around(&mut self, mean: f32, sd: f32) -> f32 {
        let sum: f32 = (0..6).map(|_| self.unit()).sum();
        // Six uniforms have variance 1/2.
        mean + sd * ((sum - 3.0) * std::f32::consts::SQRT_2).clamp(-2.0, 2.0)
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        ((self.0.next_u64() >> 11) as f64) / ((1u64 << 53) as f64) < p
    }

    /// Uniform in 0..n; `n` > 0. The bias of the multiplication is below n / 2^32.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u64::from(self.0.next_u32()) * n as u64) >> 32) as usize
    }

    /// A seed for a lattice noise.
    pub(crate) fn bits(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// Bell-shaped with mean 0 and variance 1, from the four bytes of one word: cheap enough for every pixel.
    pub(crate) fn grain(&mut self) -> f32 {
        let sum: u32 = self.0.next_u32().to_le_bytes().iter().map(|&b| u32::from(b)).sum();
        // Four discrete uniforms on 0..=255: mean 510, variance 4 * (256^2 - 1) / 12.
        (sum as f32 - 510.0) / 147.8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_name_and_index_and_repeat() {
        let first = |s, n: &str, i| Stream::new(s, n, i).bits();
        assert_eq!(first(1, "rib", 0), first(1, "rib", 0));
        assert_ne!(first(1, "rib", 0), first(2, "rib", 0));
        assert_ne!(first(1, "rib", 0), first(1, "rib", 1));
        assert_ne!(first(1, "rib", 0), first(1, "heart", 0));
    }

    #[test]
    fn moments_are_as_documented() {
        let mut s = Stream::new(7, "moments", 0);
        let n = 20_000;
        let moments = |xs: &[f32]| {
            let mean = xs.iter().sum::<f32>() / n as f32;
            (mean, xs.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / n as f32)
        };
        let (mean, var) = moments(&(0..n).map(|_| s.grain()).collect::<Vec<_>>());
        assert!(mean.abs() < 0.03 && (var - 1.0).abs() < 0.05, "{mean} {var}");
        let (mean, var) = moments(&(0..n).map(|_| s.around(3.0, 0.5)).collect::<Vec<_>>());
        assert!((mean - 3.0).abs() < 0.02 && (var - 0.25).abs() < 0.05, "{mean} {var}");
        let hits = (0..n).filter(|_| s.chance(0.2)).count() as f64 / f64::from(n);
        assert!((hits - 0.2).abs() < 0.02, "{hits}");
        assert!((0..1000).all(|_| s.below(3) < 3));
    }
}
