use rand_core::RngCore;

/// A whole number from 0 to before `n` (1 or more), all equally likely (Lemire 2019, algorithm 5, in 64 bits).
#[expect(clippy::cast_possible_truncation, reason = "the high half of the product, and a number below n")]
pub(super) fn below(n: usize, rng: &mut impl RngCore) -> usize {
    let n = n as u64;
    let mut product = u128::from(rng.next_u64()) * u128::from(n);
    if (product as u64) < n {
        let unfair = n.wrapping_neg() % n;
        while (product as u64) < unfair {
            product = u128::from(rng.next_u64()) * u128::from(n);
        }
    }
    (product >> 64) as usize
}

/// The Cholesky factor of a symmetric positive definite matrix.
pub(super) struct Cholesky {
    n: usize,
    /// Lower triangle, `n` x `n`, rows first.
    factor: Vec<f64>,
}

impl Cholesky {
    /// Factors the lower triangle of an `n` x `n` matrix; `None` where it is singular, to about 1e-12 of its diagonal.
    pub(super) fn new(n: usize, mut matrix: Vec<f64>) -> Option<Self> {
        for i in 0..n {
            let (above, row) = matrix.split_at_mut(i * n);
            let size = row[i];
            for j in 0..i {
                let other = &above[j * n..j * n + j + 1];
                row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
            }
            let pivot = row[i] - dot(&row[..i], &row[..i]);
            if pivot <= 1e-12 * size {
                return None;
            }
            row[i] = pivot.sqrt();
        }
        Some(Self { n, factor: matrix })
    }

    /// Solves for one right-hand side, in place.
    pub(super) fn solve(&self, x: &mut [f64]) {
        let n = self.n;
        for i in 0..n {
            let row = &self.factor[i * n..i * n + i + 1];
            x[i] = (x[i] - dot(&row[..i], &x[..i])) / row[i];
        }
        for i in (0..n).rev() {
            let row = &self.factor[i * n..i * n + i + 1];
            x[i] /= row[i];
            let (before, at) = x.split_at_mut(i);
            before.iter_mut().zip(row).for_each(|(x, l)| *x -= l * at[0]);
        }
    }

    /// The inverse, `n` x `n`.
    pub(super) fn inverse(&self) -> Vec<f64> {
        let mut inverse = vec![0.0; self.n * self.n];
        for (i, row) in inverse.chunks_exact_mut(self.n).enumerate() {
            row[i] = 1.0;
            self.solve(row);
        }
        inverse
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
