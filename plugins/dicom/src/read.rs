//! From files and a table to rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use eyepatch_core::{Ctx, Error, Meta, Result, Row, Table};
use eyepatch_data::{Bad, Fault, File, Root, Sheet};

use crate::columns::BurnedIn;
use crate::find::{Candidate, Files, find};
use crate::join::{self, Columns, join};
use crate::key::Key;
use crate::notes;
use crate::params::Dicom;
use crate::roi::{self, Masks};
use crate::sample;
use crate::scan::{Scan, scan_all};
use eyepatch_data::OnBad;

/// A row's files.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) image: File,
    pub(crate) mask: File,
}

/// All that is known before pixels are read.
pub(crate) struct Loaded {
    pub(crate) table: Arc<Table>,
    /// One a row.
    pub(crate) sources: Vec<Source>,
    pub(crate) notes: Vec<String>,
}

/// What was left out, and what the data card says of it.
#[derive(Default)]
pub(crate) struct Tally {
    /// Files that are no DICOM.
    pub(crate) others: usize,
    /// Files that no line of the table names.
    pub(crate) without_line: usize,
    /// Files and lines that cannot be used, by reason.
    pub(crate) dropped: BTreeMap<Fault, usize>,
    pub(crate) burned_in: usize,
    pub(crate) unsaid: usize,
}

impl Loaded {
    pub(crate) fn read(dicom: &Dicom, ctx: &Ctx) -> Result<Self> {
        let Files { all: files, others } = find(&dicom.images, ctx)?;
        let sheet = Sheet::read(&dicom.table)?;
        let columns = Columns::of(dicom, &sheet)?;
        let root = Root::open(&dicom.rois)?;
        let key = Key::open(&dicom.key_path())?;
        let mut scans = scan_all(dicom, &files, &key, ctx.threads());
        refuse_twins(&files, &mut scans);
        let good: Vec<Option<&Scan>> = scans.iter().map(|s| s.as_ref().ok()).collect();
        let joined = join(dicom, &sheet, columns.key, &files, &good)?;
        if joined.records.iter().all(Option::is_none) {
            return Err(nothing_joined(&sheet, &columns, &files, scans));
        }
        let mut rows = Rows {
            dicom,
            sheet: &sheet,
            columns: &columns,
            key: &key,
            masks: Masks::new(root, dicom.roi_by, &files),
            table_meta: join::meta_cells(&sheet, &columns.meta),
            tally: Tally { others, ..Tally::default() },
            rows: Vec::new(),
            sources: Vec::new(),
        };
        rows.without_file(&joined.without_file)?;
        for ((file, scan), record) in files.iter().zip(scans).zip(&joined.records) {
            rows.add(file, scan, *record)?;
        }
        rows.finish(ctx)
    }
}

/// Of files with one SOP Instance UID the first is taken for the image, the others are faults.
fn refuse_twins(files: &[Candidate], scans: &mut [std::result::Result<Scan, Bad>]) {
    let mut seen = BTreeSet::new();
    for (file, scan) in files.iter().zip(scans) {
        if let Ok(known) = scan
            && !seen.insert(known.sample.clone())
        {
            *scan = Err(Bad::new(
                Fault::Unreadable,
                "another file has its SOP Instance UID: it is a copy, or one of the two is mislabelled",
                "remove one of the two, or set `on_bad` to \"drop\"",
            )
            .of(&file.file.shown));
        }
    }
}

fn nothing_joined(
    sheet: &Sheet,
    columns: &Columns,
    files: &[Candidate],
    scans: Vec<std::result::Result<Scan, Bad>>,
) -> Error {
    let failed = scans.into_iter().find_map(|s| s.err());
    let why = match failed {
        Some(bad) => format!("; the first that cannot be read: {}", bad.problem),
        None => String::new(),
    };
    sheet.error(
        None,
        Some(&sheet.headers[columns.key]),
        format!("none of the lines belongs to one of the {} DICOM files of the folder{why}", files.len()),
        "check `images`, and that `by` and `key` name what the column holds",
    )
}

struct Rows<'a> {
    dicom: &'a Dicom,
    sheet: &'a Sheet,
    columns: &'a Columns,
    key: &'a Key,
    masks: Masks<'a>,
    table_meta: Vec<BTreeMap<String, Meta>>,
    tally: Tally,
    rows: Vec<Row>,
    sources: Vec<Source>,
}

