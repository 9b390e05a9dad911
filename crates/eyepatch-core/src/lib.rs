//! The five traits, the registry and the value types that every audit shares.
//!
//! A plugin implements one of [`Dataset`], [`Masker`], [`Model`], [`Explainer`], [`Probe`] for a struct whose
//! serde fields are its parameters, and registers it with [`plugin`]. Nothing here knows a concrete plugin.

mod attribution;
mod batch;
mod ctx;
mod dataset;
mod error;
mod explainer;
mod figure;
mod finding;
mod fitted;
mod handle;
mod hash;
mod image;
mod masker;
mod model;
mod params;
mod probe;
mod profile;
mod question;
mod registry;
mod roi;
mod sample;
mod scores;
mod seed;
mod trunk;

pub use attribution::{Attribution, Explained};
pub use batch::{Batch, DType, DeviceBuffer, HostData, Layout, Place};
pub use ctx::{Cancel, Ctx, Device, Progress, Silent};
pub use dataset::{DataCard, Dataset};
pub use error::{Error, Result};
pub use explainer::{Budget, Explainer, ExplainerCard, Preprocess, Subject, Subjects};
pub use eyepatch_macros::plugin;
pub use figure::{Colouring, DepthProfile, Figure, Scatter, Series};
pub use finding::{Direction, Finding, Interval};
pub use fitted::{Activations, Embed, Epoch, Fitted, Gradients, LayerGradients, Randomise};
pub use handle::{Handle, PluginSpec};
pub use hash::{ContentHash, Hasher};
pub use image::{Image, Pixels, PixelsMut};
pub use masker::{Donors, Keep, Masker, MaskingCard, NoDonors, Prepared, Shape, TrainingPart};
pub use model::{
    Estimate, Examples, InputSpec, Model, ModelCard, Normalise, OutputSpace, Step, Task, Workload,
};
pub use params::{Params, Registered};
pub use probe::{Evidence, FoldRows, Layers, Probe, ProbeCard};
pub use profile::Profile;
pub use question::{Question, upper_half};
pub use registry::{Entry, Kind, Lookup, Origin, Registry};
pub use roi::{LegitimateRegion, Mask, Roi};
pub use sample::{Meta, Row, Sample, Table};
pub use scores::{Embeddings, Labelled, ManifestRow, ScoreKey, ScoreSet, ScoreSource, Scores};
pub use seed::Seed;
pub use trunk::{Head, Sharing, Trunk, View, run_trunk};

/// What [`plugin`] expands to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::registry::{Make, make_dataset, make_explainer, make_masker, make_model, make_probe};
    pub use inventory;
}
