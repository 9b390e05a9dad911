#![doc = include_str!("../README.md")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use eyepatch_core::{
    ContentHash, Ctx, DataCard, Dataset, Hasher, LegitimateRegion, Params, Result, Roi, Sample, Table, plugin,
};
use eyepatch_data::Cache;
use eyepatch_data::prepared::PreparedSet;
use serde::{Deserialize, Serialize};

/// A data set that `eyepatch prepare` has written. Start from [`prepared`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Prepared {
    folder: PathBuf,
    #[serde(skip)]
    open: Cache<PreparedSet>,
}

/// The set in `folder`.
#[must_use]
pub fn prepared(folder: impl Into<PathBuf>) -> Prepared {
    Prepared { folder: folder.into(), open: Cache::default() }
}

impl Params for Prepared {
    fn check(&self) -> Result<(), String> {
        if self.folder.as_os_str().is_empty() {
            return Err("`folder` is missing: give the folder that `eyepatch prepare` wrote".into());
        }
        Ok(())
    }
}

impl Prepared {
    fn set(&self) -> Result<Arc<PreparedSet>> {
        self.open.loaded(|| Ok(PreparedSet::open(&self.folder)?))
    }
}

/// A set that `eyepatch prepare` wrote: images of one size in a mapped file that runs share.
#[plugin("eyepatch/prepared")]
impl Dataset for Prepared {
    fn card(&self) -> DataCard {
        // An error comes back from `table`.
        self.set().map(|set| set.card().clone()).unwrap_or_else(|_| DataCard {
            name: self.folder.display().to_string(),
            licence: "not stated".into(),
            origin: "not stated".into(),
            roi_origin: "not stated".into(),
            biases: Vec::new(),
            notes: Vec::new(),
        })
    }

    fn table(&self, ctx: &Ctx) -> Result<Arc<Table>> {
        ctx.check()?;
        Ok(self.set()?.table().clone())
    }

    fn load(&self, row: usize, ctx: &Ctx) -> Result<Sample> {
        ctx.check()?;
        let set = self.set()?;
        let (image, edges) = (set.image(row)?, set.edges(row)?);
        let of = &set.table().rows[row];
        Ok(Sample {
            id: of.id.clone(),
            patient: of.patient.clone(),
            labels: of.labels.clone(),
            image,
            roi: edges.outer,
        })
    }

    fn inner_roi(&self, row: usize, ctx: &Ctx) -> Result<Option<Roi>> {
        ctx.check()?;
        Ok(Some(self.set()?.edges(row)?.inner))
    }

    /// From the manifest: neither an original nor the set's own pixels are read for it.
    fn content(&self, row: usize, ctx: &Ctx) -> Result<ContentHash> {
        ctx.check()?;
        let set = self.set()?;
        let checksum = set.checksum(row)?;
        let of = &set.table().rows[row];
        let labels: Vec<u8> = of.labels.iter().map(|l| l.map_or(2, u8::from)).collect();
        let layout = serde_json::to_vec(&(&set.plan().structures, set.plan().depth)).unwrap_or_default();
        Ok(Hasher::new().part(&of.id).part(&of.patient).part(labels).part(layout).part(checksum.0).finish())
    }

    fn brightness_leaks(&self) -> bool {
        self.set().is_ok_and(|set| set.brightness_leaks())
    }

    fn unmasked_only(&self) -> Option<String> {
        self.set().ok()?.unmasked_only().map(ToOwned::to_owned)
    }

    fn legitimate(&self) -> BTreeMap<String, LegitimateRegion> {
        self.set().map(|set| set.legitimate().clone()).unwrap_or_default()
    }
}
