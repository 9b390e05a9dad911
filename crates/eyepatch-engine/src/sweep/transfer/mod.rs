//! External data: the models of a sweep on images from elsewhere, prepared and masked as their own were.

mod analyse;
mod calibrate;
mod carry;
mod external;

use eyepatch_core::{Dataset, Handle, Registry};
use serde::{Deserialize, Serialize};

use super::PluginRef;
use crate::Result;

pub(super) use analyse::transfers;
pub(super) use external::External;

/// An external data set, and what is asked about it.
#[derive(Clone, Debug)]
pub struct Transfer {
    pub(super) dataset: Handle<dyn Dataset>,
    pub(super) asked: Asked,
}

/// What is asked about external data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Asked {
    /// Columns of the external table whose values are groups.
    subgroups: Vec<String>,
    /// Sensitivity at home of the operating point that is carried over.
    sensitivity: f64,
}

impl Default for Asked {
    fn default() -> Self {
        Self { subgroups: Vec::new(), sensitivity: 0.9 }
    }
}

/// A [`Transfer`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferSpec {
    dataset: PluginRef,
    #[serde(flatten)]
    asked: Asked,
}

impl Transfer {
    /// To this data set. Its classes are those of the audit's own, by name; further ones are left out.
    pub fn to(dataset: impl Into<Handle<dyn Dataset>>) -> Self {
        Self { dataset: dataset.into(), asked: Asked::default() }
    }

    /// Also by the values of these columns of the external table.
    #[must_use]
    pub fn subgroups<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.asked.subgroups.extend(columns.into_iter().map(Into::into));
        self
    }

    /// Carries over the operating point that has this sensitivity on the audit's own tested images [default: 0.9].
    #[must_use]
    pub fn sensitivity(mut self, sensitivity: f64) -> Self {
        self.asked.sensitivity = sensitivity;
        self
    }

    pub(super) fn spec(&self) -> TransferSpec {
        let spec = self.dataset.spec();
        TransferSpec {
            dataset: PluginRef { id: spec.id.clone(), params: spec.params.clone() },
            asked: self.asked.clone(),
        }
    }

    pub(super) fn from_spec(spec: &TransferSpec, registry: &Registry) -> Result<Self> {
        Ok(Self {
            dataset: registry.make(&spec.dataset.id, &spec.dataset.params)?,
            asked: spec.asked.clone(),
        })
    }

    /// What is wrong with the declaration, and what to do.
    pub(super) fn check(&self) -> Result<(), (String, &'static str)> {
        let sensitivity = self.asked.sensitivity;
        if !(sensitivity > 0.0 && sensitivity < 1.0) {
            return Err((
                format!("an operating point of sensitivity {sensitivity}"),
                "give a share between 0 and 1, for instance 0.9",
            ));
        }
        Ok(())
    }
}
