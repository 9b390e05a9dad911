//! A scene: what lies before the camera, and where its structures are.

use crate::canvas::Plane;

/// A named binary mask: one byte a pixel, 0 or 1, rows first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    /// Its name, as in the ROI.
    pub name: &'static str,
    /// The mask.
    pub bits: Vec<u8>,
}

impl Structure {
    pub(crate) fn new(name: &'static str, size: usize) -> Self {
        Self { name, bits: vec![0; size * size] }
    }
}

/// What the camera will see.
#[derive(Clone)]
pub(crate) struct Scene {
    /// Chest: one plane of attenuation, 0 for air. Fundus: three planes (red, green, blue) of light, 0 to 1.
    pub(crate) planes: Vec<Plane>,
    pub(crate) structures: Vec<Structure>,
    /// Depth inside the region where the disease lives, in body units; negative outside.
    pub(crate) depth: Plane,
    /// Seed of the patient's own texture.
    pub(crate) texture: u32,
}

impl Scene {
    pub(crate) fn size(&self) -> usize {
        self.depth.size
    }
}
