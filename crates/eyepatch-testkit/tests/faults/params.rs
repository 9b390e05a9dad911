use std::collections::BTreeMap;

use eyepatch_core::{Ctx, Keep, Masker, MaskingCard, Params, Prepared, Result, TrainingPart, plugin};
use eyepatch_testkit::MaskerLaws;
use serde::{Deserialize, Serialize};

use crate::complaint;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Level {
    level: u8,
}

/// The registry hears of a field that nobody takes. With `flatten`, serde takes them all and drops the rest, unless the
/// struct says `deny_unknown_fields`.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Swallows {
    #[serde(flatten)]
    fill: Level,
}
impl Params for Swallows {}

/// As above, with the cure.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refuses {
    #[serde(flatten)]
    fill: Level,
}
impl Params for Refuses {}

/// A map takes every field there is.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Collects {
    #[serde(flatten)]
    levels: BTreeMap<String, u8>,
}
impl Params for Collects {}

/// Only its parameters matter here.
macro_rules! full {
    ($id:literal $ty:ty) => {
        /// Keeps everything.
        #[plugin($id)]
        impl Masker for $ty {
            fn card(&self) -> MaskingCard {
                MaskingCard { name: "Full".into(), keep: Keep::Full, ..MaskingCard::default() }
            }

            fn prepare(&self, _training: &dyn TrainingPart, _ctx: &Ctx) -> Result<Box<dyn Prepared>> {
                unreachable!("the laws on parameters mask nothing")
            }
        }
    };
}
full!("test/swallows" Swallows);
full!("test/refuses" Refuses);
full!("test/collects" Collects);

#[test]
fn unknown_parameters_that_pass_the_registry_are_found() {
    let fill = Level { level: 3 };
    MaskerLaws::new(Refuses { fill: fill.clone() }).unknown_parameters_are_refused();
    for masker in [MaskerLaws::new(Swallows { fill }), MaskerLaws::new(Collects { levels: BTreeMap::new() })]
    {
        let text = complaint(|| masker.unknown_parameters_are_refused()).unwrap_or_default();
        assert!(text.contains("was accepted"), "an accepted parameter was not found: {text}");
    }
}
