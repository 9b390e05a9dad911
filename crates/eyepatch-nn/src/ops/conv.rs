//! Two-dimensional convolution as matrix products, sample by sample.
//!
//! Three ways, chosen by shape:
//! - *pointwise*: a 1 x 1 kernel with stride 1 is one product;
//! - *columns* (im2col): the input's shifted copies, `cin k k` rows, times the weights;
//! - *spread*, for stride 1 and few output channels: the weights times the plain input give `cout k k` planes, which
//!   are shifted and added up. Its backward lays out shifted copies of the output's gradient, not of the input, so
//!   where a dense layer turns 48 channels into 12 it moves a quarter of the memory.

use super::host;
use candle_core::{CpuStorage, CustomOp2, Error, Layout as CandleLayout, Result, Shape, Tensor};
use eyepatch_kernels::gemm::{Layout, gemm};
use eyepatch_kernels::shift;

/// Stride and zero padding of a convolution, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvShape {
    /// Distance between neighbouring outputs, in input pixels; at least 1.
    pub stride: usize,
    /// Zeros around the input, in pixels.
    pub padding: usize,
}

/// Floats of scratch that a block of shifted copies may take: small enough to stay in a 1 MiB second-level cache.
const BLOCK: usize = 128 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Pointwise,
    Columns,
    Spread,
}

/// A convolution of known geometry: `cin` planes of `h` x `w` to `cout` planes of `oh` x `ow`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conv {
    pub(super) cin: usize,
    pub(super) cout: usize,
    k: usize,
    stride: usize,
    padding: usize,
    h: usize,
    w: usize,
    pub(super) oh: usize,
    pub(super) ow: usize,
    way: Way,
}

/// Memory that one call needs and the next can use again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    block: Vec<f32>,
    phases: Vec<f32>,
    gradient_phases: Vec<f32>,
}

fn sized(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}

impl Conv {
    pub(super) fn new(
        (cin, h, w): (usize, usize, usize),
        (cout, k): (usize, usize),
        shape: ConvShape,
    ) -> Result<Self> {
        let ConvShape { stride, padding } = shape;
        let empty = [stride, k, cin, cout, h, w].contains(&0);
        if empty || h + 2 * padding < k || w + 2 * padding < k {
            let geometry =
                format!("{cin} x {h} x {w} to {cout}, kernel {k}, stride {stride}, padding {padding}");
            return Err(Error::Msg(format!("conv2d: {geometry}")));
        }
        let (oh, ow) = ((h + 2 * padding - k) / stride + 1, (w + 2 * padding - k) / stride + 1);
        let way = match (k, stride, padding) {
            (1, 1, 0) => Way::Pointwise,
            (_, 1, _) if cout * h * w < cin * oh * ow => Way::Spread,
            _ => Way::Columns,
        };
        Ok(Self { cin, cout, k, stride, padding, h, w, oh, ow, way })
    }

    pub(super) fn weight_len(&self) -> usize {
        self.cout * self.cin * self.k * self.k
    }

    /// Weights in the order that this convolution multiplies in: `[cout, k k, cin]` for spread, else as they are.
    pub(super) fn pack(&self, weight: &[f32]) -> Vec<f32> {
        if self.way != Way::Spread {
            return weight.to_vec();
        }
        let (cin, taps) = (self.cin, self.k * self.k);
        let mut packed = vec![0f32; weight.len()];
        for (filter, packed) in weight.chunks_exact(cin * taps).zip(packed.chunks_exact_mut(cin * taps)) {
            for (c, values) in filter.chunks_exact(taps).enumerate() {
                values.iter().enumerate().for_each(|(tap, v)| packed[tap * cin + c] = *v);
            }
        }
        packed
    }

    /// The inverse of [`Conv::pack`], for gradients.
    pub(super) fn unpack(&self, packed: Vec<f32>) -> Vec<f32> {
        if self.way != Way::Spread {
            return packed;
        }
        let (cin, taps) = (self.cin, self.k * self.k);
        let mut weight = vec![0f32; packed.len()];
        for (packed, filter) in packed.chunks_exact(cin * taps).zip(weight.chunks_exact_mut(cin * taps)) {
            for (c, values) in filter.chunks_exact_mut(taps).enumerate() {
                values.iter_mut().enumerate().for_each(|(tap, v)| *v = packed[tap * cin + c]);
            }
        }
        weight
    }

    /// (tap index, vertical, horizontal offset of the input pixel an output pixel meets there).
    fn taps(self) -> impl Iterator<Item = (usize, isize, isize)> {
        let (k, p) = (self.k, self.padding as isize);
        (0..k * k).map(move |tap| (tap, (tap / k) as isize - p, (tap % k) as isize - p))
    }

