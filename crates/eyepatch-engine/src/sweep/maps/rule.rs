use eyepatch_maps::checks::MapChecks;
use serde::{Deserialize, Serialize};

/// How many attribution maps are made, and when they count. Declared before any is seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MapRule {
    /// Test images explained a class, half of them positive, each of another patient as far as there are enough: 40 or more.
    pub images: usize,
    /// Of these, images on which the checks that take many evaluations are made: 4 or more.
    pub checked: usize,
    /// Model evaluations a map.
    pub evaluations: usize,
    /// Training images that take the place of what is hidden, half of them positive: 4 to 64.
    pub donors: usize,
    /// Columns of texts whose groups are looked at one by one.
    pub attributes: Vec<String>,
    /// When a check is passed.
    pub limits: MapChecks,
}

impl Default for MapRule {
    fn default() -> Self {
        Self {
            images: 80,
            checked: 16,
            evaluations: 400,
            donors: 16,
            attributes: Vec::new(),
            limits: MapChecks::default(),
        }
    }
}

impl MapRule {
    /// Explains that many images a class.
    #[must_use]
    pub fn images(self, images: usize) -> Self {
        Self { images, ..self }
    }

    /// Looks at the groups of these columns one by one.
    #[must_use]
    pub fn attributes<T: Into<String>>(self, columns: impl IntoIterator<Item = T>) -> Self {
        Self { attributes: columns.into_iter().map(Into::into).collect(), ..self }
    }

    /// The same with few images and evaluations, for trying out.
    pub(in crate::sweep) fn quick(self) -> Self {
        Self {
            images: self.images.min(40),
            checked: self.checked.min(4),
            evaluations: self.evaluations.min(100),
            donors: self.donors.min(4),
            ..self
        }
    }

    /// Problem and remedy of a rule that cannot be followed.
    pub(in crate::sweep) fn check(&self) -> Result<(), (String, &'static str)> {
        let out = |what: &str, value: usize, remedy| Err((format!("maps: {value} {what}"), remedy));
        match self {
            Self { images, .. } if *images < 40 => {
                out("images", *images, "explain 40 or more, or leave `.judge_maps(..)` out")
            }
            Self { checked, images, .. } if *checked < 4 || checked > images => {
                out("images to check", *checked, "check 4 or more, and no more than are explained")
            }
            Self { donors, .. } if !(4..=64).contains(donors) => out("donors", *donors, "take 4 to 64"),
            Self { evaluations, .. } if *evaluations < 16 => {
                out("evaluations", *evaluations, "allow 16 or more")
            }
            _ => Ok(()),
        }
    }
}
