use serde::{Deserialize, Serialize};

use super::{Plant, Target};
use crate::canvas::{Frame, Plane};
use crate::scene::Structure;
use crate::{Anatomy, Error};

/// A reader who outlines the lungs generously: the ROI grows, no pixel changes. A trap, since a model that sees the
/// whole film cannot know, and one that is shown a masked film can. Chest only.
///
/// Lungs only grow: the declared ROI holds all disease in any case. The heart stays as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WideRoi {
    /// How far beyond the true outline, as a share of the image's width, 0.005 to 0.05.
    pub by: f32,
}

impl Default for WideRoi {
    fn default() -> Self {
        Self { by: 0.02 }
    }
}

impl Plant for WideRoi {
    fn column(&self) -> &str {
        "wide_roi"
    }

    fn describe(&self) -> String {
        format!(
            "a lung outline wider by {:.1} % of the width, without a trace in the pixels",
            100.0 * self.by
        )
    }

    fn check(&self, target: Target) -> Result<(), Error> {
        if target.anatomy != Anatomy::Chest {
            return Err(Error::Combination("a wide ROI can be planted in a chest only".into()));
        }
        if !(0.005..=0.05).contains(&self.by) {
            return Err(Error::range("wide_roi.by", self.by, "0.005 to 0.05"));
        }
        Ok(())
    }

    fn outline(&self, structures: &mut [Structure], depth: &Plane, frame: Frame) {
        let n = depth.size;
        let reach = self.by * n as f32 * frame.pixel();
        let taken: Vec<bool> = (0..n * n).map(|i| structures.iter().any(|s| s.bits[i] != 0)).collect();
        for (i, depth) in depth.at.iter().enumerate() {
            if *depth > -reach && !taken[i] {
                // The viewer's left is the patient's right.
                let name = if frame.body(i % n, i / n).0 >= 0.0 { "left_lung" } else { "right_lung" };
                if let Some(lung) = structures.iter_mut().find(|s| s.name == name) {
                    lung.bits[i] = 1;
                }
            }
        }
    }
}
