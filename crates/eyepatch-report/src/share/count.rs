//! Counts of which the small ones are held back.

use serde::{Deserialize, Serialize};

/// A count from 1 to one below this is small: it could point at a person.
pub const SMALL: usize = 5;

/// A count of images, patients or rows as a shared result gives it: a number, or a word in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Count {
    /// 0, or [`SMALL`] and more.
    Known(usize),
    /// Held back.
    Held(Held),
}

/// Why a count is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Held {
    /// It is small.
    #[serde(rename = "<5")]
    Small,
    /// A small one could be computed from it and a total.
    #[serde(rename = "withheld")]
    Complement,
}

/// Whether a count is small. 0 is not: it points at nobody.
pub(super) fn small(n: usize) -> bool {
    (1..SMALL).contains(&n)
}

impl Count {
    /// A count that stands for itself.
    pub(super) fn new(n: usize) -> Self {
        if small(n) { Self::Held(Held::Small) } else { Self::Known(n) }
    }

    /// One from which a small one could be computed. 0 stays: it is no term of any sum.
    pub(super) fn withheld(n: usize) -> Self {
        match n {
            0 => Self::Known(0),
            n if small(n) => Self::Held(Held::Small),
            _ => Self::Held(Held::Complement),
        }
    }

    /// [`Count::withheld`] where `hide` says so, [`Count::new`] elsewhere.
    pub(super) fn hidden_if(hide: bool, n: usize) -> Self {
        if hide { Self::withheld(n) } else { Self::new(n) }
    }
}

/// What counts are to a renderer.
pub(crate) trait Counted: Copy + Serialize {
    /// Whether they are those of a shared result, from which things were taken.
    const SHARED: bool;

    /// The number, where it may be told.
    fn known(self) -> Option<usize>;
}

impl Counted for usize {
    const SHARED: bool = false;

    fn known(self) -> Option<usize> {
        Some(self)
    }
}

impl Counted for Count {
    const SHARED: bool = true;

    fn known(self) -> Option<usize> {
        match self {
            Self::Known(n) => Some(n),
            Self::Held(_) => None,
        }
    }
}
