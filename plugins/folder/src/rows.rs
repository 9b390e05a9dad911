//! From cells to ids, labels and metadata.

use std::collections::{BTreeMap, HashMap};

use eyepatch_core::{Meta, Result};
use eyepatch_data::{Record, Sheet, quoted};

use eyepatch_data::MissingLabels;

use crate::params::Folder;

/// Ids are there and differ.
pub(crate) fn unique(sheet: &Sheet, kept: &[&Record], column: usize) -> Result<()> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let name = &sheet.headers[column];
    for record in kept {
        let id = record.cell(column).trim();
        if id.is_empty() {
            return Err(sheet.error(
                Some(record.line),
                Some(name),
                "the id is missing",
                "give every row an id",
            ));
        }
        if let Some(first) = seen.insert(id, record.line) {
            return Err(sheet.error(
                Some(record.line),
                Some(name),
                format!("id {} is also that of line {first}", quoted(id)),
                "give every row its own id, remove one of the two, or choose another column with `id` (--id)",
            ));
        }
    }
    Ok(())
}

/// A row's labels, one a class.
pub(crate) fn labels(
    folder: &Folder,
    sheet: &Sheet,
    record: &Record,
    columns: &[(String, usize)],
) -> Result<Vec<Option<bool>>> {
    columns.iter().map(|(_, column)| label(folder, sheet, record, *column)).collect()
}

fn label(folder: &Folder, sheet: &Sheet, record: &Record, column: usize) -> Result<Option<bool>> {
    let cell = record.cell(column).trim();
    let error = |problem: String, remedy: &str| {
        Err(sheet.error(Some(record.line), Some(&sheet.headers[column]), problem, remedy))
    };
    match cell.to_ascii_lowercase().as_str() {
        "1" | "1.0" | "true" | "yes" => Ok(Some(true)),
        "0" | "0.0" | "false" | "no" => Ok(Some(false)),
        "" if folder.missing_labels == MissingLabels::Allow => Ok(None),
        "" => error(
            "the label is missing".into(),
            "fill in 0 or 1, drop the row with a `where` condition, or set `missing_labels` to \"allow\"",
        ),
        _ => error(
            format!("the label is {}", quoted(cell)),
            "write 0 or 1 (or true, false, yes, no); leave the cell empty where the label is not known",
        ),
    }
}

/// The metadata of each row. A column is numeric where every cell that is not empty holds a number; else all its
/// values are text.
pub(crate) fn meta(
    sheet: &Sheet,
    kept: &[&Record],
    columns: &[usize],
) -> Result<Vec<BTreeMap<String, Meta>>> {
    let mut rows = vec![BTreeMap::new(); kept.len()];
    for &column in columns {
        let name = &sheet.headers[column];
        let mut numeric = true;
        for record in kept {
            let cell = record.cell(column).trim();
            match cell.parse::<f64>() {
                Ok(x) if !x.is_finite() => {
                    return Err(sheet.error(
                        Some(record.line),
                        Some(name),
                        format!("the value {} is no finite number", quoted(cell)),
                        "leave the cell empty where the value is not known, or name the column in `ignore`",
                    ));
                }
                Ok(_) => {}
                Err(_) => numeric &= cell.is_empty(),
            }
        }
        for (row, record) in rows.iter_mut().zip(kept) {
            let cell = record.cell(column).trim();
            let value = match cell.parse() {
                _ if cell.is_empty() => Meta::Missing,
                Ok(x) if numeric => Meta::Number(x),
                _ => Meta::Text(cell.to_owned()),
            };
            row.insert(name.clone(), value);
        }
    }
    Ok(rows)
}
