use serde::{Deserialize, Serialize};

use super::{Plant, Recorded, Target};
use crate::Error;
use crate::canvas::Pose;
use crate::stream::Stream;

/// A site that positions its patients differently: the body is turned and smaller on the film.
/// The whole frame moves, structures and disease with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Positioning {
    /// Degrees, clockwise on the film, -8 to 8.
    pub tilt: f32,
    /// Factor on the body's size, 0.8 to 1.
    pub zoom: f32,
    /// Its name in the metadata column `site`.
    pub site: String,
}

impl Default for Positioning {
    fn default() -> Self {
        Self { tilt: 5.0, zoom: 0.93, site: "coast".into() }
    }
}

impl Plant for Positioning {
    fn column(&self) -> &str {
        "positioning"
    }

    fn recorded(&self) -> Recorded<'_> {
        Recorded::Site(&self.site)
    }

    fn reaches_region(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        format!(
            "site `{}` with the body turned by {} degrees and {} times as large, structures included",
            self.site, self.tilt, self.zoom
        )
    }

    fn check(&self, _: Target) -> Result<(), Error> {
        if !(-8.0..=8.0).contains(&self.tilt) {
            return Err(Error::range("positioning.tilt", self.tilt, "-8 to 8"));
        }
        if !(0.8..=1.0).contains(&self.zoom) {
            return Err(Error::range("positioning.zoom", self.zoom, "0.8 to 1"));
        }
        if self.tilt == 0.0 && self.zoom == 1.0 {
            return Err(Error::Combination("positioning: tilt 0 and zoom 1 change nothing".into()));
        }
        Ok(())
    }

    fn position(&self, pose: &mut Pose, _: &mut Stream) {
        pose.turn += self.tilt.to_radians();
        pose.zoom *= self.zoom;
    }
}
