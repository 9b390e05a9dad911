//! Runs a plan's steps.

use super::ops::{self, Ops};
use super::plan::{Change, Place, Plan, Step, Value, Way};
use crate::error::{NnError, Result};
use crate::infer::engine::Output;
use eyepatch_kernels::cuda::{Columns, Slide};
use eyepatch_kernels::nhwc::Window;
use std::collections::BTreeMap;
use std::ops::Range;

const HALF: Window = Window { side: 2, stride: 2, padding: 0 };

/// Images, `[n, channels, height, width]`, in the host's memory or on the network's device.
#[derive(Debug)]
#[cfg_attr(not(feature = "cuda"), expect(unreachable_pub, reason = "public where there is a GPU"))]
pub enum Images<'a, B> {
    /// In the host's memory.
    Host(&'a [f32]),
    /// On the device.
    Device(&'a B),
}

impl<B> Clone for Images<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B> Copy for Images<'_, B> {}

/// Buffers that are free, by their length. They outlive a run, so that the next one of the same size allocates nothing.
#[derive(Debug)]
pub(super) struct Pool<B>(BTreeMap<usize, Vec<B>>);

impl<B> Default for Pool<B> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<B> Pool<B> {
    fn take<O: Ops<Buffer = B>>(&mut self, ops: &O, len: usize) -> Result<B> {
        match self.0.get_mut(&len).and_then(Vec::pop) {
            Some(buffer) => Ok(buffer),
            None => ops.alloc(len),
        }
    }

    fn give<O: Ops<Buffer = B>>(&mut self, ops: &O, buffer: B) {
        self.0.entry(ops.len(&buffer)).or_default().push(buffer);
    }
}

/// One slab in a run: its buffer and the size of its images.
type Slab<B> = Option<(B, (usize, usize))>;

/// A run of some images.
pub(super) struct Run<'a, O: Ops> {
    ops: &'a O,
    plan: &'a Plan<O::Buffer>,
    pool: &'a mut Pool<O::Buffer>,
    n: usize,
    slabs: Vec<Slab<O::Buffer>>,
}

impl<'a, O: Ops> Run<'a, O> {
    /// Runs the images of a range; `size` is (height, width).
    pub(super) fn run(
        (ops, plan): (&'a O, &'a Plan<O::Buffer>),
        pool: &'a mut Pool<O::Buffer>,
        images: Images<'_, O::Buffer>,
        range: Range<usize>,
        size: (usize, usize),
    ) -> Result<Vec<Output>> {
        let (n, pixels) = (range.len(), size.0 * size.1);
        let slabs = plan.slabs.iter().map(|_| None).collect();
        let mut this = Self { ops, plan, pool, n, slabs };
        let mut image = this.pool.take(ops, n * pixels * plan.channels)?;
        let of = (plan.channels, pixels);
        match images {
            Images::Device(x) => ops.pixels(x, &mut image, range, of)?,
            Images::Host(x) => {
                let values = plan.channels * pixels;
                let x = ops.upload(&x[range.start * values..range.end * values])?;
                ops.pixels(&x, &mut image, 0..n, of)?;
            }
        }
        this.slabs[0] = Some((image, size));
        for (i, step) in plan.steps.iter().enumerate() {
            this.step(step)?;
            for slab in step.reads().into_iter().chain([step.to().slab]) {
                if plan.last_use[slab] == i {
                    this.drop_slab(slab);
                }
            }
        }
        let outputs = plan.outputs.iter().map(|(name, place)| this.output(name, *place)).collect();
        (0..plan.slabs.len()).for_each(|slab| this.drop_slab(slab));
        outputs
    }

    fn drop_slab(&mut self, slab: usize) {
        if let Some((buffer, _)) = self.slabs[slab].take() {
            self.pool.give(self.ops, buffer);
        }
    }

    fn output(&self, name: &str, place: Place) -> Result<Output> {
        let Some((buffer, (h, w))) = &self.slabs[place.slab] else { return Err(missing(name)) };
        let (c, pixels) = (place.columns.channels, h * w);
        let values = self.ops.download(buffer)?;
        let turn = |image: &[f32]| {
            (0..c).flat_map(|k| (0..pixels).map(move |p| (p, k))).map(|(p, k)| image[p * c + k]).collect()
        };
        let values = match pixels {
            1 => values,
            _ => values.chunks_exact(c * pixels).flat_map::<Vec<f32>, _>(turn).collect(),
        };
        Ok(Output { name: name.to_owned(), shape: [self.n, c, *h, *w], values })
    }

