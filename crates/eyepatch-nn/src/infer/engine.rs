use super::arena::Arena;
use super::compile::{Compiler, Program};
use super::graph::{Graph, NodeId};
use super::pointwise::Out;
use super::precision::{Precision, Target};
use super::step::{BufferId, Map, Scratch, Shape, Step, Value};
use super::strips::Strips;
use crate::error::{NnError, Result};
use eyepatch_kernels::nhwc::half::Unit;
use eyepatch_kernels::nhwc::{
    Buffer, Isa, Rows, Window, add_rows, average_pool_row, copy_rows, max_pool_row, norm_relu_rows,
    norm_relu_sums, product,
};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bytes that the images which a thread has at work at once may take, if there is more than one.
const GROUP_BYTES: usize = 64 << 20;
/// Numbers of a buffer that a slice can hold.
const MOST_NUMBERS: usize = isize::MAX as usize / size_of::<f32>();

/// A network ready to run on the CPU.
#[derive(Debug)]
pub struct Engine {
    program: Program,
    target: Target,
    /// Memory of threads that have finished, for the next.
    idle: Mutex<Vec<Arena>>,
}

/// One of the results that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The node's name.
    pub name: String,
    /// `[n, channels, height, width]`; a height and width of 1 after a global average.
    pub shape: [usize; 4],
    /// In that order.
    pub values: Vec<f32>,
}

