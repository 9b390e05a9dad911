use serde::{Deserialize, Serialize};

use super::{Plant, Recorded, Target};
use crate::Error;
use crate::camera::Camera;

/// A camera that stores its films as coarser JPEG: blocks of eight pixels and ringing at edges, everywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Jpeg {
    /// Its JPEG quality, 1 to 100. The default cameras have 85 to 95.
    pub quality: u8,
    /// Its name in the metadata column `camera`.
    pub camera: String,
}

impl Default for Jpeg {
    fn default() -> Self {
        Self { quality: 30, camera: "E".into() }
    }
}

impl Plant for Jpeg {
    fn column(&self) -> &str {
        "jpeg"
    }

    fn recorded(&self) -> Recorded<'_> {
        Recorded::Camera(&self.camera)
    }

    fn reaches_region(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        format!("camera `{}` with JPEG quality {}, structures included", self.camera, self.quality)
    }

    fn check(&self, _: Target) -> Result<(), Error> {
        if !(1..=100).contains(&self.quality) {
            return Err(Error::range("jpeg.quality", self.quality, "1 to 100"));
        }
        Ok(())
    }

    fn set_camera(&self, camera: &mut Camera) {
        camera.jpeg = Some(self.quality);
    }
}