impl Rows<'_> {
    /// Lines whose file is not there.
    fn without_file(&mut self, lines: &[usize]) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        if self.dicom.on_bad == OnBad::Drop {
            *self.tally.dropped.entry(Fault::ImageMissing).or_default() += lines.len();
            return Ok(());
        }
        let first: Vec<String> = lines.iter().take(5).map(ToString::to_string).collect();
        let more = if lines.len() > 5 { format!(" and {} more", lines.len() - 5) } else { String::new() };
        Err(self.sheet.error(
            Some(lines[0]),
            Some(&self.sheet.headers[self.columns.key]),
            format!(
                "there is no file for {} of {} lines: {}{more}",
                lines.len(),
                self.sheet.records.len(),
                first.join(", ")
            ),
            "add the files, remove these lines, check `by` and `key`, or set `on_bad` to \"drop\"",
        ))
    }

    fn add(
        &mut self,
        file: &Candidate,
        scan: std::result::Result<Scan, Bad>,
        record: Option<usize>,
    ) -> Result<()> {
        let by_name = self.dicom.by == crate::params::By::File;
        let scan = match scan {
            // What no line names is no part of the data, whatever is wrong with it.
            _ if record.is_none() && by_name => {
                self.tally.without_line += 1;
                return Ok(());
            }
            Ok(_) if record.is_none() => {
                self.tally.without_line += 1;
                return Ok(());
            }
            Ok(scan) => scan,
            Err(bad) => return self.fault(file, None, record, bad),
        };
        let Some(record) = record else { return Ok(()) };
        let line = self.sheet.records[record].line;
        let patient = match self.patient(&scan, record)? {
            Some(patient) => patient,
            None => {
                let bad = Bad::new(
                    Fault::Unreadable,
                    "it has no Patient ID, so nobody knows whose image it is",
                    "name a column of the table with `patient`, or set `one_image_per_patient` where that is so",
                );
                return self.fault(file, Some(&scan), Some(record), bad.of(&file.file.shown));
            }
        };
        let mask = match self.masks.find(file, &scan) {
            Ok(mask) => mask,
            Err(bad) => return self.fault(file, Some(&scan), Some(record), bad.of(&file.file.shown)),
        };
        let labels =
            join::label_cells(self.dicom, self.sheet, &self.sheet.records[record], &self.columns.labels)?;
        let mut meta = scan.columns;
        for (name, value) in &self.table_meta[record] {
            if meta.insert(name.clone(), value.clone()).is_some() {
                return Err(self.sheet.error(
                    Some(1),
                    Some(name),
                    "it has the name of a column that is read from the files",
                    "rename it in the table",
                ));
            }
        }
        match scan.burned_in {
            BurnedIn::Yes => self.tally.burned_in += 1,
            BurnedIn::Unsaid => self.tally.unsaid += 1,
            BurnedIn::No => {}
        }
        self.rows.push(Row {
            id: scan.sample,
            patient,
            labels,
            meta,
            image: Some(file.file.shown.clone()),
            roi: Some(mask.shown.clone()),
            line: Some(line),
        });
        self.sources.push(Source { image: file.file.clone(), mask });
        Ok(())
    }

    /// Whose image it is, as a pseudonym.
    fn patient(&self, scan: &Scan, record: usize) -> Result<Option<String>> {
        if self.dicom.one_image_per_patient {
            return Ok(Some(self.key.pseudonym("only", &[scan.sample.as_bytes()])));
        }
        let Some(column) = self.columns.patient else { return Ok(scan.patient.clone()) };
        let record = &self.sheet.records[record];
        let cell = record.cell(column).trim();
        if cell.is_empty() {
            let name = &self.sheet.headers[column];
            let remedy = "say whose image it is: splits never part a patient";
            return Err(self.sheet.error(Some(record.line), Some(name), "the patient is missing", remedy));
        }
        Ok(Some(self.key.pseudonym("table", &[cell.as_bytes()])))
    }

    fn fault(
        &mut self,
        file: &Candidate,
        scan: Option<&Scan>,
        record: Option<usize>,
        bad: Bad,
    ) -> Result<()> {
        if self.dicom.on_bad == OnBad::Drop {
            *self.tally.dropped.entry(bad.fault).or_default() += 1;
            return Ok(());
        }
        let sample = match scan {
            Some(scan) => scan.sample.clone(),
            None => self.key.pseudonym("file", &[file.path.as_bytes()]),
        };
        let row = record.map(|r| self.sheet.records[r].line);
        Err(Error::Sample { sample, path: bad.path, row, problem: bad.problem, remedy: bad.remedy })
    }

    fn finish(mut self, ctx: &Ctx) -> Result<Loaded> {
        let masks: Vec<File> = self.sources.iter().map(|s| s.mask.clone()).collect();
        if let Some(path) = roi::shared(&masks) {
            return Err(Error::Table {
                path,
                row: None,
                column: None,
                problem: "it is the mask of two images".into(),
                remedy: "give every image its own mask, named as the image's path or SOP Instance UID".into(),
            });
        }
        if self.dicom.on_bad == OnBad::Drop {
            self.drop_undecodable(ctx)?;
        }
        if self.rows.is_empty() {
            let reasons: Vec<String> = self.tally.dropped.iter().map(|(f, n)| format!("{n} {f}")).collect();
            return Err(self.sheet.error(
                None,
                None,
                format!("no file can be used: {}", reasons.join(", ")),
                "set `on_bad` to \"refuse\" to see what is wrong with the first",
            ));
        }
        let classes = self.columns.labels.iter().map(|(class, _)| class.clone()).collect();
        let table = Table { classes, rows: self.rows };
        let notes = notes::notes(self.dicom, &self.tally, &table);
        notes::check_legitimate(self.dicom, self.sheet, &table)?;
        Ok(Loaded { table: Arc::new(table), sources: self.sources, notes })
    }

    /// Decodes every image and mask once, and leaves out what fails.
    fn drop_undecodable(&mut self, ctx: &Ctx) -> Result<()> {
        let mut faults: Vec<Option<Fault>> = vec![None; self.sources.len()];
        let share = faults.len().div_ceil(ctx.threads().max(1)).max(1);
        let (dicom, sources) = (self.dicom, &self.sources);
        std::thread::scope(|scope| {
            for (faults, sources) in faults.chunks_mut(share).zip(sources.chunks(share)) {
                scope.spawn(move || {
                    for (fault, source) in faults.iter_mut().zip(sources) {
                        if ctx.check().is_ok() {
                            *fault = sample::pixels(dicom, source).err().map(|bad| bad.fault);
                        }
                    }
                });
            }
        });
        ctx.check()?;
        for fault in faults.iter().flatten() {
            *self.tally.dropped.entry(*fault).or_default() += 1;
        }
        let mut good = faults.iter().map(Option::is_none);
        self.rows.retain(|_| good.next().unwrap_or(false));
        let mut good = faults.iter().map(Option::is_none);
        self.sources.retain(|_| good.next().unwrap_or(false));
        Ok(())
    }
}