/// Seconds a kind of step took, summed over threads.
pub type Profile = Vec<(&'static str, Duration)>;

impl Engine {
    /// Compiles a graph for the results wanted, for the best that this CPU has.
    ///
    /// # Errors
    /// [`NnError::Weights`] where a node does not exist; [`NnError::Config`] where the CPU has nothing for the precision.
    pub fn new(graph: &Graph, outputs: &[NodeId], precision: Precision) -> Result<Self> {
        Self::for_target(graph, outputs, Target::best(precision)?)
    }

    /// As [`Engine::new`], for one instruction set and 32-bit numbers.
    ///
    /// # Errors
    /// As there.
    pub fn with_isa(graph: &Graph, outputs: &[NodeId], isa: Isa) -> Result<Self> {
        Self::for_target(graph, outputs, Target { isa, half: None })
    }

    /// As [`Engine::new`], with bfloat16 products on one unit, whether or not it is a fast one.
    ///
    /// # Errors
    /// As there.
    pub fn with_unit(graph: &Graph, outputs: &[NodeId], unit: Unit) -> Result<Self> {
        Self::for_target(graph, outputs, Target { isa: Isa::best(), half: Some(unit) })
    }

    fn for_target(graph: &Graph, outputs: &[NodeId], target: Target) -> Result<Self> {
        if let Some(unknown) = outputs.iter().find(|o| o.0 >= graph.nodes.len()) {
            return Err(NnError::Weights(format!("the graph has no node {}", unknown.0)));
        }
        Ok(Self { program: Compiler::compile(graph, outputs, target)?, target, idle: Mutex::default() })
    }

    /// What multiplies: an instruction set, and behind a plus what multiplies rounded numbers.
    pub fn unit(&self) -> String {
        let half = self.target.half.map(|u| format!(" + {u}"));
        format!("{}{}", self.target.isa, half.unwrap_or_default())
    }

    /// Runs `n` images, `[n, channels, height, width]`, on the threads of the current rayon pool.
    ///
    /// # Errors
    /// [`NnError::Shape`] where `pixels` do not fit, or the images are too small for the network.
    pub fn run(&self, pixels: &[f32], n: usize, size: (usize, usize)) -> Result<Vec<Output>> {
        self.run_profiled(pixels, n, size, &Mutex::default())
    }

    /// As [`Engine::run`], and adds the time of each kind of step to `profile`.
    ///
    /// # Errors
    /// As there.
    pub fn run_profiled(
        &self,
        pixels: &[f32],
        n: usize,
        size: (usize, usize),
        profile: &Mutex<Profile>,
    ) -> Result<Vec<Output>> {
        let shapes = self.shapes(n, size)?;
        let image = shapes[0].len();
        if pixels.len() != n * image {
            let expected = format!("{n} images of {} x {} x {}", self.program.channels, size.0, size.1);
            return Err(NnError::Shape { what: "pixels".into(), got: vec![pixels.len()], expected });
        }
        let mut outputs: Vec<Output> = self
            .program
            .outputs
            .iter()
            .map(|(name, value)| {
                let shape = shapes[value.parts[0].0];
                let shape = [n, value.channels(), shape.height, shape.width];
                Output { name: name.clone(), shape, values: vec![0.0; shape.iter().product()] }
            })
            .collect();
        // Whole images a thread, as long as there are as many images as threads; the rest is shared row by row.
        let threads = rayon::current_num_threads();
        let whole = n / threads * threads;
        let groups = self.groups(whole, threads, &shapes);
        let run = |images: Range<usize>, split: usize| -> Result<Vec<Vec<f32>>> {
            let mut arena =
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
            let done = self.images(
                &pixels[images.start * image..images.end * image],
                images.len(),
                &shapes,
                split,
                &mut arena,
                profile,
            );
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(arena);
            done
        };
        let mut done: Vec<(Range<usize>, Vec<Vec<f32>>)> = groups
            .into_par_iter()
            .map(|images| run(images.clone(), 1).map(|values| (images, values)))
            .collect::<Result<_>>()?;
        for images in self.groups(n - whole, 1, &shapes) {
            let images = images.start + whole..images.end + whole;
            done.push((images.clone(), run(images, threads)?));
        }
        for (images, values) in done {
            for (output, values) in outputs.iter_mut().zip(values) {
                let size: usize = output.shape[1..].iter().product();
                output.values[images.start * size..images.end * size].copy_from_slice(&values);
            }
        }
        Ok(outputs)
    }

    /// Shape of every buffer for images of this size.
    fn shapes(&self, n: usize, (height, width): (usize, usize)) -> Result<Vec<Shape>> {
        let wrong = |expected: String| {
            Err(NnError::Shape { what: "image".into(), got: vec![height, width], expected })
        };
        let fine = |shape: Shape| match shape.checked_len().and_then(|len| len.checked_mul(n.max(1))) {
            Some(0) => wrong("larger images: nothing is left of these before the last layer".into()),
            Some(len) if len <= MOST_NUMBERS => Ok(shape),
            _ => wrong(format!("{n} images that fit into memory")),
        };
        let agree = |shapes: &[Shape], read: &[BufferId]| {
            let size = |b: BufferId| (shapes[b].height, shapes[b].width);
            match read.iter().find(|&&b| size(b) != size(read[0])) {
                Some(&b) => {
                    let (one, other) = (size(read[0]), size(b));
                    wrong(format!("a size at which a layer's inputs agree: here {one:?} meets {other:?}"))
                }
                None => Ok(shapes[read[0]]),
            }
        };
        let mut shapes = vec![fine(Shape { height, width, channels: self.program.channels })?];
        for step in &self.program.steps {
            let from = agree(&shapes, &step.reads())?;
            shapes.push(fine(step.shape(from))?);
        }
        for (_, value) in &self.program.outputs {
            agree(&shapes, &value.parts.iter().map(|p| p.0).collect::<Vec<_>>())?;
        }
        Ok(shapes)
    }

    /// Ranges of images that are worked on together, as many as threads or a multiple of that, about equally long.
    fn groups(&self, n: usize, threads: usize, shapes: &[Shape]) -> Vec<Range<usize>> {
        let image = 4 * self.peak(shapes);
        let most = (GROUP_BYTES / image.max(1)).max(1);
        let count = n.div_ceil(threads * most).max(1) * threads;
        (0..count).map(|i| i * n / count..(i + 1) * n / count).filter(|r| !r.is_empty()).collect()
    }

    /// Numbers that the buffers of one image hold at most at a time.
    fn peak(&self, shapes: &[Shape]) -> usize {
        let (mut now, mut most) = (shapes[0].len(), 0);
        for i in 0..self.program.steps.len() {
            now += shapes[i + 1].len();
            most = most.max(now);
            let ends = |b: &usize| self.program.last_use[*b] == i;
            now -= (0..=i).filter(ends).map(|b| shapes[b].len()).sum::<usize>();
        }
        most
    }

    /// Runs some images through all steps, each step cut into `split` parts that run side by side.
    fn images(
        &self,
        pixels: &[f32],
        n: usize,
        shapes: &[Shape],
        split: usize,
        arena: &mut Arena,
        profile: &Mutex<Profile>,
    ) -> Result<Vec<Vec<f32>>> {
        arena.buffers.resize_with(shapes.len(), Buffer::default);
        arena.scratch.resize_with(arena.scratch.len().max(split), Scratch::default);
        arena.buffers[0] = arena.take(n * shapes[0].len());
        to_nhwc(pixels, shapes[0], &mut arena.buffers[0]);
        for (i, step) in self.program.steps.iter().enumerate() {
            let begun = Instant::now();
            let mut out = arena.take(n * shapes[i + 1].len());
            let work = Work {
                step,
                buffers: &arena.buffers,
                n,
                from: shapes[step.reads()[0]],
                shape: shapes[i + 1],
            };
            work.run(&mut out, &mut arena.scratch[..split])?;
            arena.buffers[i + 1] = out;
            for buffer in 0..=i {
                if self.program.last_use[buffer] == i {
                    let done = std::mem::take(&mut arena.buffers[buffer]);
                    arena.free.push(done);
                }
            }
            add_time(profile, step.kind(), begun.elapsed());
        }
        let outputs =
            self.program.outputs.iter().map(|(_, value)| to_nchw(value, &arena.buffers, shapes, n)).collect();
        arena.free.extend(arena.buffers.drain(..).filter(|b| b.capacity() > 0));
        Ok(outputs)
    }
}

fn add_time(profile: &Mutex<Profile>, kind: &'static str, time: Duration) {
    let mut profile = profile.lock().unwrap_or_else(PoisonError::into_inner);
    match profile.iter_mut().find(|(k, _)| *k == kind) {
        Some((_, sum)) => *sum += time,
        None => profile.push((kind, time)),
    }
}

/// A step at work on `n` images.
struct Work<'a> {
    step: &'a Step,
    buffers: &'a [Buffer],
    n: usize,
    /// Shape of (the first buffer of) what it reads.
    from: Shape,
    /// Shape of its result.
    shape: Shape,
}

