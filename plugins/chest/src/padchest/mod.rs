//! PadChest (Bustos et al. 2020) with CheXmask's masks.

mod build;
mod findings;
mod table;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use eyepatch_core::{
    ContentHash, Ctx, DataCard, Dataset, LegitimateRegion, Params, Result, Sample, Table, plugin,
};
use eyepatch_data::OnBad;
use eyepatch_data::Root;
use serde::{Deserialize, Serialize};

pub use build::{padchest, padchest_published};
pub use findings::with_children;

use crate::archive::{Images, find, find_optional};
use crate::chexmask::NoSize;
use crate::labels::LabelTable;
use crate::loaded::{Cache, Loaded, images_folder};
use crate::options::{Options, check_classes, check_regions};

/// When a row has a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Match {
    /// A label is the class's name (or a synonym's): child findings are negatives, as published.
    Exact,
    /// A label contains the name.
    Substring,
    /// A label is the name or a finding below it in PadChest's label tree.
    #[default]
    Hierarchy,
}

/// Where an excluding word is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExcludeBy {
    /// In the text of the whole cell, and case matters: as published, `Unchanged` finds none of the `unchanged`.
    Cell,
    /// Among the labels, without blanks around them and in lower case.
    #[default]
    Label,
}

/// Which rows have no labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmptyLabels {
    /// Those whose cell is empty: as published, `['']` is a film without any finding.
    Cell,
    /// Those whose list holds no label, too.
    #[default]
    List,
}

/// PadChest's films with the masks of CheXmask. Its fields are the plugin's parameters; the README explains each. Start
/// from [`padchest`] or [`padchest_published`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PadChest {
    pub(crate) folder: PathBuf,
    pub(crate) table: Option<PathBuf>,
    pub(crate) images: Option<PathBuf>,
    pub(crate) masks: Option<PathBuf>,
    pub(crate) invalid_images: Option<PathBuf>,
    pub(crate) classes: Vec<String>,
    #[serde(rename = "match")]
    pub(crate) match_: Match,
    pub(crate) synonyms: BTreeMap<String, Vec<String>>,
    pub(crate) exclude: Vec<String>,
    pub(crate) exclude_by: ExcludeBy,
    pub(crate) empty_labels: EmptyLabels,
    pub(crate) projections: Vec<String>,
    pub(crate) label_methods: Vec<String>,
    pub(crate) structures: Vec<String>,
    pub(crate) min_rca: f64,
    pub(crate) no_size: NoSize,
    pub(crate) bits: Option<u8>,
    pub(crate) on_missing: OnBad,
    pub(crate) on_bad: OnBad,
    pub(crate) max_pixels: u64,
    pub(crate) legitimate: BTreeMap<String, LegitimateRegion>,
    #[serde(skip)]
    pub(crate) cache: Cache,
}

/// What the label table may be called.
const TABLES: [&str; 5] = [
    "labels.csv",
    "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv",
    "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv.gz",
    "PADCHEST_chest_x_ray_images_labels_160K.csv",
    "PADCHEST_chest_x_ray_images_labels_160K.csv.gz",
];
const MASKS: [&str; 4] = [
    "Padchest.csv",
    "CheXmask/Padchest.csv",
    "OriginalResolution/Padchest.csv",
    "CheXmask/OriginalResolution/Padchest.csv",
];

impl PadChest {
    fn options(&self) -> Options<'_> {
        Options {
            structures: &self.structures,
            min_rca: self.min_rca,
            no_size: self.no_size,
            bits: self.bits,
            on_missing: self.on_missing,
            on_bad: self.on_bad,
            max_pixels: self.max_pixels,
            legitimate: &self.legitimate,
        }
    }

    /// Reads and filters the label table alone: no image and no mask need be there.
    ///
    /// # Errors
    /// [`eyepatch_core::Error::Table`] with line, column and remedy; [`eyepatch_core::Error::Io`].
    pub fn read_labels(&self) -> Result<LabelTable> {
        let path = find(&self.folder, self.table.as_deref(), &TABLES, "table")?;
        let invalid = find_optional(&self.folder, self.invalid_images.as_deref(), &["Invalid_images.csv"])?;
        table::read(self, &path, invalid.as_deref())
    }

    fn read(&self, threads: usize) -> Result<Loaded> {
        let labels = self.read_labels()?;
        let masks = find(&self.folder, self.masks.as_deref(), &MASKS, "masks")?;
        let images = images_folder(&self.folder, self.images.as_deref());
        let images = Images::By(Root::open(&images)?);
        Loaded::join(&self.options(), labels, &images, &masks, None, threads)
    }

    fn loaded(&self, threads: usize) -> Result<Arc<Loaded>> {
        self.cache.loaded(|| self.read(threads))
    }
}

impl Params for PadChest {
    fn check(&self) -> Result<(), String> {
        self.options().check(&self.folder)?;
        check_classes(self.classes.iter().map(String::as_str))?;
        check_regions(&self.legitimate, &self.classes, &self.structures)?;
        if let Some(class) = self.synonyms.keys().find(|c| !self.classes.contains(c)) {
            return Err(format!("`synonyms` names class `{class}`, which `classes` does not"));
        }
        if self.projections.is_empty() {
            return Err("`projections` is empty: no row would be kept".into());
        }
        match self.exclude.iter().chain(self.synonyms.values().flatten()).any(|word| word.trim().is_empty()) {
            true => Err("a word in `exclude` or `synonyms` is empty".into()),
            false => Ok(()),
        }
    }
}

/// PadChest (more than 160,000 films of 67,000 patients of one hospital) with CheXmask's lungs and heart as ROI.
#[plugin("eyepatch/padchest")]
impl Dataset for PadChest {
    fn card(&self) -> DataCard {
        // An error comes back from `table`; the card then has no notes.
        let loaded = self.loaded(1).ok();
        DataCard {
            name: "PadChest".into(),
            licence: "CC BY-SA 4.0 (PadChest; access on request), CC BY 4.0 (CheXmask)".into(),
            origin: "Hospital Universitario de San Juan, Alicante, 2009 to 2017 (Bustos et al. 2020, PadChest)".into(),
            roi_origin: crate::loaded::roi_origin(&self.options()),
            biases: [
                "one hospital: what holds here may be this hospital's equipment and habits",
                "labels come from the reports, not from the films; about a quarter were made by physicians, the others by a \
                 network that read the report (`label_method`), so errors are not alike",
                "AP and AP_horizontal films are of sicker patients, often at the bedside: the view, tubes and electrodes \
                 tell of disease",
                "unchanged findings are reported as such, without their names",
            ]
            .map(str::to_owned)
            .into(),
            notes: loaded.map(|l| l.notes.clone()).unwrap_or_default(),
        }
    }

    fn table(&self, ctx: &Ctx) -> Result<Arc<Table>> {
        ctx.check()?;
        Ok(self.loaded(ctx.threads())?.table.clone())
    }

    fn load(&self, row: usize, ctx: &Ctx) -> Result<Sample> {
        ctx.check()?;
        self.loaded(ctx.threads())?.load(&self.options(), row)
    }

    fn content(&self, row: usize, ctx: &Ctx) -> Result<ContentHash> {
        ctx.check()?;
        self.loaded(ctx.threads())?.content(&self.options(), &self.cache, row)
    }

    fn legitimate(&self) -> BTreeMap<String, LegitimateRegion> {
        crate::legitimate::regions(&self.classes, &self.options())
    }
}
