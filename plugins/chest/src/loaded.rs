//! Labels, images and masks brought together.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eyepatch_core::{Error, Meta, Result, Table};
use eyepatch_data::OnBad;
use eyepatch_data::{File, Found, quoted, table_error};

use crate::archive::Images;
use crate::cells::MASK_RCA;
use crate::chestxray14::Boxes;
use crate::chexmask::{CheXmask, Entry, NoSize};
use crate::labels::LabelTable;
use crate::options::Options;
use crate::unusable;

/// Where a row's pixels and its masks are.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) image: File,
    pub(crate) mask: Entry,
}

/// All that is known without opening an image.
pub(crate) struct Loaded {
    pub(crate) table: Arc<Table>,
    pub(crate) sources: Vec<Source>,
    pub(crate) masks: CheXmask,
    pub(crate) boxes: Option<Boxes>,
    pub(crate) notes: Vec<String>,
}

/// The data set, read once, and hashes of files.
pub(crate) type Cache = eyepatch_data::Cache<Loaded>;

/// Rows without what they need, by reason.
#[derive(Default)]
struct Left {
    without_mask: usize,
    without_score: usize,
    low_score: usize,
    without_size: usize,
    /// Used, with a size that their row does not give.
    assumed: usize,
    /// Line and image of each row whose image is not there.
    missing: Vec<(usize, String)>,
}

impl Loaded {
    /// Brings together what belongs together. The result does not depend on `threads`.
    pub(crate) fn join(
        options: &Options<'_>,
        labels: LabelTable,
        images: &Images,
        masks: &Path,
        boxes: Option<Boxes>,
        threads: usize,
    ) -> Result<Self> {
        let LabelTable { path, mut table, mut notes, names, .. } = labels;
        let wanted: HashSet<&str> = table.rows.iter().map(|row| row.id.as_str()).collect();
        let masks = CheXmask::index(masks, |id| wanted.contains(id))?;
        drop(wanted);
        let rows = table.rows.len();
        let (mut left, mut sources) = (Left::default(), Vec::new());
        let mut names = names.into_iter();
        let mut refusal = None;
        table.rows.retain_mut(|row| {
            let (name, line) = (names.next().unwrap_or_default(), row.line.unwrap_or_default());
            let Some(mask) = left.mask(&masks, &row.id, options) else { return false };
            match images.find(&name) {
                Found::File(image) => {
                    row.image = Some(image.shown.clone());
                    row.roi = Some(masks.path().to_owned());
                    row.meta.insert(MASK_RCA.to_owned(), Meta::Number(mask.rca));
                    sources.push(Source { image, mask });
                    return true;
                }
                Found::Missing => left.missing.push((line, name)),
                Found::Refused(how) => {
                    refusal.get_or_insert_with(|| refused(&path, line, &name, how));
                }
            }
            false
        });
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        if options.on_missing == OnBad::Refuse && !left.missing.is_empty() {
            return Err(left.missing_error(&path, rows, images));
        }
        notes.extend(left.notes(options, &masks));
        let mut loaded = Self { table: Arc::new(table), sources, masks, boxes, notes };
        if options.on_bad == OnBad::Drop {
            loaded = unusable::drop_rows(options, loaded, threads);
        }
        if loaded.table.rows.is_empty() {
            let problem = format!("no row is left of {rows}: {}", loaded.notes.join("; "));
            let remedy = "check that labels, masks and images are of the same archive";
            return Err(table_error(&path, None, None, problem, remedy));
        }
        let counts = loaded.table.classes.iter().enumerate().map(|(i, class)| {
            let n = loaded.table.rows.iter().filter(|r| r.labels[i] == Some(true)).count();
            format!("{class} {n}")
        });
        let counts = counts.collect::<Vec<_>>().join(", ");
        loaded.notes.push(format!("{} films are used; of each class: {counts}", loaded.table.rows.len()));
        Ok(loaded)
    }
}

impl Left {
    /// The mask of an image, where there is one that is good enough.
    fn mask(&mut self, masks: &CheXmask, id: &str, options: &Options<'_>) -> Option<Entry> {
        let Some(mut mask) = masks.get(id) else {
            self.without_mask += 1;
            return None;
        };
        if mask.rca.is_nan() {
            self.without_score += 1;
            return None;
        }
        if mask.rca <= options.min_rca {
            self.low_score += 1;
            return None;
        }
        if mask.size.is_some() {
            return Some(mask);
        }
        let size = if options.no_size == NoSize::Common { masks.common_size() } else { None };
        if size.is_some() || options.no_size == NoSize::Image {
            self.assumed += 1;
            mask.size = size;
            return Some(mask);
        }
        self.without_size += 1;
        None
    }

    fn notes(&self, options: &Options<'_>, masks: &CheXmask) -> Vec<String> {
        let mut notes = vec![format!(
            "{} films without a mask dropped, {} whose mask has a mean Dice RCA of {} or less, {} whose mask has none",
            self.without_mask, self.low_score, options.min_rca, self.without_score
        )];
        if self.without_size > 0 {
            notes.push(format!(
                "{} films dropped whose mask is for an image of unknown size (`no_size`)",
                self.without_size
            ));
        }
        if self.assumed > 0 {
            let size = match masks.common_size() {
                Some((h, w)) if options.no_size == NoSize::Common => format!("{h}x{w}, as all others"),
                _ => "the image's own".to_owned(),
            };
            notes
                .push(format!("{} masks have no size in their file; it is taken to be {size}", self.assumed));
        }
        if masks.repeated() > 0 {
            notes.push(format!("{} rows of the masks' file say again what another says", masks.repeated()));
        }
        if !self.missing.is_empty() {
            notes.push(format!("{} films whose image is not there dropped", self.missing.len()));
        }
        notes
    }

    fn missing_error(&self, path: &Path, rows: usize, images: &Images) -> Error {
        let named = self.missing.iter().take(5).map(|(line, name)| format!("{} (line {line})", quoted(name)));
        let named = named.collect::<Vec<_>>().join(", ");
        let more = self.missing.len().saturating_sub(5);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        table_error(
            path,
            self.missing.first().map(|(line, _)| *line),
            None,
            format!(
                "images of {} of {rows} rows are not in {}: {named}{more}",
                self.missing.len(),
                images.shown().display()
            ),
            "give the images' folder with `images`; where only a part of the archive is there, set `on_missing` to \
             \"drop\"",
        )
    }
}

/// A name that leaves the images folder.
fn refused(path: &Path, line: usize, name: &str, how: &str) -> Error {
    table_error(
        path,
        Some(line),
        None,
        format!("the image's path {} is refused: {how}", quoted(name)),
        "mend the row: images are named relative to the images folder, without `..`",
    )
}

/// Where the ROIs come from, for the data card.
pub(crate) fn roi_origin(options: &Options<'_>) -> String {
    format!(
        "predicted masks: CheXmask (HybridGNet, Gaggion et al. 2024), mean Dice RCA above {}; structures: {}",
        options.min_rca,
        options.structures.join(", ")
    )
}

/// A folder that a parameter names, else one below the archive's where it is there, else the archive's.
pub(crate) fn images_folder(folder: &Path, given: Option<&Path>) -> PathBuf {
    let below = folder.join("images");
    match given {
        Some(images) => images.to_owned(),
        None if below.is_dir() => below,
        None => folder.to_owned(),
    }
}