impl Work<'_> {
    /// Pieces that the work can be cut into.
    fn units(&self) -> usize {
        self.n
            * match self.step {
                Step::Pointwise { halve: false, .. } | Step::Map { .. } | Step::Add { .. } => {
                    self.shape.pixels()
                }
                Step::Strips { .. } => Strips::units(self.shape),
                Step::GlobalAverage { .. } | Step::Linear { .. } => 1,
                _ => self.shape.height,
            }
    }

    /// Where a unit begins in the result.
    fn offset(&self, unit: usize) -> usize {
        match self.step {
            Step::Pointwise { halve: false, .. } | Step::Map { .. } | Step::Add { .. } => {
                unit * self.shape.channels
            }
            Step::Strips { .. } => Strips::offset(self.shape, unit),
            Step::GlobalAverage { .. } | Step::Linear { .. } => unit * self.shape.len(),
            _ => unit * self.shape.width * self.shape.channels,
        }
    }

    fn run(&self, out: &mut [f32], scratch: &mut [Scratch]) -> Result<()> {
        let (units, parts) = (self.units(), scratch.len());
        if parts == 1 {
            return self.part(0..units, out, &mut scratch[0]);
        }
        let mut cuts = Vec::with_capacity(parts);
        let mut rest = out;
        for (i, scratch) in scratch.iter_mut().enumerate() {
            let part = i * units / parts..(i + 1) * units / parts;
            let (here, after) = rest.split_at_mut(self.offset(part.end) - self.offset(part.start));
            rest = after;
            cuts.push((part, here, scratch));
        }
        cuts.into_par_iter()
            .filter(|c| !c.0.is_empty())
            .try_for_each(|(part, out, scratch)| self.part(part, out, scratch))
    }

    fn part(&self, units: Range<usize>, out: &mut [f32], scratch: &mut Scratch) -> Result<()> {
        let (from, buffers) = (self.from, self.buffers);
        match self.step {
            Step::Pointwise { from: value, conv, halve: false } => {
                let n = self.shape.channels;
                conv.pixels(value, buffers, units, Out::Full(out), |i| i * n, scratch)
            }
            Step::Pointwise { from: value, conv, halve: true } => {
                conv.halved(value, buffers, (from.height, from.width), units, out, scratch)
            }
            Step::Strips { from: value, conv } => conv.run(value, buffers, self.shape, units, out, scratch),
            Step::Window { from: buffer, window, weights, relu } => {
                self.windows(&buffers[*buffer], *window, units, scratch, |rows, places| {
                    Ok(product(rows, weights, *relu, out, places)?)
                })
            }
            Step::MaxPool { from: buffer, window } => {
                self.lines(&buffers[*buffer], *window, units, out, max_pool_row);
                Ok(())
            }
            Step::AveragePool { from: buffer, window } => {
                self.lines(&buffers[*buffer], *window, units, out, average_pool_row);
                Ok(())
            }
            Step::GlobalAverage { from: value, norm } => {
                for (image, out) in units.zip(out.chunks_exact_mut(self.shape.channels)) {
                    self.mean(
                        value,
                        norm.as_ref().map(|n| (n.scale.as_slice(), n.shift.as_slice())),
                        image,
                        out,
                    );
                }
                Ok(())
            }
            Step::Linear { from: value, weights } => {
                let pixels = units.start * self.shape.pixels()..units.end * self.shape.pixels();
                for (pixel, out) in pixels.zip(out.chunks_exact_mut(self.shape.channels)) {
                    let gathered = value.pixel(buffers, pixel);
                    let rows = Rows { values: &gathered, stride: gathered.len(), count: 1 };
                    product(rows, weights, false, out, &[0])?;
                }
                Ok(())
            }
            Step::Map { from: value, map } => {
                map.run(value, buffers, units, out);
                Ok(())
            }
            Step::Add { from: [a, b], relu } => {
                let part = units.start * self.shape.channels..units.end * self.shape.channels;
                out.copy_from_slice(&buffers[*a][part.clone()]);
                add_rows(out, &buffers[*b][part], *relu);
                Ok(())
            }
        }
    }

    /// Output rows `units` of a pooling, row by row.
    fn lines(
        &self,
        from: &[f32],
        window: Window,
        units: Range<usize>,
        out: &mut [f32],
        pool: impl Fn(&[f32], usize, usize, Window, &mut [f32]),
    ) {
        let Shape { height, width, channels } = self.from;
        for (unit, out) in units.zip(out.chunks_exact_mut(self.shape.width * channels)) {
            let image = unit / self.shape.height * height;
            let rows = window.covers(unit % self.shape.height, height);
            let rows = (image + rows.start) * width * channels..(image + rows.end) * width * channels;
            pool(&from[rows], width, channels, window, out);
        }
    }

    /// Gathers the windows of output rows `units` as rows for a product, some rows at a time.
    fn windows(
        &self,
        from: &[f32],
        window: Window,
        units: Range<usize>,
        scratch: &mut Scratch,
        mut product: impl FnMut(Rows<'_>, &[usize]) -> Result<()>,
    ) -> Result<()> {
        let Shape { height, width, channels } = self.from;
        let line = window.side * channels;
        let (stride, count) = (window.side * line + 16, self.shape.width);
        scratch.rows.at_least(count * stride);
        for unit in units.clone() {
            let (image, y) = (unit / self.shape.height * height, unit % self.shape.height);
            let seen = window.covers(y, height);
            let above = (window.padding).saturating_sub(y * window.stride);
            for (x, row) in scratch.rows.chunks_exact_mut(stride).take(count).enumerate() {
                let columns = window.covers(x, width);
                let before = window.padding.saturating_sub(x * window.stride) * channels;
                row.fill(0.0);
                for (i, y) in seen.clone().enumerate() {
                    let at = ((image + y) * width + columns.start) * channels;
                    let to = (above + i) * line + before;
                    let len = columns.len() * channels;
                    row[to..to + len].copy_from_slice(&from[at..at + len]);
                }
            }
            let begin = (unit - units.start) * count;
            scratch.places.clear();
            scratch.places.extend((begin..begin + count).map(|i| i * self.shape.channels));
            product(Rows { values: &scratch.rows, stride, count }, &scratch.places)?;
        }
        Ok(())
    }

    /// The mean over all pixels of an image: rows are summed on their own, so that large planes lose nothing.
    fn mean(&self, value: &Value, norm: Option<(&[f32], &[f32])>, image: usize, out: &mut [f32]) {
        let mut channel = 0;
        for &(buffer, channels) in &value.parts {
            let part = channel..channel + channels;
            let mut sums = vec![0f64; channels];
            let size = self.from.pixels() * channels;
            let pixels = &self.buffers[buffer][image * size..(image + 1) * size];
            for line in pixels.chunks_exact(self.from.width * channels) {
                let mut sum = vec![0f32; channels];
                match norm {
                    Some((scale, shift)) => {
                        norm_relu_sums(line, &scale[part.clone()], &shift[part.clone()], &mut sum)
                    }
                    None => line.chunks_exact(channels).for_each(|p| add_rows(&mut sum, p, false)),
                }
                sums.iter_mut().zip(sum).for_each(|(a, b)| *a += f64::from(b));
            }
            let share = 1.0 / self.from.pixels() as f64;
            out[part].iter_mut().zip(sums).for_each(|(o, s)| *o = (s * share) as f32);
            channel += channels;
        }
    }
}

