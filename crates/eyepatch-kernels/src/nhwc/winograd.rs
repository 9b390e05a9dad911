//! 3 x 3 convolutions with stride 1 by Winograd's minimal filtering, F(4 x 4, 3 x 3) (Lavin & Gray 2016, section 4.3): four times
//! fewer multiplications than the definition.
#![allow(unsafe_code)]

use super::isa::dispatch;
use super::lanes::Lanes;
use super::{Buffer, Isa, Panels, Rows, product};
use crate::KernelError;

/// Side of the square of results that one tile gives.
const OUT: usize = 4;
/// Side of the square of pixels that it reads.
const IN: usize = 6;
/// Products a tile.
const POINTS: usize = IN * IN;
/// Tiles whose products are taken together: they and their weights stay in the cache next to the core.
const TILES: usize = 28;

/// The transform of weights, `G`.
const G: [[f64; 3]; IN] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// A 3 x 3 convolution with stride 1, its weights transformed and packed.
#[derive(Debug, Clone)]
pub struct Winograd {
    isa: Isa,
    input: usize,
    output: usize,
    points: Vec<Panels>,
    bias: Vec<f32>,
    relu: bool,
}

/// Where a tile reads and writes: see [`Winograd::run`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// Index of its first number in the input.
    pub input: usize,
    /// Index of its first result in the output.
    pub output: usize,
    /// Rows of results that are wanted, 1 to 4.
    pub rows: usize,
    /// Columns of results that are wanted, 1 to 4.
    pub columns: usize,
}

impl Tile {
    /// Whether it lies within slices of these lengths, strides and channels.
    fn check(&self, input: (usize, usize, usize), output: (usize, usize, usize)) -> Result<(), KernelError> {
        let side = self.rows.max(self.columns);
        if side > OUT || self.rows.min(self.columns) == 0 {
            return Err(KernelError::TooLarge { what: "tile", found: side, limit: OUT });
        }
        let end =
            |start: usize, rows: usize, columns: usize, (_, stride, channels): (usize, usize, usize)| {
                let down = (rows - 1).saturating_mul(stride);
                start.saturating_add(down).saturating_add(columns.saturating_mul(channels))
            };
        let read = end(self.input, IN, IN, input);
        if read > input.0 {
            return Err(KernelError::Length { what: "input", expected: read, found: input.0 });
        }
        let written = end(self.output, self.rows, self.columns, output);
        if written > output.0 {
            return Err(KernelError::Length { what: "output", expected: written, found: output.0 });
        }
        Ok(())
    }
}

/// Memory that a thread keeps between calls.
#[derive(Debug, Default)]
pub struct WinogradScratch {
    transformed: Buffer,
    products: Buffer,
    places: Vec<usize>,
}

impl Winograd {
    /// Transforms and packs `weights`, `[output, input, 3, 3]`.
    ///
    /// # Errors
    /// [`KernelError::Length`] where the lengths do not fit.
    pub fn new(
        isa: Isa,
        (input, output): (usize, usize),
        weights: &[f32],
        bias: &[f32],
        relu: bool,
    ) -> Result<Self, KernelError> {
        KernelError::length("weights", output.saturating_mul(input).saturating_mul(9), weights.len())?;
        KernelError::length("bias", output, bias.len())?;
        let none = vec![0.0; output];
        let point = |i: usize, j: usize| {
            let transformed = |w: &[f32]| {
                let term = |a: usize, b: usize| G[i][a] * f64::from(w[3 * a + b]) * G[j][b];
                (0..9).map(|t| term(t / 3, t % 3)).sum::<f64>() as f32
            };
            let values: Vec<f32> = weights.chunks_exact(9).map(transformed).collect();
            Panels::new(isa, (input, output), &values, &none)
        };
        let points = (0..POINTS).map(|p| point(p / IN, p % IN)).collect::<Result<_, _>>()?;
        let mut bias = bias.to_vec();
        bias.resize(output.next_multiple_of(isa.lanes()), 0.0);
        Ok(Self { isa, input, output, points, bias, relu })
    }

