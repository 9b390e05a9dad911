//! Choices that data sets leave to their users, and the words of a data card.

use serde::{Deserialize, Serialize};

/// What becomes of a row or file that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnBad {
    /// An error that names it.
    #[default]
    Refuse,
    /// It is left out, and the data card counts it. Every image is decoded once before the table is given.
    Drop,
}

/// What an empty label cell means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MissingLabels {
    /// An error that names the row.
    #[default]
    Refuse,
    /// The label is not known.
    Allow,
}

/// Writes the builder methods that folders of anybody's images share, for a type with a method `with` that changes it and fields
/// `on_bad`, `max_pixels`, `legitimate`, `name`, `licence`, `origin`, `roi_origin` and `biases`.
#[macro_export]
macro_rules! card_setters {
    ($of:ty) => {
        /// Builder methods for what cannot be used, and for the data card.
        impl $of {
            /// What becomes of what cannot be used.
            #[must_use]
            pub fn on_bad(self, on_bad: $crate::OnBad) -> Self {
                self.with(|p| p.on_bad = on_bad)
            }

            /// The largest number of pixels an image may have.
            #[must_use]
            pub fn max_pixels(self, max_pixels: u64) -> Self {
                self.with(|p| p.max_pixels = max_pixels)
            }

            /// Where a class's signs may legitimately lie.
            #[must_use]
            pub fn legitimate(
                self,
                class: impl Into<String>,
                region: eyepatch_core::LegitimateRegion,
            ) -> Self {
                self.with(|p| p.legitimate.insert(class.into(), region))
            }

            /// The data set's name.
            #[must_use]
            pub fn name(self, name: impl Into<String>) -> Self {
                self.with(|p| p.name = Some(name.into()))
            }

            /// Its licence.
            #[must_use]
            pub fn licence(self, licence: impl Into<String>) -> Self {
                self.with(|p| p.licence = Some(licence.into()))
            }

            /// Where it comes from.
            #[must_use]
            pub fn origin(self, origin: impl Into<String>) -> Self {
                self.with(|p| p.origin = Some(origin.into()))
            }

            /// Where its ROIs come from.
            #[must_use]
            pub fn roi_origin(self, origin: impl Into<String>) -> Self {
                self.with(|p| p.roi_origin = Some(origin.into()))
            }

            /// A known bias, in a sentence.
            #[must_use]
            pub fn bias(self, bias: impl Into<String>) -> Self {
                self.with(|p| p.biases.push(bias.into()))
            }
        }
    };
}
