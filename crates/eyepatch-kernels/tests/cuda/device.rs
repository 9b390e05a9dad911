//! What a device must be able to do, on plain vectors, so that one test body serves all of them.

use eyepatch_kernels::KernelError;
use eyepatch_kernels::coalition::{self, Coalitions, Ids, Pairs, Segments};
use eyepatch_kernels::compose::{self, Fill, Masked, Normalise, Out, Pixels, Shape};
use eyepatch_kernels::cuda::{Depth, DeviceFill, Gpu, Id, Kernels, Masks};
use eyepatch_kernels::roi;

/// A batch for compositing, all images in one piece.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) images: usize,
    pub(crate) shape: Shape,
    pub(crate) pixels: Store,
    pub(crate) visible: Vec<u8>,
    /// Constants, `images x channels`, or images.
    pub(crate) fill: Result<Vec<f32>, Store>,
    pub(crate) normalise: Normalise,
}

/// Values at one of the three depths.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    U8(Vec<u8>),
    U16(Vec<u16>),
    F32(Vec<f32>),
}

impl Store {
    fn part(&self, i: usize, batch: &Batch) -> Pixels<'_> {
        let len = batch.shape.pixels() * batch.shape.channels;
        match self {
            Self::U8(v) => Pixels::U8(part(v, i, len, batch.images)),
            Self::U16(v) => Pixels::U16(part(v, i, len, batch.images)),
            Self::F32(v) => Pixels::F32(part(v, i, len, batch.images)),
        }
    }
}

/// What belongs to image `i`; the last one has all the rest, so that a wrong length stays wrong.
fn part<T>(values: &[T], i: usize, len: usize, images: usize) -> &[T] {
    let end = if i + 1 == images { values.len() } else { (i + 1) * len };
    &values[i * len..end]
}

/// Segment ids of either width.
#[derive(Debug, Clone)]
pub(crate) enum IdStore {
    U16(Vec<u16>),
    U32(Vec<u32>),
}

/// Coalition weights, model outputs and a `phi` to start from.
#[derive(Debug, Clone)]
pub(crate) struct Game {
    pub(crate) coalitions: Coalitions,
    pub(crate) pairs: Pairs,
    pub(crate) shown: Vec<f64>,
    pub(crate) hidden: Vec<f64>,
    pub(crate) outputs: Vec<f32>,
    pub(crate) classes: usize,
    pub(crate) phi: Vec<f64>,
}

type Answer<T> = Result<Vec<T>, KernelError>;

pub(crate) trait Device {
    fn levels(&self, masks: &[u8], size: Masks) -> Answer<i32>;
    fn thresholds(&self, levels: &[i32], radii: &[i32]) -> Answer<u8>;
    fn sweep(&self, masks: &[u8], size: Masks, radii: &[i32]) -> Answer<u8>;
    fn compose(&self, batch: &Batch) -> Answer<f32>;
    fn compose_half(&self, batch: &Batch) -> Answer<u16>;
    fn composite(&self, image: &[f32], back: &[f32], ids: &IdStore, c: &Coalitions) -> Answer<f32>;
    fn composite_half(&self, image: &[u16], back: &[u16], ids: &IdStore, c: &Coalitions) -> Answer<u16>;
    fn pairs(&self, game: &Game) -> Answer<f64>;
    fn signed(&self, game: &Game) -> Answer<f64>;
}

/// The kernels that run on the CPU.
pub(crate) struct Cpu;

/// The masks of a batch, which the CPU's functions take one by one.
fn each(masks: &[u8], size: Masks) -> Result<std::slice::ChunksExact<'_, u8>, KernelError> {
    let (width, height, len) = (size.width, size.height, masks.len());
    if width * height == 0 || len != size.len() {
        return Err(KernelError::MaskShape { width, height, len });
    }
    Ok(masks.chunks_exact(width * height))
}

impl Device for Cpu {
    fn levels(&self, masks: &[u8], size: Masks) -> Answer<i32> {
        let mut levels = Vec::new();
        for mask in each(masks, size)? {
            let others: Vec<u8> = mask.iter().map(|&b| u8::from(b == 0)).collect();
            let to_inside = roi::city_block(mask, size.width, size.height)?;
            let to_outside = roi::city_block(&others, size.width, size.height)?;
            levels.extend(to_inside.iter().zip(&to_outside).map(|pair| match pair {
                (&roi::FAR, _) => i32::MAX,
                (_, &roi::FAR) => i32::MIN,
                (0, &d) => 1 - d as i32,
                (&d, _) => d as i32,
            }));
        }
        Ok(levels)
    }