    fn weights(&self, at: usize) -> &'a O::Buffer {
        &self.plan.weights[at]
    }

    fn change(&self, change: &Change) -> ops::Change<'a, O::Buffer> {
        (change.affine.map(|(a, b)| (self.weights(a), self.weights(b))), change.relu)
    }

    fn size(&self, slab: usize) -> Result<(usize, usize)> {
        self.slabs[slab].as_ref().map(|s| s.1).ok_or_else(|| missing("a value"))
    }

    fn read(&self, place: Place) -> Result<(&O::Buffer, Columns)> {
        let slab = self.slabs[place.slab].as_ref().ok_or_else(|| missing("a value"))?;
        Ok((&slab.0, place.columns))
    }

    fn slide(&self, size: (usize, usize), window: Window) -> Result<Slide> {
        let slide = Slide { images: self.n, size, window };
        if slide.to().0 * slide.to().1 == 0 {
            let expected = "larger images: nothing is left of these before the last layer".into();
            return Err(NnError::Shape { what: "image".into(), got: vec![size.0, size.1], expected });
        }
        Ok(slide)
    }

    /// The buffer that a step writes to, taken out of its slab until [`Run::put`].
    fn open(&mut self, to: Place, size: (usize, usize)) -> Result<O::Buffer> {
        match self.slabs[to.slab].take() {
            Some((buffer, have)) if have == size => Ok(buffer),
            Some((_, have)) => Err(NnError::Shape {
                what: "images side by side".into(),
                got: vec![size.0, size.1],
                expected: format!("{} x {}", have.0, have.1),
            }),
            None => self.pool.take(self.ops, self.n * size.0 * size.1 * to.columns.stride),
        }
    }

    fn put(&mut self, to: Place, buffer: O::Buffer, size: (usize, usize)) {
        self.slabs[to.slab] = Some((buffer, size));
    }

    /// A value with its change made in a buffer of its own, if it has one or lies where `to` does; `None` where it can be
    /// read as it is.
    fn gathered(&mut self, value: &Value, to: Place) -> Result<Option<O::Buffer>> {
        if value.change.is_none() && value.place.slab != to.slab {
            return Ok(None);
        }
        let (h, w) = self.size(value.place.slab)?;
        let columns = Columns::dense(value.place.columns.channels);
        let mut buffer = self.pool.take(self.ops, self.n * h * w * columns.channels)?;
        let change = self.change(&value.change);
        self.ops.affine(self.read(value.place)?, change, (&mut buffer, columns), self.n * h * w)?;
        Ok(Some(buffer))
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Conv { from, to, way, weights, bias, relu } => {
                let weights = self.weights(*weights);
                let bias = bias.map(|bias| self.weights(bias));
                match *way {
                    Way::Point => self.point(from, *to, weights, (bias, *relu)),
                    Way::Halve => self.halve(from, *to, weights, (bias, *relu)),
                    Way::Taps(window) => self.taps(from, *to, weights, (bias, *relu), window),
                    Way::Columns(window) => self.columns(from, *to, weights, (bias, *relu), window),
                }
            }
            Step::Pool { from, to, mean, window } => {
                let slide = self.slide(self.size(from.place.slab)?, *window)?;
                self.write(from, *to, slide.to(), |this, x, y| this.ops.pool(x, y, *mean, slide))
            }
            Step::Add { from: [a, b], to, relu } => {
                let (h, w) = self.size(a.place.slab)?;
                let (first, second) = (self.gathered(a, *to)?, self.gathered(b, *to)?);
                let mut y = self.open(*to, (h, w))?;
                let (x, other) = (self.source(&first, a)?, self.source(&second, b)?);
                self.ops.add(x, other, *relu, (&mut y, to.columns), self.n * h * w)?;
                self.close(first, *to, y, (h, w));
                second.into_iter().for_each(|buffer| self.pool.give(self.ops, buffer));
                Ok(())
            }
            Step::Map { from, to } => {
                let (h, w) = self.size(from.place.slab)?;
                // Within one slab by way of another buffer, which has made the change.
                let within = from.place.slab == to.slab;
                let gathered = if within { self.gathered(from, *to)? } else { None };
                let mut y = self.open(*to, (h, w))?;
                let change = if within { (None, false) } else { self.change(&from.change) };
                let x = self.source(&gathered, from)?;
                self.ops.affine(x, change, (&mut y, to.columns), self.n * h * w)?;
                self.close(gathered, *to, y, (h, w));
                Ok(())
            }
            Step::Mean { from, to } => {
                let (h, w) = self.size(from.place.slab)?;
                let channels = from.place.columns.channels;
                let mut means = self.pool.take(self.ops, self.n * channels)?;
                self.ops.mean(
                    self.read(from.place)?,
                    self.change(&from.change),
                    &mut means,
                    (self.n, h * w),
                )?;
                let mut y = self.open(*to, (1, 1))?;
                let x = (&means, Columns::dense(channels));
                self.ops.affine(x, (None, false), (&mut y, to.columns), self.n)?;
                self.close(Some(means), *to, y, (1, 1));
                Ok(())
            }
        }
    }

    /// What a step reads: the gathered value, or the value where it lies.
    fn source<'b>(
        &'b self,
        gathered: &'b Option<O::Buffer>,
        value: &Value,
    ) -> Result<(&'b O::Buffer, Columns)> {
        match gathered {
            Some(buffer) => Ok((buffer, Columns::dense(value.place.columns.channels))),
            None => self.read(value.place),
        }
    }

    /// Lets `work` write a result of this size from a value.
    fn write(
        &mut self,
        from: &Value,
        to: Place,
        size: (usize, usize),
        work: impl FnOnce(&Self, (&O::Buffer, Columns), (&mut O::Buffer, Columns)) -> Result<()>,
    ) -> Result<()> {
        let gathered = self.gathered(from, to)?;
        let mut y = self.open(to, size)?;
        work(self, self.source(&gathered, from)?, (&mut y, to.columns))?;
        self.close(gathered, to, y, size);
        Ok(())
    }

    fn close(&mut self, scratch: Option<O::Buffer>, to: Place, y: O::Buffer, size: (usize, usize)) {
        self.put(to, y, size);
        scratch.into_iter().for_each(|buffer| self.pool.give(self.ops, buffer));
    }

    /// `y = x weights`, then bias and ReLU.
    fn product(
        &self,
        x: (&O::Buffer, Columns),
        weights: &O::Buffer,
        (bias, relu): (Option<&O::Buffer>, bool),
        (y, to): (&mut O::Buffer, Columns),
        rows: usize,
    ) -> Result<()> {
        self.ops.product(x, weights, (y, to), rows)?;
        match bias {
            Some(bias) => self.ops.bias((y, to), bias, relu, rows),
            None => Ok(()),
        }
    }

    fn point(
        &mut self,
        from: &Value,
        to: Place,
        weights: &O::Buffer,
        after: (Option<&O::Buffer>, bool),
    ) -> Result<()> {
        let (h, w) = self.size(from.place.slab)?;
        let rows = self.n * h * w;
        self.write(from, to, (h, w), |this, x, y| this.product(x, weights, after, y, rows))
    }

    fn halve(
        &mut self,
        from: &Value,
        to: Place,
        weights: &O::Buffer,
        after: (Option<&O::Buffer>, bool),
    ) -> Result<()> {
        let slide = self.slide(self.size(from.place.slab)?, HALF)?;
        let (rows, columns) =
            (self.n * slide.to().0 * slide.to().1, Columns::dense(from.place.columns.channels));
        let mut means = self.pool.take(self.ops, rows * columns.channels)?;
        let change = self.change(&from.change);
        self.ops.affine_mean(self.read(from.place)?, change, (&mut means, columns), slide)?;
        let mut y = self.open(to, slide.to())?;
        self.product((&means, columns), weights, after, (&mut y, to.columns), rows)?;
        self.close(Some(means), to, y, slide.to());
        Ok(())
    }

    fn taps(
        &mut self,
        from: &Value,
        to: Place,
        weights: &O::Buffer,
        (bias, relu): (Option<&O::Buffer>, bool),
        window: Window,
    ) -> Result<()> {
        let slide = self.slide(self.size(from.place.slab)?, window)?;
        let (h, w) = slide.size;
        let columns = Columns::dense(to.columns.channels * window.side * window.side);
        let gathered = self.gathered(from, to)?;
        let mut products = self.pool.take(self.ops, self.n * h * w * columns.channels)?;
        let x = self.source(&gathered, from)?;
        self.ops.product(x, weights, (&mut products, columns), self.n * h * w)?;
        let bias = bias.ok_or_else(|| missing("a bias"))?;
        let mut y = self.open(to, (h, w))?;
        self.ops.taps(&products, bias, relu, (&mut y, to.columns), slide)?;
        self.pool.give(self.ops, products);
        self.close(gathered, to, y, (h, w));
        Ok(())
    }

    fn columns(
        &mut self,
        from: &Value,
        to: Place,
        weights: &O::Buffer,
        after: (Option<&O::Buffer>, bool),
        window: Window,
    ) -> Result<()> {
        let slide = self.slide(self.size(from.place.slab)?, window)?;
        let rows = self.n * slide.to().0 * slide.to().1;
        let seen = Columns::dense(from.place.columns.channels * window.side * window.side);
        let gathered = self.gathered(from, to)?;
        let mut columns = self.pool.take(self.ops, rows * seen.channels)?;
        self.ops.columns(self.source(&gathered, from)?, &mut columns, slide)?;
        let mut y = self.open(to, slide.to())?;
        self.product((&columns, seen), weights, after, (&mut y, to.columns), rows)?;
        self.pool.give(self.ops, columns);
        self.close(gathered, to, y, slide.to());
        Ok(())
    }
}

