//! Chákṣu (Kumar et al. 2023).

mod folders;
mod labels;
mod names;
mod notes;
mod params;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use eyepatch_core::{ContentHash, Ctx, DataCard, Dataset, LegitimateRegion, Result, Sample, Table, plugin};

pub use params::{Chaksu, Masks, Part, chaksu};

use crate::loaded::{CLASS, Loaded};
use crate::params::Profile;
use crate::pixels::DISC;

impl Chaksu {
    fn loaded(&self, threads: usize) -> Result<Arc<Loaded>> {
        self.cache.loaded(|| read::read(self, threads))
    }
}

/// Chákṣu: 1345 fundus photographs of three cameras, glaucoma suspect or normal, with discs and cups.
#[plugin("eyepatch/chaksu")]
impl Dataset for Chaksu {
    fn card(&self) -> DataCard {
        // An error comes back from `table`; the card then has no notes.
        let notes = self.loaded(1).map(|l| l.notes.clone()).unwrap_or_default();
        let mut biases = vec![
            "three cameras of different frame, size and file format, with different shares of suspects"
                .to_owned(),
            "\"glaucoma suspect\" is what most of five experts decided from the photograph, no diagnosis"
                .to_owned(),
        ];
        if self.resave == Profile::Published {
            biases.push("two cameras' images are compressed twice and the third's once".into());
        }
        DataCard {
            name: "Chákṣu".into(),
            licence: "CC BY 4.0".into(),
            origin: "Kumar et al. 2023, Scientific Data 10:70, doi:10.1038/s41597-023-01943-4; data \
                     doi:10.6084/m9.figshare.20123135"
                .into(),
            roi_origin: "outlines of disc and cup by five experts, fused by STAPLE".into(),
            biases,
            notes,
        }
    }

    fn table(&self, ctx: &Ctx) -> Result<Arc<Table>> {
        ctx.check()?;
        Ok(self.loaded(ctx.threads())?.table.clone())
    }

    fn brightness_leaks(&self) -> bool {
        self.resave == Profile::Published
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