    fn thresholds(&self, levels: &[i32], radii: &[i32]) -> Answer<u8> {
        let cut = |&r: &i32| levels.iter().map(move |&l| u8::from(l <= r && l < i32::MAX));
        Ok(radii.iter().flat_map(cut).collect())
    }

    fn sweep(&self, masks: &[u8], size: Masks, radii: &[i32]) -> Answer<u8> {
        let levels: Vec<_> = each(masks, size)?
            .map(|mask| roi::Levels::new(mask, size.width, size.height))
            .collect::<Result<_, _>>()?;
        Ok(radii.iter().flat_map(|&r| levels.iter().flat_map(move |l| l.at(r))).collect())
    }

    fn compose(&self, batch: &Batch) -> Answer<f32> {
        let mut out = vec![f32::NAN; batch.images * batch.shape.out_len()];
        compose::compose(&masked(batch), batch.shape, &batch.normalise, Out::F32(&mut out)).map(|()| out)
    }

    fn compose_half(&self, batch: &Batch) -> Answer<u16> {
        let mut out = vec![0xffff; batch.images * batch.shape.out_len()];
        compose::compose(&masked(batch), batch.shape, &batch.normalise, Out::F16(&mut out)).map(|()| out)
    }

    fn composite(&self, image: &[f32], back: &[f32], ids: &IdStore, c: &Coalitions) -> Answer<f32> {
        let mut out = vec![f32::NAN; c.rows() * image.len()];
        coalition::composite(image, back, &segments(ids), c, &mut out).map(|()| out)
    }

    fn composite_half(&self, image: &[u16], back: &[u16], ids: &IdStore, c: &Coalitions) -> Answer<u16> {
        let mut out = vec![0xffff; c.rows() * image.len()];
        coalition::composite(image, back, &segments(ids), c, &mut out).map(|()| out)
    }

    fn pairs(&self, game: &Game) -> Answer<f64> {
        let mut phi = game.phi.clone();
        game.pairs.add(&game.outputs, game.classes, &mut phi).map(|()| phi)
    }

    fn signed(&self, g: &Game) -> Answer<f64> {
        let mut phi = g.phi.clone();
        let (shown, hidden) = (&g.shown, &g.hidden);
        coalition::add_signed(&g.coalitions, shown, hidden, &g.outputs, g.classes, &mut phi).map(|()| phi)
    }
}

fn masked(batch: &Batch) -> Vec<Masked<'_>> {
    let channels = batch.shape.channels;
    let one = |i: usize| Masked {
        pixels: batch.pixels.part(i, batch),
        visible: part(&batch.visible, i, batch.shape.pixels(), batch.images),
        fill: match &batch.fill {
            Ok(c) => Fill::Constant([0, 1, 2].map(|k| c.get(i * channels + k).copied().unwrap_or_default())),
            Err(images) => Fill::Image(images.part(i, batch)),
        },
    };
    (0..batch.images).map(one).collect()
}

fn segments(ids: &IdStore) -> Segments {
    Segments::new(match ids {
        IdStore::U16(ids) => Ids::U16(ids),
        IdStore::U32(ids) => Ids::U32(ids),
    })
}

/// The CUDA kernels, on whatever runs them.
impl<G: Gpu> Device for Kernels<G> {
    fn levels(&self, masks: &[u8], size: Masks) -> Answer<i32> {
        let levels = Kernels::levels(self, &self.gpu().upload(masks)?, size)?;
        self.gpu().download(&levels)
    }

    fn thresholds(&self, levels: &[i32], radii: &[i32]) -> Answer<u8> {
        let cuts = Kernels::thresholds(self, &self.gpu().upload(levels)?, &self.radii(radii)?)?;
        self.gpu().download(&cuts)
    }

    fn sweep(&self, masks: &[u8], size: Masks, radii: &[i32]) -> Answer<u8> {
        let cuts = Kernels::sweep(self, &self.gpu().upload(masks)?, size, &self.radii(radii)?)?;
        self.gpu().download(&cuts)
    }