    /// Blocks of whole rows, (first row, rows), so that `lines` copies of them fit the scratch.
    fn blocks(lines: usize, rows: usize, cols: usize) -> impl Iterator<Item = (usize, usize)> {
        let step = (BLOCK / (lines * cols).max(1)).clamp(1, rows.max(1));
        (0..rows).step_by(step).map(move |first| (first, step.min(rows - first)))
    }

    /// The input split by remainders of row and column modulo the stride, so that every tap reads neighbours.
    fn split<'a>(&self, x: &'a [f32], buffer: &'a mut Vec<f32>) -> (&'a [f32], Phases) {
        let phases = Phases::new(self);
        if self.stride == 1 {
            return (x, phases);
        }
        let out = sized(buffer, self.cin * phases.len);
        for (plane, out) in x.chunks_exact(self.h * self.w).zip(out.chunks_exact_mut(phases.len)) {
            for phase in 0..self.stride * self.stride {
                let start = (phase / self.stride, phase % self.stride);
                let (at, size) = phases.part(phase);
                shift::pick(plane, (self.h, self.w), self.stride, start, &mut out[at..at + size.0 * size.1]);
            }
        }
        (out, phases)
    }

    /// `out = conv(x)` for one sample: `cin h w` to `cout oh ow` elements.
    pub(super) fn forward(
        &self,
        x: &[f32],
        packed: &[f32],
        out: &mut [f32],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let (pin, pout) = (self.h * self.w, self.oh * self.ow);
        let rows = Layout::row_major;
        let taps = self.k * self.k;
        match self.way {
            Way::Pointwise => multiply(
                (self.cout, pin, self.cin),
                (packed, rows(self.cin)),
                (x, rows(pin)),
                0.0,
                (out, rows(pin)),
            ),
            Way::Columns => {
                let lines = self.cin * taps;
                let (split, phases) = self.split(x, &mut scratch.phases);
                for (first, count) in Self::blocks(lines, self.oh, self.ow) {
                    let n = count * self.ow;
                    let block = sized(&mut scratch.block, lines * n);
                    self.columns(split, &phases, first, count, block);
                    let to = rows(pout).at(first * self.ow);
                    multiply((self.cout, n, lines), (packed, rows(lines)), (block, rows(n)), 0.0, (out, to))?;
                }
                Ok(())
            }
            Way::Spread => {
                let lines = self.cout * taps;
                out.fill(0.0);
                for (first, count) in Self::blocks(lines, self.h, self.w) {
                    let n = count * self.w;
                    let block = sized(&mut scratch.block, lines * n);
                    let from = rows(pin).at(first * self.w);
                    multiply(
                        (lines, n, self.cin),
                        (packed, rows(self.cin)),
                        (x, from),
                        0.0,
                        (block, rows(n)),
                    )?;
                    for (line, out) in block.chunks_exact_mut(taps * n).zip(out.chunks_exact_mut(pout)) {
                        for ((_, dy, dx), part) in self.taps().zip(line.chunks_exact_mut(n)) {
                            let shift = (dy - first as isize, dx);
                            shift::gather_add(part, (count, self.w), shift, out, (self.oh, self.ow));
                        }
                    }
                }
                Ok(())
            }
        }
    }

    /// For one sample: overwrites `dx` with the input's gradient and adds to the (packed) weight gradient `dw`.
    pub(super) fn backward(
        &self,
        x: &[f32],
        packed: &[f32],
        dy: &[f32],
        mut dx: Option<&mut [f32]>,
        mut dw: Option<&mut [f32]>,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let (pin, pout) = (self.h * self.w, self.oh * self.ow);
        let (rows, turned) = (Layout::row_major, Layout::transposed);
        let taps = self.k * self.k;
        match self.way {
            Way::Pointwise => {
                let (cin, cout) = (self.cin, self.cout);
                if let Some(dw) = dw {
                    multiply((cout, cin, pin), (dy, rows(pin)), (x, turned(pin)), 1.0, (dw, rows(cin)))?;
                }
                if let Some(dx) = dx {
                    multiply((cin, pin, cout), (packed, turned(cin)), (dy, rows(pin)), 0.0, (dx, rows(pin)))?;
                }
            }
            Way::Spread => {
                let lines = self.cout * taps;
                for (first, count) in Self::blocks(lines, self.h, self.w) {
                    let n = count * self.w;
                    let block = sized(&mut scratch.block, lines * n);
                    for (plane, line) in dy.chunks_exact(pout).zip(block.chunks_exact_mut(taps * n)) {
                        for ((_, down, right), part) in self.taps().zip(line.chunks_exact_mut(n)) {
                            let shift = (first as isize - down, -right);
                            shift::gather(plane, (self.oh, self.ow), shift, part, (count, self.w));
                        }
                    }
                    let at = first * self.w;
                    if let Some(dw) = dw.as_deref_mut() {
                        let from = turned(pin).at(at);
                        multiply(
                            (lines, self.cin, n),
                            (block, rows(n)),
                            (x, from),
                            1.0,
                            (dw, rows(self.cin)),
                        )?;
                    }
                    if let Some(dx) = dx.as_deref_mut() {
                        let to = rows(pin).at(at);
                        multiply(
                            (self.cin, n, lines),
                            (packed, turned(self.cin)),
                            (block, rows(n)),
                            0.0,
                            (dx, to),
                        )?;
                    }
                }
            }
            Way::Columns => {
                let lines = self.cin * taps;
                let (split, phases) = self.split(x, &mut scratch.phases);
                if dx.is_some() {
                    sized(&mut scratch.gradient_phases, self.cin * phases.len).fill(0.0);
                }
                for (first, count) in Self::blocks(lines, self.oh, self.ow) {
                    let n = count * self.ow;
                    let block = sized(&mut scratch.block, lines * n);
                    let from = rows(pout).at(first * self.ow);
                    if let Some(dw) = dw.as_deref_mut() {
                        self.columns(split, &phases, first, count, block);
                        multiply(
                            (self.cout, lines, n),
                            (dy, from),
                            (block, turned(n)),
                            1.0,
                            (dw, rows(lines)),
                        )?;
                    }
                    if dx.is_some() {
                        multiply(
                            (lines, n, self.cout),
                            (packed, turned(lines)),
                            (dy, from),
                            0.0,
                            (block, rows(n)),
                        )?;
                        self.columns_back(block, &phases, first, count, &mut scratch.gradient_phases);
                    }
                }
                if let Some(dx) = dx {
                    self.join(&scratch.gradient_phases, &phases, dx);
                }
            }
        }
        Ok(())
    }

    /// Shifted copies of the input for output rows `first .. first + count`: `cin k k` lines.
    fn columns(&self, split: &[f32], phases: &Phases, first: usize, count: usize, block: &mut [f32]) {
        let (taps, n) = (self.k * self.k, count * self.ow);
        for (planes, lines) in split.chunks_exact(phases.len).zip(block.chunks_exact_mut(taps * n)) {
            for ((_, dy, dx), line) in self.taps().zip(lines.chunks_exact_mut(n)) {
                let (at, size, (dy, dx)) = phases.tap(self.stride, dy, dx);
                let plane = &planes[at..at + size.0 * size.1];
                shift::gather(plane, size, (dy + first as isize, dx), line, (count, self.ow));
            }
        }
    }

    /// The adjoint of [`Conv::columns`], added to `gradient`.
    fn columns_back(
        &self,
        block: &mut [f32],
        phases: &Phases,
        first: usize,
        count: usize,
        gradient: &mut [f32],
    ) {
        let (taps, n) = (self.k * self.k, count * self.ow);
        for (planes, lines) in gradient.chunks_exact_mut(phases.len).zip(block.chunks_exact_mut(taps * n)) {
            for ((_, dy, dx), line) in self.taps().zip(lines.chunks_exact_mut(n)) {
                let (at, size, (dy, dx)) = phases.tap(self.stride, dy, dx);
                let plane = &mut planes[at..at + size.0 * size.1];
                shift::gather_add(line, (count, self.ow), (-dy - first as isize, -dx), plane, size);
            }
        }
    }

    /// Puts a split gradient back in image order.
    fn join(&self, split: &[f32], phases: &Phases, dx: &mut [f32]) {
        dx.fill(0.0);
        for (planes, out) in split.chunks_exact(phases.len).zip(dx.chunks_exact_mut(self.h * self.w)) {
            for phase in 0..self.stride * self.stride {
                let (at, size) = phases.part(phase);
                let start = (phase / self.stride, phase % self.stride);
                shift::put_add(&planes[at..at + size.0 * size.1], out, (self.h, self.w), self.stride, start);
            }
        }
    }
}

