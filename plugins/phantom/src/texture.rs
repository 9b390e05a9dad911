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
        let (mut sum, mut weight, mut total, mut f) = (0.0, 1.0, 0.0, frequency);
        for octave in 0..octaves {
            total += weight;
            if f <= self.finest {
                sum += weight * gradient_noise(x * f, y * f, self.seed.wrapping_add(octave * 0x9e37));
            }
            weight *= gain;
            f *= 2.03;
        }
        1.6 * sum / total
    }
}

/// Gradient noise (Perlin 1985) with the quintic fade of Perlin 2002.
fn gradient_noise(x: f32, y: f32, seed: u32) -> f32 {
    let (x0, y0) = (x.floor(), y.floor());
    let (fx, fy) = (x - x0, y - y0);
    let (ix, iy) = (x0 as i32, y0 as i32);
    let fade = |t: f32| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let (u, v) = (fade(fx), fade(fy));
    let corner = |dx: i32, dy: i32| slope(ix + dx, iy + dy, seed, fx - dx as f32, fy - dy as f32);
    let top = corner(0, 0) * (1.0 - u) + corner(1, 0) * u;
    let bottom = corner(0, 1) * (1.0 - u) + corner(1, 1) * u;
    top * (1.0 - v) + bottom * v
}

/// Dot product of the offset with the pseudo-random gradient of one lattice point.
fn slope(ix: i32, iy: i32, seed: u32, dx: f32, dy: f32) -> f32 {
    const D: f32 = std::f32::consts::FRAC_1_SQRT_2;
    const GRADIENTS: [(f32, f32); 8] =
        [(1.0, 0.0), (D, D), (0.0, 1.0), (-D, D), (-1.0, 0.0), (-D, -D), (0.0, -1.0), (D, -D)];
    let (gx, gy) = GRADIENTS[(mix(ix as u32, iy as u32, seed) >> 29) as usize];
    gx * dx + gy * dy
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

    #[test]
    fn octaves_that_would_alias_are_dropped() {
        // 8 pixels on two units carry at most 2 cycles a unit: nothing of a texture that starts at 3 is left.
        assert_eq!(Texture::new(5, 8).at(0.123, 0.456, 3.0, 4, 0.5), 0.0);
        assert_ne!(Texture::new(5, 64).at(0.123, 0.456, 3.0, 4, 0.5), 0.0);
    }
}
