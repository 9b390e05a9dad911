//! A network from a file of weights, and the way of images to it, for every command that shows images to one.

mod args;
mod pixels;
mod weights;

use eyepatch_nn::device::Chosen;
use eyepatch_nn::{DenseNet, Runner};

pub(crate) use args::NetworkArgs;
pub(crate) use pixels::Preparation;

use super::device;
use super::error::CliError;

/// A network in host memory, and what it is shown and says.
pub(crate) struct Network {
    pub(crate) net: DenseNet,
    pub(crate) classes: Vec<String>,
    pub(crate) preparation: Preparation,
}

impl NetworkArgs {
    /// Reads the weights; refuses what will not do with any image.
    pub(crate) fn load(&self) -> Result<Network, CliError> {
        let weights::Loaded { net, classes } = weights::load(self.model.as_deref(), &self.weights)?;
        let classes = self.class_names(classes, net.config().classes)?;
        let preparation = Preparation {
            side: self.size.into(),
            channels: net.config().in_channels,
            resize: self.resize,
            normalise: self.normalise,
        };
        preparation.check()?;
        let side = net.config().min_side();
        if preparation.side < side {
            let problem = format!("--size {} is too small for this network", self.size);
            return Err(CliError::usage(problem, format!("give {side} or more")));
        }
        Ok(Network { net, classes, preparation })
    }

    /// The names that were given, else the file's, else numbers.
    fn class_names(&self, file: Option<Vec<String>>, count: usize) -> Result<Vec<String>, CliError> {
        let names = match file {
            _ if !self.classes.is_empty() => self.classes.clone(),
            Some(names) => names,
            None => (0..count).map(|c| c.to_string()).collect(),
        };
        let mut unique = names.clone();
        unique.sort();
        unique.dedup();
        if names.len() != count || unique.len() != count {
            let problem = format!(
                "{} names ({} different ones) for the network's {count} classes",
                names.len(),
                unique.len()
            );
            return Err(CliError::usage(problem, "name each of them with --classes a,b,…"));
        }
        Ok(names)
    }

    /// The network ready to be asked, and where.
    pub(crate) fn start(&self, net: &DenseNet) -> Result<(Chosen, Runner), CliError> {
        let chosen = device::chosen(self.device)?;
        let runner = chosen.open().and_then(|device| Runner::of(net, &device, self.precision.into()));
        let runner =
            runner.map_err(|e| CliError::usage(e.to_string(), "choose another --device or --precision"))?;
        Ok((chosen, runner))
    }
}
