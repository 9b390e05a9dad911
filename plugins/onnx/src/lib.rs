#![doc = include_str!("../README.md")]

mod cache;
mod error;
mod fitted;
mod interface;
mod library;
mod network;
mod odds;
mod params;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eyepatch_core::{
    ContentHash, Ctx, Estimate, Examples, Fitted, InputSpec, Model, ModelCard, Result, Workload, plugin,
};

pub use error::Error;
use fitted::FittedOnnx;
use network::Network;
pub use params::{Onnx, Order, Size};

/// A classifier delivered as an ONNX file, with one logit a class and three input channels.
///
/// ```
/// use plugin_onnx::{Size, onnx};
///
/// let model = onnx("densenet121.onnx").size(Size::Square(512)).imagenet().embedding("features");
/// ```
#[must_use]
pub fn onnx(path: impl Into<PathBuf>) -> Onnx {
    Onnx { path: path.into(), ..Onnx::default() }
}

impl Onnx {
    fn network(&self) -> Result<Arc<Network>> {
        self.cache.get(|| Network::open(self))
    }

    fn card_name(&self) -> String {
        let of_file = || self.path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
        if self.name.trim().is_empty() { of_file() } else { self.name.clone() }
    }
}

/// A delivered classifier in an ONNX file, run on the processor by the user's onnxruntime.
#[plugin("eyepatch/onnx")]
impl Model for Onnx {
    fn card(&self) -> ModelCard {
        let mut description = self.description.clone();
        if let Some(channels) = self.standardisation() {
            let text: Vec<String> = channels.iter().map(|(m, s)| format!("(x - {m}) / {s}")).collect();
            description = format!(
                "{description} Its input is scaled at last, channel by channel: {}.",
                text.join(", ")
            );
        }
        ModelCard {
            name: self.card_name(),
            task: self.task,
            output: self.output_space,
            preprocessing: self.preprocessing(),
            trained_here: false,
            parameters: None,
            description,
        }
    }

    fn input(&self) -> InputSpec {
        InputSpec { channels: self.channels, size: self.size.pair() }
    }

    fn fit(&self, train: &dyn Examples, _validation: &dyn Examples, _ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(FittedOnnx::new(self.network()?, self, train.classes())?))
    }

    fn restore(&self, folder: &Path, _ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(FittedOnnx::open(self.network()?, self, folder)?))
    }

    fn estimate(&self, work: &Workload, _ctx: &Ctx) -> Option<Estimate> {
        let seconds = self.network().ok()?.seconds();
        Some(Estimate {
            fit_seconds: 0.0,
            predict_seconds: seconds * work.predict_images as f64,
            disk_bytes: 1024,
        })
    }

    fn content(&self, _ctx: &Ctx) -> Result<Option<ContentHash>> {
        Ok(Some(ContentHash::of(&network::read(&self.path)?)))
    }
}
