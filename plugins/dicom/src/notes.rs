//! What the data card says of how the files were understood.

use std::collections::BTreeMap;

use eyepatch_core::{Meta, Result, Table};
use eyepatch_data::{Sheet, quoted};

use crate::params::{By, Dates, Dicom};
use crate::read::Tally;
use crate::window::Window;
use eyepatch_data::OnBad;

/// All notes. None of them names a file, a person or the key.
pub(crate) fn notes(dicom: &Dicom, tally: &Tally, table: &Table) -> Vec<String> {
    let mut notes = vec![
        "ids of samples and patients are pseudonyms (HMAC-SHA-256): stable under one key, others under another".into(),
        format!("lines of the table belong to files by {}", by(dicom.by)),
        window(dicom.window),
        match dicom.dates {
            Dates::Drop => "dates are not read".into(),
            Dates::Shift => "dates are moved back by 1 to 3650 days, by as many within a patient".into(),
        },
    ];
    notes.extend(burned_in(tally));
    if let Some(frame) = dicom.frame {
        notes.push(format!("frame {frame} of every file"));
    }
    if dicom.one_image_per_patient {
        notes.push(
            "one image per patient is assumed, not known: if a patient has two images, splits leak".into(),
        );
    }
    if tally.others > 0 {
        notes.push(format!("files of the folder that are no DICOM images: {}", tally.others));
    }
    if tally.without_line > 0 {
        notes.push(format!("DICOM files that no line of the table names, left out: {}", tally.without_line));
    }
    if dicom.on_bad == OnBad::Drop {
        let total: usize = tally.dropped.values().sum();
        let reasons: Vec<String> = tally.dropped.iter().map(|(fault, n)| format!("{n} {fault}")).collect();
        notes.push(match total {
            0 => "files that cannot be used would be dropped; there are none".into(),
            _ => format!("files or lines that cannot be used, dropped: {total} ({})", reasons.join(", ")),
        });
    }
    notes.extend(of_values(table, "compression", "compression"));
    notes.extend(of_values(table, "photometric", "photometric interpretation"));
    notes.extend(missing_labels(table));
    notes
}

fn by(by: By) -> &'static str {
    match by {
        By::File => "file name",
        By::SopInstance => "SOP Instance UID",
        By::Accession => "Accession Number",
        By::Patient => "Patient ID",
    }
}

fn window(window: Window) -> String {
    match window {
        Window::Stored => "grey values: the range that the bits stored can hold, rescaled, becomes black to white; \
                           MONOCHROME1 is inverted"
            .into(),
        Window::File => "grey values: each file's own first window. Where a camera sets it by the image's pixels, the \
                         hidden ones among them set the brightness of the visible ones, and no masking hides fully"
            .into(),
        Window::Fixed { center, width } => {
            format!("grey values: one window for all files, center {center}, width {width}")
        }
    }
}

fn burned_in(tally: &Tally) -> Vec<String> {
    let mut notes = Vec::new();
    if tally.burned_in > 0 {
        notes.push(format!(
            "WARNING: {} files say that text is burned into their pixels (Burned In Annotation): it may name patients in \
             every picture of a report, and a model can read it",
            tally.burned_in
        ));
    }
    if tally.unsaid > 0 {
        notes.push(format!(
            "WARNING: {} files are of a kind that often has text burned in and do not say whether they have: look at \
             them before you pass a picture on",
            tally.unsaid
        ));
    }
    notes
}

/// A column's values, where there are several: each is a possible shortcut.
fn of_values(table: &Table, column: &str, what: &str) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &table.rows {
        if let Some(Meta::Text(text)) = row.meta.get(column) {
            *counts.entry(text).or_default() += 1;
        }
    }
    let each: Vec<String> = counts.iter().map(|(value, n)| format!("{value} ({n})")).collect();
    (each.len() > 1).then(|| format!("files differ in their {what}: {}", each.join(", ")))
}

fn missing_labels(table: &Table) -> Vec<String> {
    let missing = |i: usize| table.rows.iter().filter(|r| r.labels[i].is_none()).count();
    let each = table.classes.iter().enumerate().map(|(i, class)| (class, missing(i)));
    each.filter(|(_, n)| *n > 0).map(|(class, n)| format!("class {class}: {n} rows have no label")).collect()
}

/// Legitimate regions name classes and structures that there are.
pub(crate) fn check_legitimate(dicom: &Dicom, sheet: &Sheet, table: &Table) -> Result<()> {
    for (class, region) in &dicom.legitimate {
        let (problem, remedy) = if !table.classes.contains(class) {
            let remedy = format!("the classes are: {}", table.classes.join(", "));
            (format!("`legitimate` names class {}, which is none", quoted(class)), remedy)
        } else if let Some(name) = region.structures.iter().find(|s| *s != "roi") {
            let problem = format!(
                "`legitimate` of {} names structure {}, which no ROI has",
                quoted(class),
                quoted(name)
            );
            (problem, "the structures are: roi".to_owned())
        } else {
            continue;
        };
        return Err(sheet.error(None, None, problem, remedy));
    }
    Ok(())
}
