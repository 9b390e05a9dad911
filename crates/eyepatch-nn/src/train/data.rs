//! Images, or features of images, and what is to be learnt of them.

use super::loss::Loss;
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

    /// Images that these are the targets of.
    fn len(&self) -> usize {
        match self {
            Self::Labels { classes, values } => values.len() / (*classes).max(1),
            Self::Classes { values, .. } => values.len(),
        }
    }

    fn check(&self, len: usize) -> Result<()> {
        let bad = |message: String| Err(NnError::Data(message));
        let classes = self.classes();
        if classes == 0 {
            return bad("no classes".into());
        }
        match self {
            Self::Labels { values, .. } => {
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
            Self::Classes { values, .. } => {
                if values.len() != len {
                    return bad(format!("{} classes for {len} images", values.len()));
                }
                if let Some(i) = values.iter().position(|&v| v as usize >= classes) {
                    return bad(format!("sample {i} has class {}, there are {classes}", values[i]));
                }
            }
        }
        Ok(())
    }
}

/// Any error of whoever provides values.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// Provides values that are not kept in memory.
pub trait Source: Sync {
    /// Appends the values of these rows in this view, one row after the other, `c * h * w` each. Images have view 0 only.
    ///
    /// # Errors
    /// Whatever goes wrong; training ends with [`NnError::Source`].
    fn read(&self, rows: &[usize], view: usize, into: &mut Vec<f32>) -> std::result::Result<(), SourceError>;
}

enum Values<'a> {
    /// Row after row, the views of a row one after the other.
    Memory(Vec<f32>),
    Source(Box<dyn Source + 'a>),
}

/// What examples are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Pixels, which enter at the beginning.
    Images,
    /// Features, which enter at the network's [`crate::densenet::Boundary`].
    Features,
}

/// Images, or features of images ([`crate::DenseNet::trunk_forward`]), with their targets.
pub struct Examples<'a> {
    values: Values<'a>,
    kind: Kind,
    shape: (usize, usize, usize),
    views: usize,
    targets: Targets,
    len: usize,
    /// Whose random numbers each row has.
    ids: Vec<u64>,
    /// Which rows belong together; empty where none do.
    groups: Vec<u64>,
}

impl std::fmt::Debug for Examples<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Examples({} {:?} of {:?}, {} views)", self.len, self.kind, self.shape, self.views)
    }
}

impl Examples<'static> {
    /// Images in memory: `pixels` are `[n, c, h, w]` row after row, `shape` is `(c, h, w)`.
    ///
    /// # Errors
    /// [`NnError::Data`] naming the sample: sizes that do not fit, pixels that are not finite, labels that are not 0,
    /// 1 or NaN, classes that do not exist, samples without any known label.
    pub fn new(pixels: Vec<f32>, shape: (usize, usize, usize), targets: Targets) -> Result<Self> {
        Self::in_memory(Kind::Images, pixels, shape, 1, targets)
    }

    /// Features in memory, `[n, views, c, h, w]` row after row. Epoch `e` uses view `e` modulo `views`.
    ///
    /// # Errors
    /// As [`Examples::new`].
    pub fn features(
        values: Vec<f32>,
        shape: (usize, usize, usize),
        views: usize,
        targets: Targets,
    ) -> Result<Self> {
        Self::in_memory(Kind::Features, values, shape, views, targets)
    }

    fn in_memory(
        kind: Kind,
        values: Vec<f32>,
        shape: (usize, usize, usize),
        views: usize,
        targets: Targets,
    ) -> Result<Self> {
        let what = if kind == Kind::Images { "pixel" } else { "feature" };
        let size = shape.0 * shape.1 * shape.2 * views;
        if size == 0 || !values.len().is_multiple_of(size) {
            let message = format!(
                "{} {what}s are no whole number of {shape:?} images, {views} views each",
                values.len()
            );
            return Err(NnError::Data(message));
        }
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            let message = format!("sample {} has a {what} that is {}", at / size, values[at]);
            return Err(NnError::Data(message));
        }
        let len = values.len() / size;
        targets.check(len)?;
        Ok(Self::over(Values::Memory(values), kind, shape, views, targets, len))
    }
}

impl<'a> Examples<'a> {
    /// Images or features that a source reads whenever they are needed; they are checked then.
    ///
    /// # Errors
    /// As [`Examples::new`], of the targets.
    pub fn read(
        kind: Kind,
        source: impl Source + 'a,
        shape: (usize, usize, usize),
        views: usize,
        targets: Targets,
    ) -> Result<Self> {
        let len = targets.len();
        targets.check(len)?;
        if shape.0 * shape.1 * shape.2 * views == 0 {
            return Err(NnError::Data(format!("values of shape {shape:?} in {views} views")));
        }
        Ok(Self::over(Values::Source(Box::new(source)), kind, shape, views, targets, len))
    }

    fn over(
        values: Values<'a>,
        kind: Kind,
        shape: (usize, usize, usize),
        views: usize,
        targets: Targets,
        len: usize,
    ) -> Self {
        let ids = (0..len as u64).collect();
        Self { values, kind, shape, views, targets, len, ids, groups: vec![] }
    }

    /// With an identity for each row, which its random numbers depend on; without, it is the row's place.
    ///
    /// # Errors
    /// [`NnError::Data`] where their number is another.
    pub fn with_ids(self, ids: Vec<u64>) -> Result<Self> {
        self.check_number("identities", ids.len())?;
        Ok(Self { ids, ..self })
    }

    /// With the group (patient) of each row, for [`super::Shuffle::Mixed`].
    ///
    /// # Errors
    /// [`NnError::Data`] where their number is another.
    pub fn with_groups(self, groups: Vec<u64>) -> Result<Self> {
        self.check_number("groups", groups.len())?;
        Ok(Self { groups, ..self })
    }

