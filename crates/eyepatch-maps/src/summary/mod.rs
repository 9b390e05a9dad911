//! Measures over many images, with intervals that respect patients, and their mean map.

mod clustered;
mod frame;
mod groups;

pub use clustered::{
    ClusteredMean, ClusteredShare, Observation, ShareMethod, clustered_mean, clustered_share,
};
pub use frame::{Frame, FrameMean, MeanMap, Scale};
pub use groups::{GroupMean, by_group};
