#![doc = include_str!("../README.md")]

mod camera;
mod canvas;
mod check;
mod chest;
mod cohort;
mod dataset;
mod disease;
mod error;
mod fundus;
mod phantom;
mod picture;
mod scene;
mod shortcuts;
mod stream;
mod texture;

pub use camera::Camera;
pub use cohort::Record;
pub use dataset::{phantom_chest, phantom_fundus};
pub use error::Error;
pub use phantom::{Anatomy, Phantom, Sign, Site};
pub use picture::Picture;
pub use scene::Structure;
pub use shortcuts::{
    Association, Background, Blur, Border, CameraGain, Corner, Jpeg, MetadataOnly, Positioning, Route,
    Shortcut, Tag, Tube, What, WideRoi,
};
