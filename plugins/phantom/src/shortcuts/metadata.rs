use serde::{Deserialize, Serialize};

use super::{Plant, Recorded, Target};
use crate::Error;

/// A metadata column that goes with the label and leaves no trace in the pixels: a trap for audits that take any
/// association for a shortcut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetadataOnly {
    /// The column's name.
    pub column: String,
    /// What it says where present, and where not.
    pub words: [String; 2],
}

impl Default for MetadataOnly {
    fn default() -> Self {
        Self { column: "ward".into(), words: ["intensive".into(), "general".into()] }
    }
}

impl Plant for MetadataOnly {
    fn column(&self) -> &str {
        &self.column
    }

    fn recorded(&self) -> Recorded<'_> {
        Recorded::Column
    }

    fn word(&self, present: bool) -> &str {
        &self.words[usize::from(!present)]
    }

    fn describe(&self) -> String {
        format!("the column `{}`, without a trace in the pixels", self.column)
    }

    fn check(&self, _: Target) -> Result<(), Error> {
        if self.column.trim().is_empty() {
            return Err(Error::range("metadata_only.column", format!("{:?}", self.column), "a name"));
        }
        Ok(())
    }
}
