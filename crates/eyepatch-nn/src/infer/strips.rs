use super::pointwise::{Out, Pointwise};
use super::step::{NormRelu, Scratch, Shape, Value};
use crate::error::Result;
use eyepatch_kernels::nhwc::half::{self, HalfRows, Pairs};
use eyepatch_kernels::nhwc::{Buffer, Tile, Winograd, copy_rows, norm_relu_rows};
use std::ops::Range;

/// Side of the square that a tile gives.
const TILE: usize = 4;
/// Tiles of a strip, if its planes have them: enough rows for a product.
const TILES: usize = 24;
/// Rows of a block of a rounded product.
const BEYOND: usize = 16;

/// A 3 x 3 convolution with stride 1 and padding 1, done in strips of tile rows.
#[derive(Debug, Clone)]
pub(super) struct Strips {
    pub(super) source: Source,
    pub(super) filter: Filter,
}

/// How the 3 x 3 convolution is computed.
#[derive(Debug, Clone)]
pub(super) enum Filter {
    Full(Winograd),
    /// By its definition, on rounded numbers; then maybe a ReLU.
    Half(Pairs, bool),
}

impl Filter {
    pub(super) fn outputs(&self) -> usize {
        match self {
            Self::Full(w) => w.outputs(),
            Self::Half(w, _) => w.columns(),
        }
    }

    /// Channels of a padded pixel.
    fn padded(&self, channels: usize) -> usize {
        match self {
            Self::Full(_) => channels,
            Self::Half(w, _) => 2 * w.channels(),
        }
    }
}

/// What the 3 x 3 convolution reads.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// The value, normalised where so said.
    Plain(Option<NormRelu>),
    /// A 1 x 1 convolution of the value, computed strip by strip.
    Pointwise(Pointwise),
}

/// Tile rows of one image, and their padded pixels in the strip.
struct Band {
    image: usize,
    tiles: Range<usize>,
    /// Index of its first number.
    base: usize,
}

/// Sizes of a convolution at work.
struct Plan<'a> {
    from: &'a Value,
    buffers: &'a [Buffer],
    height: usize,
    width: usize,
    /// Channels that the 3 x 3 convolution reads.
    inner: usize,
    /// The same with padding.
    padded: usize,
    /// Channels that it writes.
    outputs: usize,
    tiles: (usize, usize),
    /// Numbers in a padded row.
    row: usize,
    /// Index in all images' results of the first that is written.
    out_base: usize,
}

impl Strips {
    pub(super) fn has_pointwise(&self) -> bool {
        matches!(self.source, Source::Pointwise(_))
    }

    /// Tile rows of an image.
    pub(super) fn units(shape: Shape) -> usize {
        shape.height.div_ceil(TILE)
    }

    /// Where a tile row, counted over all images, begins in the output.
    pub(super) fn offset(shape: Shape, unit: usize) -> usize {
        let tiles = Self::units(shape);
        let row = unit / tiles * shape.height + (unit % tiles * TILE).min(shape.height);
        row * shape.width * shape.channels
    }

    /// Computes tile rows `units`, counted over all images, into `out`.
    pub(super) fn run(
        &self,
        from: &Value,
        buffers: &[Buffer],
        shape: Shape,
        units: Range<usize>,
        out: &mut [f32],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let inner = match &self.source {
            Source::Plain(_) => from.channels(),
            Source::Pointwise(p) => p.outputs(),
        };
        let tiles = (Self::units(shape), shape.width.div_ceil(TILE));
        let padded = self.filter.padded(inner);
        let row = (TILE * tiles.1 + 2) * padded;
        let Shape { height, width, channels } = shape;
        let out_base = Self::offset(shape, units.start);
        let plan =
            Plan { from, buffers, height, width, inner, padded, outputs: channels, tiles, row, out_base };
        match &self.filter {
            Filter::Full(conv) => {
                let mut strip = std::mem::take(&mut scratch.strip);
                let mut carry = std::mem::take(&mut scratch.carry);
                let done =
                    self.strips(&plan, units, &mut strip, &mut carry, scratch, |bands, strip, scratch| {
                        let list: Vec<Tile> = bands.iter().flat_map(|b| plan.list(b)).collect();
                        Ok(conv.run(strip, row, out, width * channels, &list, &mut scratch.winograd)?)
                    });
                (scratch.strip, scratch.carry) = (strip, carry);
                done
            }
            Filter::Half(weights, relu) => {
                let mut strip = std::mem::take(&mut scratch.half_strip);
                let mut carry = std::mem::take(&mut scratch.half_carry);
                let done =
                    self.strips(&plan, units, &mut strip, &mut carry, scratch, |bands, strip, scratch| {
                        bands
                            .iter()
                            .try_for_each(|b| plan.rounded(b, (weights, *relu), strip, &mut out[..], scratch))
                    });
                (scratch.half_strip, scratch.half_carry) = (strip, carry);
                done
            }
        }
    }

