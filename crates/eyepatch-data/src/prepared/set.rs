use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use eyepatch_core::{
    ContentHash, Ctx, DataCard, Dataset, Error as CoreError, Image, LegitimateRegion, Mask, Pixels, Roi, Row,
    Table,
};
use rayon::prelude::*;

use super::blocks::checksum;
use super::finish::Description;
use super::journal::{self, Entry};
use super::{DESCRIPTION, FORMAT, IMAGES, JOURNAL, Plan, ROIS, ROWS, Values};
use crate::mapped::Mapped;
use crate::npy::Element;
use crate::packed::unpack;
use crate::resize::Edges;
use crate::{Error, Result};

/// A finished set, mapped. Opening checks all files but images and ROIs, each of which is checked against its checksum
/// the first time that it is asked for.
#[derive(Debug)]
pub struct PreparedSet {
    folder: PathBuf,
    description: Description,
    table: Arc<Table>,
    entries: Vec<Entry>,
    /// Index into `entries` of each image.
    kept: Vec<usize>,
    images: Mapped,
    rois: Mapped,
    verified: Vec<AtomicBool>,
}

impl PreparedSet {
    /// Opens the set in `folder`.
    ///
    /// # Errors
    /// [`Error::Damaged`] naming the file and what is wrong; [`Error::Busy`] while it is written.
    pub fn open(folder: &Path) -> Result<Self> {
        let description = description(folder)?;
        let plan = &description.plan;
        let file = |name: &str| checked(folder, name, &description);
        let journal = file(JOURNAL)?;
        let (of_journal, blocks) = journal::read(&String::from_utf8_lossy(&journal))
            .ok_or_else(|| Error::damaged(folder.join(JOURNAL), "it cannot be read"))?;
        let entries: Vec<Entry> = blocks.into_values().flat_map(|b| b.entries).collect();
        let kept: Vec<usize> =
            entries.iter().enumerate().filter(|(_, e)| e.kept.is_some()).map(|(i, _)| i).collect();
        let rows = rows(&file(ROWS)?, &folder.join(ROWS), description.classes.len())?;
        let (images, rois) = (Mapped::open(&folder.join(IMAGES))?, Mapped::open(&folder.join(ROIS))?);
        let n = description.images;
        let agree = (&of_journal, rows.len(), kept.len()) == (plan, n, n)
            && rows.iter().zip(&kept).all(|(row, &i)| row.id == entries[i].id);
        if !agree {
            return Err(Error::damaged(folder.join(DESCRIPTION), "it does not agree with the journal"));
        }
        for (mapped, wanted) in [(&images, plan.images(n)), (&rois, plan.rois(n))] {
            if *mapped.header() != wanted {
                let problem =
                    format!("its shape is {:?} instead of {:?}", mapped.header().shape, wanted.shape);
                return Err(Error::damaged(mapped.path(), problem));
            }
        }
        let table = Arc::new(Table { classes: description.classes.clone(), rows });
        let verified = (0..n).map(|_| AtomicBool::new(false)).collect();
        Ok(Self { folder: folder.to_owned(), description, table, entries, kept, images, rois, verified })
    }

