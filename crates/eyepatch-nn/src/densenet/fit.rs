//! Whether the tensors of a file are those of a network.

use super::config::{DenseNetConfig, Stem};
use crate::weights::{Element, Refused, Table, Tensor};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What to do with the classifier of a weight file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Head {
    /// Take it; it must have the network's classes.
    #[default]
    Keep,
    /// Leave it, whatever it is: the network keeps its own.
    Fresh,
}

/// What to do with the first convolution of a weight file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Input {
    /// Take it; it must have the network's input channels.
    #[default]
    Keep,
    /// Sum it over the input channels, for a network of one: what the file's network says of a grey image in all of
    /// its channels.
    Grey,
}

/// How weights of a file go into a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loading {
    /// The classifier.
    pub head: Head,
    /// The first convolution.
    pub input: Input,
}

/// A tensor that is not as the network needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misshaped {
    /// Its name, as torchvision has it.
    pub name: String,
    /// Its shape in the file.
    pub got: Vec<usize>,
    /// Type of its elements in the file.
    pub element: Element,
    /// Its shape in the network, where it must hold floating-point numbers.
    pub expected: Vec<usize>,
}

impl fmt::Display for Misshaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, got, element, expected) = (&self.name, &self.got, self.element, &self.expected);
        match got == expected {
            true => write!(f, "{name} is {element}, not floating-point"),
            false => write!(f, "{name} is {got:?}, not {expected:?}"),
        }
    }
}

/// All that keeps the tensors of a file from being those of a network. Every list is whole and in order of names;
/// the message shows the first eight of each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Misfit {
    /// Tensors of the network that the file lacks.
    pub missing: Vec<String>,
    /// Tensors of the file that the network does not have.
    pub surplus: Vec<String>,
    /// Tensors of another shape, or of whole numbers.
    pub misshaped: Vec<Misshaped>,
    /// Tensors with a value that is NaN or infinite.
    pub not_finite: Vec<String>,
}

impl std::error::Error for Misfit {}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, what: &str, all: &[T]) -> fmt::Result {
            match all {
                [] => Ok(()),
                _ => write!(f, "\n{} {what}: {}", all.len(), crate::weights::First(all.iter())),
            }
        }
        f.write_str("the weights do not fit the network")?;
        list(f, "missing", &self.missing)?;
        list(f, "surplus", &self.surplus)?;
        list(f, "misshaped", &self.misshaped)?;
        list(f, "not finite", &self.not_finite)
    }
}

/// Suffix of the counters of batches, which no pass needs and old files lack.
const COUNTER: &str = ".num_batches_tracked";

impl DenseNetConfig {
    /// Names and shapes of all parameters and running statistics, as torchvision has them, in order of names.
    pub fn tensors(&self) -> BTreeMap<String, Vec<usize>> {
        let mut all = BTreeMap::new();
        let mut add = |name: String, shape: &[usize]| drop(all.insert(name, shape.to_vec()));
        for (name, channels) in self.norms() {
            for part in ["weight", "bias", "running_mean", "running_var"] {
                add(format!("{name}.{part}"), &[channels]);
            }
        }
        let side = if self.stem == Stem::Large { 7 } else { 3 };
        add("features.conv0.weight".to_owned(), &[self.init_features, self.in_channels, side, side]);
        let shapes = self.block_shapes();
        for (i, shape) in shapes.iter().enumerate() {
            for j in 0..shape.layers {
                let name = format!("features.denseblock{}.denselayer{}", i + 1, j + 1);
                add(format!("{name}.conv1.weight"), &[shape.bottleneck, shape.channels(j), 1, 1]);
                add(format!("{name}.conv2.weight"), &[shape.growth, shape.bottleneck, 3, 3]);
            }
            if i + 1 < shapes.len() {
                let channels = shape.output();
                add(format!("features.transition{}.conv.weight", i + 1), &[channels / 2, channels, 1, 1]);
            }
        }
        add("classifier.weight".to_owned(), &[self.classes, self.features()]);
        add("classifier.bias".to_owned(), &[self.classes]);
        all
    }

