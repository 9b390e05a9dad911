#![doc = include_str!("../README.md")]

mod annotations;
mod cache;
mod coco;
mod columns;
mod drop;
mod filter;
mod notes;
mod params;
mod pictures;
mod raster;
mod read;
mod rows;
mod sample;
mod sources;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use eyepatch_core::{
    ContentHash, Ctx, DataCard, Dataset, Error, Hasher, LegitimateRegion, Result, Sample, Table, plugin,
};

pub use eyepatch_data::{MissingLabels, OnBad};
pub use params::{Folder, RoiFrom, folder};

use read::Loaded;
use sources::RoiSource;

impl Folder {
    fn loaded(&self, threads: usize) -> Result<Arc<Loaded>> {
        self.cache.loaded(|| Loaded::read(self, threads))
    }

    fn loaded_with(&self, row: usize) -> Result<Arc<Loaded>> {
        let loaded = self.loaded(1)?;
        let rows = loaded.table.rows.len();
        if row < rows {
            Ok(loaded)
        } else {
            Err(Error::shape("row", format!("below {rows}"), row.to_string()))
        }
    }
}

/// A table (CSV), a folder of images (PNG, JPEG, TIFF) and ROIs from masks, boxes, polygons or COCO JSON.
#[plugin("eyepatch/folder")]
impl Dataset for Folder {
    fn card(&self) -> DataCard {
        // An error comes back from `table`; the card then has no notes.
        let loaded = self.loaded(1).ok();
        let or = |given: &Option<String>, other: &str| given.clone().unwrap_or_else(|| other.to_owned());
        let file = self.table.file_stem().map(|n| n.to_string_lossy().into_owned());
        DataCard {
            name: or(&self.name, file.as_deref().unwrap_or("table")),
            licence: or(&self.licence, "not stated"),
            origin: or(&self.origin, "not stated"),
            roi_origin: or(&self.roi_origin, loaded.as_ref().map_or("not stated", |l| l.roi_origin.as_str())),
            biases: self.biases.clone(),
            notes: loaded.map(|l| l.notes.clone()).unwrap_or_default(),
        }
    }

    fn table(&self, ctx: &Ctx) -> Result<Arc<Table>> {
        ctx.check()?;
        Ok(self.loaded(ctx.threads())?.table.clone())
    }

    fn table_file(&self) -> Option<&Path> {
        Some(&self.table)
    }

    fn load(&self, row: usize, ctx: &Ctx) -> Result<Sample> {
        ctx.check()?;
        sample::load(self, self.loaded_with(row)?.as_ref(), row)
    }

    fn content(&self, row: usize, ctx: &Ctx) -> Result<ContentHash> {
        ctx.check()?;
        let loaded = self.loaded_with(row)?;
        let (entry, source) = (&loaded.table.rows[row], &loaded.sources[row]);
        let labels: Vec<u8> = entry.labels.iter().map(|l| l.map_or(2, u8::from)).collect();
        let image = self.cache.hash(&source.image)?;
        let mut hash = Hasher::new().part(&entry.id).part(&entry.patient).part(labels).part(image.0);
        match (&source.roi, &loaded.annotations) {
            (RoiSource::Masks(files), _) => {
                for (name, file) in files {
                    hash = hash.part(name).part(self.cache.hash(file)?.0);
                }
            }
            (RoiSource::Outlines(index), Some(annotations)) => {
                hash = hash.part(annotations.structures.join("\n")).part(annotations.hash(*index)?.0);
            }
            (RoiSource::Outlines(_), None) => {}
        }
        Ok(hash.finish())
    }

    fn legitimate(&self) -> BTreeMap<String, LegitimateRegion> {
        self.legitimate.clone()
    }
}
