//! What is known of a file without its pixels.

use std::collections::BTreeMap;

use dicom_dictionary_std::tags;
use eyepatch_core::Meta;
use eyepatch_data::Bad;

use crate::columns::{BurnedIn, burned_in, columns, identity};
use crate::elements::{Elements, Until};
use crate::find::{Candidate, start, whole};
use crate::frame::Frame;
use crate::key::Key;
use crate::params::{By, Dicom};

/// Pixels mostly begin before this.
const START: u64 = 1 << 18;

/// A file without its pixels. What identifies a person stays in here.
pub(crate) struct Scan {
    /// What the table names it by; `None` where that is the file's name, or not there.
    pub(crate) joined_by: Option<String>,
    pub(crate) sop_instance: Option<String>,
    /// Pseudonym of the sample.
    pub(crate) sample: String,
    /// Pseudonym of the patient, by Patient ID; `None` where there is none.
    pub(crate) patient: Option<String>,
    pub(crate) columns: BTreeMap<String, Meta>,
    pub(crate) burned_in: BurnedIn,
}

/// Scans all files, each on some thread.
pub(crate) fn scan_all(
    dicom: &Dicom,
    files: &[Candidate],
    key: &Key,
    threads: usize,
) -> Vec<Result<Scan, Bad>> {
    let share = files.len().div_ceil(threads.max(1)).max(1);
    // Threads of our own: the table's lock is held here, and a rayon worker that waits may steal a task that wants it.
    std::thread::scope(|scope| {
        let parts: Vec<_> = files
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(|f| scan(dicom, f, key)).collect::<Vec<_>>()))
            .collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|e| std::panic::resume_unwind(e)))
            .collect()
    })
}

fn scan(dicom: &Dicom, candidate: &Candidate, key: &Key) -> Result<Scan, Bad> {
    let file = &candidate.file;
    let limits = dicom.limits();
    // Whatever goes wrong in the first bytes may be because they are not all.
    if let Ok(bytes) = start(&file.real, START.min(limits.max_bytes))
        && let Ok(elements) = Elements::read(&bytes, &limits, Until::Pixels)
        && elements.stored.is_some()
    {
        return of(dicom, &elements, candidate, key).map_err(|bad| bad.of(&file.shown));
    }
    let bytes = whole(file, limits.max_bytes)?;
    Elements::read(&bytes, &limits, Until::Pixels)
        .and_then(|elements| of(dicom, &elements, candidate, key))
        .map_err(|bad| bad.of(&file.shown))
}

fn of(dicom: &Dicom, e: &Elements<'_>, candidate: &Candidate, key: &Key) -> Result<Scan, Bad> {
    e.check_pixels(&dicom.limits())?;
    let sop_instance = identity(e, tags::SOP_INSTANCE_UID);
    let sample = match &sop_instance {
        Some(uid) => key.pseudonym("instance", &[uid.as_bytes()]),
        None => key.pseudonym("file", &[candidate.path.as_bytes()]),
    };
    let patient = identity(e, tags::PATIENT_ID);
    let issuer = identity(e, tags::ISSUER_OF_PATIENT_ID).unwrap_or_default();
    let joined_by = match dicom.by {
        By::File => None,
        By::SopInstance => sop_instance.clone(),
        By::Accession => identity(e, tags::ACCESSION_NUMBER),
        By::Patient => patient.clone(),
    };
    let patient = patient.map(|id| key.pseudonym("patient", &[issuer.as_bytes(), id.as_bytes()]));
    Ok(Scan {
        joined_by,
        columns: columns(e, dicom.dates, key, patient.as_ref().unwrap_or(&sample)),
        burned_in: burned_in(e),
        sop_instance,
        sample,
        patient,
    })
}

impl Elements<'_> {
    /// Whether there are pixels of a kind that is read, as far as can be told without them.
    fn check_pixels(&self, limits: &crate::limits::Limits) -> Result<(), Bad> {
        if self.stored.is_none() {
            // What stands in for pixels is said first.
            return Frame::of(self, limits)
                .err()
                .filter(|b| b.fault == eyepatch_data::Fault::Unsupported)
                .map_or_else(|| self.check_packing().map(|_| ()), Err);
        }
        Frame::of(self, limits).map(|_| ())
    }
}
