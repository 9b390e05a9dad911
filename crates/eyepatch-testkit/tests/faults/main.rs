//! Every law can be broken: for each there is a plugin with that one fault, and the law finds it; and each law passes on
//! the same plugin without a fault. That unknown parameters are refused is one law for all five traits and is up to the
//! registry; a masker shows in `params.rs` how a plugin gets round it.

mod dataset;
mod explainer;
mod masker;
mod model;
mod params;
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
    Cause,
    Identity,
    Region,
    Count,
    Value,
    Sum,
    Shifted,
    /// All is given to one half.
    Lopsided,
    Deaf,
    Twice,
    Labels,
    Hash,
    Note,
    Idle,
    Forgets,
    Layers,
    Planes,
    Gradient,
    Features,
    Head,
    Bits,
    Key,
    Headless,
    Peeks,
    Views,
    Refuses,
    Device,
    Layout,
    Slopes,
    Stale,
    Steep,
    Anyone,
}

impl Fault {
    /// Whether the parameters leave this fault out of their JSON, so that the plugin made from it is another.
    fn is_forgotten(&self) -> bool {
        *self == Self::Forgets
    }
}

/// Numbers that differ from call to call, as an unseeded generator's would.
static CALLS: AtomicU32 = AtomicU32::new(0);

fn unseeded() -> u32 {
    CALLS.fetch_add(1, Ordering::Relaxed)
}

/// What a law says when it is broken; nothing where it holds.
fn complaint(law: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(law)).err()?;
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|&s| s.to_owned())).or_else(|| Some(String::new()))
}

/// That the law holds without a fault and is broken by each of these.
fn finds(law: impl Fn(Fault), faults: &[Fault]) {
    finds_saying(law, &faults.iter().map(|&fault| (fault, "")).collect::<Vec<_>>());
}

/// As [`finds`], and that the complaint has these words: where one test holds many laws, the right one found the fault.
fn finds_saying(law: impl Fn(Fault), faults: &[(Fault, &str)]) {
    law(Fault::None);
    for &(fault, words) in faults {
        let text = complaint(|| law(fault)).unwrap_or_else(|| panic!("{fault:?} was not found"));
        assert!(text.contains(words), "{fault:?} was found by another law: {text}");
    }
}