/// Steps are in the order of a graph whose nodes read earlier ones only, so this is never seen.
fn missing(what: &str) -> NnError {
    NnError::Weights(format!("{what} was not computed"))
}

#[cfg(feature = "cuda")]
mod cuda {
    use super::{Images, Output, Plan, Pool, Run};
    use crate::error::{NnError, Result};
    use crate::infer::gpu::ops::Cuda;
    use crate::infer::graph::{Graph, NodeId};
    use crate::infer::precision::Precision;
    use candle_core::CudaDevice;
    use candle_core::cuda_backend::cudarc::driver::CudaSlice;
    use eyepatch_kernels::cuda::{Candle, Kernels};
    use std::sync::{Mutex, PoisonError};

    /// Pixels that go through the network at once: bounds memory (a DenseNet-121 takes some 500 bytes a pixel).
    const AT_ONCE: usize = 1 << 23;

    /// A network on a GPU.
    #[derive(Debug)]
    pub struct GpuEngine {
        ops: Cuda,
        plan: Plan<CudaSlice<f32>>,
        /// Free buffers, and the size of the images that they are for.
        pool: Mutex<(Pool<CudaSlice<f32>>, (usize, usize))>,
    }

    impl GpuEngine {
        /// Puts a graph on a device for the results wanted. With [`Precision::Bf16`] factors of products are rounded to
        /// TF32 (11 bits) for the tensor cores.
        ///
        /// # Errors
        /// [`NnError::Weights`] where a node does not exist, [`NnError::Kernel`] with the device's words.
        pub fn new(
            graph: &Graph,
            outputs: &[NodeId],
            device: &CudaDevice,
            precision: Precision,
        ) -> Result<Self> {
            if let Some(unknown) = outputs.iter().find(|o| o.0 >= graph.nodes.len()) {
                return Err(NnError::Weights(format!("the graph has no node {}", unknown.0)));
            }
            let kernels = Kernels::new(Candle::new(device)?);
            let ops = Cuda { kernels, narrow: precision == Precision::Bf16 };
            let plan = Plan::of(graph, outputs, &ops)?;
            // Weights were sent by this thread; others may be the first to read them.
            ops.kernels.gpu().wait()?;
            Ok(Self { ops, plan, pool: Mutex::default() })
        }

