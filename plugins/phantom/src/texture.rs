//! Fractal texture: gradient noise on a hashed lattice, summed over octaves.

/// Smooth noise without a stored table, so that a texture needs four bytes and any pixel can be asked for alone.
#[derive(Clone, Copy)]
pub(crate) struct Texture {
    seed: u32,
    /// Octaves finer than this many cycles a unit are left out: they would alias.
    finest: f32,
}

impl Texture {
    /// Texture for an image of `size` pixels whose width is two units.
    pub(crate) fn new(seed: u32, size: usize) -> Self {
        Self { seed, finest: size as f32 / 4.0 }
    }

    /// Sum of up to `octaves` octaves starting at `frequency` cycles a unit, each `gain` times as strong as the
    /// one before. Mean 0, mostly within [-1, 1].
    pub(crate) fn at(self, x: f32, y: f32, frequency: f32, octaves: u32, gain: f32) -> f32 {
        self.sum(x, y, frequency, octaves, gain, |octave, x, y| {
            let (x0, y0) = (floor(x), floor(y));
            let seed = octave_seed(self.seed, octave);
            Cell::new(x0 as i32, y0 as i32, seed).noise(x - x0, y - y0)
        })
    }

    /// The sum over octaves of `noise(octave, x, y)`.
    fn sum(
        self,
        x: f32,
        y: f32,
        frequency: f32,
        octaves: u32,
        gain: f32,
        mut noise: impl FnMut(u32, f32, f32) -> f32,
    ) -> f32 {
        let (mut sum, mut weight, mut total, mut f) = (0.0, 1.0, 0.0, frequency);
        for octave in 0..octaves {
            total += weight;
            if f <= self.finest {
                sum += weight * noise(octave, x * f, y * f);
            }
            weight *= gain;
            f *= 2.03;
        }
        1.6 * sum / total
    }
}

/// A texture that is asked for pixel by pixel: it remembers the cell of the lattice in which it was asked last, since
/// the next pixel mostly lies in the same one. Values are those of [`Texture::at`], bit for bit.
pub(crate) struct Walk {
    texture: Texture,
    cells: [Cell; MOST_OCTAVES],
}

const MOST_OCTAVES: usize = 5;

impl Walk {
    pub(crate) fn new(texture: Texture) -> Self {
        let cells = std::array::from_fn(|octave| Cell::new(0, 0, octave_seed(texture.seed, octave as u32)));
        Self { texture, cells }
    }

    /// As [`Texture::at`], of up to five octaves.
    pub(crate) fn at(&mut self, x: f32, y: f32, frequency: f32, octaves: u32, gain: f32) -> f32 {
        let seed = self.texture.seed;
        self.texture.sum(x, y, frequency, octaves, gain, |octave, x, y| {
            let (x0, y0) = (floor(x), floor(y));
            let cell = &mut self.cells[octave as usize];
            if (cell.x, cell.y) != (x0 as i32, y0 as i32) {
                *cell = Cell::new(x0 as i32, y0 as i32, octave_seed(seed, octave));
            }
            cell.noise(x - x0, y - y0)
        })
    }
}

fn octave_seed(seed: u32, octave: u32) -> u32 {
    seed.wrapping_add(octave * 0x9e37)
}

/// `f32::floor` of moderate numbers, without a call.
fn floor(x: f32) -> f32 {
    let cut = x as i32 as f32;
    if cut > x { cut - 1.0 } else { cut }
}

/// One cell of the lattice with the gradients at its corners: upper left, upper right, lower left, lower right.
#[derive(Clone, Copy)]
struct Cell {
    x: i32,
    y: i32,
    gradients: [(f32, f32); 4],
}

impl Cell {
    fn new(x: i32, y: i32, seed: u32) -> Self {
        let corners = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
        Self { x, y, gradients: corners.map(|(x, y)| gradient(x, y, seed)) }
    }

    /// Gradient noise (Perlin 1985) with the quintic fade of Perlin 2002, at a place within the cell, 0 to 1.
    fn noise(&self, fx: f32, fy: f32) -> f32 {
        let fade = |t: f32| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
        let (u, v) = (fade(fx), fade(fy));
        let slope = |corner: usize, dx: f32, dy: f32| {
            let (gx, gy) = self.gradients[corner];
            gx * dx + gy * dy
        };
        let top = slope(0, fx, fy) * (1.0 - u) + slope(1, fx - 1.0, fy) * u;
        let bottom = slope(2, fx, fy - 1.0) * (1.0 - u) + slope(3, fx - 1.0, fy - 1.0) * u;
        top * (1.0 - v) + bottom * v
    }
}

/// The pseudo-random gradient of one lattice point.
fn gradient(x: i32, y: i32, seed: u32) -> (f32, f32) {
    const D: f32 = std::f32::consts::FRAC_1_SQRT_2;
    const GRADIENTS: [(f32, f32); 8] =
        [(1.0, 0.0), (D, D), (0.0, 1.0), (-D, D), (-1.0, 0.0), (-D, -D), (0.0, -1.0), (D, -D)];
    GRADIENTS[(mix(x as u32, y as u32, seed) >> 29) as usize]
}

/// Integer hash: multiply and xor-shift rounds (constants of the "lowbias32" hash by Chris Wellons).
fn mix(x: u32, y: u32, seed: u32) -> u32 {
    let mut h = x.wrapping_mul(0x85eb_ca6b) ^ y.wrapping_mul(0xc2b2_ae35) ^ seed;
    h = (h ^ (h >> 16)).wrapping_mul(0x7feb_352d);
    h = (h ^ (h >> 15)).wrapping_mul(0x846c_a68b);
    h ^ (h >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continuous_across_lattice_lines_and_centred() {
        let t = Texture::new(5, 256);
        let e = 1e-4;
        for i in -20..20 {
            let x = i as f32 / 4.0;
            let jump = (t.at(x - e, 0.3, 4.0, 4, 0.5) - t.at(x + e, 0.3, 4.0, 4, 0.5)).abs();
            assert!(jump < 0.02, "jump {jump} at {x}");
        }
        let n = 100;
        let mean =
            (0..n * n).map(|k| t.at((k % n) as f32 * 0.37, (k / n) as f32 * 0.41, 2.0, 3, 0.5)).sum::<f32>()
                / (n * n) as f32;
        assert!(mean.abs() < 0.05, "{mean}");
    }

    proptest::proptest! {
        #[test]
        fn a_walk_equals_its_slow_twin(
            seed in proptest::prelude::any::<u32>(),
            places in proptest::collection::vec((-2.0f32..2.0, -2.0f32..2.0), 40),
        ) {
            let texture = Texture::new(seed, 64);
            let mut walk = Walk::new(texture);
            for (x, y) in places {
                proptest::prop_assert_eq!(walk.at(x, y, 1.2, 5, 0.6), texture.at(x, y, 1.2, 5, 0.6));
                proptest::prop_assert_eq!(floor(x), x.floor());
            }
        }
    }

    #[test]
    fn octaves_that_would_alias_are_dropped() {
        // 8 pixels on two units carry at most 2 cycles a unit: nothing of a texture that starts at 3 is left.
        assert_eq!(Texture::new(5, 8).at(0.123, 0.456, 3.0, 4, 0.5), 0.0);
        assert_ne!(Texture::new(5, 64).at(0.123, 0.456, 3.0, 4, 0.5), 0.0);
    }
}
