use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::params::{Params, Registered};
use crate::registry::{Kind, Origin};
use crate::{Dataset, Error, Explainer, Masker, Model, Probe, Result};

/// A plugin's identity: what a cell's key covers and what a report prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PluginSpec {
    /// `namespace/name`.
    pub id: String,
    /// Its parameters.
    pub params: Value,
    /// See [`Registered::REVISION`].
    pub revision: u32,
    /// The crate it comes from.
    pub crate_name: String,
    /// The crate's version.
    pub version: String,
}

impl PluginSpec {
    pub(crate) fn new(id: &str, revision: u32, origin: Origin, params: Value) -> Self {
        Self {
            id: id.into(),
            params,
            revision,
            crate_name: origin.crate_name.into(),
            version: origin.version.into(),
        }
    }
}

/// A plugin with its identity. Made from a typed value (`Region { .. }.into()`) or from the registry by id.
pub struct Handle<T: ?Sized> {
    spec: PluginSpec,
    problem: Option<String>,
    plugin: Arc<T>,
}

impl<T: ?Sized> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Self { spec: self.spec.clone(), problem: self.problem.clone(), plugin: self.plugin.clone() }
    }
}

impl<T: ?Sized> Deref for Handle<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.plugin
    }
}

impl<T: ?Sized> std::fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.spec.id, self.spec.params)
    }
}

impl<T: ?Sized> Handle<T> {
    pub(crate) fn from_parts(spec: PluginSpec, plugin: Arc<T>) -> Self {
        Self { spec, problem: None, plugin }
    }

    /// Its identity.
    #[must_use]
    pub fn spec(&self) -> &PluginSpec {
        &self.spec
    }

    /// Checks its parameters; an audit does so when it is built, before any image is read.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn checked(&self, kind: Kind) -> Result<&Self> {
        match &self.problem {
            None => Ok(self),
            Some(problem) => Err(Error::Params { kind, id: self.spec.id.clone(), problem: problem.clone() }),
        }
    }
}

macro_rules! from_typed {
    ($($kind:ident),*) => {$(
        impl<T: $kind + Params + Registered> From<T> for Handle<dyn $kind> {
            fn from(plugin: T) -> Self {
                let params = serde_json::to_value(&plugin);
                let problem = match &params {
                    Ok(_) => plugin.check().err(),
                    Err(e) => Some(format!("cannot be written as JSON: {e}")),
                };
                let spec = PluginSpec::new(T::ID, T::REVISION, T::ORIGIN, params.unwrap_or_default());
                Self { spec, problem, plugin: Arc::new(plugin) }
            }
        }
    )*};
}
from_typed!(Dataset, Masker, Model, Explainer, Probe);
