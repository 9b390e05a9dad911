//! What the full-image model of the first fold makes of its tested images at some layers, under every masking of the matrix.

use std::path::Path;

use eyepatch_core::{
    Batch, Ctx, Embeddings, Error as CoreError, Examples, Fitted, Handle, Image, Layers, Pixels, Preprocess,
    Probe, Seed,
};
use eyepatch_data::npy;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::cell::{CellCtx, read_json};
use crate::data::Masked;
use crate::sweep::shared::Shared;
use crate::sweep::work;

const INDEX_FILE: &str = "embeddings.json";
/// Raised whenever something else is embedded.
pub(in crate::sweep) const REVISION: u32 = 1;
/// Images embedded at once; bounds memory and changes nothing.
const BATCH: usize = 32;
/// Images of noise.
const NOISE_IMAGES: usize = 32;

/// One set of embeddings and its NPY file, images x `dim`.
#[derive(Serialize, Deserialize)]
struct Kept {
    file: String,
    /// Without its values.
    set: Embeddings,
}

/// All that the probes of a sweep read.
pub(in crate::sweep) fn layers(probes: &[Handle<dyn Probe>]) -> Layers {
    probes.iter().map(|p| p.reads()).max().unwrap_or_default()
}

pub(in crate::sweep) fn embed(shared: &Shared, layers: Layers, cell: &CellCtx) -> Result<()> {
    let fitted = work::restore(shared, &cell.inputs[1], cell.ctx)?;
    let network = Network::new(fitted.as_ref(), layers);
    let mut sets = Vec::new();
    for e in shared.evaluations.iter().filter(|e| !shared.is_beside_matrix(e)) {
        let training = shared.training(&cell.inputs[0], 0, shared.keep(e))?;
        let prepared = training.prepare(&e.handle, cell.ctx)?;
        let rows = &shared.splits.folds[0].test;
        let (masking, features) = (prepared.as_ref(), None);
        let view = Masked { training: &training, rows, masking, features, ctx: cell.ctx };
        let indices: Vec<usize> = (0..rows.len()).collect();
        let mut found = network.sets(shared, &shared.maskings[e.masking].card.name, rows);
        for (done, chunk) in indices.chunks(BATCH).enumerate() {
            cell.ctx.check()?;
            network.add(&view.batch(chunk)?, &mut found, cell.ctx)?;
            cell.ctx.progress().report((done * BATCH + chunk.len()) as u64, rows.len() as u64, "images");
        }
        sets.extend(found);
    }
    let mut noise = network.sets(shared, Embeddings::NOISE, &[]);
    let images = noise_images(shared, shared.set(&cell.inputs[0])?.channels(), &cell.ctx.seed())?;
    network.add(&shared.pipeline.batch(&images)?, &mut noise, cell.ctx)?;
    sets.extend(noise);
    write(sets, cell)
}

/// Images in which every value is drawn evenly from all that a byte can be.
fn noise_images(shared: &Shared, channels: usize, seed: &Seed) -> Result<Vec<Image>> {
    let (height, width) = shared.size;
    let one = |i: usize| {
        let mut rng = seed.child("noise").child(&i.to_string()).rng();
        let mut values = vec![0_u8; height * width * channels];
        rand_core::RngCore::fill_bytes(&mut rng, &mut values);
        Ok(Image::new(width, height, channels, Pixels::U8(values))?)
    };
    (0..NOISE_IMAGES).map(one).collect()
}

/// A model and the layers that are asked for.
struct Network<'a> {
    fitted: &'a dyn Fitted,
    /// Layers by name, and whether the embedding follows.
    layers: Vec<String>,
    last: bool,
}

impl<'a> Network<'a> {
    fn new(fitted: &'a dyn Fitted, wanted: Layers) -> Self {
        let all = fitted.activations().filter(|_| wanted == Layers::All);
        let last = wanted != Layers::None && fitted.embed().is_some();
        Self { fitted, layers: all.map(|a| a.milestones()).unwrap_or_default(), last }
    }

    /// Empty sets, one a layer.
    fn sets(&self, shared: &Shared, evaluated: &str, rows: &[usize]) -> Vec<Embeddings> {
        let last = self.last.then(|| Embeddings::LAST.to_owned());
        let set = |layer: String| Embeddings {
            layer,
            trained: shared.trained_name(shared.full).to_owned(),
            evaluated: evaluated.to_owned(),
            fold: 0,
            rows: rows.to_vec(),
            dim: 0,
            values: Vec::new(),
        };
        self.layers.iter().cloned().chain(last).map(set).collect()
    }

