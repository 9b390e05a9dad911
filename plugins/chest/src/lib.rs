#![doc = include_str!("../README.md")]

mod archive;
mod cells;
pub mod chestxray14;
pub mod chexmask;
mod labels;
mod legitimate;
mod loaded;
mod options;
pub mod padchest;
mod sample;
mod setters;
mod unusable;

pub use chestxray14::{ChestXray14, chestxray14};
pub use eyepatch_data::OnBad;
pub use labels::LabelTable;
pub use padchest::{EmptyLabels, ExcludeBy, Match, PadChest, padchest, padchest_published};

/// The five findings of the study, in its order.
pub const FINDINGS: [&str; 5] =
    ["cardiomegaly", "pneumonia", "atelectasis", "pneumothorax", "pleural effusion"];
