//! Conjugate gradients, with one cycle over the coarser grids as preconditioner: the number of steps hardly grows with
//! the size of the hole. One thread, one order of additions: the same bits every time.

use super::grid::{Equation, Level};

/// The estimated largest error at which to stop, where the boundary values span 1. The estimate is of the error's size,
/// not a bound, so it stays well below what is promised.
const TOLERANCE: f64 = 1e-5;

/// More than any hole needs; reached only where rounding keeps the estimate from falling.
const STEPS: usize = 100;

/// A coarse correction is this much too short: a slope over blocks is held to be twice as stiff as it is when unknowns
/// are joined without smoothing (Braess, "Towards algebraic multigrid for elliptic problems of second order", Computing
/// 55, 1995, who takes 1.8).
const LENGTHEN: f64 = 1.8;

/// The solution of the finest level's equations for this right side.
pub(super) fn solve(levels: &[Level], right: Vec<f64>) -> Vec<f64> {
    let Some(finest) = levels.first() else { return Vec::new() };
    let n = finest.equations.len();
    let mut work: Vec<Work> = levels.iter().map(|level| Work::new(level.equations.len())).collect();
    work[0].right = right;
    let mut solution = vec![0.0; n];
    // One more, for the neighbour that is not there.
    let (mut direction, mut image) = (vec![0.0; n + 1], vec![0.0; n]);
    let mut before = 0.0;
    for step in 0..STEPS {
        // The residual is the finest right side; what the cycle makes of it is close to the error.
        cycle(levels, &mut work);
        let Work { right: residual, correction } = &mut work[0];
        if correction.iter().fold(0.0, |most: f64, c| most.max(c.abs())) < TOLERANCE {
            break;
        }
        let now = dot(residual, correction);
        let keep = if step == 0 { 0.0 } else { now / before };
        before = now;
        for (d, c) in direction.iter_mut().zip(&*correction) {
            *d = c + keep * *d;
        }
        finest.multiply(&direction, &mut image);
        let length = now / dot(&image, &direction);
        for (i, image) in image.iter().enumerate() {
            solution[i] += length * direction[i];
            residual[i] -= length * image;
        }
    }
    solution
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The vectors of one level.
struct Work {
    right: Vec<f64>,
    /// One longer than `right`: the last stays 0.
    correction: Vec<f64>,
}

impl Work {
    fn new(n: usize) -> Self {
        Self { right: vec![0.0; n], correction: vec![0.0; n + 1] }
    }
}

/// Makes `correction` an approximate solution for `right` on the first level. Symmetric, as conjugate gradients ask.
fn cycle(levels: &[Level], work: &mut [Work]) {
    let (Some((level, coarser)), Some((here, below))) = (levels.split_first(), work.split_first_mut()) else {
        return;
    };
    level.sweep_forward(here);
    if let Some(next) = below.first_mut() {
        next.right.fill(0.0);
        for (i, equation) in level.equations.iter().enumerate() {
            // Forward from zero, an equation was met but for what came after it.
            next.right[equation.coarse as usize] += level.later(i, &here.correction);
        }
        cycle(coarser, below);
        for (equation, correction) in level.equations.iter().zip(&mut here.correction) {
            *correction += LENGTHEN * below[0].correction[equation.coarse as usize];
        }
    }
    level.sweep_backward(here);
}

impl Level {
    /// One sweep of Gauss and Seidel from zero.
    fn sweep_forward(&self, work: &mut Work) {
        for (i, equation) in self.equations.iter().enumerate() {
            let [left, up, ..] = equation.near.map(|near| near as usize);
            // Unknowns still to come are zero.
            let [w_left, w_up, ..] = equation.weight.map(f64::from);
            let inflow = w_up * work.correction[up] + w_left * work.correction[left];
            work.correction[i] = (work.right[i] + inflow) * equation.inverse;
        }
    }

    /// One sweep of Gauss and Seidel the other way.
    fn sweep_backward(&self, work: &mut Work) {
        for (i, equation) in self.equations.iter().enumerate().rev() {
            work.correction[i] = (work.right[i] + inflow(equation, &work.correction)) * equation.inverse;
        }
    }

    /// What flows into unknown `i` from those that come after it.
    fn later(&self, i: usize, x: &[f64]) -> f64 {
        let equation = &self.equations[i];
        f64::from(equation.weight[2]) * x[equation.near[2] as usize]
            + f64::from(equation.weight[3]) * x[equation.near[3] as usize]
    }

    /// `out` becomes the equations' left side at `x`.
    fn multiply(&self, x: &[f64], out: &mut [f64]) {
        for (i, equation) in self.equations.iter().enumerate() {
            out[i] = equation.diagonal * x[i] - inflow(equation, x);
        }
    }
}

/// What flows into an unknown from its neighbours. The one to the right comes last: going backward it has only just
/// been found.
fn inflow(equation: &Equation, x: &[f64]) -> f64 {
    let [left, up, right, down] = equation.near.map(|near| x[near as usize]);
    let [w_left, w_up, w_right, w_down] = equation.weight.map(f64::from);
    w_left * left + w_up * up + w_down * down + w_right * right
}
