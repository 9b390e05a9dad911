//! Splits from a file, read so that what is wrong with them can be told.

use std::collections::BTreeMap;
use std::path::Path;

use eyepatch_core::{Error, Result, Table};

use crate::input::SplitPart;

const FORMAT: &str = "a split file has the columns `sample` (an id) or `row` (0-based), `fold` and `part` (train, validation \
                      or test)";

/// Parts of a split file for a table. A patient in two parts is a finding of [`crate::check`], not an error here; samples
/// that the table does not have are passed over.
///
/// # Errors
/// [`Error::Io`], [`Error::Table`] naming line and column.
pub fn read_splits(path: &Path, table: &Table) -> Result<Vec<SplitPart>> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, e))?;
    let wrong = |row: Option<usize>, problem: String| Error::Table {
        path: path.into(),
        row,
        column: None,
        problem,
        remedy: FORMAT.into(),
    };
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().map_err(|e| wrong(Some(1), e.to_string()))?.clone();
    let column = |name: &str| header.iter().position(|h| h == name);
    let (sample, row) = (column("sample"), column("row"));
    let missing = |name: &str| wrong(Some(1), format!("it has no column `{name}`"));
    let fold = column("fold").ok_or_else(|| missing("fold"))?;
    let part = column("part").ok_or_else(|| missing("part"))?;
    if sample.is_none() && row.is_none() {
        return Err(missing("sample"));
    }
    let ids: BTreeMap<String, usize> = table
        .rows
        .iter()
        .enumerate()
        .flat_map(|(i, r)| [(eyepatch_report::escape::csv_cell(&r.id), i), (r.id.clone(), i)])
        .collect();
    let mut parts: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
    for (i, record) in reader.records().enumerate() {
        let line = Some(i + 2);
        let record = record.map_err(|e| wrong(line, e.to_string()))?;
        let cell = |c: usize| record.get(c).unwrap_or_default();
        let number = |c: usize| {
            cell(c).parse::<usize>().map_err(|_| wrong(line, format!("`{}` is no whole number", cell(c))))
        };
        let index = match (sample, row) {
            (Some(c), _) => ids.get(cell(c)).copied(),
            (None, Some(c)) => Some(number(c)?).filter(|&r| r < table.rows.len()),
            (None, None) => None,
        };
        let name = cell(part).to_owned();
        if !["train", "validation", "test"].contains(&name.as_str()) {
            return Err(wrong(line, format!("`{name}` is no part")));
        }
        if let Some(index) = index {
            parts.entry((number(fold)?, name)).or_default().push(index);
        }
    }
    if parts.keys().any(|(fold, _)| *fold > table.rows.len()) {
        return Err(wrong(None, "it has more folds than the table has rows".into()));
    }
    Ok(parts.into_iter().map(|((fold, part), rows)| SplitPart { fold, part, rows }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rows_and_mistakes() {
        let row = |id: &str| eyepatch_core::Row {
            id: id.into(),
            patient: id.into(),
            labels: vec![],
            meta: BTreeMap::new(),
            image: None,
            roi: None,
            line: None,
        };
        let table = Table { classes: vec![], rows: vec![row("a"), row("b")] };
        let file = tempfile::NamedTempFile::new().unwrap();
        let read = |text: &str| {
            std::fs::write(file.path(), text).unwrap();
            read_splits(file.path(), &table)
        };
        let expected = [
            SplitPart { fold: 0, part: "test".into(), rows: vec![1] },
            SplitPart { fold: 0, part: "train".into(), rows: vec![0] },
        ];
        assert_eq!(read("sample,fold,part\na,0,train\nb,0,test\nz,0,test\n").unwrap(), expected);
        assert_eq!(read("\u{feff}row,fold,part\r\n0,0,train\r\n1,0,test\r\n").unwrap(), expected);
        for bad in
            ["sample,part\n", "id,fold,part\n", "row,fold,part\nx,0,train\n", "row,fold,part\n0,0,other\n"]
        {
            let error = read(bad).unwrap_err();
            assert!(error.remedy().is_some_and(|r| r.contains("sample")), "{error}");
        }
        assert!(read("row,fold,part\n0,99999999,train\n").is_err());
    }
}
