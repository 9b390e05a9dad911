use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ContentHash, Ctx, LegitimateRegion, Result, Roi, Sample, Table};

/// What a reader must know about a data set before believing a result on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DataCard {
    /// Its name.
    pub name: String,
    /// Its licence.
    pub licence: String,
    /// Where it comes from.
    pub origin: String,
    /// Where its ROIs come from (drawn by experts, predicted by which network, synthetic truth).
    pub roi_origin: String,
    /// Known biases, a sentence each.
    pub biases: Vec<String>,
    /// Anything else that the report must say (rows dropped and why, one image per patient assumed, ...).
    pub notes: Vec<String>,
}

/// A table of samples and the pixels behind it.
///
/// `table` must be cheap after its first call; its order is fixed by the data, never by threads or a folder's
/// listing. `load` is called from many threads and must give the same sample each time.
pub trait Dataset: Send + Sync {
    /// What a reader must know about it.
    fn card(&self) -> DataCard;

    /// All samples, without pixels.
    ///
    /// # Errors
    /// [`crate::Error::Table`] naming file, line and remedy.
    fn table(&self, ctx: &Ctx) -> Result<Arc<Table>>;

    /// One sample with its pixels. `row` is an index into [`Table::rows`].
    ///
    /// # Errors
    /// [`crate::Error::Sample`] naming the sample, its file, its line and the remedy: file missing or corrupt,
    /// ROI of another size than the image.
    fn load(&self, row: usize, ctx: &Ctx) -> Result<Sample>;

    /// A hash over everything `load(row)` depends on: file content, or parameters where pixels are generated.
    /// It enters the key of every cell that reads the sample.
    ///
    /// # Errors
    /// As [`Dataset::load`].
    fn content(&self, row: usize, ctx: &Ctx) -> Result<ContentHash>;

    /// The ROI's inner edge, where the image was resized before it came here: those pixels of `load(row)`'s ROI in which no
    /// pixel from outside of it has weight. That ROI is then the outer edge. A masking that shows the region must end at
    /// the inner one, or what lies outside shows; one that hides it, at the outer one. `None`: the image is an original and
    /// the two are one.
    ///
    /// # Errors
    /// As [`Dataset::load`].
    fn inner_roi(&self, row: usize, ctx: &Ctx) -> Result<Option<Roi>> {
        let _ = (row, ctx);
        Ok(None)
    }

    /// The one file that the rows come from, where there is one: what [`crate::Row::line`] counts the lines of. With it, split
    /// files may name rows by their place in the file.
    fn table_file(&self) -> Option<&Path> {
        None
    }

    /// Legitimate region by class name. A class that is absent never gets the verdict `shortcut`.
    fn legitimate(&self) -> BTreeMap<String, LegitimateRegion> {
        BTreeMap::new()
    }

    /// Why its ROIs are no regions of interest, where that is so, as half a sentence. Such a set is for models that are
    /// shown whole images; a sweep that masks refuses it.
    fn unmasked_only(&self) -> Option<String> {
        None
    }

    /// Whether its images come with a brightness that all of their pixels set (divided by their own maximum, stretched).
    /// What a masking then hides has already left its mark on what it shows, so no masking of them counts as hiding.
    fn brightness_leaks(&self) -> bool {
        false
    }
}
