//! A device that does what each kernel's description says, on vectors, one number after the other.

use super::ops::{Change, Ops};
use super::plan::Plan;
use super::run::{Images, Pool, Run};
use crate::error::Result;
use crate::infer::engine::Output;
use crate::infer::graph::{Graph, NodeId};
use eyepatch_kernels::cuda::{Columns, Slide};
use std::ops::Range;

struct Naive;

type Buffer = Vec<f32>;

/// The number of a channel of a pixel.
fn at(columns: Columns, pixel: usize, channel: usize) -> usize {
    assert!(channel < columns.channels && columns.offset + columns.channels <= columns.stride);
    pixel * columns.stride + columns.offset + channel
}

fn changed(x: f32, channel: usize, (affine, relu): &Change<'_, Buffer>) -> f32 {
    let y = affine.map_or(x, |(scale, shift)| x * scale[channel] + shift[channel]);
    if *relu { y.max(0.0) } else { y }
}

/// For each result the pixels that the window sees there, with their place in it.
fn seen(slide: Slide) -> Vec<Vec<(usize, usize)>> {
    let (w, (height, width), (rows, columns)) = (slide.window, slide.size, slide.to());
    let one = |n: usize, row: usize, column: usize| {
        let places = (0..w.side).flat_map(|dy| (0..w.side).map(move |dx| (dy, dx)));
        places
            .filter_map(|(dy, dx)| {
                let y = (row * w.stride + dy).checked_sub(w.padding).filter(|&y| y < height)?;
                let x = (column * w.stride + dx).checked_sub(w.padding).filter(|&x| x < width)?;
                Some(((n * height + y) * width + x, dy * w.side + dx))
            })
            .collect()
    };
    let all = (0..slide.images).flat_map(|n| (0..rows).map(move |r| (n, r)));
    all.flat_map(|(n, r)| (0..columns).map(move |c| one(n, r, c))).collect()
}

impl Ops for Naive {
    type Buffer = Buffer;

    /// Not zeros: whoever reads what was not written shall be seen.
    fn alloc(&self, len: usize) -> Result<Buffer> {
        Ok(vec![f32::NAN; len])
    }

    fn upload(&self, values: &[f32]) -> Result<Buffer> {
        Ok(values.to_vec())
    }

    fn download(&self, buffer: &Buffer) -> Result<Vec<f32>> {
        Ok(buffer.clone())
    }

    fn len(&self, buffer: &Buffer) -> usize {
        buffer.len()
    }

    fn pixels(
        &self,
        x: &Buffer,
        y: &mut Buffer,
        images: Range<usize>,
        (channels, size): (usize, usize),
    ) -> Result<()> {
        for (k, image) in images.enumerate() {
            for (c, p) in (0..channels).flat_map(|c| (0..size).map(move |p| (c, p))) {
                y[(k * size + p) * channels + c] = x[(image * channels + c) * size + p];
            }
        }
        Ok(())
    }

    fn affine(
        &self,
        (x, from): (&Buffer, Columns),
        change: Change<'_, Buffer>,
        (y, to): (&mut Buffer, Columns),
        pixels: usize,
    ) -> Result<()> {
        for (p, c) in (0..pixels).flat_map(|p| (0..from.channels).map(move |c| (p, c))) {
            y[at(to, p, c)] = changed(x[at(from, p, c)], c, &change);
        }
        Ok(())
    }

    fn affine_mean(
        &self,
        (x, from): (&Buffer, Columns),
        change: Change<'_, Buffer>,
        (y, to): (&mut Buffer, Columns),
        slide: Slide,
    ) -> Result<()> {
        for (p, pixels) in seen(slide).into_iter().enumerate() {
            for c in 0..from.channels {
                let values = pixels.iter().map(|&(pixel, _)| changed(x[at(from, pixel, c)], c, &change));
                y[at(to, p, c)] = values.sum::<f32>() / 4.0;
            }
        }
        Ok(())
    }

    fn bias(&self, (y, to): (&mut Buffer, Columns), bias: &Buffer, relu: bool, pixels: usize) -> Result<()> {
        for (p, c) in (0..pixels).flat_map(|p| (0..to.channels).map(move |c| (p, c))) {
            let sum = y[at(to, p, c)] + bias[c];
            y[at(to, p, c)] = if relu { sum.max(0.0) } else { sum };
        }
        Ok(())
    }

