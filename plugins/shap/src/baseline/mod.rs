//! What hidden parts become.

mod blur;

pub use blur::box_blur;