/// Where the stride x stride sub-images of a plane lie, one after the other.
struct Phases {
    parts: Vec<(usize, shift::Size)>,
    len: usize,
}

impl Phases {
    fn new(conv: &Conv) -> Self {
        let (s, mut len, mut parts) = (conv.stride, 0, Vec::new());
        for phase in 0..s * s {
            let rows = conv.h.saturating_sub(phase / s).div_ceil(s);
            let cols = conv.w.saturating_sub(phase % s).div_ceil(s);
            parts.push((len, (rows, cols)));
            len += rows * cols;
        }
        Self { parts, len }
    }

    fn part(&self, phase: usize) -> (usize, shift::Size) {
        self.parts[phase]
    }

    /// The part that a tap at offset (dy, dx) reads, and its offset inside that part.
    fn tap(&self, stride: usize, dy: isize, dx: isize) -> (usize, shift::Size, (isize, isize)) {
        let s = stride as isize;
        let (at, size) = self.parts[(dy.rem_euclid(s) * s + dx.rem_euclid(s)) as usize];
        (at, size, (dy.div_euclid(s), dx.div_euclid(s)))
    }
}

fn multiply(
    size: (usize, usize, usize),
    a: (&[f32], Layout),
    b: (&[f32], Layout),
    beta: f32,
    c: (&mut [f32], Layout),
) -> Result<()> {
    gemm(size, a, b, beta, c).map_err(Error::wrap)
}

