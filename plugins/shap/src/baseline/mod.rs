//! What hidden players become.

mod blur;
mod fill;

pub use blur::box_blur;
pub use fill::Baseline;
