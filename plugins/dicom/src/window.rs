//! From stored grey values to brightness.

use dicom_dictionary_std::tags;
use eyepatch_data::{Bad, Fault};
use serde::{Deserialize, Serialize};

use crate::elements::Elements;
use crate::frame::Frame;

/// Which values are black and white.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Window {
    /// The least and the largest value that the bits stored can hold, rescaled. No pixel has a say in another's brightness.
    #[default]
    Stored,
    /// The first window that the file names. Many cameras set it by the image's own pixels, the hidden ones too.
    File,
    /// One for all files, in rescaled values (Hounsfield units, for instance).
    #[serde(untagged)]
    Fixed {
        /// The middle.
        center: f64,
        /// From black to white; at least 1.
        width: f64,
    },
}

/// Brightness by stored value, 0 to 1.
pub(crate) struct Curve {
    slope: f64,
    intercept: f64,
    shape: Shape,
}

/// PS3.3 C.11.2.1.2 and C.11.2.1.3.
enum Shape {
    /// From one rescaled value to another.
    Range(f64, f64),
    /// `LINEAR`: the window's last value is white.
    Linear(f64, f64),
    /// `LINEAR_EXACT`.
    Exact(f64, f64),
    /// `SIGMOID`.
    Sigmoid(f64, f64),
}

impl Curve {
    pub(crate) fn of(frame: &Frame, window: Window, e: &Elements<'_>) -> Result<Self, Bad> {
        let (slope, intercept) = (frame.slope, frame.intercept);
        let shape = match window {
            Window::Stored => {
                let half = f64::from(1_u32 << (frame.stored - 1));
                let (low, high) = if frame.signed { (-half, half - 1.0) } else { (0.0, 2.0 * half - 1.0) };
                let [a, b] = [low, high].map(|v| v * slope + intercept);
                Shape::Range(a.min(b), a.max(b))
            }
            Window::Fixed { center, width } => Shape::Linear(center, width),
            Window::File => from_file(e)?,
        };
        Ok(Self { slope, intercept, shape })
    }

    pub(crate) fn is_stored(&self) -> bool {
        matches!(self.shape, Shape::Range(..))
    }

    /// Brightness of a stored value.
    pub(crate) fn level(&self, value: i32) -> f64 {
        let x = f64::from(value) * self.slope + self.intercept;
        let level = match self.shape {
            Shape::Range(low, high) => (x - low) / (high - low),
            // A width of 1 is a threshold: 0 / 0 on it is white.
            Shape::Linear(c, w) if w <= 1.0 => f64::from(x > c - 0.5),
            Shape::Linear(c, w) => (x - (c - 0.5)) / (w - 1.0) + 0.5,
            Shape::Exact(c, w) => (x - c) / w + 0.5,
            Shape::Sigmoid(c, w) => 1.0 / (1.0 + (-4.0 * (x - c) / w).exp()),
        };
        if level.is_finite() { level.clamp(0.0, 1.0) } else { 0.0 }
    }
}

fn from_file(e: &Elements<'_>) -> Result<Shape, Bad> {
    let (center, width) = (e.number(tags::WINDOW_CENTER), e.number(tags::WINDOW_WIDTH));
    let (Some(c), Some(w)) = (center, width) else {
        return Err(Bad::new(
            Fault::Unsupported,
            "`window` is \"file\" and it names none",
            "set `window` to \"stored\", or to a center and a width",
        ));
    };
    let function = e.code(tags::VOILUT_FUNCTION).unwrap_or("LINEAR");
    match function {
        "LINEAR" if w >= 1.0 => Ok(Shape::Linear(c, w)),
        "LINEAR_EXACT" if w > 0.0 => Ok(Shape::Exact(c, w)),
        "SIGMOID" if w > 0.0 => Ok(Shape::Sigmoid(c, w)),
        "LINEAR" | "LINEAR_EXACT" | "SIGMOID" => Err(Bad::corrupt(format!("its window has the width {w}"))),
        _ => Err(Bad::new(
            Fault::Unsupported,
            "its window is of a shape that is not read",
            "set `window` to \"stored\", or to a center and a width",
        )),
    }
}
