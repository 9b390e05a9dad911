//! Every law can be broken: for each there is a plugin with that one fault, and the law finds it; and each law passes on
//! the same plugin without a fault.

mod dataset;
mod explainer;
mod masker;
mod model;
mod probe;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
enum Fault {
    #[default]
    None,
    Shape,
    Visible,
    Leak,
    Order,
    Shrinks,
    Panics,
    Learns,
    Card,
    Identity,
    Region,
    Count,
    Value,
    Sum,
    Shifted,
    Deaf,
    Twice,
    Labels,
    Hash,
    Note,
}

/// Numbers that differ from call to call, as an unseeded generator's would.
static CALLS: AtomicU32 = AtomicU32::new(0);

fn unseeded() -> u32 {
    CALLS.fetch_add(1, Ordering::Relaxed)
}

/// That the law holds without a fault and is broken by each of these.
fn finds(law: impl Fn(Fault), faults: &[Fault]) {
    law(Fault::None);
    for &fault in faults {
        assert!(catch_unwind(AssertUnwindSafe(|| law(fault))).is_err(), "{fault:?} was not found");
    }
}
