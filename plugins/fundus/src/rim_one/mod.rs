//! RIM-ONE DL (Fumero Batista et al. 2020).

mod params;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use eyepatch_core::{ContentHash, Ctx, DataCard, Dataset, LegitimateRegion, Result, Sample, Table, plugin};

pub use params::{Partition, RimOneDl, rim_one_dl};

use crate::loaded::{CLASS, Loaded};
use crate::pixels::DISC;

impl RimOneDl {
    fn loaded(&self, threads: usize) -> Result<Arc<Loaded>> {
        self.cache.loaded(|| self.read(threads))
    }
}

/// RIM-ONE DL: 485 photographs cropped around the optic disc, normal or glaucoma, with discs and cups.
#[plugin("eyepatch/rim-one-dl")]
impl Dataset for RimOneDl {
    fn card(&self) -> DataCard {
        // An error comes back from `table`; the card then has no notes.
        let notes = self.loaded(1).map(|l| l.notes.clone()).unwrap_or_default();
        DataCard {
            name: "RIM-ONE DL".into(),
            licence: "research and education only, no redistribution".into(),
            origin: "Fumero Batista et al. 2020, Image Analysis & Stereology 39, doi:10.5566/ias.2346".into(),
            roi_origin: "disc and cup outlined by one expert in glaucoma".into(),
            biases: vec![
                "three collections (r1, r2, r3) of three hospitals, with different shares of glaucoma".into(),
                "images are cropped around the disc: little is left to hide or to show outside of it".into(),
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
        let region = LegitimateRegion {
            structures: vec![DISC.into()],
            margin: self.margin,
            reason: crate::REASON.into(),
        };
        BTreeMap::from([(CLASS.to_owned(), region)])
    }
}