    /// Adds a batch to each layer's set.
    fn add(&self, batch: &Batch, sets: &mut [Embeddings], ctx: &Ctx) -> Result<()> {
        for (set, layer) in sets.iter_mut().zip(&self.layers) {
            let Some(model) = self.fitted.activations() else { continue };
            let (shape, values) = model.activations(layer, batch, ctx)?;
            set.append(batch.n, shape[1], pooled(layer, shape, &values)?)?;
        }
        if let (Some(model), Some(set)) = (self.fitted.embed(), sets.get_mut(self.layers.len())) {
            set.append(batch.n, model.dim(), model.embed(batch, ctx)?)?;
        }
        Ok(())
    }
}

/// The mean of every channel over its plane.
fn pooled(layer: &str, [n, channels, height, width]: [usize; 4], values: &[f32]) -> Result<Vec<f32>> {
    let plane = height * width;
    if plane == 0 || values.len() != n * channels * plane {
        let expected = format!("{n} x {channels} x {height} x {width}");
        let found = format!("{} values", values.len());
        return Err(CoreError::shape(format!("activations of layer `{layer}`"), expected, found).into());
    }
    #[expect(clippy::cast_possible_truncation, reason = "embeddings are kept as f32")]
    let mean = |plane: &[f32]| (plane.iter().map(|v| f64::from(*v)).sum::<f64>() / plane.len() as f64) as f32;
    Ok(values.chunks_exact(plane).map(mean).collect())
}

/// Grows a set by a batch's values.
trait Append {
    fn append(&mut self, n: usize, dim: usize, values: Vec<f32>) -> Result<()>;
}

impl Append for Embeddings {
    fn append(&mut self, n: usize, dim: usize, values: Vec<f32>) -> Result<()> {
        let what = || format!("embeddings of layer `{}`", self.layer);
        if dim == 0 || values.len() != n * dim || (self.dim != 0 && self.dim != dim) {
            let expected = format!("{n} x {}", if self.dim == 0 { dim } else { self.dim });
            let found = format!("{} values of {dim} a row", values.len());
            return Err(CoreError::shape(what(), expected, found).into());
        }
        if let Some(bad) = values.iter().find(|v| !v.is_finite()) {
            return Err(CoreError::shape(what(), "finite numbers", bad.to_string()).into());
        }
        self.dim = dim;
        self.values.extend(values);
        Ok(())
    }
}

fn write(sets: Vec<Embeddings>, cell: &CellCtx) -> Result<()> {
    let mut index = Vec::new();
    for (i, mut set) in sets.into_iter().enumerate() {
        let values = std::mem::take(&mut set.values);
        let file = format!("{i:03}.npy");
        cell.write(&file, &npy::encode_npy(&[values.len() / set.dim.max(1), set.dim], &values))?;
        index.push(Kept { file, set });
    }
    cell.write_json(INDEX_FILE, &index)
}

/// What [`embed`] left in a folder.
pub(super) fn read(folder: &Path) -> Result<Vec<Embeddings>> {
    let index: Vec<Kept> = read_json(&folder.join(INDEX_FILE))?;
    let one = |kept: Kept| {
        let path = folder.join(kept.file);
        let n = if kept.set.rows.is_empty() { NOISE_IMAGES } else { kept.set.rows.len() };
        let bytes = npy::read(&path, "<f4", &[n, kept.set.dim], 4)?;
        let values = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        Ok(Embeddings { values, ..kept.set })
    };
    index.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_is_its_mean() {
        let values: Vec<f32> = (0..24).map(|v| v as f32).collect();
        assert_eq!(pooled("x", [2, 3, 2, 2], &values).unwrap(), [1.5, 5.5, 9.5, 13.5, 17.5, 21.5]);
        assert!(pooled("x", [2, 3, 2, 3], &values).is_err());
        assert!(pooled("x", [2, 3, 0, 2], &[]).is_err());
    }

    #[test]
    fn batches_of_other_widths_and_numbers_that_are_none_are_refused() {
        let mut set = Embeddings {
            layer: "x".into(),
            trained: "Full".into(),
            evaluated: "Full".into(),
            fold: 0,
            rows: vec![],
            dim: 0,
            values: vec![],
        };
        set.append(2, 2, vec![1.0; 4]).unwrap();
        assert!(set.append(1, 3, vec![1.0; 3]).is_err());
        assert!(set.append(1, 2, vec![1.0; 3]).is_err());
        assert!(set.append(1, 2, vec![1.0, f32::NAN]).is_err());
        assert_eq!((set.dim, set.values.len()), (2, 4));
    }
}
