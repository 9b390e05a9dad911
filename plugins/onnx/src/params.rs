use std::path::PathBuf;

use eyepatch_core::{Normalise, OutputSpace, Params, Step, Task};
use serde::{Deserialize, Serialize};

use crate::cache::Cache;

/// Height and width of the input in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Size {
    /// Both the same.
    Square(usize),
    /// Height, then width.
    Rectangle(usize, usize),
}

impl Size {
    /// Height and width.
    #[must_use]
    pub fn pair(self) -> (usize, usize) {
        match self {
            Self::Square(side) => (side, side),
            Self::Rectangle(height, width) => (height, width),
        }
    }
}

/// When images are normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// After masking, by the depth's full scale: no hidden pixel reaches a visible one.
    #[default]
    Strict,
    /// Before masking, by the image's own maximum, as in the study: hidden pixels set the brightness of visible ones, so
    /// nothing is concluded.
    Published,
}

/// A delivered classifier in an ONNX file. Its fields are the plugin's parameters; start from [`onnx`](crate::onnx).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Onnx {
    pub(crate) path: PathBuf,
    pub(crate) library: Option<PathBuf>,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) size: Size,
    pub(crate) channels: usize,
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) embedding: Option<String>,
    pub(crate) classes: Vec<String>,
    pub(crate) output_space: OutputSpace,
    pub(crate) task: Task,
    pub(crate) order: Order,
    pub(crate) mean: Vec<f32>,
    pub(crate) std: Vec<f32>,
    #[serde(skip)]
    pub(crate) cache: Cache,
}

impl Default for Onnx {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            library: None,
            name: String::new(),
            description: "A classifier trained elsewhere and delivered as an ONNX file.".into(),
            size: Size::Square(224),
            channels: 3,
            input: None,
            output: None,
            embedding: None,
            classes: Vec::new(),
            output_space: OutputSpace::Logits,
            task: Task::MultiLabel,
            order: Order::Strict,
            mean: Vec::new(),
            std: Vec::new(),
            cache: Cache::default(),
        }
    }
}

/// Writes a setter that starts the clone without a network in memory.
macro_rules! setters {
    ($($(#[$doc:meta])+ $field:ident: $type:ty = $value:expr;)+) => {
        impl Onnx {$(
            $(#[$doc])+
            #[must_use]
            pub fn $field(self, $field: $type) -> Self {
                Self { $field: $value, cache: Cache::default(), ..self }
            }
        )+}
    };
}

setters! {
    /// The onnxruntime library, where it is not the one that `ORT_DYLIB_PATH` names.
    library: impl Into<PathBuf> = Some(library.into());
    /// The model's name, where it is not the file's.
    name: impl Into<String> = name.into();
    /// Architecture and training, in a few sentences.
    description: impl Into<String> = description.into();
    /// Height and width of the input.
    size: Size = size;
    /// Channels of the input: 3, or 1 for grey.
    channels: usize = channels;
    /// The input that takes images, where there are several.
    input: impl Into<String> = Some(input.into());
    /// The output that gives scores, where it is not the only one or the first one with two axes.
    output: impl Into<String> = Some(output.into());
    /// The output that gives embeddings.
    embedding: impl Into<String> = Some(embedding.into());
    /// Names of the network's scores, in its order, where they are not exactly the data's classes.
    classes: impl IntoIterator<Item = impl Into<String>> = classes.into_iter().map(Into::into).collect();
    /// The scale of the scores.
    output_space: OutputSpace = output_space;
    /// What the scores mean together.
    task: Task = task;
    /// When images are normalised.
    order: Order = order;
}

impl Onnx {
    /// Numbers that are subtracted from the scaled pixels, and by which they are then divided: one of each, or one a
    /// channel.
    #[must_use]
    pub fn standardise(
        self,
        mean: impl IntoIterator<Item = f32>,
        std: impl IntoIterator<Item = f32>,
    ) -> Self {
        let (mean, std) = (mean.into_iter().collect(), std.into_iter().collect());
        Self { mean, std, cache: Cache::default(), ..self }
    }

    /// ImageNet's mean and deviation of each channel, as torchvision's classifiers want them.
    #[must_use]
    pub fn imagenet(self) -> Self {
        self.standardise([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    }

    /// What the engine does to an image.
    pub(crate) fn preprocessing(&self) -> Vec<Step> {
        match (self.order, self.mean.as_slice(), self.std.as_slice()) {
            (Order::Published, ..) => Step::published(),
            (Order::Strict, &[mean], &[std]) => {
                vec![
                    Step::Decode,
                    Step::Resize,
                    Step::Mask,
                    Step::Normalise(Normalise::Standardise { mean, std }),
                ]
            }
            (Order::Strict, ..) => Step::strict(),
        }
    }

    /// Mean and deviation of each channel, where the engine's steps do not hold them.
    pub(crate) fn standardisation(&self) -> Option<Vec<(f32, f32)>> {
        let by_engine = self.order == Order::Strict && self.mean.len() == 1;
        if self.mean.is_empty() || by_engine {
            return None;
        }
        let of = |values: &[f32], channel: usize| values[channel.min(values.len() - 1)];
        Some((0..self.channels).map(|c| (of(&self.mean, c), of(&self.std, c))).collect())
    }

    fn check_standardisation(&self) -> Result<(), String> {
        let (means, stds) = (self.mean.len(), self.std.len());
        if means != stds || !(means == 0 || means == 1 || means == self.channels) {
            return Err(format!(
                "`mean` has {means} and `std` {stds} numbers: both need none, one, or one a channel ({})",
                self.channels
            ));
        }
        match (
            self.mean.iter().find(|m| !m.is_finite()),
            self.std.iter().find(|s| !(s.is_finite() && **s > 0.0)),
        ) {
            (Some(m), _) => Err(format!("`mean` holds {m}: it must be a finite number")),
            (_, Some(s)) => Err(format!("`std` holds {s}: it must be above 0")),
            _ => Ok(()),
        }
    }

    fn check_classes(&self) -> Result<(), String> {
        for (i, class) in self.classes.iter().enumerate() {
            if class.trim().is_empty() || self.classes[..i].contains(class) {
                return Err(format!(
                    "`classes` holds `{class}` twice or empty: each output has its own name"
                ));
            }
        }
        if self.task == Task::SingleLogit && self.classes.len() > 1 {
            return Err(format!(
                "`task` is single-logit and `classes` names {}: there is one",
                self.classes.len()
            ));
        }
        Ok(())
    }
}

impl Params for Onnx {
    fn check(&self) -> Result<(), String> {
        if self.path.as_os_str().is_empty() {
            return Err("`path` is missing: give the path of the ONNX file".into());
        }
        let (height, width) = self.size.pair();
        if !(1..=8192).contains(&height) || !(1..=8192).contains(&width) {
            return Err(format!("`size` is {height} x {width}: each must lie in 1 ..= 8192"));
        }
        if !matches!(self.channels, 1 | 3) {
            return Err(format!("`channels` is {}: images have 1 or 3", self.channels));
        }
        for (field, value) in
            [("input", &self.input), ("output", &self.output), ("embedding", &self.embedding)]
        {
            if value.as_ref().is_some_and(String::is_empty) {
                return Err(format!("`{field}` is empty: leave it out or name one"));
            }
        }
        self.check_classes()?;
        self.check_standardisation()
    }
}
