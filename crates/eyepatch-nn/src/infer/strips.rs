use super::pointwise::Pointwise;
use super::step::{NormRelu, Scratch, Shape, Value};
use crate::error::Result;
use eyepatch_kernels::nhwc::{Buffer, Tile, Winograd, copy_rows, norm_relu_rows};
use std::ops::Range;

/// Side of the square that a tile gives.
const TILE: usize = 4;
/// Tiles of a strip, if its planes have them: enough rows for a product.
const TILES: usize = 24;

/// A 3 x 3 convolution with stride 1 and padding 1, done in strips of tile rows.
#[derive(Debug, Clone)]
pub(super) struct Strips {
    pub(super) source: Source,
    pub(super) conv: Winograd,
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
    /// Channels that the 3 x 3 convolution reads and writes.
    channels: (usize, usize),
    tiles: (usize, usize),
    /// Numbers in a padded row.
    row: usize,
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
            Source::Pointwise(p) => p.weights.size().1,
        };
        let tiles = (Self::units(shape), shape.width.div_ceil(TILE));
        let row = (TILE * tiles.1 + 2) * inner;
        let channels = (inner, shape.channels);
        let plan = Plan { from, buffers, height: shape.height, width: shape.width, channels, tiles, row };
        let at_once = TILES.div_ceil(tiles.1);
        let out_base = Self::offset(shape, units.start);
        let mut strip = std::mem::take(&mut scratch.strip);
        // The next tile row, where the strip so far ends with the rows above it.
        let mut carried = usize::MAX;
        for start in units.clone().step_by(at_once) {
            let bands = plan.bands(start..(start + at_once).min(units.end));
            let needed = bands.last().map_or(0, |b| b.base + plan.rows(b) * row);
            strip.at_least(needed);
            let mut list = Vec::with_capacity(at_once * tiles.1);
            for band in &bands {
                let continued = carried == band.image * tiles.0 + band.tiles.start && band.tiles.start > 0;
                self.fill(&plan, band, continued, &mut strip, scratch)?;
                plan.list(band, out_base, &mut list);
            }
            self.conv.run(&strip, row, out, shape.width * shape.channels, &list, &mut scratch.winograd)?;
            if let Some(last) = bands.last() {
                carried = last.image * tiles.0 + last.tiles.end;
                let end = last.base + plan.rows(last) * row;
                scratch.carry.clear();
                scratch.carry.extend_from_slice(&strip[end - 2 * row..end]);
            }
        }
        scratch.strip = strip;
        Ok(())
    }

    /// A band's padded pixels: `continued` where its first two rows are the last of the strip before.
    fn fill(
        &self,
        plan: &Plan<'_>,
        band: &Band,
        continued: bool,
        strip: &mut [f32],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let (inner, row, rows) = (plan.channels.0, plan.row, plan.rows(band));
        // Row 0 of the band is this row of the image, counted from 1: one row of padding lies above the image.
        let first = TILE * band.tiles.start;
        let here = &mut strip[band.base..band.base + rows * row];
        let known = if continued { 2 } else { 0 };
        if continued {
            here[..2 * row].copy_from_slice(&scratch.carry);
        }
        let inside = |r: usize| (1..=plan.height).contains(&(first + r));
        for r in known..rows {
            let line = &mut here[r * row..(r + 1) * row];
            if inside(r) {
                line[..inner].fill(0.0);
                line[(plan.width + 1) * inner..].fill(0.0);
            } else {
                line.fill(0.0);
            }
        }
        let wanted = known.max(usize::from(first == 0))..rows.min(plan.height + 1 - first);
        let start = (band.image * plan.height + first + wanted.start - 1) * plan.width;
        let pixels = start..start + wanted.len() * plan.width;
        let place = |i: usize| (wanted.start + i / plan.width) * row + (i % plan.width + 1) * inner;
        match &self.source {
            Source::Pointwise(conv) => conv.pixels(plan.from, plan.buffers, pixels, here, place, scratch),
            Source::Plain(norm) => {
                for (i, at) in pixels.step_by(plan.width).enumerate() {
                    plan.copy_line(norm.as_ref(), at, &mut here[place(i * plan.width)..]);
                }
                Ok(())
            }
        }
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

    fn list(&self, band: &Band, out_base: usize, list: &mut Vec<Tile>) {
        for down in band.tiles.clone() {
            for right in 0..self.tiles.1 {
                let (y, x) = (TILE * down, TILE * right);
                let output = ((band.image * self.height + y) * self.width + x) * self.channels.1 - out_base;
                list.push(Tile {
                    input: band.base + TILE * (down - band.tiles.start) * self.row + x * self.channels.0,
                    output,
                    rows: (self.height - y).min(TILE),
                    columns: (self.width - x).min(TILE),
                });
            }
        }
    }

    /// One row of the image's pixels, from pixel `at` on, into `out`.
    fn copy_line(&self, norm: Option<&NormRelu>, at: usize, out: &mut [f32]) {
        let (stride, mut channel) = (self.channels.0, 0);
        for &(buffer, channels) in &self.from.parts {
            let pixels = &self.buffers[buffer][at * channels..(at + self.width) * channels];
            let (part, out) = (channel..channel + channels, &mut out[channel..]);
            match norm {
                Some(n) => norm_relu_rows(pixels, &n.scale[part.clone()], &n.shift[part], out, stride),
                None => copy_rows(pixels, channels, out, stride),
            }
            channel += channels;
        }
    }
}
