//! `Data_Entry_2017.csv` (and its second version, `Data_Entry_2017_v2020.csv`), and the lists of the official split.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use eyepatch_core::{Error, Meta, Result, Row, Table};
use eyepatch_data::{Stream, quoted, table_error};

use super::{Boxes, ChestXray14};
use crate::cells::{Known, MetaColumns, collected, is_missing, maybe, number};
use crate::labels::{Counts, Ids, LabelTable, none_left};

/// Published columns that become metadata. Two names hold commas, which part them in two.
const META: [Known; 7] = [
    ("Follow-up #", "follow_up", true),
    ("Patient Gender", "sex", false),
    ("View Position", "view", false),
    ("OriginalImage[Width", "orig_w", true),
    ("Height]", "orig_h", true),
    ("OriginalImagePixelSpacing[x", "pixel_spacing_x", true),
    ("y]", "pixel_spacing_y", true),
];

/// Reads the table. Each class is a name and the finding that it is called in the table.
pub(super) fn read(
    set: &ChestXray14,
    path: &Path,
    lists: &Lists,
    boxes: Option<&Boxes>,
) -> Result<LabelTable> {
    let mut stream = Stream::open(path)?;
    let [id, findings, patient] = ["Image Index", "Finding Labels", "Patient ID"].map(|c| stream.required(c));
    let (id, findings, patient) = (id?, findings?, patient?);
    let age = stream.headers().iter().position(|h| h == "Patient Age");
    let mut meta = MetaColumns::find(&stream, &META);
    let classes = set.classes();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut counts =
        Counts::new(["without findings", "without a patient", "without a box"].map(str::to_owned));
    let (mut ids, mut rows, mut read) = (Ids::default(), Vec::new(), 0);
    while let Some(row) = stream.row()? {
        read += 1;
        let cell = row.cell(findings);
        let found: BTreeSet<&str> = cell.split('|').map(str::trim).filter(|f| !is_missing(f)).collect();
        for finding in &found {
            if !known.contains(*finding) {
                known.insert((*finding).to_owned());
            }
        }
        let image = row.cell(id).trim().to_owned();
        if found.is_empty() {
            counts.add(0);
        } else if is_missing(&row.cell(patient)) {
            counts.add(1);
        } else if set.boxed_only && !boxes.is_some_and(|b| b.has(&image)) {
            counts.add(2);
        } else {
            ids.add(path, "Image Index", &image, row.line())?;
            let mut meta = meta.of(&row);
            if let Some(column) = age {
                meta.push(("age", maybe(years(&row.cell(column)))));
            }
            if let Some(part) = lists.column(&image) {
                meta.push(("official_split", part));
            }
            let labels = classes.iter().map(|(_, name)| Some(found.contains(name.as_str()))).collect();
            let (patient, line) = (row.cell(patient).trim().to_owned(), Some(row.line()));
            let meta = collected(meta);
            rows.push(Row { id: image, patient, labels, meta, image: None, roi: None, line });
        }
    }
    if let Some((class, name)) = classes.iter().find(|(_, name)| !known.contains(name)) {
        let problem =
            format!("no row has the finding {}, which class {} asks for", quoted(name), quoted(class));
        let remedy =
            format!("the findings are: {}", known.into_iter().take(30).collect::<Vec<_>>().join(", "));
        return Err(stream.error(None, Some("Finding Labels"), problem, remedy));
    }
    let names = rows.iter().map(|row| row.id.clone()).collect();
    let table = Table { classes: classes.into_iter().map(|(class, _)| class).collect(), rows };
    let dropped = counts.into_dropped();
    let mut labels = LabelTable { path: path.to_owned(), table, read, dropped, notes: Vec::new(), names };
    let any = labels.with_any();
    let none = labels.table.rows.len() - any;
    labels.notes =
        vec![labels.filter_note(), format!("{any} films with any of the classes, {none} with none")];
    labels.notes.extend(boxes.map(Boxes::note));
    labels.notes.extend(meta.notes());
    if labels.table.rows.is_empty() { Err(none_left(&stream, &labels)) } else { Ok(labels) }
}

/// An age in years: `58`, or with a unit as in the first version of the table (`058Y`, `011M`, `021D`).
fn years(cell: &str) -> Option<f64> {
    let cell = cell.trim();
    let (digits, a_year) = match cell.chars().last()? {
        'Y' => (&cell[..cell.len() - 1], 1.0),
        'M' => (&cell[..cell.len() - 1], 12.0),
        'D' => (&cell[..cell.len() - 1], 365.25),
        _ => (cell, 1.0),
    };
    number(digits).map(|n| n / a_year)
}

/// The two lists of the official split, where they are there.
#[derive(Default)]
pub(super) struct Lists(HashMap<String, &'static str>);

impl Lists {
    /// Reads the lists; each has a name a line.
    pub(super) fn read(files: &[(&'static str, &Path)]) -> Result<Self> {
        let mut lists = HashMap::new();
        for (part, path) in files {
            let text = std::fs::read_to_string(path).map_err(|e| Error::io(*path, e))?;
            let names = text.trim_start_matches('\u{feff}').lines().map(str::trim).enumerate();
            for (at, name) in names.filter(|(_, name)| !name.is_empty()) {
                if lists.insert(name.to_owned(), *part).is_some_and(|other| other != *part) {
                    let problem = format!("{} stands in both lists of the official split", quoted(name));
                    return Err(table_error(
                        path,
                        Some(at + 1),
                        None,
                        problem,
                        "use the lists as they were published",
                    ));
                }
            }
        }
        Ok(Self(lists))
    }

    /// The part of an image; nothing where there are no lists.
    fn column(&self, image: &str) -> Option<Meta> {
        let part = || self.0.get(image).map_or(Meta::Missing, |part| Meta::Text((*part).to_owned()));
        (!self.0.is_empty()).then(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_units() {
        for (cell, age) in [("58", 58.0), ("058Y", 58.0), ("006M", 0.5), ("000D", 0.0), (" 7 ", 7.0)] {
            assert_eq!(years(cell), Some(age), "{cell}");
        }
        assert_eq!((years(""), years("old"), years("Y")), (None, None, None));
    }
}
