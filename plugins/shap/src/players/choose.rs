use eyepatch_core::{Error, Result, Sample};
use serde::{Deserialize, Serialize};

use super::{Segmentation, grid, regions, superpixels};

/// Which parts of an image play.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Players {
    /// Cells of a grid, at most a pixel each; fewer where the image has fewer rows or columns.
    Grid {
        /// Rows of cells, 1 to 64.
        rows: usize,
        /// Columns of cells, 1 to 64.
        columns: usize,
    },
    /// The ROI's structures, the rest of its bounding box ("rim"), the four corners and the background. Regions without
    /// a pixel are left out.
    Regions,
    /// The ROI's connected parts and the background.
    Parts,
    /// SLIC superpixels; see [`superpixels`].
    Superpixels {
        /// About how many, 1 to 4096.
        count: usize,
        /// How much being near counts against being alike, above 0; 10 is usual.
        compactness: f64,
    },
}

impl Default for Players {
    fn default() -> Self {
        Self::Grid { rows: 8, columns: 8 }
    }
}

impl Players {
    /// Checks ranges.
    ///
    /// # Errors
    /// A sentence that names the field, its value and what is allowed.
    pub fn check(self) -> Result<(), String> {
        match self {
            Self::Grid { rows, columns } => {
                for (name, n) in [("rows", rows), ("columns", columns)] {
                    if !(1..=64).contains(&n) {
                        return Err(format!("grid: {name} = {n}: 1 to 64 are allowed"));
                    }
                }
                Ok(())
            }
            Self::Superpixels { count, .. } if !(1..=4096).contains(&count) => {
                Err(format!("superpixels: count = {count}: 1 to 4096 are allowed"))
            }
            Self::Superpixels { compactness, .. } if !(compactness > 0.0 && compactness.is_finite()) => {
                Err(format!("superpixels: compactness = {compactness}: it must be above 0"))
            }
            _ => Ok(()),
        }
    }

    /// What they are, as the end of a sentence: "the players are …".
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Grid { rows, columns } => format!("{rows} x {columns} cells of a grid"),
            Self::Regions => {
                "the ROI's structures, the rim of its box, the corners and the background".into()
            }
            Self::Parts => "the ROI's connected parts and the background".into(),
            Self::Superpixels { count, .. } => format!("about {count} superpixels (SLIC)"),
        }
    }

    /// The players of a sample.
    ///
    /// # Errors
    /// [`eyepatch_core::Error::Shape`] where a ROI that is needed has another size than the image.
    pub fn of(self, sample: &Sample) -> Result<Segmentation> {
        let image = &sample.image;
        let size = (image.height(), image.width());
        let roi = (sample.roi.height(), sample.roi.width());
        if matches!(self, Self::Regions | Self::Parts) && roi != size {
            let text = |(h, w): (usize, usize)| format!("{h}x{w}");
            return Err(Error::shape("ROI", format!("{}, the image's size", text(size)), text(roi)));
        }
        Ok(match self {
            Self::Grid { rows, columns } => grid::grid(size.0, size.1, rows, columns)?,
            Self::Regions => regions::regions(&sample.roi, size)?,
            Self::Parts => regions::parts(&sample.roi, size)?,
            Self::Superpixels { count, compactness } => superpixels(image, count, compactness)?,
        })
    }
}