    /// Number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Never: an empty set is not written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// How it was prepared.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.description.plan
    }

    /// Its rows; `line` is that of `table.csv`.
    #[must_use]
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The original's card, and what preparing did.
    #[must_use]
    pub fn card(&self) -> &DataCard {
        &self.description.card
    }

    /// The original's legitimate regions.
    #[must_use]
    pub fn legitimate(&self) -> &std::collections::BTreeMap<String, LegitimateRegion> {
        &self.description.legitimate
    }

    /// Why the original's images may only be shown whole, where that is so.
    #[must_use]
    pub fn unmasked_only(&self) -> Option<&str> {
        self.description.unmasked_only.as_deref()
    }

    /// Whether a pixel's value depends on the others: prepared with [`Values::Study`](super::Values) or of images of which
    /// that was so.
    #[must_use]
    pub fn brightness_leaks(&self) -> bool {
        self.description.brightness_leaks || self.plan().values != Values::Stored
    }

    /// What was done with every row of the original table.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The hash of image `index` and its ROI, as they are in the set.
    ///
    /// # Errors
    /// `Shape` of core where there is no such image.
    pub fn checksum(&self, index: usize) -> Result<ContentHash> {
        let entry = self.kept.get(index).map(|&i| &self.entries[i]);
        entry.and_then(|e| e.kept.as_ref()).map(|k| k.checksum).ok_or_else(|| {
            CoreError::shape("image", format!("below {}", self.len()), index.to_string()).into()
        })
    }

    /// Image `index`.
    ///
    /// # Errors
    /// `Sample` of core where its bytes have not their checksum.
    pub fn image(&self, index: usize) -> Result<Image> {
        let (bytes, _) = self.verified(index)?;
        let Plan { size: (height, width), channels, depth, .. } = *self.plan();
        let pixels = match depth {
            Element::U8 => Pixels::U8(bytes.to_vec()),
            Element::U16 => Pixels::U16(bytes.as_chunks().0.iter().map(|b| u16::from_le_bytes(*b)).collect()),
            Element::F32 => Pixels::F32(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
        };
        Ok(Image::new(width, height, channels, pixels)?)
    }

    /// The edges of ROI `index`.
    ///
    /// # Errors
    /// As [`PreparedSet::image`].
    pub fn edges(&self, index: usize) -> Result<Edges> {
        let (_, bytes) = self.verified(index)?;
        let Plan { size: (height, width), structures, .. } = self.plan();
        let planes: Vec<&[u8]> = bytes.chunks_exact(bytes.len() / (structures.len() * 2)).collect();
        let edge = |which: usize| -> Result<Roi> {
            let masks = structures.iter().enumerate().map(|(s, name)| {
                let bits = unpack(planes[2 * s + which], *width);
                Ok((name.clone(), Mask::new(*width, *height, bits)?))
            });
            Ok(Roi::new(masks.collect::<Result<Vec<_>>>()?)?)
        };
        Ok(Edges { outer: edge(0)?, inner: edge(1)? })
    }

    /// The bytes of image `index` and its ROI. Once they were what they should be, they are not hashed again: while they
    /// are mapped, nobody of us changes them.
    fn verified(&self, index: usize) -> Result<(&[u8], &[u8])> {
        let wanted = self.checksum(index)?;
        let (image, roi) = (self.images.entry(index)?, self.rois.entry(index)?);
        if !self.verified[index].load(Ordering::Relaxed) {
            if checksum(image, roi) != wanted {
                return Err(self.damaged(index).into());
            }
            self.verified[index].store(true, Ordering::Relaxed);
        }
        Ok((image, roi))
    }

    fn damaged(&self, index: usize) -> CoreError {
        let row = &self.table.rows[index];
        CoreError::Sample {
            sample: row.id.clone(),
            path: Some(self.folder.join(IMAGES)),
            row: row.line,
            problem: "the prepared image or its ROI is not what was written".into(),
            remedy: "run the same `eyepatch prepare` again: what is damaged is made anew".into(),
        }
    }

    /// Whether every image has its checksum and every original is as it was.
    ///
    /// # Errors
    /// `Cancelled` of core.
    pub(super) fn is_whole(&self, dataset: &dyn Dataset, ctx: &Ctx) -> Result<bool> {
        ctx.check()?;
        let same = |e: &Entry| e.source == dataset.content(e.row, ctx).ok();
        Ok(ctx.install(|| {
            (0..self.len()).into_par_iter().all(|i| self.verified(i).is_ok())
                && self.entries.par_iter().all(same)
        }))
    }
}

fn description(folder: &Path) -> Result<Description> {
    let path = folder.join(DESCRIPTION);
    let bytes = std::fs::read(&path).map_err(|e| CoreError::io(&path, e))?;
    #[derive(serde::Deserialize)]
    struct Version {
        format: String,
    }
    let damaged = |e: serde_json::Error| Error::damaged(&path, e.to_string());
    let Version { format } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if format != FORMAT {
        let problem = format!("it is of format `{format}`; this version reads `{FORMAT}`");
        let remedy = "prepare the set again with this version, into another folder".to_owned();
        return Err(Error::Declared { problem: format!("{}: {problem}", path.display()), remedy });
    }
    serde_json::from_slice(&bytes).map_err(damaged)
}

/// A file's bytes, if they have the checksum that the description gives.
fn checked(folder: &Path, name: &str, description: &Description) -> Result<Vec<u8>> {
    let path = folder.join(name);
    let bytes = match std::fs::read(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::damaged(path, "it is missing"));
        }
        read => read.map_err(|e| CoreError::io(&path, e))?,
    };
    if description.files.get(name) == Some(&ContentHash::of(&bytes)) {
        Ok(bytes)
    } else {
        Err(Error::damaged(path, "it is not what was written"))
    }
}

fn rows(text: &[u8], path: &Path, classes: usize) -> Result<Vec<Row>> {
    let damaged = |e: &dyn std::fmt::Display| Error::damaged(path, e.to_string());
    let lines = text.split(|&b| b == b'\n').filter(|line| !line.is_empty());
    lines
        .enumerate()
        .map(|(index, line)| {
            let mut row: Row = serde_json::from_slice(line).map_err(|e| damaged(&e))?;
            if row.labels.len() != classes {
                return Err(damaged(&format!("row `{}` has {} labels", row.id, row.labels.len())));
            }
            row.line = Some(index + 2);
            Ok(row)
        })
        .collect()
}