    fn check_number(&self, what: &str, got: usize) -> Result<()> {
        if got == self.len {
            Ok(())
        } else {
            Err(NnError::Data(format!("{got} {what} for {} images", self.len)))
        }
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// `(c, h, w)` of an image or its features.
    pub fn shape(&self) -> (usize, usize, usize) {
        self.shape
    }

    /// Whether these are images or features.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Views of each image.
    pub fn views(&self) -> usize {
        self.views
    }

    /// What is to be learnt.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    pub(super) fn id(&self, row: usize) -> u64 {
        self.ids[row]
    }

    pub(super) fn groups(&self) -> &[u64] {
        &self.groups
    }

    /// A hash over everything that can be read without a source.
    pub(super) fn digest(&self, hasher: &mut blake3::Hasher) {
        hasher.update(format!("{self:?}").as_bytes());
        let floats = |hasher: &mut blake3::Hasher, values: &[f32]| {
            for part in values.chunks(1 << 16) {
                hasher.update(&part.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
            }
        };
        match &self.targets {
            Targets::Labels { values, .. } => floats(hasher, values),
            Targets::Classes { values, .. } => values.iter().for_each(|v| {
                hasher.update(&v.to_le_bytes());
            }),
        }
        for number in self.ids.iter().chain(&self.groups) {
            hasher.update(&number.to_le_bytes());
        }
        if let Values::Memory(values) = &self.values {
            floats(hasher, values);
        }
    }

    /// These rows as a tensor `[k, c, h, w]`, each changed by `change`.
    pub(super) fn batch(
        &self,
        rows: &[usize],
        view: usize,
        device: &Device,
        mut change: impl FnMut(usize, &mut [f32]),
    ) -> Result<Tensor> {
        let (c, h, w) = self.shape;
        let size = c * h * w;
        let mut values = Vec::with_capacity(rows.len() * size);
        match &self.values {
            Values::Memory(all) => {
                for &row in rows {
                    values.extend_from_slice(&all[(row * self.views + view) * size..][..size]);
                }
            }
            Values::Source(source) => {
                source.read(rows, view, &mut values).map_err(NnError::Source)?;
                let bad = values.iter().position(|v| !v.is_finite());
                if values.len() != rows.len() * size || bad.is_some() {
                    let found =
                        bad.map_or_else(|| format!("{} values", values.len()), |at| values[at].to_string());
                    return Err(NnError::Data(format!(
                        "samples {rows:?}: {found}, not {size} finite values each"
                    )));
                }
            }
        }
        for (&row, values) in rows.iter().zip(values.chunks_exact_mut(size)) {
            change(row, values);
        }
        Ok(Tensor::from_vec(values, (rows.len(), c, h, w), device)?)
    }

    /// Loss of the logits of these rows; `pos_weight` has one entry a class, and is for labels only.
    pub(super) fn loss(&self, rows: &[usize], logits: &Tensor, pos_weight: &[f32]) -> Result<Loss> {
        let logits = logits.flatten_all()?.to_vec1::<f32>()?;
        match &self.targets {
            Targets::Labels { classes, values } => {
                let labels: Vec<f32> =
                    rows.iter().flat_map(|&i| &values[i * classes..(i + 1) * classes]).copied().collect();
                super::weighted_bce_with_logits(&logits, &labels, pos_weight)
            }
            Targets::Classes { classes, values } => {
                let labels: Vec<u32> = rows.iter().map(|&i| values[i]).collect();
                super::cross_entropy(&logits, *classes, &labels)
            }
        }
    }

    /// Mean loss with every logit zero.
    pub(super) fn chance(&self, pos_weight: &[f32]) -> f64 {
        match &self.targets {
            Targets::Labels { values, .. } => {
                let zeros = vec![0.0; values.len()];
                super::weighted_bce_with_logits(&zeros, values, pos_weight).map_or(0.0, |l| l.mean())
            }
            Targets::Classes { classes, .. } => (*classes as f64).ln(),
        }
    }

    /// The weights of positive labels, class by class.
    pub(super) fn pos_weight(&self, weight: &super::PosWeight) -> Result<Vec<f32>> {
        use super::PosWeight;
        let classes = self.targets.classes();
        let bad = |value: &dyn std::fmt::Debug, why| Err(NnError::config("pos_weight", value, why));
        match (weight, &self.targets) {
            (PosWeight::None, _) => Ok(vec![1.0; classes]),
            (_, Targets::Classes { .. }) => {
                bad(weight, "is for yes-or-no labels, not for one class of several")
            }
            (PosWeight::Given(given), _) if given.len() != classes => {
                bad(given, "must have one weight a class")
            }
            (PosWeight::Given(given), _) if !given.iter().all(|w| w.is_finite() && *w > 0.0) => {
                bad(given, "must be above 0")
            }
            (PosWeight::Given(given), _) => Ok(given.clone()),
            (PosWeight::Balanced, Targets::Labels { values, .. }) => {
                let count = |class: usize, label: f32| {
                    values.iter().skip(class).step_by(classes).filter(|v| **v == label).count()
                };
                let weights: Vec<f32> =
                    (0..classes).map(|c| (count(c, 0.0) as f64 / count(c, 1.0) as f64) as f32).collect();
                match weights.iter().position(|w| !(w.is_finite() && *w > 0.0)) {
                    None => Ok(weights),
                    Some(c) => Err(NnError::Data(format!(
                        "class {c} has labels of one kind only: no weight balances it"
                    ))),
                }
            }
        }
    }
}
