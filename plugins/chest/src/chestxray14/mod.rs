//! ChestX-ray14 of the NIH Clinical Center (Wang et al. 2017) with CheXmask's masks.

mod boxes;
mod build;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eyepatch_core::{
    ContentHash, Ctx, DataCard, Dataset, LegitimateRegion, Params, Result, Sample, Table, plugin,
};
use eyepatch_data::OnBad;
use eyepatch_data::Root;
use serde::{Deserialize, Serialize};

pub(crate) use boxes::Boxes;
pub use build::chestxray14;

use crate::archive::{Images, find, find_optional};
use crate::chexmask::NoSize;
use crate::labels::LabelTable;
use crate::loaded::{Cache, Loaded, images_folder};
use crate::options::{Options, check_classes, check_regions};
use table::Lists;

/// ChestX-ray14's films with the masks of CheXmask. Its fields are the plugin's parameters; the README explains each. Start
/// from [`chestxray14`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChestXray14 {
    pub(crate) folder: PathBuf,
    pub(crate) table: Option<PathBuf>,
    pub(crate) images: Option<PathBuf>,
    pub(crate) masks: Option<PathBuf>,
    pub(crate) boxes: bool,
    pub(crate) boxes_file: Option<PathBuf>,
    pub(crate) boxed_only: bool,
    pub(crate) labels: Vec<String>,
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

const TABLES: [&str; 4] = [
    "Data_Entry_2017_v2020.csv",
    "Data_Entry_2017.csv",
    "Data_Entry_2017_v2020.csv.gz",
    "Data_Entry_2017.csv.gz",
];
const MASKS: [&str; 4] = [
    "ChestX-Ray8.csv",
    "CheXmask/ChestX-Ray8.csv",
    "OriginalResolution/ChestX-Ray8.csv",
    "CheXmask/OriginalResolution/ChestX-Ray8.csv",
];
const BOXES: [&str; 1] = ["BBox_List_2017.csv"];

impl ChestXray14 {
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

    /// Class names and the findings that they are called in the table.
    pub(crate) fn classes(&self) -> Vec<(String, String)> {
        let pair = |label: &String| match label.split_once('=') {
            Some((class, finding)) => (class.trim().to_owned(), finding.trim().to_owned()),
            None => (label.trim().to_owned(), label.trim().to_owned()),
        };
        self.labels.iter().map(pair).collect()
    }

    fn boxes(&self) -> Result<Option<Boxes>> {
        if !self.boxes {
            return Ok(None);
        }
        let path = find(&self.folder, self.boxes_file.as_deref(), &BOXES, "boxes_file")?;
        Boxes::read(&path, &self.classes()).map(Some)
    }

    /// Reads the label table alone: no image and no mask need be there.
    ///
    /// # Errors
    /// [`eyepatch_core::Error::Table`] with line, column and remedy; [`eyepatch_core::Error::Io`].
    pub fn read_labels(&self) -> Result<LabelTable> {
        self.labels_and(self.boxes()?.as_ref())
    }

    fn labels_and(&self, boxes: Option<&Boxes>) -> Result<LabelTable> {
        let path = find(&self.folder, self.table.as_deref(), &TABLES, "table")?;
        let mut files: Vec<(&str, PathBuf)> = Vec::new();
        for (part, name) in [("train_val", "train_val_list.txt"), ("test", "test_list.txt")] {
            files.extend(find_optional(&self.folder, None, &[name])?.map(|path| (part, path)));
        }
        let files: Vec<(&str, &Path)> = files.iter().map(|(part, path)| (*part, path.as_path())).collect();
        table::read(self, &path, &Lists::read(&files)?, boxes)
    }

    fn read(&self, threads: usize) -> Result<Loaded> {
        let boxes = self.boxes()?;
        let labels = self.labels_and(boxes.as_ref())?;
        let masks = find(&self.folder, self.masks.as_deref(), &MASKS, "masks")?;
        let root = images_folder(&self.folder, self.images.as_deref());
        let parts: Vec<String> = (1..=12).map(|i| format!("images_{i:03}/images")).collect();
        let parts: Vec<String> = parts.into_iter().filter(|part| root.join(part).is_dir()).collect();
        let root = Root::open(&root)?;
        let images = if parts.is_empty() { Images::By(root) } else { Images::listed(root, &parts)? };
        Loaded::join(&self.options(), labels, &images, &masks, boxes, threads)
    }

    fn loaded(&self, threads: usize) -> Result<Arc<Loaded>> {
        self.cache.loaded(|| self.read(threads))
    }
}

impl Params for ChestXray14 {
    fn check(&self) -> Result<(), String> {
        self.options().check(&self.folder)?;
        let classes = self.classes();
        check_classes(classes.iter().map(|(class, _)| class.as_str()))?;
        if let Some((class, _)) = classes.iter().find(|(_, finding)| finding.is_empty()) {
            return Err(format!("`labels`: class `{class}` names no finding"));
        }
        if !self.boxes && (self.boxed_only || self.boxes_file.is_some()) {
            return Err("`boxed_only` and `boxes_file` are of use only with `boxes`".into());
        }
        let names: Vec<String> = classes.into_iter().map(|(class, _)| class).collect();
        let boxes = names.iter().filter(|_| self.boxes).map(|class| Boxes::structure(class));
        let structures: Vec<String> = self.structures.iter().cloned().chain(boxes).collect();
        check_regions(&self.legitimate, &names, &structures)
    }
}

/// ChestX-ray14 (112,120 films of 30,805 patients of one hospital) with CheXmask's lungs and heart as ROI.
#[plugin("eyepatch/chestxray14")]
impl Dataset for ChestXray14 {
    fn card(&self) -> DataCard {
        // An error comes back from `table`; the card then has no notes.
        let loaded = self.loaded(1).ok();
        let mut roi_origin = crate::loaded::roi_origin(&self.options());
        if self.boxes {
            roi_origin.push_str("; boxes of findings drawn by a radiologist (BBox_List_2017.csv)");
        }
        DataCard {
            name: "ChestX-ray14".into(),
            licence: "free use with attribution (NIH Clinical Center), CC BY 4.0 (CheXmask)".into(),
            origin: "NIH Clinical Center, 1992 to 2015 (Wang et al. 2017)".into(),
            roi_origin,
            biases: [
                "one hospital, and a referral centre: few patients are healthy",
                "labels were mined from the reports by a program; a finding that the report does not name counts as absent",
                "most films of a pneumothorax show the drain that treats it (Oakden-Rayner et al. 2020)",
                "the view and tokens burned into the film (`PORTABLE`, L and R) tell of the patient's state (Zech et al. 2018)",
                "8-bit copies of 1024x1024 pixels: contrast was set by an unknown window",
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
        let classes: Vec<String> = self.classes().into_iter().map(|(class, _)| class).collect();
        crate::legitimate::regions(&classes, &self.options())
    }
}
