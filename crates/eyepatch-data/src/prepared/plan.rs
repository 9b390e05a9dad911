use eyepatch_core::{ContentHash, Hasher, Roi, Sample, Table};
use serde::{Deserialize, Serialize};

use super::{FORMAT, HEADER};
use crate::npy::{Element, Header, header};
use crate::resize::{self, ResizeMethod};
use crate::{Error, Result};

/// Images of a block, at most.
const BLOCK_IMAGES: usize = 64;
/// Bytes of a block's images, at most (but for one image): three blocks are in memory at a time.
const BLOCK_BYTES: usize = 24 << 20;

/// What becomes of an image's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Values {
    /// As they are stored, at the set's depth.
    #[default]
    Stored,
    /// As the study saved its films: divided by the original image's maximum, stretched (minimum to 0, maximum to 255) and
    /// cut to 8 bit. The largest is then 255, so that dividing by the maximum on loading, as the study did, is dividing by
    /// 255. Pixels that a masking hides set the brightness of those that it shows; so it was.
    Study,
    /// As the study treated external images: divided by the original image's maximum, neither stretched nor cut. Kept as
    /// 32-bit floats, or as 16 bit (0 to 65535 for 0 to 1) where that depth is asked for.
    StudyExternal,
}

/// How a set is to be prepared.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Height and width.
    pub size: (usize, usize),
    /// How images get there.
    pub method: ResizeMethod,
    /// What becomes of their values.
    pub values: Values,
    /// Depth of the set; without it, that of the first image that can be used (`Values` may decide otherwise).
    pub depth: Option<Element>,
    /// Channels of the set, 1 or 3; without it, those of the first image that can be used.
    pub channels: Option<usize>,
    /// Only the first rows of the table.
    pub limit: Option<usize>,
    /// Leave out rows that cannot be used, and say why in the manifest, instead of stopping.
    pub skip_bad: bool,
    /// How text is written into a table that a spreadsheet will open.
    pub cell: fn(&str) -> String,
}

/// All that the bytes of a set depend on, beside its images. A run goes on only from one with the same plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// See [`FORMAT`].
    pub format: String,
    /// The data set plugin's id.
    pub dataset: String,
    /// Its revision.
    pub revision: u32,
    /// Rows of the data set's table that are to be prepared, from its first.
    pub rows: usize,
    /// Hash of these rows: ids, patients, labels, metadata.
    pub table: ContentHash,
    /// Height and width.
    pub size: (usize, usize),
    /// How images got there.
    pub method: ResizeMethod,
    /// Revision of the resize.
    pub resize_revision: u32,
    /// What became of their values.
    pub values: Values,
    /// Type of the numbers in `images.npy`.
    pub depth: Element,
    /// Whether the depth was asked for; if not, an image of a larger depth is an error.
    pub any_depth: bool,
    /// 1 or 3.
    pub channels: usize,
    /// Names of the ROI's structures, in the order of `rois.npy`.
    pub structures: Vec<String>,
    /// Whether rows that cannot be used are left out.
    pub skip_bad: bool,
    /// Rows of a block.
    pub block: usize,
}

impl Plan {
    /// The plan for `table`, of which `first` is the first sample that can be used.
    pub(super) fn new(
        (dataset, revision): (&str, u32),
        table: &Table,
        first: &Sample,
        options: &Options,
    ) -> Result<Self> {
        let stored = Element::of_image(&first.image);
        let depth = match (options.values, options.depth) {
            (Values::Stored, depth) => depth.unwrap_or(stored),
            (Values::Study, None | Some(Element::U8)) => Element::U8,
            (Values::StudyExternal, None | Some(Element::F32)) => Element::F32,
            (Values::StudyExternal, Some(Element::U16)) => Element::U16,
            (Values::Study | Values::StudyExternal, Some(depth)) => {
                let problem = format!("the study's values are not kept as {}", depth.descr());
                let remedy =
                    "leave the depth out: the study's films are 8 bit; its external images may be 16";
                return Err(Error::declared(problem, remedy));
            }
        };
        let channels = options.channels.unwrap_or(first.image.channels());
        if !matches!(channels, 1 | 3) {
            return Err(Error::declared(format!("{channels} channels are asked for"), "give 1 or 3"));
        }
        let (height, width) = options.size;
        if height == 0 || width == 0 {
            return Err(Error::declared(format!("the size is {height}x{width}"), "give at least 1x1"));
        }
        let rows = options.limit.unwrap_or(usize::MAX).min(table.rows.len());
        let image = height.saturating_mul(width).saturating_mul(channels * depth.bytes());
        let plan = Self {
            format: FORMAT.into(),
            dataset: dataset.into(),
            revision,
            rows,
            table: hash(table, rows)?,
            size: options.size,
            method: options.method,
            resize_revision: resize::REVISION,
            values: options.values,
            depth,
            any_depth: options.depth.is_some(),
            channels,
            structures: structures(&first.roi),
            skip_bad: options.skip_bad,
            block: (BLOCK_BYTES / image).clamp(1, BLOCK_IMAGES),
        };
        // Neither file may be longer than memory can be counted in.
        plan.images(rows).length()?;
        plan.rois(rows).length()?;
        Ok(plan)
    }

    /// The header of `images.npy` for `n` images.
    pub(super) fn images(&self, n: usize) -> Header {
        let mut shape = vec![n, self.size.0, self.size.1];
        if self.channels > 1 {
            shape.push(self.channels);
        }
        Header { element: self.depth, shape, start: HEADER }
    }

    /// The header of `rois.npy` for `n` images.
    pub(super) fn rois(&self, n: usize) -> Header {
        let shape = vec![n, self.structures.len(), 2, self.size.0, self.size.1.div_ceil(8)];
        Header { element: Element::U8, shape, start: HEADER }
    }

    /// Bytes of one image, and of its ROI.
    pub(super) fn bytes(&self) -> (usize, usize) {
        let (height, width) = self.size;
        let image = height * width * self.channels * self.depth.bytes();
        (image, self.structures.len() * 2 * height * width.div_ceil(8))
    }

    /// Rows of block `index`.
    pub(super) fn rows_of(&self, index: usize) -> std::ops::Range<usize> {
        index * self.block..((index + 1) * self.block).min(self.rows)
    }

    /// Number of blocks.
    pub(super) fn blocks(&self) -> usize {
        self.rows.div_ceil(self.block)
    }

    /// Names of what differs from `other`, for a message.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let fields = |plan: &Self| match serde_json::to_value(plan) {
            Ok(serde_json::Value::Object(map)) => map,
            _ => serde_json::Map::new(),
        };
        let (ours, theirs) = (fields(self), fields(other));
        ours.into_iter().filter(|(k, v)| theirs.get(k) != Some(v)).map(|(k, _)| k).collect()
    }
}

/// The header's bytes.
pub(super) fn header_bytes(of: &Header) -> Vec<u8> {
    header(of.element.descr(), &of.shape, of.start)
}

fn structures(roi: &Roi) -> Vec<String> {
    roi.structures().keys().cloned().collect()
}

/// Hash of the first `rows` rows; files and lines do not count, so a table may be moved.
fn hash(table: &Table, rows: usize) -> Result<ContentHash> {
    let mut hasher = Hasher::new().part(table.classes.join("\n"));
    for row in &table.rows[..rows] {
        let rest = serde_json::to_vec(&(&row.labels, &row.meta))
            .map_err(|e| Error::declared(format!("row `{}`: {e}", row.id), "mend the table"))?;
        hasher = hasher.part(&row.id).part(&row.patient).part(rest);
    }
    Ok(hasher.finish())
}