    /// Fills strip after strip and hands it on.
    fn strips<T: Number>(
        &self,
        plan: &Plan<'_>,
        units: Range<usize>,
        strip: &mut Buffer<T>,
        carry: &mut Vec<T>,
        scratch: &mut Scratch,
        mut convolve: impl FnMut(&[Band], &[T], &mut Scratch) -> Result<()>,
    ) -> Result<()> {
        let at_once = TILES.div_ceil(plan.tiles.1);
        // The next tile row, where the strip so far ends with the rows above it.
        let mut carried = usize::MAX;
        for start in units.clone().step_by(at_once) {
            let bands = plan.bands(start..(start + at_once).min(units.end));
            let end = bands.last().map_or(0, |b| b.base + plan.rows(b) * plan.row);
            // A product of rounded rows reads whole blocks: some pixels beyond the last.
            strip.at_least(end + (2 * BEYOND) * plan.padded);
            for band in &bands {
                let continued =
                    carried == band.image * plan.tiles.0 + band.tiles.start && band.tiles.start > 0;
                let here = &mut strip[band.base..band.base + plan.rows(band) * plan.row];
                if continued {
                    here[..2 * plan.row].copy_from_slice(carry);
                }
                self.fill(plan, band, continued, here, scratch)?;
            }
            convolve(&bands, strip, scratch)?;
            if let Some(last) = bands.last() {
                carried = last.image * plan.tiles.0 + last.tiles.end;
                carry.clear();
                carry.extend_from_slice(&strip[end - 2 * plan.row..end]);
            }
        }
        Ok(())
    }

    /// A band's padded pixels: `continued` where its first two rows are there already, from the strip before.
    fn fill<T: Number>(
        &self,
        plan: &Plan<'_>,
        band: &Band,
        continued: bool,
        here: &mut [T],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let (padded, row, rows) = (plan.padded, plan.row, plan.rows(band));
        // Row 0 of the band is this row of the image, counted from 1: one row of padding lies above the image.
        let first = TILE * band.tiles.start;
        let known = if continued { 2 } else { 0 };
        let inside = |r: usize| (1..=plan.height).contains(&(first + r));
        for r in known..rows {
            let line = &mut here[r * row..(r + 1) * row];
            if inside(r) {
                line[..padded].fill(T::default());
                line[(plan.width + 1) * padded..].fill(T::default());
                if padded > plan.inner {
                    let pixels = line.chunks_exact_mut(padded);
                    pixels.for_each(|pixel| pixel.fill(T::default()));
                }
            } else {
                line.fill(T::default());
            }
        }
        let wanted = known.max(usize::from(first == 0))..rows.min(plan.height + 1 - first);
        let start = (band.image * plan.height + first + wanted.start - 1) * plan.width;
        let pixels = start..start + wanted.len() * plan.width;
        let place = |i: usize| (wanted.start + i / plan.width) * row + (i % plan.width + 1) * padded;
        match &self.source {
            Source::Pointwise(conv) => {
                conv.pixels(plan.from, plan.buffers, pixels, T::out(here, padded), place, scratch)
            }
            Source::Plain(norm) => {
                for (i, at) in pixels.step_by(plan.width).enumerate() {
                    plan.copy_line(norm.as_ref(), at, &mut here[place(i * plan.width)..]);
                }
                Ok(())
            }
        }
    }
}

/// Numbers of a strip.
trait Number: Copy + Default {
    fn out(values: &mut [Self], padded: usize) -> Out<'_>;
    fn copy(pixels: &[f32], channels: usize, out: &mut [Self], stride: usize);
    fn norm_relu(pixels: &[f32], scale: &[f32], shift: &[f32], out: &mut [Self], stride: usize);
}

