//! Tables: bytes become rows of equal length whose lines are in the file, or are refused with a line of the file.

#![no_main]

use std::path::Path;

use eyepatch_core::Error;
use eyepatch_data::Sheet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let lines = 1 + data.iter().filter(|b| matches!(b, b'\n' | b'\r')).count();
    match Sheet::parse(Path::new("table.csv"), data) {
        Ok(sheet) => {
            let mut last = 0;
            for record in &sheet.records {
                assert!(record.line > last && record.line <= lines, "line {} of {lines}", record.line);
                last = record.line;
                (0..sheet.headers.len()).for_each(|column| drop(record.cell(column).to_owned()));
            }
        }
        Err(Error::Table { row, problem, remedy, .. }) => {
            assert!(row.is_none_or(|row| (1..=lines).contains(&row)), "row {row:?} of {lines}");
            assert!(!problem.is_empty() && !remedy.is_empty());
        }
        Err(other) => panic!("{other}"),
    }
});