    /// Output channels.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.output
    }

    /// Bytes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.points.iter().map(Panels::bytes).sum()
    }

    /// Convolves tile by tile. A tile reads 6 x 6 pixels from `input`, where pixels lie side by side and rows
    /// `input_stride` numbers apart, and writes its 4 x 4 results, or as many as are wanted, to `output` in the same way.
    /// The caller pads: a tile's first pixel is the one above and to the left of its first result.
    ///
    /// # Errors
    /// [`KernelError::Length`] where a tile leaves its slice.
    pub fn run(
        &self,
        input: &[f32],
        input_stride: usize,
        output: &mut [f32],
        output_stride: usize,
        tiles: &[Tile],
        scratch: &mut WinogradScratch,
    ) -> Result<(), KernelError> {
        for tile in tiles {
            tile.check((input.len(), input_stride, self.input), (output.len(), output_stride, self.output))?;
        }
        // Tiles of 4 KiB multiples apart would share one set of the cache; a register's width more spreads them.
        let (apart_in, apart_out) = (TILES * self.input + 16, TILES * self.output + 16);
        scratch.transformed.at_least(POINTS * apart_in);
        scratch.products.at_least(POINTS * apart_out);
        scratch.places.clear();
        scratch.places.extend((0..TILES).map(|t| t * self.output));
        let isa = self.isa;
        for tiles in tiles.chunks(TILES) {
            let transformed = &mut scratch.transformed;
            let job = Input { channels: self.input, stride: input_stride, apart: apart_in };
            // SAFETY: every tile lies within the input, and the scratch holds every point of `TILES` tiles.
            dispatch!(isa, transform_input(job: Input, input: &[f32], tiles: &[Tile], transformed: &mut [f32]));
            for (p, weights) in self.points.iter().enumerate() {
                let values = &scratch.transformed[p * apart_in..];
                let rows = Rows { values, stride: self.input, count: tiles.len() };
                let out = &mut scratch.products[p * apart_out..];
                product(rows, weights, false, out, &scratch.places[..tiles.len()])?;
            }
            let products = &scratch.products;
            let job =
                Output { channels: self.output, stride: output_stride, apart: apart_out, relu: self.relu };
            let bias = &self.bias;
            // SAFETY: every tile lies within the output, and the bias is padded to whole registers.
            dispatch!(isa, transform_output(job: Output, products: &[f32], bias: &[f32], tiles: &[Tile], output: &mut [f32]));
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Input {
    channels: usize,
    stride: usize,
    /// From one point's tiles to the next's.
    apart: usize,
}

#[derive(Clone, Copy)]
struct Output {
    channels: usize,
    stride: usize,
    apart: usize,
    relu: bool,
}

/// `to[p * apart + t * channels + c]` becomes point `p` of tile `t`.
///
/// # Safety
/// The features of `L`; tiles and `to` as checked by [`Winograd::run`].
#[inline(always)]
unsafe fn transform_input<L: Lanes>(job: Input, from: &[f32], tiles: &[Tile], to: &mut [f32]) {
    for (t, tile) in tiles.iter().enumerate() {
        for channel in (0..job.channels).step_by(L::N) {
            let left = job.channels - channel;
            // SAFETY: `channel` and what is loaded and stored stay below `channels`.
            unsafe {
                let from = from.as_ptr().add(tile.input + channel);
                let to = to.as_mut_ptr().add(t * job.channels + channel);
                if left >= L::N {
                    let load = |i: usize, j: usize| L::load(from.add(i * job.stride + j * job.channels));
                    points::<L>(load, |p, v| L::store(to.add(p * job.apart), v));
                } else {
                    let load =
                        |i: usize, j: usize| L::load_first(from.add(i * job.stride + j * job.channels), left);
                    points::<L>(load, |p, v| L::store_first(to.add(p * job.apart), v, left));
                }
            }
        }
    }
}

/// All points of a tile: the transform `B' d B`.
///
/// # Safety
/// The features of `L`.
#[inline(always)]
unsafe fn points<L: Lanes>(load: impl Fn(usize, usize) -> L::V, store: impl Fn(usize, L::V)) {
    // SAFETY: the features are the caller's.
    unsafe {
        let mut half = [[L::splat(0.0); IN]; IN];
        for j in 0..IN {
            let column =
                input_points::<L>([load(0, j), load(1, j), load(2, j), load(3, j), load(4, j), load(5, j)]);
            for (row, v) in half.iter_mut().zip(column) {
                row[j] = v;
            }
        }
        for (i, row) in half.into_iter().enumerate() {
            for (j, v) in input_points::<L>(row).into_iter().enumerate() {
                store(i * IN + j, v);
            }
        }
    }
}

/// `B' d` for one line.
///
/// # Safety
/// The features of `L`.
#[inline(always)]
unsafe fn input_points<L: Lanes>([d0, d1, d2, d3, d4, d5]: [L::V; IN]) -> [L::V; IN] {
    // SAFETY: the features are the caller's.
    unsafe {
        let (two, four) = (L::splat(2.0), L::splat(4.0));
        let (minus_two, minus_four, minus_five) = (L::splat(-2.0), L::splat(-4.0), L::splat(-5.0));
        let (a, b) = (L::fma(minus_four, d2, d4), L::fma(minus_four, d1, d3));
        let (c, e) = (L::sub(d4, d2), L::sub(d3, d1));
        [
            L::fma(four, d0, L::fma(minus_five, d2, d4)),
            L::add(a, b),
            L::sub(a, b),
            L::fma(two, e, c),
            L::fma(minus_two, e, c),
            L::fma(four, d1, L::fma(minus_five, d3, d5)),
        ]
    }
}

/// Results of tiles from their products: `A' m A`, plus the bias.
///
/// # Safety
/// The features of `L`; tiles, `from`, `bias` and `to` as checked by [`Winograd::run`].
#[inline(always)]
unsafe fn transform_output<L: Lanes>(
    job: Output,
    from: &[f32],
    bias: &[f32],
    tiles: &[Tile],
    to: &mut [f32],
) {
    for (t, tile) in tiles.iter().enumerate() {
        for channel in (0..job.channels).step_by(L::N) {
            let n = (job.channels - channel).min(L::N);
            // SAFETY: `n` numbers from `channel` on are loaded and stored; the bias is padded.
            unsafe {
                let from = from.as_ptr().add(t * job.channels + channel);
                let load = |p: usize| {
                    let from = from.add(p * job.apart);
                    if n == L::N { L::load(from) } else { L::load_first(from, n) }
                };
                let mut half = [[L::splat(0.0); IN]; OUT];
                for j in 0..IN {
                    let m = [
                        load(j),
                        load(IN + j),
                        load(2 * IN + j),
                        load(3 * IN + j),
                        load(4 * IN + j),
                        load(5 * IN + j),
                    ];
                    for (row, v) in half.iter_mut().zip(output_points::<L>(m)) {
                        row[j] = v;
                    }
                }
                let bias = L::load(bias.as_ptr().add(channel));
                let to = to.as_mut_ptr().add(tile.output + channel);
                for (i, row) in half.into_iter().enumerate().take(tile.rows) {
                    for (j, v) in output_points::<L>(row).into_iter().enumerate().take(tile.columns) {
                        let v = L::add(v, bias);
                        let v = if job.relu { L::relu(v) } else { v };
                        let to = to.add(i * job.stride + j * job.channels);
                        if n == L::N { L::store(to, v) } else { L::store_first(to, v, n) }
                    }
                }
            }
        }
    }
}

/// `A' m` for one line.
///
/// # Safety
/// The features of `L`.
#[inline(always)]
unsafe fn output_points<L: Lanes>([m0, m1, m2, m3, m4, m5]: [L::V; IN]) -> [L::V; OUT] {
    // SAFETY: the features are the caller's.
    unsafe {
        let (s1, d1, s2, d2) = (L::add(m1, m2), L::sub(m1, m2), L::add(m3, m4), L::sub(m3, m4));
        [
            L::add(m0, L::add(s1, s2)),
            L::fma(L::splat(2.0), d2, d1),
            L::fma(L::splat(4.0), s2, s1),
            L::add(m5, L::fma(L::splat(8.0), d2, d1)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nhwc::limits::{cases, up_to};
    use proptest::prelude::*;

    fn values(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0).collect()
    }

    proptest! {
        #![proptest_config(cases(40))]
        #[test]
        fn equals_the_definition(c in 1..up_to(40), n in 1..up_to(40), tiles_down in 1usize..4, tiles_right in 1usize..if cfg!(miri) { 3 } else { 12 }, cut in (0usize..4, 0usize..4), relu in any::<bool>()) {
            let (h, w) = (4 * tiles_down - cut.0, 4 * tiles_right - cut.1);
            let (ph, pw) = (4 * tiles_down + 2, 4 * tiles_right + 2);
            let (x, k, bias) = (values(ph * pw * c, 1), values(n * c * 9, 2), values(n, 3));
            let tiles: Vec<Tile> = (0..tiles_down * tiles_right).map(|t| {
                let (i, j) = (4 * (t / tiles_right), 4 * (t % tiles_right));
                Tile { input: (i * pw + j) * c, output: (i * w + j) * n, rows: (h - i).min(4), columns: (w - j).min(4) }
            }).collect();
            for isa in Isa::available() {
                let conv = Winograd::new(isa, (c, n), &k, &bias, relu).unwrap();
                let mut out = vec![9.0; h * w * n];
                conv.run(&x, pw * c, &mut out, w * n, &tiles, &mut WinogradScratch::default()).unwrap();
                for (at, &got) in out.iter().enumerate() {
                    let (i, j, o) = (at / n / w, at / n % w, at % n);
                    let mut exact = f64::from(bias[o]);
                    for (a, b, p) in (0..3).flat_map(|a| (0..3).flat_map(move |b| (0..c).map(move |p| (a, b, p)))) {
                        exact += f64::from(x[((i + a) * pw + j + b) * c + p]) * f64::from(k[(o * c + p) * 9 + 3 * a + b]);
                    }
                    let exact = if relu { exact.max(0.0) } else { exact };
                    prop_assert!((f64::from(got) - exact).abs() < 1e-4, "{isa}: {got} {exact}");
                }
            }
        }
    }

    #[test]
    fn refuses_a_tile_that_leaves_its_slice() {
        let conv = Winograd::new(Isa::best(), (1, 1), &[0.0; 9], &[0.0], false).unwrap();
        let tile = Tile { input: 0, output: 0, rows: 4, columns: 4 };
        let run = |input: &[f32], output: &mut [f32], tile| {
            conv.run(input, 6, output, 4, &[tile], &mut WinogradScratch::default())
        };
        assert!(run(&[0.0; 36], &mut [0.0; 16], tile).is_ok());
        assert!(run(&[0.0; 35], &mut [0.0; 16], tile).is_err());
        assert!(run(&[0.0; 36], &mut [0.0; 15], tile).is_err());
        assert!(run(&[0.0; 36], &mut [0.0; 16], Tile { rows: 5, ..tile }).is_err());
    }
}
