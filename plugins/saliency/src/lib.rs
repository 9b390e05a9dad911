#![doc = include_str!("../README.md")]

mod asked;
mod cam;
mod cover;
mod error;
mod gradient;
mod grid;
mod ig;
mod occlusion;
mod quadrature;

pub use cam::{GradCam, GradCamPlusPlus};
pub use cover::Cover;
pub use error::Error;
pub use gradient::{InputXGradient, SmoothGrad};
pub use grid::Grid;
pub use ig::IntegratedGradients;
pub use occlusion::Occlusion;
pub use quadrature::Rule;
