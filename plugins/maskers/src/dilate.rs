use eyepatch_core::{Error, Keep, Result};
use eyepatch_kernels::roi;
use serde::{Deserialize, Serialize};

/// How far a region is dilated (or eroded) before it is used. As JSON a number of pixels, or `{"fraction": 0.02}`, or
/// `{"visible": 0.5}`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Dilate {
    /// By pixels of the working size (city-block); negative erodes.
    Pixels(i32),
    /// By a fraction of the image's longer side, -1 to 1; negative erodes. The same for images of all sizes.
    Fraction {
        /// Of the longer side.
        fraction: f32,
    },
    /// Until the visible share of the image is as near as it gets to a wanted one, 0 to 1: holds the area constant over
    /// samples, so that it cannot tell them apart.
    Visible {
        /// Share of the image that stays visible.
        visible: f32,
    },
}

impl Default for Dilate {
    fn default() -> Self {
        Self::Pixels(0)
    }
}

impl From<i32> for Dilate {
    fn from(pixels: i32) -> Self {
        Self::Pixels(pixels)
    }
}

impl Dilate {
    /// By a fraction of the image's longer side.
    #[must_use]
    pub fn fraction(fraction: f32) -> Self {
        Self::Fraction { fraction }
    }

    /// To a visible share of the image.
    #[must_use]
    pub fn visible(visible: f32) -> Self {
        Self::Visible { visible }
    }

    pub(crate) fn check(self) -> Result<(), String> {
        match self {
            Self::Fraction { fraction } if !(-1.0..=1.0).contains(&fraction) => {
                Err(format!("dilate: a fraction of {fraction}; it goes from -1 to 1"))
            }
            Self::Visible { visible } if !(visible > 0.0 && visible < 1.0) => {
                Err(format!("dilate: a visible share of {visible}; it lies between 0 and 1"))
            }
            _ => Ok(()),
        }
    }

    /// Whether it may leave out pixels of the region that it is applied to.
    pub(crate) fn may_erode(self) -> bool {
        match self {
            Self::Pixels(pixels) => pixels < 0,
            Self::Fraction { fraction } => fraction < 0.0,
            Self::Visible { .. } => true,
        }
    }

    /// Pixels, where it is a number of them.
    pub(crate) fn pixels(self) -> Option<i32> {
        if let Self::Pixels(pixels) = self { Some(pixels) } else { None }
    }

    /// For names: `+25`, `+2%`, `@50%`; nothing where nothing is done.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Pixels(0) => String::new(),
            Self::Pixels(pixels) => format!("{pixels:+}"),
            Self::Fraction { fraction } => format!("{:+}%", percent(fraction)),
            Self::Visible { visible } => format!("@{}%", percent(visible)),
        }
    }

    /// How the region's size was chosen, where that is no number of pixels.
    pub(crate) fn describe(self) -> Option<String> {
        match self {
            Self::Pixels(_) => None,
            Self::Fraction { fraction } => {
                let how = if fraction < 0.0 { "eroded" } else { "dilated" };
                Some(format!("{how} by {} % of the image's longer side", percent(fraction.abs())))
            }
            Self::Visible { visible } => {
                Some(format!("dilated or eroded until {} % of the image is visible", percent(visible)))
            }
        }
    }

    /// The dilated bits of a region that stays visible (`Inside`) or is hidden (`Outside`).
    pub(crate) fn apply(self, bits: &[u8], (width, height): (usize, usize), keep: Keep) -> Result<Vec<u8>> {
        let kernel = |e| Error::plugin("eyepatch/region", e);
        let radius = match self {
            Self::Pixels(pixels) => pixels,
            #[expect(clippy::cast_possible_truncation, reason = "at most a side of the image")]
            Self::Fraction { fraction } => (f64::from(fraction) * width.max(height) as f64).round() as i32,
            Self::Visible { visible } => {
                let share = if keep == Keep::Inside { f64::from(visible) } else { 1.0 - f64::from(visible) };
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a share of the pixels"
                )]
                let area = (share * bits.len() as f64).round() as usize;
                let mut radius =
                    roi::to_area(bits, width, height, area.clamp(1, bits.len())).map_err(kernel)?;
                // At least a pixel: a region of none shows or hides nothing. No pixels may be nearer to the wanted area
                // than the fewest that erosion leaves.
                while radius < 0
                    && roi::dilate(bits, width, height, radius).map_err(kernel)?.iter().all(|&b| b == 0)
                {
                    radius += 1;
                }
                radius
            }
        };
        roi::dilate(bits, width, height, radius).map_err(kernel)
    }
}

/// In percent, to two digits.
pub(crate) fn percent(share: f32) -> f64 {
    (f64::from(share) * 1e4).round() / 100.0
}
