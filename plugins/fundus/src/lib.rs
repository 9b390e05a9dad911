#![doc = include_str!("../README.md")]

mod airogs;
mod chaksu;
mod fov;
mod loaded;
mod params;
mod pixels;
mod resave;
mod rim_one;
mod setters;
mod tree;

pub use airogs::{Airogs, airogs};
pub use chaksu::{Chaksu, Masks, Part, chaksu};
pub use params::{OnBad, Profile};
pub use rim_one::{Partition, RimOneDl, rim_one_dl};

/// Why the disc and its surroundings are the legitimate region of glaucoma.
const REASON: &str = "glaucoma thins the neuroretinal rim and widens the cup, both within the disc, and shows around it: \
                      defects of the nerve fibre layer, haemorrhages at the margin, atrophy beside the disc";
