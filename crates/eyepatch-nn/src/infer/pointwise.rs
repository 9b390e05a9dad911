use super::precision::Target;
use super::step::{BufferId, NormRelu, Scratch, Value};
use crate::error::Result;
use eyepatch_kernels::nhwc::half::{self, HalfRows, Pairs};
use eyepatch_kernels::nhwc::{Buffer, Panels, Rows, copy_rows, norm_relu_mean_rows, norm_relu_rows, product};
use std::ops::Range;

/// Numbers of gathered rows: they stay in the core's second cache, beside the weights.
const ROOM: usize = 48 * 1024;
/// Beyond a row, so that rows of a power of two do not share one set of the cache.
const GAP: usize = 16;

/// A 1 x 1 convolution with stride 1.
#[derive(Debug, Clone)]
pub(super) struct Pointwise {
    pub(super) norm: Option<NormRelu>,
    weights: Weights,
    pub(super) relu: bool,
}

#[derive(Debug, Clone)]
enum Weights {
    Full(Panels),
    Half(Pairs),
}

/// Where results go.
pub(super) enum Out<'a> {
    Full(&'a mut [f32]),
    /// Split, low parts so far behind high ones; only where the weights are.
    Half(&'a mut [u16], usize),
}

/// What fills a part of gathered rows: the channels of one buffer. Rows lie `stride` apart.
enum Part<'a> {
    Full(&'a mut [f32]),
    Half(&'a mut [u16]),
}

impl Pointwise {
    /// A convolution with `weights`, `[output, input]`.
    pub(super) fn new(
        target: Target,
        norm: Option<NormRelu>,
        weights: &[f32],
        bias: &[f32],
        relu: bool,
    ) -> Result<Self> {
        let (n, k) = (bias.len(), weights.len() / bias.len().max(1));
        let weights = match target.half {
            Some(unit) => Weights::Half(Pairs::new(unit, (1, k, n), weights, bias)?),
            None => Weights::Full(Panels::new(target.isa, (k, n), weights, bias)?),
        };
        Ok(Self { norm, weights, relu })
    }

    /// Output channels.
    pub(super) fn outputs(&self) -> usize {
        match &self.weights {
            Weights::Full(w) => w.size().1,
            Weights::Half(w) => w.columns(),
        }
    }

    /// From one gathered row to the next.
    fn stride(&self) -> usize {
        match &self.weights {
            Weights::Full(w) => w.size().0 + GAP,
            Weights::Half(w) => 2 * (w.channels() + GAP),
        }
    }

    /// Where low parts begin in a gathered row that is split.
    fn low(&self) -> usize {
        match &self.weights {
            Weights::Full(_) => 0,
            Weights::Half(w) => w.channels(),
        }
    }

    /// Pixels that are gathered at once.
    fn room(&self) -> usize {
        (ROOM / self.stride()).max(32)
    }

    /// Convolves `pixels` of the value; pixel `i` of them goes to `out[place(i)..]`.
    pub(super) fn pixels(
        &self,
        from: &Value,
        buffers: &[Buffer],
        pixels: Range<usize>,
        mut out: Out<'_>,
        place: impl Fn(usize) -> usize,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let first = pixels.start;
        for start in pixels.clone().step_by(self.room()) {
            let chunk = start..(start + self.room()).min(pixels.end);
            scratch.places.clear();
            scratch.places.extend(chunk.clone().map(|i| place(i - first)));
            if let (None, [(buffer, channels)], Weights::Full(weights), Out::Full(out)) =
                (&self.norm, from.parts.as_slice(), &self.weights, &mut out)
            {
                let values = &buffers[*buffer][chunk.start * channels..];
                let rows = Rows { values, stride: *channels, count: chunk.len() };
                product(rows, weights, self.relu, out, &scratch.places)?;
                continue;
            }
            let (stride, low) = (self.stride(), self.low());
            self.gather(from, chunk.len(), scratch, |norm, (buffer, channels), out| {
                let pixels = &buffers[buffer][chunk.start * channels..chunk.end * channels];
                match (norm, out) {
                    (Some((scale, shift)), Part::Full(out)) => {
                        norm_relu_rows(pixels, scale, shift, out, stride)
                    }
                    (Some((scale, shift)), Part::Half(out)) => {
                        half::norm_relu_rows(pixels, scale, shift, out, stride, low)
                    }
                    (None, Part::Full(out)) => copy_rows(pixels, channels, out, stride),
                    (None, Part::Half(out)) => half::copy_rows(pixels, channels, out, stride, low),
                }
            });
            self.product(chunk.len(), &mut out, scratch)?;
        }
        Ok(())
    }

    /// Convolves means over 2 x 2 pixels: output rows `lines` of planes of `width` columns, `height` rows an image. Only
    /// where the value is normalised.
    pub(super) fn halved(
        &self,
        from: &Value,
        buffers: &[Buffer],
        (height, width): (usize, usize),
        lines: Range<usize>,
        out: &mut [f32],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let (half_height, half_width, n, stride) = (height / 2, width / 2, self.outputs(), self.stride());
        let (at_once, low) = ((self.room() / half_width).max(1), self.low());
        let mut out = Out::Full(out);
        for start in lines.clone().step_by(at_once) {
            let chunk = start..(start + at_once).min(lines.end);
            let begin = (start - lines.start) * half_width;
            let count = chunk.len() * half_width;
            scratch.places.clear();
            scratch.places.extend((begin..begin + count).map(|i| i * n));
            self.gather(from, count, scratch, |norm, (buffer, channels), mut out| {
                let Some((scale, shift)) = norm else { return };
                for (i, line) in chunk.clone().enumerate() {
                    let upper = (line / half_height * height + line % half_height * 2) * width * channels;
                    let row = |at: usize| &buffers[buffer][at..at + width * channels];
                    let (upper, lower) = (row(upper), row(upper + width * channels));
                    let at = i * half_width * stride;
                    match &mut out {
                        Part::Full(out) => {
                            norm_relu_mean_rows(upper, lower, scale, shift, &mut out[at..], stride)
                        }
                        Part::Half(out) => {
                            half::norm_relu_mean_rows(upper, lower, scale, shift, &mut out[at..], stride, low)
                        }
                    }
                }
            });
            self.product(count, &mut out, scratch)?;
        }
        Ok(())
    }

    /// Fills `count` rows of the scratch, buffer after buffer.
    fn gather(
        &self,
        from: &Value,
        count: usize,
        scratch: &mut Scratch,
        fill: impl Fn(Option<(&[f32], &[f32])>, (BufferId, usize), Part<'_>),
    ) {
        let stride = self.stride();
        match &self.weights {
            Weights::Full(_) => scratch.rows.at_least(count * stride),
            Weights::Half(w) => {
                scratch.half_rows.at_least(count.next_multiple_of(16) * stride);
                // Padding is multiplied by zero, and NaN times zero is not zero.
                if w.channels() > from.channels() {
                    let rows = scratch.half_rows.chunks_mut(stride).take(count);
                    rows.for_each(|row| {
                        row[from.channels()..w.channels()].fill(0);
                        row[w.channels() + from.channels()..2 * w.channels()].fill(0);
                    });
                }
            }
        }
        let mut channel = 0;
        for &(buffer, channels) in &from.parts {
            let part = channel..channel + channels;
            let norm = self.norm.as_ref().map(|n| (&n.scale[part.clone()], &n.shift[part]));
            let out = match &self.weights {
                Weights::Full(_) => Part::Full(&mut scratch.rows[channel..count * stride]),
                Weights::Half(_) => Part::Half(&mut scratch.half_rows[channel..count * stride]),
            };
            fill(norm, (buffer, channels), out);
            channel += channels;
        }
    }

    /// Multiplies the gathered rows and puts them in their places.
    fn product(&self, count: usize, out: &mut Out<'_>, scratch: &mut Scratch) -> Result<()> {
        let stride = self.stride();
        match (&self.weights, out) {
            (Weights::Full(weights), Out::Full(out)) => {
                let rows = Rows { values: &scratch.rows, stride, count };
                product(rows, weights, self.relu, out, &scratch.places)?;
            }
            (Weights::Half(weights), out) => {
                let taps = weights.places(&[0]);
                let rows = HalfRows { values: &scratch.half_rows, stride, count, taps: &taps };
                half::product(rows, weights, &mut scratch.sums)?;
                let (sums, width, bias, at) =
                    (&scratch.sums, weights.width(), weights.bias(), &scratch.places);
                match out {
                    Out::Full(out) => half::finish_rows(sums, width, bias, self.relu, out, at),
                    Out::Half(out, low) => {
                        half::finish_half_rows(sums, width, bias, self.relu, out, at, *low);
                    }
                }
            }
            // Strips give rounded places only to rounded weights.
            (Weights::Full(_), Out::Half(..)) => debug_assert!(false, "32-bit weights, rounded results"),
        }
        Ok(())
    }
}
