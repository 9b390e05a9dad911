//! Images and what is to be learnt of them.

use crate::error::{NnError, Result};
use candle_core::{Device, Tensor};

/// What the network is to say of each image.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// Several yes-or-no labels an image, row after row: 0, 1, or NaN where unknown.
    Labels {
        /// Labels an image.
        classes: usize,
        /// `n * classes` values.
        values: Vec<f32>,
    },
    /// One class an image.
    Classes {
        /// Number of classes.
        classes: usize,
        /// Index of each image's class.
        values: Vec<u32>,
    },
}

impl Targets {
    /// Logits that fit these targets.
    pub fn classes(&self) -> usize {
        match self {
            Self::Labels { classes, .. } | Self::Classes { classes, .. } => *classes,
        }
    }
}

/// Images in memory with their targets.
#[derive(Debug, Clone, PartialEq)]
pub struct Examples {
    pixels: Vec<f32>,
    shape: (usize, usize, usize),
    targets: Targets,
    len: usize,
}

impl Examples {
    /// `pixels` are `[n, c, h, w]` row after row, `shape` is `(c, h, w)`.
    ///
    /// # Errors
    /// [`NnError::Data`] naming the sample: sizes that do not fit, pixels that are not finite, labels that are not 0,
    /// 1 or NaN, classes that do not exist, samples without any known label.
    pub fn new(pixels: Vec<f32>, shape: (usize, usize, usize), targets: Targets) -> Result<Self> {
        let bad = |message: String| Err(NnError::Data(message));
        let size = shape.0 * shape.1 * shape.2;
        if size == 0 || !pixels.len().is_multiple_of(size) {
            return bad(format!("{} pixels are no whole number of {shape:?} images", pixels.len()));
        }
        let len = pixels.len() / size;
        if let Some(at) = pixels.iter().position(|v| !v.is_finite()) {
            return bad(format!("sample {} has a pixel that is {}", at / size, pixels[at]));
        }
        let classes = targets.classes();
        if classes == 0 {
            return bad("no classes".into());
        }
        match &targets {
            Targets::Labels { values, .. } => {
                if values.len() != len * classes {
                    return bad(format!("{} labels for {len} images of {classes} classes", values.len()));
                }
                if let Some(at) = values.iter().position(|&v| !(v == 0.0 || v == 1.0 || v.is_nan())) {
                    let (sample, class, v) = (at / classes, at % classes, values[at]);
                    return bad(format!(
                        "sample {sample}, class {class}: label {v} is none of 0, 1, missing"
                    ));
                }
                if let Some(i) = values.chunks_exact(classes).position(|row| row.iter().all(|v| v.is_nan())) {
                    return bad(format!("sample {i} has no known label"));
                }
            }
            Targets::Classes { values, .. } => {
                if values.len() != len {
                    return bad(format!("{} classes for {len} images", values.len()));
                }
                if let Some(i) = values.iter().position(|&v| v as usize >= classes) {
                    return bad(format!("sample {i} has class {}, there are {classes}", values[i]));
                }
            }
        }
        Ok(Self { pixels, shape, targets, len })
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// `(c, h, w)` of an image.
    pub fn shape(&self) -> (usize, usize, usize) {
        self.shape
    }

    /// What is to be learnt.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// Pixels of one image, `[c, h, w]`.
    pub(super) fn image(&self, i: usize) -> &[f32] {
        let size = self.shape.0 * self.shape.1 * self.shape.2;
        &self.pixels[i * size..(i + 1) * size]
    }

    /// These images as a tensor `[k, c, h, w]`, each changed by `change`.
    pub(super) fn batch(
        &self,
        rows: &[usize],
        device: &Device,
        mut change: impl FnMut(usize, &mut [f32]),
    ) -> Result<Tensor> {
        let (c, h, w) = self.shape;
        let mut pixels = Vec::with_capacity(rows.len() * c * h * w);
        for &row in rows {
            let start = pixels.len();
            pixels.extend_from_slice(self.image(row));
            change(row, &mut pixels[start..]);
        }
        Ok(Tensor::from_vec(pixels, (rows.len(), c, h, w), device)?)
    }

    /// Loss of the logits of these images.
    pub(super) fn loss(&self, rows: &[usize], logits: &Tensor) -> Result<super::Loss> {
        let logits = logits.flatten_all()?.to_vec1::<f32>()?;
        match &self.targets {
            Targets::Labels { classes, values } => {
                let labels: Vec<f32> =
                    rows.iter().flat_map(|&i| &values[i * classes..(i + 1) * classes]).copied().collect();
                super::bce_with_logits(&logits, &labels)
            }
            Targets::Classes { classes, values } => {
                let labels: Vec<u32> = rows.iter().map(|&i| values[i]).collect();
                super::cross_entropy(&logits, *classes, &labels)
            }
        }
    }
}
