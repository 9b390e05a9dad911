//! What the output does as parts of an image are hidden or shown in the order of a map (Petsiuk, Das & Saenko,
//! "RISE", BMVC 2018).
//!
//! A model is asked through a closure that gets masks of what is shown, at most a batch of them at a time, and
//! returns one output a mask. How the rest is filled is the closure's affair.

mod against;
mod order;
mod walk;

pub use against::{AgainstOrders, OrderNull, against_orders};
pub use order::CellOrder;
pub use walk::{Curve, CurveKind, CurveRule, curve};

#[cfg(test)]
mod tests;
