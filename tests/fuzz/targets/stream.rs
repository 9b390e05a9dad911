//! Tables read row by row: the rows of [`Sheet`], or an error where it has one. The stream gives up at the first bad row.

#![no_main]

use std::io::Write;

use eyepatch_data::{Sheet, Stream};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(data).expect("written");
    let whole = Sheet::parse(file.path(), data);
    let Ok(mut stream) = Stream::open(file.path()) else { return };
    let mut rows = 0;
    while let Ok(Some(row)) = stream.row() {
        if let Ok(sheet) = &whole {
            let record = &sheet.records[rows];
            assert_eq!(row.line(), record.line);
            (0..sheet.headers.len()).for_each(|c| assert_eq!(row.cell(c), record.cell(c)));
        }
        rows += 1;
    }
});
