use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use eyepatch_core::{Ctx, Dataset, Image, Keep, Mask, Pixels, Profile, Roi, Row, Table};
use eyepatch_data::npy;
use eyepatch_data::prepared::study_image;
use eyepatch_data::resize::{self, Edges, ResizeMethod};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::cell::{CellCtx, read_json};
use crate::{Error, Result};

/// How many unusable samples an error names.
const SHOWN: usize = 5;

/// How audits resize, unless they repeat what was published.
const METHOD: ResizeMethod = ResizeMethod::Antialias;

/// Part of every `prepare` cell's key.
pub(crate) const PREPARE_REVISION: u32 = resize::REVISION;

/// All samples of a data set at the working size, in memory.
pub(crate) struct PreparedSet {
    shape: Shape,
    pixels: Vec<u8>,
    rois: Vec<u8>,
}

/// Which edge of a resized ROI counts: see [`resize`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// Nothing of the ROI shows outside it.
    Outer,
    /// Nothing but the ROI shows inside it.
    Inner,
}

impl Edge {
    /// The edge at which a masking that keeps this part hides all that it should.
    pub(crate) fn of(keep: Keep) -> Self {
        if keep == Keep::Inside { Self::Inner } else { Self::Outer }
    }

    /// The bit in `rois.npy`.
    fn bit(self) -> u8 {
        match self {
            Self::Outer => 1,
            Self::Inner => 2,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Shape {
    n: usize,
    height: usize,
    width: usize,
    channels: usize,
    /// NumPy's name of the depth: `|u1`, `<u2`, `<f4`.
    depth: String,
    structures: Vec<String>,
}

impl Shape {
    fn images(&self) -> [usize; 4] {
        [self.n, self.height, self.width, self.channels]
    }

    fn rois(&self) -> [usize; 4] {
        [self.n, self.structures.len(), self.height, self.width]
    }

    fn bytes(&self) -> usize {
        match self.depth.as_str() {
            "|u1" => 1,
            "<u2" => 2,
            _ => 4,
        }
    }
}

impl PreparedSet {
    /// Loads, checks and resizes the data set's rows `sources`, and writes `images.npy`, `rois.npy` (1 up to the ROI's
    /// outer edge, 3 up to its inner one) and `shape.json`.
    ///
    /// # Errors
    /// [`Error::Samples`] naming the first samples that cannot be used, and how many there are.
    pub(crate) fn write(
        dataset: &dyn Dataset,
        table: &Table,
        sources: &[usize],
        (size, how): ((usize, usize), Profile),
        cell: &CellCtx,
    ) -> Result<()> {
        let samples = load_all(dataset, table, sources, (size, how), cell.ctx)?;
        let set = Self::pack(&samples, size)?;
        cell.write("images.npy", &npy::encode(&set.shape.depth, &set.shape.images(), &set.pixels))?;
        cell.write("rois.npy", &npy::encode("|u1", &set.shape.rois(), &set.rois))?;
        cell.write_json("shape.json", &set.shape)
    }

    /// Reads what [`PreparedSet::write`] wrote.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let shape: Shape = read_json(&folder.join("shape.json"))?;
        let pixels = npy::read(&folder.join("images.npy"), &shape.depth, &shape.images(), shape.bytes())?;
        let rois = npy::read(&folder.join("rois.npy"), "|u1", &shape.rois(), 1)?;
        Ok(Self { shape, pixels, rois })
    }

    fn pack(samples: &[(Image, Edges)], (height, width): (usize, usize)) -> Result<Self> {
        let names: BTreeSet<&String> =
            samples.iter().flat_map(|(_, r)| r.outer.structures().keys()).collect();
        let channels = samples.iter().map(|(i, _)| i.channels()).max().unwrap_or(1);
        let depth = samples.iter().map(|(i, _)| depth_rank(i)).max().unwrap_or(0);
        let depth = ["|u1", "<u2", "<f4"][depth].to_owned();
        let structures: Vec<String> = names.into_iter().cloned().collect();
        let shape = Shape { n: samples.len(), height, width, channels, depth, structures };
        let (mut pixels, mut rois) = (Vec::new(), Vec::new());
        for (image, roi) in samples {
            let image = to_channels(image, channels)?;
            pixels.extend(to_depth(&image, &shape.depth));
            for name in &shape.structures {
                match (roi.outer.structures().get(name), roi.inner.structures().get(name)) {
                    (Some(outer), Some(inner)) => rois.extend(
                        outer
                            .bits()
                            .iter()
                            .zip(inner.bits())
                            .map(|(o, i)| o * Edge::Outer.bit() + i * Edge::Inner.bit()),
                    ),
                    _ => rois.extend(std::iter::repeat_n(0, height * width)),
                }
            }
        }
        Ok(Self { shape, pixels, rois })
    }

    /// Channels of every image.
    pub(crate) fn channels(&self) -> usize {
        self.shape.channels
    }

    /// Image `row`.
    pub(crate) fn image(&self, row: usize) -> Result<Image> {
        let Shape { height, width, channels, .. } = self.shape;
        let length = height * width * channels * self.shape.bytes();
        let bytes = &self.pixels[row * length..][..length];
        let pixels = match self.shape.depth.as_str() {
            "|u1" => Pixels::U8(bytes.to_vec()),
            "<u2" => Pixels::U16(bytes.as_chunks().0.iter().map(|b| u16::from_le_bytes(*b)).collect()),
            _ => Pixels::F32(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
        };
        Ok(Image::new(width, height, channels, pixels)?)
    }

    /// ROI `row` up to one of its edges.
    pub(crate) fn roi(&self, row: usize, edge: Edge) -> Result<Roi> {
        let Shape { height, width, .. } = self.shape;
        let plane = height * width;
        let count = self.shape.structures.len();
        let structures = self.shape.structures.iter().enumerate().map(|(s, name)| {
            let bits = &self.rois[(row * count + s) * plane..][..plane];
            let bits = bits.iter().map(|b| b & edge.bit()).collect();
            Ok((name.clone(), Mask::new(width, height, bits)?))
        });
        Ok(Roi::new(structures.collect::<Result<Vec<_>>>()?)?)
    }
}

fn load_all(
    dataset: &dyn Dataset,
    table: &Table,
    sources: &[usize],
    (size, how): ((usize, usize), Profile),
    ctx: &Ctx,
) -> Result<Vec<(Image, Edges)>> {
    let done = AtomicU64::new(0);
    let total = sources.len() as u64;
    let load = |(r, &source): (&Row, &usize)| -> eyepatch_core::Result<(Image, Edges)> {
        ctx.check()?;
        let sample = dataset.load(source, ctx)?;
        let roi_shape = (sample.roi.height(), sample.roi.width());
        if roi_shape != (sample.image.height(), sample.image.width()) {
            let found = format!("{}x{}", roi_shape.0, roi_shape.1);
            let expected = format!("{}x{}", sample.image.height(), sample.image.width());
            return Err(eyepatch_core::Error::shape("ROI", expected, found).of_row(r));
        }
        let inner = dataset.inner_roi(source, ctx)?;
        let inner = inner.as_ref().unwrap_or(&sample.roi);
        let (image, method) = match how {
            Profile::Strict => (resize::image(&sample.image, size, METHOD), METHOD),
            Profile::Published => (study_image(&sample.image, size), ResizeMethod::Study),
        };
        let resized = (
            image.map_err(|e| e.of_row(r))?,
            resize::edges(&sample.roi, inner, size, method).map_err(|e| e.of_row(r))?,
        );
        ctx.progress().report(done.fetch_add(1, Ordering::Relaxed) + 1, total, "images");
        Ok(resized)
    };
    let loaded: Vec<_> = ctx.install(|| table.rows.par_iter().zip(sources).map(load).collect());
    ctx.check()?;
    let of = loaded.len();
    let (good, bad): (Vec<_>, Vec<_>) = loaded.into_iter().partition(Result::is_ok);
    let bad: Vec<_> = bad.into_iter().filter_map(Result::err).collect();
    if bad.is_empty() {
        return Ok(good.into_iter().flatten().collect());
    }
    let total = bad.len();
    Err(Error::Samples { total, of, shown: bad.into_iter().take(SHOWN).collect() })
}

fn depth_rank(image: &Image) -> usize {
    match image.pixels() {
        Pixels::U8(_) => 0,
        Pixels::U16(_) => 1,
        Pixels::F32(_) => 2,
    }
}

/// A grey image among colour ones is repeated; the reverse cannot happen.
fn to_channels(image: &Image, channels: usize) -> Result<Image> {
    if image.channels() == channels {
        return Ok(image.clone());
    }
    fn triple<T: Copy>(v: &[T]) -> Vec<T> {
        v.iter().flat_map(|x| [*x; 3]).collect()
    }
    let pixels = match image.pixels() {
        Pixels::U8(v) => Pixels::U8(triple(v)),
        Pixels::U16(v) => Pixels::U16(triple(v)),
        Pixels::F32(v) => Pixels::F32(triple(v)),
    };
    Ok(Image::new(image.width(), image.height(), channels, pixels)?)
}

/// Bytes at the set's depth: 8 bit widens to 16 by 257, integers to float by their full scale.
fn to_depth(image: &Image, depth: &str) -> Vec<u8> {
    match (image.pixels(), depth) {
        (Pixels::U8(v), "<u2") => v.iter().flat_map(|&x| (u16::from(x) * 257).to_le_bytes()).collect(),
        (Pixels::U8(_) | Pixels::U16(_), "<f4") => {
            let scale = image.full_scale();
            image.to_f32().iter().flat_map(|x| (x / scale).to_le_bytes()).collect()
        }
        _ => image.to_le_bytes(),
    }
}
