use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A binary mask of `height` x `width` pixels, rows first: 1 inside, 0 outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mask {
    width: usize,
    height: usize,
    bits: Vec<u8>,
}

impl Mask {
    /// A mask from bytes; any non-zero byte is inside.
    ///
    /// # Errors
    /// [`Error::Shape`] where a side is 0 or the length is not `height * width`.
    pub fn new(width: usize, height: usize, mut bytes: Vec<u8>) -> Result<Self> {
        if width == 0 || height == 0 || bytes.len() != width * height {
            return Err(Error::shape("mask", format!("{height}x{width}"), format!("{} bytes", bytes.len())));
        }
        bytes.iter_mut().for_each(|b| *b = u8::from(*b != 0));
        Ok(Self { width, height, bits: bytes })
    }

    /// A mask that holds nothing (`value` false) or everything (true).
    #[must_use]
    pub fn filled(width: usize, height: usize, value: bool) -> Self {
        Self { width, height, bits: vec![u8::from(value); width * height] }
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// One byte a pixel, rows first, 0 or 1.
    #[must_use]
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// Whether the pixel at `index` (`y * width + x`) is inside.
    ///
    /// # Panics
    /// Where `index` is outside the mask.
    #[must_use]
    pub fn contains(&self, index: usize) -> bool {
        self.bits[index] != 0
    }

    /// Number of pixels inside.
    #[must_use]
    pub fn area(&self) -> usize {
        self.bits.iter().map(|&b| usize::from(b)).sum()
    }

    /// Whether no pixel is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bits.iter().all(|&b| b == 0)
    }

    /// The mask of all pixels that are not inside this one.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self { bits: self.bits.iter().map(|b| 1 - b).collect(), ..*self }
    }

    /// Pixels inside this mask or the other.
    ///
    /// # Errors
    /// [`Error::Shape`] where the two differ in size.
    pub fn union(&self, other: &Self) -> Result<Self> {
        if (self.width, self.height) != (other.width, other.height) {
            return Err(Error::shape(
                "mask",
                format!("{}x{}", self.height, self.width),
                format!("{}x{}", other.height, other.width),
            ));
        }
        Ok(Self { bits: self.bits.iter().zip(&other.bits).map(|(a, b)| a | b).collect(), ..*self })
    }
}

/// A region of interest: one or more **named structures** (left lung, heart, disc, ...) of one size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roi {
    width: usize,
    height: usize,
    structures: BTreeMap<String, Mask>,
}

impl Roi {
    /// A ROI from its structures.
    ///
    /// # Errors
    /// [`Error::EmptyRegion`] without any structure, [`Error::Shape`] where sizes differ. A structure may have
    /// no pixel (a removed lung); a ROI without any pixel is for the masker to refuse.
    pub fn new(structures: impl IntoIterator<Item = (String, Mask)>) -> Result<Self> {
        let structures: BTreeMap<String, Mask> = structures.into_iter().collect();
        let Some((_, first)) = structures.first_key_value() else {
            return Err(Error::EmptyRegion { what: "a ROI without structures".into() });
        };
        let (width, height) = (first.width, first.height);
        for (name, mask) in &structures {
            if (mask.width, mask.height) != (width, height) {
                return Err(Error::shape(
                    format!("structure `{name}`"),
                    format!("{height}x{width}"),
                    format!("{}x{}", mask.height, mask.width),
                ));
            }
        }
        Ok(Self { width, height, structures })
    }

    /// A ROI of one structure called `roi`.
    ///
    /// # Errors
    /// As [`Roi::new`].
    pub fn single(mask: Mask) -> Result<Self> {
        Self::new([("roi".to_owned(), mask)])
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// The structures by name.
    #[must_use]
    pub fn structures(&self) -> &BTreeMap<String, Mask> {
        &self.structures
    }

    /// The union of the named structures; of all of them where `names` is empty.
    ///
    /// # Errors
    /// [`Error::UnknownStructure`].
    pub fn union(&self, names: &[String]) -> Result<Mask> {
        let mut all = Mask::filled(self.width, self.height, false);
        if names.is_empty() {
            for mask in self.structures.values() {
                all = all.union(mask)?;
            }
        }
        for name in names {
            let mask = self.structures.get(name).ok_or_else(|| Error::UnknownStructure {
                name: name.clone(),
                known: self.structures.keys().cloned().collect(),
            })?;
            all = all.union(mask)?;
        }
        Ok(all)
    }
}

/// Where a class's signs may legitimately lie: the union of named structures, dilated by a margin.
/// A class without one never gets the verdict `shortcut`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LegitimateRegion {
    /// Names of structures of the ROI; empty means all of them.
    pub structures: Vec<String>,
    /// Dilation in fractions of the image's width, 0 or more.
    pub margin: f32,
    /// Why this region, in a sentence that the report prints.
    pub reason: String,
}
