use serde::{Deserialize, Serialize};

use super::Plant;
use crate::camera::Camera;
use crate::{Anatomy, Error};

/// A brighter or darker exposure of the whole film, structures included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CameraGain {
    /// Factor on the camera's gain, 0.6 to 1.6.
    pub factor: f32,
}

impl Default for CameraGain {
    fn default() -> Self {
        Self { factor: 0.82 }
    }
}

impl Plant for CameraGain {
    fn column(&self) -> &str {
        "camera_gain"
    }

    fn reaches_region(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        format!("a gain of {} on the whole film, structures included", self.factor)
    }

    fn check(&self, _: Anatomy) -> Result<(), Error> {
        if !(0.6..=1.6).contains(&self.factor) {
            return Err(Error::range("camera_gain.factor", self.factor, "0.6 to 1.6"));
        }
        Ok(())
    }

    fn set_camera(&self, camera: &mut Camera) {
        camera.gain *= self.factor;
    }
}
