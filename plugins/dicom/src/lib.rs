#![doc = include_str!("../README.md")]

mod builder;
mod cache;
mod columns;
mod elements;
mod find;
mod frame;
mod join;
mod jpeg;
mod key;
mod limits;
mod notes;
mod params;
mod pixels;
mod read;
mod rle;
mod roi;
mod sample;
mod scan;
mod syntax;
mod tags;
mod unpack;
mod values;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;

use eyepatch_core::{
    ContentHash, Ctx, DataCard, Dataset, Error, Hasher, LegitimateRegion, Result, Sample, Seed, Table, plugin,
};

pub use eyepatch_data::{MissingLabels, OnBad};
pub use limits::Limits;
pub use params::{By, Dates, Dicom, dicom};
pub use pixels::read_pixels;
pub use window::Window;

use read::Loaded;

impl Dicom {
    fn loaded(&self, ctx: &Ctx) -> Result<Arc<Loaded>> {
        self.cache.loaded(|| Loaded::read(self, ctx))
    }

    fn loaded_with(&self, row: usize, ctx: &Ctx) -> Result<Arc<Loaded>> {
        let loaded = self.loaded(ctx)?;
        let rows = loaded.table.rows.len();
        if row < rows {
            Ok(loaded)
        } else {
            Err(Error::shape("row", format!("below {rows}"), row.to_string()))
        }
    }
}

/// A folder of DICOM files, a table of labels (CSV) and a folder of masks; patients under pseudonyms.
#[plugin("eyepatch/dicom")]
impl Dataset for Dicom {
    fn card(&self) -> DataCard {
        // An error comes back from `table`; the card then has no notes.
        let loaded = Ctx::new(Seed::root(0), 1).and_then(|ctx| self.loaded(&ctx)).ok();
        let or = |given: &Option<String>, other: &str| given.clone().unwrap_or_else(|| other.to_owned());
        DataCard {
            // A folder's or table's name may be a patient's.
            name: or(&self.name, "DICOM files"),
            licence: or(&self.licence, "not stated"),
            origin: or(&self.origin, "not stated"),
            roi_origin: or(&self.roi_origin, "not stated"),
            biases: self.biases.clone(),
            notes: loaded.map(|l| l.notes.clone()).unwrap_or_default(),
        }
    }

    fn table(&self, ctx: &Ctx) -> Result<Arc<Table>> {
        ctx.check()?;
        Ok(self.loaded(ctx)?.table.clone())
    }

    fn load(&self, row: usize, ctx: &Ctx) -> Result<Sample> {
        ctx.check()?;
        sample::load(self, self.loaded_with(row, ctx)?.as_ref(), row)
    }

    fn content(&self, row: usize, ctx: &Ctx) -> Result<ContentHash> {
        ctx.check()?;
        let loaded = self.loaded_with(row, ctx)?;
        let (entry, source) = (&loaded.table.rows[row], &loaded.sources[row]);
        let labels: Vec<u8> = entry.labels.iter().map(|l| l.map_or(2, u8::from)).collect();
        let mut hash = Hasher::new().part(&entry.id).part(&entry.patient).part(labels);
        for file in [&source.image, &source.mask] {
            hash = hash.part(self.cache.hash(file)?.0);
        }
        Ok(hash.finish())
    }

    fn legitimate(&self) -> BTreeMap<String, LegitimateRegion> {
        self.legitimate.clone()
    }
}
