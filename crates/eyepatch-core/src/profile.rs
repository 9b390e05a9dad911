use std::fmt;

use serde::{Deserialize, Serialize};

/// How a study is repeated: with the choices that were published, mistakes included, or with these mended.
///
/// A plugin that knows such a choice has a parameter for it, and a function that sets all of its parameters for a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// As it was published.
    Published,
    /// As it should be.
    #[default]
    Strict,
}

impl Profile {
    /// Both, the published one first.
    pub const ALL: [Self; 2] = [Self::Published, Self::Strict];
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Published => "published",
            Self::Strict => "strict",
        })
    }
}
