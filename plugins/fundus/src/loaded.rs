//! What is known of an archive before an image is needed.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eyepatch_core::{ContentHash, Error, Hasher, Result, Row, Sample, Table};
use eyepatch_data::{Bad, Fault, File, table_error};

use crate::params::OnBad;
use crate::pixels::{self, Source};

/// The one class of these sets.
pub(crate) const CLASS: &str = "glaucoma";

/// An archive's table and where its pixels are.
pub(crate) struct Loaded {
    pub(crate) table: Arc<Table>,
    pub(crate) sources: Vec<Source>,
    pub(crate) notes: Vec<String>,
}

/// A file or a label that is not there.
pub(crate) struct Absent {
    /// The table or folder that should have it, and the table's line.
    pub(crate) path: PathBuf,
    pub(crate) line: Option<usize>,
    /// `None` where it is the label that is missing.
    pub(crate) fault: Option<Fault>,
    pub(crate) what: String,
}

/// What was found in an archive.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) rows: Vec<Row>,
    pub(crate) sources: Vec<Source>,
    pub(crate) absent: Vec<Absent>,
    pub(crate) notes: Vec<String>,
}

impl Draft {
    /// Refuses what cannot be used, or leaves it out and counts it. The result does not depend on `threads`.
    pub(crate) fn finish(
        mut self,
        archive: &Path,
        on_bad: OnBad,
        max_pixels: u64,
        threads: usize,
    ) -> Result<Loaded> {
        self.images_are_unique()?;
        if on_bad == OnBad::Refuse && !self.absent.is_empty() {
            return Err(absent_error(&self.absent));
        }
        let faults = match on_bad {
            OnBad::Drop => faults(&self.sources, max_pixels, threads),
            OnBad::Refuse | OnBad::DropMissing => vec![None; self.sources.len()],
        };
        let mut notes = std::mem::take(&mut self.notes);
        if on_bad != OnBad::Refuse {
            notes.push(dropped(&faults, &self.absent));
        }
        let good = |i: &usize| faults[*i].is_none();
        let rows: Vec<Row> = (0..self.rows.len()).filter(good).map(|i| self.rows[i].clone()).collect();
        if rows.is_empty() {
            let problem = format!("no image is left; {}", notes.last().map_or("", String::as_str));
            let remedy = "check that this is the archive's folder, unpacked as it was published";
            return Err(table_error(archive, None, None, problem, remedy));
        }
        let sources = self.sources.into_iter().enumerate().filter(|(i, _)| good(i)).map(|(_, s)| s).collect();
        let table = Table { classes: vec![CLASS.to_owned()], rows };
        table.check()?;
        Ok(Loaded { table: Arc::new(table), sources, notes })
    }

    /// One file under two ids would stand in two parts of a split.
    fn images_are_unique(&self) -> Result<()> {
        let mut seen: HashMap<&Path, &Row> = HashMap::new();
        for (row, source) in self.rows.iter().zip(&self.sources) {
            if let Some(first) = seen.insert(&source.image.real, row) {
                return Err(Error::Sample {
                    sample: row.id.clone(),
                    path: Some(source.image.shown.clone()),
                    row: row.line,
                    problem: format!("its image is also that of sample `{}`", first.id),
                    remedy: "keep one label an image".into(),
                });
            }
        }
        Ok(())
    }
}

/// All that is missing in one error: the first five by name and how many.
fn absent_error(absent: &[Absent]) -> Error {
    let first = &absent[0];
    let file = |a: &Absent| a.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let place = |a: &Absent| match a.line {
        Some(line) => format!("{} (line {line} of {})", a.what, file(a)),
        None => a.what.clone(),
    };
    let named: Vec<String> = absent.iter().take(5).map(place).collect();
    let more = if absent.len() > 5 { format!(" and {} more", absent.len() - 5) } else { String::new() };
    let problem = format!("{} files or labels are missing: {}{more}", absent.len(), named.join(", "));
    let remedy = "unpack the whole archive as it was published, or set `on_bad` to \"drop-missing\" (leave these out and \
                  count them) or \"drop\" (leave out unusable files too)";
    table_error(&first.path, first.line, None, problem, remedy)
}

/// What is wrong with each sample.
fn faults(sources: &[Source], max_pixels: u64, threads: usize) -> Vec<Option<Fault>> {
    let mut faults: Vec<Option<Fault>> = vec![None; sources.len()];
    let share = faults.len().div_ceil(threads.max(1)).max(1);
    // Threads of our own: the table's lock is held here, and a rayon worker that waits may steal a task that wants it.
    std::thread::scope(|scope| {
        for (faults, sources) in faults.chunks_mut(share).zip(sources.chunks(share)) {
            scope.spawn(move || {
                for (fault, source) in faults.iter_mut().zip(sources) {
                    *fault = pixels::read(source, max_pixels).err().map(|bad| bad.fault);
                }
            });
        }
    });
    faults
}

fn dropped(faults: &[Option<Fault>], absent: &[Absent]) -> String {
    let mut counts: BTreeMap<Fault, usize> = BTreeMap::new();
    for fault in faults.iter().flatten().copied().chain(absent.iter().filter_map(|a| a.fault)) {
        *counts.entry(fault).or_default() += 1;
    }
    let mut reasons: Vec<String> = counts.iter().map(|(fault, n)| format!("{n} {fault}")).collect();
    let unlabelled = absent.iter().filter(|a| a.fault.is_none()).count();
    if unlabelled > 0 {
        reasons.push(format!("{unlabelled} label missing"));
    }
    match counts.values().sum::<usize>() + unlabelled {
        0 => "images with unusable files would be left out; there are none".into(),
        total => format!("{total} images left out: {}", reasons.join(", ")),
    }
}

impl Loaded {
    fn check(&self, row: usize) -> Result<()> {
        let rows = self.table.rows.len();
        if row < rows { Ok(()) } else { Err(Error::shape("row", format!("below {rows}"), row.to_string())) }
    }

    /// A row's sample.
    pub(crate) fn sample(&self, row: usize, max_pixels: u64) -> Result<Sample> {
        self.check(row)?;
        let entry = &self.table.rows[row];
        let told = |bad: Bad| Error::Sample {
            sample: entry.id.clone(),
            path: bad.path,
            row: entry.line,
            problem: bad.problem,
            remedy: bad.remedy,
        };
        let (image, roi) = pixels::read(&self.sources[row], max_pixels).map_err(told)?;
        Ok(Sample {
            id: entry.id.clone(),
            patient: entry.patient.clone(),
            labels: entry.labels.clone(),
            image,
            roi,
        })
    }

    /// A hash over all that a row's sample depends on.
    pub(crate) fn content(&self, row: usize, cache: &Cache) -> Result<ContentHash> {
        self.check(row)?;
        let (entry, source) = (&self.table.rows[row], &self.sources[row]);
        let labels: Vec<u8> = entry.labels.iter().map(|l| l.map_or(2, u8::from)).collect();
        let of = |file: &File| cache.hash(file);
        let mut hash =
            Hasher::new().part(&entry.id).part(&entry.patient).part(labels).part(of(&source.image)?.0);
        for structure in &source.structures {
            hash = hash.part(structure.name).part([structure.from]).part(of(&structure.file)?.0);
        }
        if let Some(resave) = source.resave {
            hash = hash.part(resave.describe());
        }
        Ok(hash.finish())
    }
}

/// The archive, read once, and hashes of files.
pub(crate) type Cache = eyepatch_data::Cache<Loaded>;
