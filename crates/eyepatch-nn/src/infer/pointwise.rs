use super::step::{BufferId, NormRelu, Scratch, Value};
use crate::error::Result;
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
    pub(super) weights: Panels,
    pub(super) relu: bool,
}

/// Pixels of one image row after the other, gathered as rows that a product reads.
pub(super) struct Gathered {
    stride: usize,
    count: usize,
}

impl Pointwise {
    /// Pixels that are gathered at once.
    pub(super) fn room(&self) -> usize {
        (ROOM / (self.weights.size().0 + GAP)).max(28)
    }

    /// Convolves `pixels` of the value; pixel `i` of them goes to `out[place(i)..]`.
    pub(super) fn pixels(
        &self,
        from: &Value,
        buffers: &[Buffer],
        pixels: Range<usize>,
        out: &mut [f32],
        place: impl Fn(usize) -> usize,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let first = pixels.start;
        for start in pixels.clone().step_by(self.room()) {
            let chunk = start..(start + self.room()).min(pixels.end);
            scratch.places.clear();
            scratch.places.extend(chunk.clone().map(|i| place(i - first)));
            if let (None, [(buffer, channels)]) = (&self.norm, from.parts.as_slice()) {
                let values = &buffers[*buffer][chunk.start * channels..];
                let rows = Rows { values, stride: *channels, count: chunk.len() };
                product(rows, &self.weights, self.relu, out, &scratch.places)?;
                continue;
            }
            let rows = self.gather(from, chunk.len(), scratch, |norm, (buffer, channels), out, stride| {
                let pixels = &buffers[buffer][chunk.start * channels..chunk.end * channels];
                match norm {
                    Some((scale, shift)) => norm_relu_rows(pixels, scale, shift, out, stride),
                    None => copy_rows(pixels, channels, out, stride),
                }
            });
            self.product(rows, out, scratch)?;
        }
        Ok(())
    }

    /// Convolves means over 2 x 2 pixels: output rows `lines` of planes of `width` columns, `height` rows an image.
    pub(super) fn halved(
        &self,
        from: &Value,
        buffers: &[Buffer],
        (height, width): (usize, usize),
        lines: Range<usize>,
        out: &mut [f32],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let (half_height, half_width, n) = (height / 2, width / 2, self.weights.size().1);
        let at_once = (self.room() / half_width).max(1);
        for start in lines.clone().step_by(at_once) {
            let chunk = start..(start + at_once).min(lines.end);
            let begin = (start - lines.start) * half_width;
            scratch.places.clear();
            scratch.places.extend((begin..begin + chunk.len() * half_width).map(|i| i * n));
            let rows = self.gather(
                from,
                chunk.len() * half_width,
                scratch,
                |norm, (buffer, channels), out, stride| {
                    for (i, line) in chunk.clone().enumerate() {
                        let upper = (line / half_height * height + line % half_height * 2) * width * channels;
                        let row = |at: usize| &buffers[buffer][at..at + width * channels];
                        let out = &mut out[i * half_width * stride..];
                        if let Some((scale, shift)) = norm {
                            norm_relu_mean_rows(
                                row(upper),
                                row(upper + width * channels),
                                scale,
                                shift,
                                out,
                                stride,
                            );
                        }
                    }
                },
            );
            self.product(rows, out, scratch)?;
        }
        Ok(())
    }

    /// Fills `count` rows of the scratch, buffer after buffer.
    fn gather(
        &self,
        from: &Value,
        count: usize,
        scratch: &mut Scratch,
        fill: impl Fn(Option<(&[f32], &[f32])>, (BufferId, usize), &mut [f32], usize),
    ) -> Gathered {
        let stride = from.channels() + GAP;
        scratch.rows.at_least(count * stride);
        let mut channel = 0;
        for &(buffer, channels) in &from.parts {
            let part = channel..channel + channels;
            let norm = self.norm.as_ref().map(|n| (&n.scale[part.clone()], &n.shift[part]));
            fill(norm, (buffer, channels), &mut scratch.rows[channel..count * stride], stride);
            channel += channels;
        }
        Gathered { stride, count }
    }

    fn product(&self, rows: Gathered, out: &mut [f32], scratch: &Scratch) -> Result<()> {
        let rows = Rows { values: &scratch.rows, stride: rows.stride, count: rows.count };
        Ok(product(rows, &self.weights, self.relu, out, &scratch.places)?)
    }
}
