//! A sweep as data: what a plan file holds.

use eyepatch_core::{Explainer, Handle, Masker, Probe, Registry};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::MaskingSweep;
use super::declare::Design;
use super::transfer::{Transfer, TransferSpec};
use crate::Result;

/// A plugin by id, with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginRef {
    /// `namespace/name`.
    pub id: String,
    /// Its parameters; null for its defaults.
    #[serde(default)]
    pub params: Value,
}

/// A [`MaskingSweep`] as data: what a plan file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepSpec {
    /// The model.
    pub model: PluginRef,
    /// The data set.
    pub dataset: PluginRef,
    /// The maskings, in the order of the matrix.
    pub maskers: Vec<PluginRef>,
    /// Maskings that only the full-image model is evaluated on.
    #[serde(default)]
    pub further: Vec<PluginRef>,
    /// The probes.
    pub probes: Vec<PluginRef>,
    /// The explainer.
    #[serde(default)]
    pub explainer: Option<PluginRef>,
    /// Explainers whose maps are held against its.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_explainers: Vec<PluginRef>,
    /// External data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    transfers: Vec<TransferSpec>,
    #[serde(default)]
    design: Design,
}

impl MaskingSweep {
    /// The sweep as data.
    #[must_use]
    pub fn spec(&self) -> SweepSpec {
        fn plugin<T: ?Sized>(handle: &Handle<T>) -> PluginRef {
            PluginRef { id: handle.spec().id.clone(), params: handle.spec().params.clone() }
        }
        SweepSpec {
            model: plugin(&self.model),
            dataset: plugin(&self.dataset),
            maskers: self.maskers.iter().map(plugin).collect(),
            further: self.further.iter().map(plugin).collect(),
            probes: self.probes.iter().map(plugin).collect(),
            explainer: self.explainer.as_ref().map(plugin),
            other_explainers: self.other_explainers.iter().map(plugin).collect(),
            transfers: self.transfers.iter().map(Transfer::spec).collect(),
            design: self.design.clone(),
        }
    }

    /// The sweep from data.
    ///
    /// # Errors
    /// [`eyepatch_core::Error::UnknownPlugin`], [`eyepatch_core::Error::Params`].
    pub fn from_spec(spec: &SweepSpec, registry: &Registry) -> Result<Self> {
        let masker = |m: &PluginRef| registry.make::<dyn Masker>(&m.id, &m.params);
        let (maskers, further) = (spec.maskers.iter().map(masker), spec.further.iter().map(masker));
        let probes = spec.probes.iter().map(|p| registry.make::<dyn Probe>(&p.id, &p.params));
        let explainer = |e: &PluginRef| registry.make::<dyn Explainer>(&e.id, &e.params);
        Ok(Self {
            model: registry.make(&spec.model.id, &spec.model.params)?,
            dataset: registry.make(&spec.dataset.id, &spec.dataset.params)?,
            maskers: maskers.collect::<Result<_, _>>()?,
            further: further.collect::<Result<_, _>>()?,
            probes: probes.collect::<Result<_, _>>()?,
            explainer: spec.explainer.as_ref().map(explainer).transpose()?,
            other_explainers: spec.other_explainers.iter().map(explainer).collect::<Result<_, _>>()?,
            transfers: spec
                .transfers
                .iter()
                .map(|t| Transfer::from_spec(t, registry))
                .collect::<Result<_>>()?,
            design: spec.design.clone(),
        })
    }
}
