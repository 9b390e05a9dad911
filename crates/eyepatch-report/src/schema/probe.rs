//! What a probe has to say and to show.

use eyepatch_core::{Figure, PluginSpec};
use serde::{Deserialize, Serialize};

use super::Picture;

/// One probe's tables and figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ProbeSection {
    /// The plugin.
    pub plugin: PluginSpec,
    /// Its name.
    pub name: String,
    /// What it estimates and how.
    pub description: String,
    /// Its findings among all findings of the audit: the first, and the one after the last.
    pub findings: (usize, usize),
    /// Its figures. Rows of scatters are places in `samples`.
    pub figures: Vec<Figure>,
    /// Ids of the samples that figures show as points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<String>,
    /// Small pictures of these, unless they are too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnails: Option<Thumbnails>,
}

/// Small pictures of samples in one picture, row by row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Thumbnails {
    /// All of them.
    pub picture: Picture,
    /// Width and height of one in pixels.
    pub size: usize,
    /// How many stand side by side.
    pub in_a_row: usize,
}
