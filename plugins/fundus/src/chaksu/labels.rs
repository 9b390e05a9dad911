//! Chákṣu's tables of decisions.

use std::collections::BTreeMap;
use std::path::Path;

use eyepatch_core::Result;
use eyepatch_data::{Sheet, quoted};

use super::names::{Camera, entry_stem};
use crate::params::Profile;
use crate::tree::no_mere_name;

/// A row of a camera's table.
pub(crate) struct Entry {
    pub(crate) line: usize,
    /// As it stands there.
    pub(crate) entry: String,
    pub(crate) glaucoma: bool,
}

/// A camera's table in one part.
pub(crate) struct Labels {
    pub(crate) entries: Vec<Entry>,
    /// Decisions that are neither of the two texts that the study knew, so that it counted them as normal.
    pub(crate) unknown_to_study: usize,
}

/// The headers of the decision in the published tables.
const HEADERS: [&str; 2] = ["majority_decision", "glaucoma_decision"];

impl Labels {
    /// Reads a table.
    pub(crate) fn read(path: &Path, camera: Camera, decisions: Profile) -> Result<Self> {
        let sheet = Sheet::read(path)?;
        let Some(&images) = sheet.candidates(&["images", "image"]).first() else {
            let remedy =
                format!("the columns are: {}; the images' names stand in `Images`", sheet.columns_text());
            return Err(sheet.error(Some(1), None, "there is no column `Images`", remedy));
        };
        let decision = decision_column(&sheet, decisions)?;
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let (mut entries, mut unknown_to_study) = (Vec::with_capacity(sheet.records.len()), 0);
        for record in &sheet.records {
            let entry = record.cell(images);
            let wrong = |problem: String, remedy: &str| {
                sheet.error(Some(record.line), Some(&sheet.headers[images]), problem, remedy)
            };
            let stem = entry_stem(entry);
            if let Some(how) = no_mere_name(stem) {
                let problem = format!("the image name {} is refused: {how}", quoted(entry));
                return Err(wrong(problem, "write the image's name as it was published"));
            }
            if let Some(first) = seen.insert(stem.to_lowercase(), record.line) {
                let problem = format!("image {} is also that of line {first}", quoted(stem));
                return Err(wrong(problem, "keep one row an image"));
            }
            let cell = record.cell(decision);
            let known = matches!(cell, "GLAUCOMA SUSPECT" | "NORMAL");
            unknown_to_study += usize::from(!known);
            let glaucoma = match decisions {
                Profile::Published => cell == "GLAUCOMA SUSPECT",
                Profile::Strict => suspect(cell).ok_or_else(|| {
                    sheet.error(
                        Some(record.line),
                        Some(&sheet.headers[decision]),
                        format!("the decision is {}", quoted(cell)),
                        format!(
                            "write GLAUCOMA SUSPECT or NORMAL, or remove the row of {} image {}",
                            camera.name,
                            quoted(stem)
                        ),
                    )
                })?,
            };
            entries.push(Entry { line: record.line, entry: entry.to_owned(), glaucoma });
        }
        Ok(Self { entries, unknown_to_study })
    }
}

/// The study took the last column, whatever its name. Strictly it is the one with a name that is known.
fn decision_column(sheet: &Sheet, decisions: Profile) -> Result<usize> {
    if decisions == Profile::Published {
        return Ok(sheet.headers.len() - 1);
    }
    match sheet.candidates(&HEADERS)[..] {
        [column] => Ok(column),
        [] => {
            let remedy = format!(
                "the columns are: {}; the decision stands in `Majority Decision` or `Glaucoma Decision`",
                sheet.columns_text()
            );
            Err(sheet.error(Some(1), None, "there is no column with the decision", remedy))
        }
        _ => {
            let problem = "the columns `Majority Decision` and `Glaucoma Decision` are both there";
            Err(sheet.error(Some(1), None, problem, "keep the one with the majority's decision"))
        }
    }
}

/// Two of the five experts' files write `GLAUCOMA  SUSUPECT`; capitals and blanks do not matter.
fn suspect(cell: &str) -> Option<bool> {
    let words: Vec<String> = cell.split_whitespace().map(str::to_uppercase).collect();
    match words.join(" ").as_str() {
        "GLAUCOMA SUSPECT" | "GLAUCOMA SUSUPECT" => Some(true),
        "NORMAL" => Some(false),
        _ => None,
    }
}
