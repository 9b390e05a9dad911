use std::path::Path;
use std::sync::Arc;

use eyepatch_core::{
    Batch, ContentHash, Ctx, Embed, Error as CoreError, Fitted, OutputSpace, Result, Scores, Task,
};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::network::Network;
use crate::odds::log_odds;
use crate::params::Onnx;

/// All that is saved: the network itself stays where it is.
const ABOUT: &str = "model.json";
/// Rounding may carry a probability this far past 0 or 1.
const SLACK: f32 = 1e-5;

#[derive(Serialize, Deserialize)]
struct About {
    /// The data's.
    classes: Vec<String>,
    /// Of the ONNX file.
    hash: ContentHash,
}

/// A delivered network and which of its scores are the data's classes.
pub(crate) struct FittedOnnx {
    network: Arc<Network>,
    about: About,
    /// Index of each class's score.
    columns: Vec<usize>,
    space: OutputSpace,
    task: Task,
}

impl FittedOnnx {
    /// The network's scores are called as the parameters say, or else as the data's classes.
    pub(crate) fn new(network: Arc<Network>, params: &Onnx, data: &[String]) -> Result<Self> {
        let names = if params.classes.is_empty() { data } else { &params.classes };
        if names.len() != network.scores() || data.is_empty() {
            let (path, output) = (network.file().to_owned(), network.output().to_owned());
            return Err(
                Error::Classes { path, output, found: network.scores(), classes: names.to_vec() }.into()
            );
        }
        let column = |class: &String| {
            names.iter().position(|name| name == class).ok_or_else(|| Error::Interface {
                path: network.file().to_owned(),
                problem: format!("the data's class `{class}` is none of its classes: {}", names.join(", ")),
                remedy: "call the network's scores in `classes` as the data call their classes".into(),
            })
        };
        let columns = data.iter().map(column).collect::<Result<_, _>>()?;
        let about = About { classes: data.to_vec(), hash: network.hash() };
        Ok(Self { network, about, columns, space: params.output_space, task: params.task })
    }

    /// Reads back what [`Fitted::save`] wrote; the file must still be the same.
    pub(crate) fn open(network: Arc<Network>, params: &Onnx, folder: &Path) -> Result<Self> {
        let path = folder.join(ABOUT);
        let text = std::fs::read_to_string(&path).map_err(|e| CoreError::io(&path, e))?;
        let about: About =
            serde_json::from_str(&text).map_err(|e| Error::Saved { path, problem: e.to_string() })?;
        if about.hash != network.hash() {
            return Err(Error::Changed { path: network.file().to_owned() }.into());
        }
        Self::new(network, params, &about.classes)
    }
}

impl Fitted for FittedOnnx {
    fn classes(&self) -> &[String] {
        &self.about.classes
    }

    fn predict(&self, batch: &Batch, ctx: &Ctx) -> Result<Scores> {
        let outputs = self.network.scores();
        let mut values = self.network.score(batch, ctx)?;
        match self.space {
            OutputSpace::Probabilities => {
                let range = -SLACK..=1.0 + SLACK;
                if let Some(i) = values.iter().position(|v| !range.contains(v)) {
                    let output = self.network.output();
                    return Err(self.network.value(output, i / outputs, values[i], "not a probability"));
                }
                values.iter_mut().for_each(|v| *v = v.clamp(0.0, 1.0));
            }
            OutputSpace::Logits if self.task == Task::Softmax && outputs > 1 => {
                values.chunks_mut(outputs).for_each(log_odds);
            }
            OutputSpace::Logits | OutputSpace::Scores => {}
        }
        let rows = values.chunks(outputs);
        let values = rows.flat_map(|row| self.columns.iter().map(|&c| row[c])).collect();
        Scores::new(self.columns.len(), self.space, values)
    }

    fn save(&self, folder: &Path) -> Result<()> {
        let path = folder.join(ABOUT);
        let text = serde_json::to_string(&self.about).map_err(|e| CoreError::io(&path, e.into()))?;
        std::fs::write(&path, text).map_err(|e| CoreError::io(path, e))
    }

    fn embed(&self) -> Option<&dyn Embed> {
        self.network.dim().map(|_| self as &dyn Embed)
    }
}

impl Embed for FittedOnnx {
    fn dim(&self) -> usize {
        self.network.dim().unwrap_or(0)
    }

    fn embed(&self, batch: &Batch, ctx: &Ctx) -> Result<Vec<f32>> {
        self.network.embed(batch, ctx)
    }
}
