use serde::{Deserialize, Serialize};

use super::{Plant, Recorded, Target};
use crate::Error;
use crate::camera::Camera;

/// A camera with a brighter or darker exposure of the whole film, structures included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CameraGain {
    /// Factor on the camera's gain, 0.6 to 1.6.
    pub factor: f32,
    /// Its name in the metadata column `camera`.
    pub camera: String,
}

impl Default for CameraGain {
    fn default() -> Self {
        Self { factor: 0.82, camera: "D".into() }
    }
}

impl Plant for CameraGain {
    fn column(&self) -> &str {
        "camera_gain"
    }

    fn recorded(&self) -> Recorded<'_> {
        Recorded::Camera(&self.camera)
    }

    fn reaches_region(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        format!("camera `{}` with a gain of {}, structures included", self.camera, self.factor)
    }

    fn check(&self, _: Target) -> Result<(), Error> {
        if !(0.6..=1.6).contains(&self.factor) {
            return Err(Error::range("camera_gain.factor", self.factor, "0.6 to 1.6"));
        }
        Ok(())
    }

    fn set_camera(&self, camera: &mut Camera) {
        camera.gain *= self.factor;
    }
}