        /// The device.
        #[must_use]
        pub fn gpu(&self) -> &Candle {
            self.ops.kernels.gpu()
        }

        /// Runs `n` images, `[n, channels, height, width]`, `size` being (height, width).
        ///
        /// # Errors
        /// [`NnError::Shape`] where the images do not fit or are too small for the network, [`NnError::Kernel`] with
        /// the device's words.
        pub fn run(
            &self,
            images: Images<'_, CudaSlice<f32>>,
            n: usize,
            size: (usize, usize),
        ) -> Result<Vec<Output>> {
            let given = match images {
                Images::Host(x) => x.len(),
                Images::Device(x) => x.len(),
            };
            let pixels = size.0 * size.1;
            if given != n * self.plan.channels * pixels || n * pixels == 0 {
                let expected = format!("{n} images of {} x {} x {}", self.plan.channels, size.0, size.1);
                return Err(NnError::Shape { what: "pixels".into(), got: vec![given], expected });
            }
            // A run that failed has left its buffers to nobody; those that are here are free.
            let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
            if pool.1 != size {
                *pool = (Pool::default(), size);
            }
            let mut all: Vec<Output> = Vec::new();
            let step = (AT_ONCE / pixels).clamp(1, n);
            for start in (0..n).step_by(step) {
                let range = start..n.min(start + step);
                let some = Run::run((&self.ops, &self.plan), &mut pool.0, images, range, size)?;
                if all.is_empty() {
                    all = some;
                    continue;
                }
                for (all, some) in all.iter_mut().zip(some) {
                    all.shape[0] += some.shape[0];
                    all.values.extend(some.values);
                }
            }
            Ok(all)
        }
    }
}

#[cfg(feature = "cuda")]
pub use cuda::GpuEngine;
