use serde::{Deserialize, Serialize};

use super::{Plant, Recorded, Target};
use crate::Error;
use crate::camera::Camera;
use crate::canvas::LEAST_BLUR;

/// A camera with a softer focus: Gaussian, on top of the camera's own. The grain stays sharp, as behind a lens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Blur {
    /// Standard deviation in thousandths of the image's width, up to 40, and at least a quarter pixel.
    pub sigma: f32,
    /// Its name in the metadata column `camera`.
    pub camera: String,
}

impl Default for Blur {
    fn default() -> Self {
        Self { sigma: 14.0, camera: "F".into() }
    }
}

impl Plant for Blur {
    fn column(&self) -> &str {
        "blur"
    }

    fn recorded(&self) -> Recorded<'_> {
        Recorded::Camera(&self.camera)
    }

    fn reaches_region(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        format!(
            "camera `{}` with a blur of {} thousandths of the width, structures included",
            self.camera, self.sigma
        )
    }

    fn check(&self, target: Target) -> Result<(), Error> {
        // Less than that and the camera would blur nothing: a shortcut that is not there.
        let least = 1e3 * LEAST_BLUR / target.size as f32;
        if !(least..=40.0).contains(&self.sigma) {
            let allowed = format!("{least:.1} to 40 at {} px", target.size);
            return Err(Error::range("blur.sigma", self.sigma, allowed));
        }
        Ok(())
    }

    fn set_camera(&self, camera: &mut Camera) {
        camera.blur = camera.blur.hypot(self.sigma);
    }
}