impl Number for f32 {
    fn out(values: &mut [Self], _: usize) -> Out<'_> {
        Out::Full(values)
    }
    fn copy(pixels: &[f32], channels: usize, out: &mut [Self], stride: usize) {
        copy_rows(pixels, channels, out, stride);
    }
    fn norm_relu(pixels: &[f32], scale: &[f32], shift: &[f32], out: &mut [Self], stride: usize) {
        norm_relu_rows(pixels, scale, shift, out, stride);
    }
}

/// Half of a split number: a pixel's high parts, then its low parts.
impl Number for u16 {
    fn out(values: &mut [Self], padded: usize) -> Out<'_> {
        Out::Half(values, padded / 2)
    }
    fn copy(pixels: &[f32], channels: usize, out: &mut [Self], stride: usize) {
        half::copy_rows(pixels, channels, out, stride, stride / 2);
    }
    fn norm_relu(pixels: &[f32], scale: &[f32], shift: &[f32], out: &mut [Self], stride: usize) {
        half::norm_relu_rows(pixels, scale, shift, out, stride, stride / 2);
    }
}

impl Plan<'_> {
    fn rows(&self, band: &Band) -> usize {
        TILE * band.tiles.len() + 2
    }

    /// The bands of these tile rows, one an image.
    fn bands(&self, units: Range<usize>) -> Vec<Band> {
        let (mut bands, mut at, mut base) = (Vec::new(), units.start, 0);
        while at < units.end {
            let (image, first) = (at / self.tiles.0, at % self.tiles.0);
            let end = (first + units.end - at).min(self.tiles.0);
            let band = Band { image, tiles: first..end, base };
            (at, base) = (at + end - first, base + self.rows(&band) * self.row);
            bands.push(band);
        }
        bands
    }

    fn list(&self, band: &Band) -> impl Iterator<Item = Tile> {
        band.tiles.clone().flat_map(move |down| (0..self.tiles.1).map(move |right| (down, right))).map(
            move |(down, right)| {
                let (y, x) = (TILE * down, TILE * right);
                let output = ((band.image * self.height + y) * self.width + x) * self.outputs - self.out_base;
                Tile {
                    input: band.base + TILE * (down - band.tiles.start) * self.row + x * self.padded,
                    output,
                    rows: (self.height - y).min(TILE),
                    columns: (self.width - x).min(TILE),
                }
            },
        )
    }

    /// Convolves a band of rounded pixels: padded pixels follow each other through all rows, so each is the first of a row of
    /// factors; sums at the padding are left out.
    fn rounded(
        &self,
        band: &Band,
        (weights, relu): (&Pairs, bool),
        strip: &[u16],
        out: &mut [f32],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let (padded, line) = (self.padded, self.row / self.padded);
        let first = TILE * band.tiles.start;
        let rows = (TILE * band.tiles.len()).min(self.height - first);
        let taps: [usize; 9] = std::array::from_fn(|t| (t / 3 * line + t % 3) * padded);
        let values = &strip[band.base..];
        let taps = weights.places(&taps);
        half::product(
            HalfRows { values, stride: padded, count: rows * line - 2, taps: &taps },
            weights,
            &mut scratch.sums,
        )?;
        for y in 0..rows {
            let start = ((band.image * self.height + first + y) * self.width) * self.outputs - self.out_base;
            scratch.places.clear();
            scratch.places.extend((0..self.width).map(|x| start + x * self.outputs));
            let sums = &scratch.sums[y * line * weights.width()..];
            half::finish_rows(sums, weights.width(), weights.bias(), relu, out, &scratch.places);
        }
        Ok(())
    }

    /// One row of the image's pixels, from pixel `at` on, into `out`.
    fn copy_line<T: Number>(&self, norm: Option<&NormRelu>, at: usize, out: &mut [T]) {
        let mut channel = 0;
        for &(buffer, channels) in &self.from.parts {
            let pixels = &self.buffers[buffer][at * channels..(at + self.width) * channels];
            let (part, out) = (channel..channel + channels, &mut out[channel..]);
            match norm {
                Some(n) => T::norm_relu(pixels, &n.scale[part.clone()], &n.shift[part], out, self.padded),
                None => T::copy(pixels, channels, out, self.padded),
            }
            channel += channels;
        }
    }
}
