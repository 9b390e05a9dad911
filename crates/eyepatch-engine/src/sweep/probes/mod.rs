//! Probes that read what the full-image model makes of images on its way, and what probes say in the report.

mod embed;
mod examine;
mod section;

pub(super) use embed::{REVISION, embed, layers};
pub(super) use examine::{Examined, examine, examined};
pub(super) use section::{Answers, answers};