    fn compose(&self, batch: &Batch) -> Answer<f32> {
        composed(self, batch)
    }

    fn compose_half(&self, batch: &Batch) -> Answer<u16> {
        composed(self, batch)
    }

    fn composite(&self, image: &[f32], back: &[f32], ids: &IdStore, c: &Coalitions) -> Answer<f32> {
        match ids {
            IdStore::U16(ids) => composited(self, image, back, ids, c),
            IdStore::U32(ids) => composited(self, image, back, ids, c),
        }
    }

    fn composite_half(&self, image: &[u16], back: &[u16], ids: &IdStore, c: &Coalitions) -> Answer<u16> {
        match ids {
            IdStore::U16(ids) => composited(self, image, back, ids, c),
            IdStore::U32(ids) => composited(self, image, back, ids, c),
        }
    }

    fn pairs(&self, game: &Game) -> Answer<f64> {
        let gpu = self.gpu();
        let mut phi = gpu.upload(&game.phi)?;
        let pairs = Kernels::pairs(self, &game.pairs)?;
        self.add_pairs(&pairs, &gpu.upload(&game.outputs)?, game.classes, &mut phi)?;
        gpu.download(&phi)
    }

    fn signed(&self, game: &Game) -> Answer<f64> {
        let gpu = self.gpu();
        let mut phi = gpu.upload(&game.phi)?;
        let coalitions = self.coalitions(&game.coalitions)?;
        let (shown, hidden) = (gpu.upload(&game.shown)?, gpu.upload(&game.hidden)?);
        let outputs = gpu.upload(&game.outputs)?;
        self.add_signed(&coalitions, &shown, &hidden, &outputs, game.classes, &mut phi)?;
        gpu.download(&phi)
    }
}

fn composed<G: Gpu, O: eyepatch_kernels::cuda::Output>(kernels: &Kernels<G>, batch: &Batch) -> Answer<O> {
    match (&batch.pixels, &batch.fill) {
        (Store::U8(p), Ok(c)) => with_fill(kernels, batch, p, Ok(c)),
        (Store::U16(p), Ok(c)) => with_fill(kernels, batch, p, Ok(c)),
        (Store::F32(p), Ok(c)) => with_fill(kernels, batch, p, Ok(c)),
        (Store::U8(p), Err(Store::U8(f))) => with_fill(kernels, batch, p, Err(f)),
        (Store::U16(p), Err(Store::U16(f))) => with_fill(kernels, batch, p, Err(f)),
        (Store::F32(p), Err(Store::F32(f))) => with_fill(kernels, batch, p, Err(f)),
        _ => Err(KernelError::Depth),
    }
}

fn with_fill<G: Gpu, T: Depth, O: eyepatch_kernels::cuda::Output>(
    kernels: &Kernels<G>,
    batch: &Batch,
    pixels: &[T],
    fill: Result<&[f32], &[T]>,
) -> Answer<O> {
    let gpu = kernels.gpu();
    let (pixels, visible) = (gpu.upload(pixels)?, gpu.upload(&batch.visible)?);
    let (constants, images) = match fill {
        Ok(constants) => (Some(gpu.upload(constants)?), None),
        Err(images) => (None, Some(gpu.upload(images)?)),
    };
    let fill = match (&constants, &images) {
        (Some(constants), _) => DeviceFill::Constants(constants),
        (_, Some(images)) => DeviceFill::Images(images),
        _ => return Err(KernelError::Depth),
    };
    let out = kernels.compose(&pixels, &visible, &fill, batch.images, batch.shape, &batch.normalise)?;
    gpu.download(&out)
}

fn composited<G: Gpu, I: Id, O: eyepatch_kernels::cuda::Output>(
    kernels: &Kernels<G>,
    image: &[O],
    back: &[O],
    ids: &[I],
    coalitions: &Coalitions,
) -> Answer<O> {
    let gpu = kernels.gpu();
    let coalitions = kernels.coalitions(coalitions)?;
    let (image, back, ids) = (gpu.upload(image)?, gpu.upload(back)?, gpu.upload(ids)?);
    let out = kernels.composite(&image, &back, &ids, &coalitions)?;
    gpu.download(&out)
}