    fn taps(
        &self,
        x: &Buffer,
        bias: &Buffer,
        relu: bool,
        (y, to): (&mut Buffer, Columns),
        slide: Slide,
    ) -> Result<()> {
        let places = slide.window.side * slide.window.side;
        for (p, pixels) in seen(slide).into_iter().enumerate() {
            for c in 0..to.channels {
                let product = |&(pixel, k): &(usize, usize)| x[(pixel * places + k) * to.channels + c];
                let sum = bias[c] + pixels.iter().map(product).sum::<f32>();
                y[at(to, p, c)] = if relu { sum.max(0.0) } else { sum };
            }
        }
        Ok(())
    }

    fn columns(&self, (x, from): (&Buffer, Columns), y: &mut Buffer, slide: Slide) -> Result<()> {
        y.fill(0.0);
        let places = slide.window.side * slide.window.side;
        for (p, pixels) in seen(slide).into_iter().enumerate() {
            for ((pixel, k), c) in pixels.iter().flat_map(|&s| (0..from.channels).map(move |c| (s, c))) {
                y[(p * places + k) * from.channels + c] = x[at(from, pixel, c)];
            }
        }
        Ok(())
    }

    fn pool(
        &self,
        (x, from): (&Buffer, Columns),
        (y, to): (&mut Buffer, Columns),
        mean: bool,
        slide: Slide,
    ) -> Result<()> {
        let all = (slide.window.side * slide.window.side) as f32;
        for (p, pixels) in seen(slide).into_iter().enumerate() {
            for c in 0..from.channels {
                let values = pixels.iter().map(|&(pixel, _)| x[at(from, pixel, c)]);
                y[at(to, p, c)] =
                    if mean { values.sum::<f32>() / all } else { values.fold(f32::NEG_INFINITY, f32::max) };
            }
        }
        Ok(())
    }

    fn add(
        &self,
        (a, a_at): (&Buffer, Columns),
        (b, b_at): (&Buffer, Columns),
        relu: bool,
        (y, to): (&mut Buffer, Columns),
        pixels: usize,
    ) -> Result<()> {
        for (p, c) in (0..pixels).flat_map(|p| (0..to.channels).map(move |c| (p, c))) {
            let sum = a[at(a_at, p, c)] + b[at(b_at, p, c)];
            y[at(to, p, c)] = if relu { sum.max(0.0) } else { sum };
        }
        Ok(())
    }

    fn mean(
        &self,
        (x, from): (&Buffer, Columns),
        change: Change<'_, Buffer>,
        y: &mut Buffer,
        (images, size): (usize, usize),
    ) -> Result<()> {
        for (n, c) in (0..images).flat_map(|n| (0..from.channels).map(move |c| (n, c))) {
            let values = (0..size).map(|p| f64::from(changed(x[at(from, n * size + p, c)], c, &change)));
            y[n * from.channels + c] = (values.sum::<f64>() / size as f64) as f32;
        }
        Ok(())
    }

    fn product(
        &self,
        (x, from): (&Buffer, Columns),
        weights: &Buffer,
        (y, to): (&mut Buffer, Columns),
        rows: usize,
    ) -> Result<()> {
        assert_eq!(weights.len(), from.channels * to.channels);
        for (p, o) in (0..rows).flat_map(|p| (0..to.channels).map(move |o| (p, o))) {
            let term = |c: usize| f64::from(x[at(from, p, c)]) * f64::from(weights[c * to.channels + o]);
            y[at(to, p, o)] = (0..from.channels).map(term).sum::<f64>() as f32;
        }
        Ok(())
    }
}

/// Runs the images in two parts, the first in the host's memory, both with the same buffers.
pub(in crate::infer) fn run(
    graph: &Graph,
    outputs: &[NodeId],
    pixels: &[f32],
    n: usize,
    size: (usize, usize),
) -> Result<Vec<Output>> {
    let (plan, mut pool) = (Plan::of(graph, outputs, &Naive)?, Pool::default());
    let (first, x) = (n.div_ceil(2), pixels.to_vec());
    let mut all = Run::run((&Naive, &plan), &mut pool, Images::Host(pixels), 0..first, size)?;
    if first < n {
        let rest = Run::run((&Naive, &plan), &mut pool, Images::Device(&x), first..n, size)?;
        for (all, some) in all.iter_mut().zip(rest) {
            all.shape[0] += some.shape[0];
            all.values.extend(some.values);
        }
    }
    Ok(all)
}