/// The convolution as an operation candle can differentiate.
struct Conv2d(ConvShape);

impl Conv2d {
    fn geometry(&self, x: &Shape, weight: &Shape) -> Result<(usize, Conv)> {
        let (n, cin, h, w) = x.dims4()?;
        let (cout, weight_cin, kh, kw) = weight.dims4()?;
        if weight_cin != cin || kh != kw {
            return Err(Error::Msg(format!(
                "conv2d: weight {weight:?} does not fit input {x:?} (square kernels only)"
            )));
        }
        Ok((n, Conv::new((cin, h, w), (cout, kh), self.0)?))
    }
}

impl CustomOp2 for Conv2d {
    fn name(&self) -> &'static str {
        "eyepatch-conv2d"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &CandleLayout,
        weight: &CpuStorage,
        weight_layout: &CandleLayout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, conv) = self.geometry(x_layout.shape(), weight_layout.shape())?;
        let x = host::slice(x, x_layout, self.name())?;
        let packed = conv.pack(host::slice(weight, weight_layout, self.name())?);
        let (lin, lout) = (conv.cin * conv.h * conv.w, conv.cout * conv.oh * conv.ow);
        let mut out = vec![0f32; n * lout];
        let mut scratch = Scratch::default();
        if lin > 0 && lout > 0 {
            for (x, out) in x.chunks_exact(lin).zip(out.chunks_exact_mut(lout)) {
                conv.forward(x, &packed, out, &mut scratch)?;
            }
        }
        host::output(out, (n, conv.cout, conv.oh, conv.ow))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, conv) = self.geometry(x.shape(), weight.shape())?;
        let mut dx = x.track_op().then(|| vec![0f32; x.elem_count()]);
        let mut dw = weight.track_op().then(|| vec![0f32; conv.weight_len()]);
        let (lin, lout) = (conv.cin * conv.h * conv.w, conv.cout * conv.oh * conv.ow);
        let packed = host::read(weight, self.name(), |w| Ok(conv.pack(w)))?;
        host::read(x, self.name(), |xs| {
            host::read(dy, self.name(), |dys| {
                let mut scratch = Scratch::default();
                for (i, (x, dy)) in xs.chunks_exact(lin).zip(dys.chunks_exact(lout)).enumerate() {
                    let dx = dx.as_deref_mut().map(|d| &mut d[i * lin..(i + 1) * lin]);
                    conv.backward(x, &packed, dy, dx, dw.as_deref_mut(), &mut scratch)?;
                }
                Ok(())
            })
        })?;
        let dx = dx.map(|d| host::tensor(d, x.shape())).transpose()?;
        let dw = dw.map(|d| host::tensor(conv.unpack(d), weight.shape())).transpose()?;
        Ok((dx, dw))
    }
}

/// Convolution without bias of `x` `[n, cin, h, w]` with `weight` `[cout, cin, k, k]` to `[n, cout, oh, ow]`, where
/// `oh = (h + 2 padding - k) / stride + 1`. CPU, f32. Gradients are computed only for what candle tracks.
///
/// # Errors
/// Shapes that do not fit, a tensor outside host memory, or another dtype.
pub fn conv2d(x: &Tensor, weight: &Tensor, shape: ConvShape) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&weight.contiguous()?, Conv2d(shape))
}
