//! AIROGS (de Vente et al. 2023).

mod params;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use eyepatch_core::{ContentHash, Ctx, DataCard, Dataset, LegitimateRegion, Result, Sample, Table, plugin};

pub use params::{Airogs, airogs};

use crate::loaded::{CLASS, Loaded};
use crate::pixels::DISC;

impl Airogs {
    fn loaded(&self, threads: usize) -> Result<Arc<Loaded>> {
        self.cache.loaded(|| self.read(threads))
    }
}

/// AIROGS' training set: fundus photographs with referable glaucoma or without, and no published ROI.
#[plugin("eyepatch/airogs")]
impl Dataset for Airogs {
    fn card(&self) -> DataCard {
        // An error comes back from `table`; the card then has no notes.
        let notes = self.loaded(1).map(|l| l.notes.clone()).unwrap_or_default();
        let none = "none published; `fov` is the field of view, computed from each image";
        DataCard {
            name: "AIROGS".into(),
            licence: "CC BY-NC-ND 4.0".into(),
            origin:
                "de Vente et al. 2023, IEEE Transactions on Medical Imaging; data doi:10.5281/zenodo.5793241"
                    .into(),
            roi_origin: match &self.masks {
                None => none.into(),
                Some(_) => {
                    self.masks_origin.clone().unwrap_or_else(|| "the user's masks, origin not stated".into())
                }
            },
            biases: vec![
                "about 500 screening sites and many cameras, which are not told".into(),
                "labels are by graders of the photograph; about one image in thirty is referable".into(),
            ],
            notes,
        }
    }

    fn table(&self, ctx: &Ctx) -> Result<Arc<Table>> {
        ctx.check()?;
        Ok(self.loaded(ctx.threads())?.table.clone())
    }

    fn load(&self, row: usize, ctx: &Ctx) -> Result<Sample> {
        ctx.check()?;
        self.loaded(1)?.sample(row, self.max_pixels)
    }

    fn content(&self, row: usize, ctx: &Ctx) -> Result<ContentHash> {
        ctx.check()?;
        self.loaded(1)?.content(row, &self.cache)
    }

    fn legitimate(&self) -> BTreeMap<String, LegitimateRegion> {
        let disc = self.masks.as_ref().map(|_| LegitimateRegion {
            structures: vec![DISC.into()],
            margin: self.margin,
            reason: crate::REASON.into(),
        });
        disc.into_iter().map(|region| (CLASS.to_owned(), region)).collect()
    }

    fn unmasked_only(&self) -> Option<String> {
        self.masks.is_none().then(|| {
            "AIROGS publishes no ROI, and `fov` is where the camera saw anything; give disc masks as `masks`".into()
        })
    }
}