    /// Names of the normalisations and their channels.
    fn norms(&self) -> Vec<(String, usize)> {
        let mut all = vec![("features.norm0".to_owned(), self.init_features)];
        let shapes = self.block_shapes();
        for (i, shape) in shapes.iter().enumerate() {
            for j in 0..shape.layers {
                let name = format!("features.denseblock{}.denselayer{}", i + 1, j + 1);
                all.push((format!("{name}.norm1"), shape.channels(j)));
                all.push((format!("{name}.norm2"), shape.bottleneck));
            }
            let last = i + 1 == shapes.len();
            let name = super::DenseNet::after_name(i, shapes.len());
            all.push((if last { name } else { format!("{name}.norm") }, shape.output()));
        }
        all
    }

    /// Holds the names, shapes and types of a table against this network, without reading values.
    ///
    /// # Errors
    /// Everything that does not fit, at once.
    pub fn fit(&self, table: &Table<'_>, how: Loading) -> Result<(), Box<Misfit>> {
        let (expected, mut misfit) = (self.tensors(), Misfit::default());
        let norms: BTreeSet<String> = self.norms().into_iter().map(|(name, _)| name).collect();
        let fresh = |name: &str| how.head == Head::Fresh && is_head(name);
        for (name, shape) in expected.iter().filter(|(name, _)| !fresh(name)) {
            match table.get(name) {
                None => misfit.missing.push(name.clone()),
                Some(t) if self.takes(&t, shape, how) => {}
                Some(t) => misfit.misshaped.push(Misshaped {
                    name: name.clone(),
                    got: t.shape().to_vec(),
                    element: t.element(),
                    expected: shape.clone(),
                }),
            }
        }
        let known = |name: &str| {
            expected.contains_key(name) || name.strip_suffix(COUNTER).is_some_and(|norm| norms.contains(norm))
        };
        let surplus = table.iter().map(|t| t.name()).filter(|name| !fresh(name) && !known(name));
        misfit.surplus.extend(surplus.map(str::to_owned));
        misfit.surplus.sort_unstable();
        misfit.check()
    }

    fn takes(&self, tensor: &Tensor<'_>, shape: &[usize], how: Loading) -> bool {
        let got = tensor.shape();
        let summed = how.input == Input::Grey
            && self.in_channels == 1
            && tensor.name() == "features.conv0.weight"
            && matches!((got, shape), ([a, n, b @ ..], [c, _, d @ ..]) if a == c && b == d && *n > 0);
        tensor.element().is_float() && (got == shape || summed)
    }
}

/// Whether a tensor belongs to the classifier, whatever form that has.
fn is_head(name: &str) -> bool {
    name.starts_with("classifier.")
}

impl Misfit {
    pub(super) fn check(self) -> Result<(), Box<Self>> {
        match self == Self::default() {
            true => Ok(()),
            false => Err(Box::new(self)),
        }
    }
}

/// Values of a tensor of the network; the first convolution is summed where that was asked for.
pub(super) fn values(tensor: &Tensor<'_>, shape: &[usize]) -> Vec<f32> {
    let values = tensor.to_f32();
    let [_, channels, rest @ ..] = tensor.shape() else { return values };
    if tensor.shape() == shape {
        return values;
    }
    let plane: usize = rest.iter().product();
    let filter = |filter: &[f32]| {
        // In f64, so that the sum of three channels is rounded once.
        let sum = |i: usize| (0..*channels).map(|c| f64::from(filter[c * plane + i])).sum::<f64>() as f32;
        (0..plane).map(sum).collect::<Vec<f32>>()
    };
    values.chunks_exact((channels * plane).max(1)).flat_map(filter).collect()
}

/// The counter of a normalisation, where the file has one that can be read.
pub(super) fn counter(table: &Table<'_>, norm: &str) -> Result<Option<u64>, Refused> {
    let name = format!("{norm}{COUNTER}");
    let Some(tensor) = table.get(&name) else { return Ok(None) };
    match tensor.to_i64().and_then(|n| u64::try_from(n).ok()) {
        Some(count) => Ok(Some(count)),
        None => {
            Err(Refused::Tensor { name, problem: "it counts batches, and is no whole number".to_owned() })
        }
    }
}
