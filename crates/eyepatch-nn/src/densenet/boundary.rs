//! The border between what is frozen, and can be computed once, and what learns.

use super::config::DenseNetConfig;
use super::model::DenseNet;
use super::parts::Mode;
use super::scope::FrozenNorm;
use crate::error::{NnError, Result};
use crate::ops::Part;
use candle_core::Tensor;

/// Where the part of a network that learns begins. What lies before it, the trunk, is deterministic: its output, the
/// features of an image, depends on nothing but the image and the frozen weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary {
    /// Number of parts before the boundary.
    at: usize,
    before: Vec<Part>,
    config: DenseNetConfig,
}

/// Why a network has no [`Boundary`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoBoundary {
    /// See [`FrozenNorm::Published`].
    #[error("BatchNorm of frozen layers drifts, so the trunk depends on the batch")]
    Drifts,
    /// There is no trunk.
    #[error("the first layer learns, so nothing is frozen before it")]
    FirstLearns,
}

impl Boundary {
    /// `[c, h, w]` of what crosses the boundary for images of `h` x `w` pixels; `[c, 1, 1]` where only the classifier
    /// learns.
    pub fn shape(&self, (h, w): (usize, usize)) -> [usize; 3] {
        let c = &self.config;
        self.before.iter().fold([c.in_channels, h, w], |[_, h, w], part| match part {
            Part::Stem { output, .. } => [*output, c.side_after_stem(h), c.side_after_stem(w)],
            Part::Dense(shape) => [shape.output(), h, w],
            Part::Shrink { input } => [input / 2, h / 2, w / 2],
            Part::Pooled { input } => [*input, 1, 1],
        })
    }

    /// Normalisations before the boundary.
    fn norms(&self) -> usize {
        let of = |part: &Part| if let Part::Dense(shape) = part { 2 * shape.layers } else { 1 };
        self.before.iter().map(of).sum()
    }

    /// Name of the node of [`DenseNet::graph`] whose value crosses the boundary.
    pub fn node(&self) -> String {
        let (mut block, mut layers) = (1, 0);
        let mut name = String::new();
        for part in &self.before {
            name = match part {
                Part::Stem { pool: true, .. } => "features.pool0".to_owned(),
                Part::Stem { pool: false, .. } => "features.relu0".to_owned(),
                Part::Dense(shape) => {
                    layers += shape.layers;
                    match self.config.blocks.get(block - 1) {
                        Some(&all) if layers < all => {
                            format!("features.denseblock{block}.denselayer{layers}")
                        }
                        _ => format!("features.denseblock{block}"),
                    }
                }
                Part::Shrink { .. } => {
                    (block, layers) = (block + 1, 0);
                    format!("features.transition{}", block - 1)
                }
                Part::Pooled { .. } => "features.pool".to_owned(),
            };
        }
        name
    }

    /// Channels that cross the boundary.
    pub fn channels(&self) -> usize {
        self.shape((1, 1))[0]
    }
}

impl DenseNet {
    /// Where the part that learns begins.
    ///
    /// # Errors
    /// [`NoBoundary`] says why there is no deterministic part before it.
    pub fn boundary(&self) -> std::result::Result<Boundary, NoBoundary> {
        if self.stem_trainable {
            return Err(NoBoundary::FirstLearns);
        }
        if self.frozen_norm == FrozenNorm::Published {
            return Err(NoBoundary::Drifts);
        }
        let before: Vec<Part> =
            self.slots().into_iter().take_while(|slot| !slot.trainable).map(|slot| slot.part).collect();
        Ok(Boundary { at: before.len(), before, config: self.config.clone() })
    }

    /// A hash over the shape, weights and running statistics of the trunk: what all features depend on beside the image.
    ///
    /// # Errors
    /// [`NnError::NoBoundary`] with the reason, or when a parameter cannot be read from its device.
    pub fn trunk_digest(&self) -> Result<[u8; 32]> {
        let cut = self.cut()?;
        let mut hasher = blake3::Hasher::new();
        let mut numbers = |values: &[f32]| {
            hasher.update(&(values.len() as u64).to_le_bytes());
            hasher.update(&values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>());
        };
        for slot in self.slots().into_iter().take(cut.at) {
            for var in slot.vars {
                numbers(&var.flatten_all()?.to_vec1::<f32>()?);
            }
            for norm in slot.norms {
                numbers(&norm.running.mean);
                numbers(&norm.running.var);
            }
        }
        hasher.update(format!("{:?} {:?}", cut.before, self.config.stem).as_bytes());
        Ok(hasher.finalize().into())
    }

    fn cut(&self) -> Result<Boundary> {
        self.boundary().map_err(|why| NnError::NoBoundary(why.to_string()))
    }

    /// Features `[n, c, h, w]` ([`Boundary::shape`]) of images `[n, in_channels, h, w]`. An image's features are the
    /// same bits in whatever batch it comes.
    ///
    /// # Errors
    /// [`NnError::NoBoundary`] with the reason; otherwise as [`DenseNet::forward`].
    pub fn trunk_forward(&self, x: &Tensor) -> Result<Tensor> {
        let cut = self.cut()?;
        self.check_input(x)?;
        Ok(self.run(x, &self.parts(Mode::Eval, 0)?[..cut.at], &mut |_, _| {})?.0)
    }

    /// Logits `[n, classes]` of features, the same bits as [`DenseNet::forward`] gives of the images on the CPU.
    ///
    /// # Errors
    /// [`NnError::NoBoundary`] with the reason, [`NnError::Shape`] where the features are not of this boundary.
    pub fn tail_forward(&self, features: &Tensor) -> Result<Tensor> {
        Ok(self.tail(features, Mode::Eval)?.0)
    }

    /// [`DenseNet::forward_train`] from features on.
    ///
    /// # Errors
    /// As [`DenseNet::tail_forward`], or when a channel has a single value.
    pub fn tail_forward_train(&mut self, features: &Tensor) -> Result<Tensor> {
        let (logits, stats, skipped) = self.tail(features, Mode::Train)?;
        self.update_norms(skipped, stats)?;
        Ok(logits)
    }

    /// Logits, batch statistics, and the number of normalisations in the trunk.
    fn tail(&self, features: &Tensor, mode: Mode) -> Result<(Tensor, super::parts::BatchStats, usize)> {
        let cut = self.cut()?;
        let channels = cut.channels();
        match features.dims() {
            &[n, c, h, w] if c == channels && n * h * w > 0 => {}
            got => {
                return Err(NnError::Shape {
                    what: "features".into(),
                    got: got.to_vec(),
                    expected: format!("[n, {channels}, h, w]"),
                });
            }
        }
        let tail = self.parts(mode, cut.at)?;
        let (pooled, stats) = self.run(features, &tail, &mut |_, _| {})?;
        let logits = self.classify(&pooled.flatten_from(1)?, mode)?;
        Ok((logits, stats, cut.norms()))
    }
}