impl Map {
    fn run(&self, value: &Value, buffers: &[Buffer], pixels: Range<usize>, out: &mut [f32]) {
        let (stride, mut channel) = (value.channels(), 0);
        for &(buffer, channels) in &value.parts {
            let from = &buffers[buffer][pixels.start * channels..pixels.end * channels];
            let (part, to) = (channel..channel + channels, &mut out[channel..]);
            match self {
                Self::NormRelu(n) => norm_relu_rows(from, &n.scale[part.clone()], &n.shift[part], to, stride),
                _ => copy_rows(from, channels, to, stride),
            }
            channel += channels;
        }
        match self {
            Self::Relu => out.iter_mut().for_each(|v| *v = if *v < 0.0 { 0.0 } else { *v }),
            Self::Norm(scale, shift) => out.chunks_exact_mut(stride).for_each(|pixel| {
                pixel.iter_mut().zip(scale.iter().zip(shift)).for_each(|(v, (a, b))| *v = a * *v + b);
            }),
            Self::Copy | Self::NormRelu(_) => {}
        }
    }
}

fn to_nhwc(pixels: &[f32], shape: Shape, out: &mut [f32]) {
    let (plane, channels) = (shape.pixels(), shape.channels);
    for (image, out) in pixels.chunks_exact(shape.len()).zip(out.chunks_exact_mut(shape.len())) {
        for (c, values) in image.chunks_exact(plane).enumerate() {
            out[c..].iter_mut().step_by(channels).zip(values).for_each(|(o, &v)| *o = v);
        }
    }
}

fn to_nchw(value: &Value, buffers: &[Buffer], shapes: &[Shape], n: usize) -> Vec<f32> {
    let plane = shapes[value.parts[0].0].pixels();
    let mut out = Vec::with_capacity(n * plane * value.channels());
    for image in 0..n {
        for &(buffer, channels) in &value.parts {
            let values = &buffers[buffer][image * plane * channels..(image + 1) * plane * channels];
            for c in 0..channels {
                out.extend(values[c..].iter().step_by(channels));
            }
        }
    }
    out
}
