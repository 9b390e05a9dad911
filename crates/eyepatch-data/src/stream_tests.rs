use std::io::Write;

use proptest::prelude::*;

use super::*;

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

type Rows = Vec<(usize, Vec<String>)>;

/// All rows with their lines. Each is read again by its place and must be the same.
fn rows(path: &Path) -> Result<(Vec<String>, Rows)> {
    let mut stream = Stream::open(path)?;
    let places = stream.places().ok();
    let (headers, mut rows) = (stream.headers().to_vec(), Vec::new());
    while let Some(row) = stream.row()? {
        let cells: Vec<String> = (0..headers.len()).map(|c| row.cell(c).into_owned()).collect();
        if let Some(places) = &places {
            let again = places.row(row.place)?;
            let found: Vec<String> = (0..headers.len()).map(|c| again.cell(c).into_owned()).collect();
            assert_eq!(found, cells, "line {}", row.line());
        }
        rows.push((row.line(), cells));
    }
    Ok((headers, rows))
}

/// The same by the reader that holds a file in memory.
fn twin(path: &Path) -> Result<(Vec<String>, Rows)> {
    let sheet = crate::Sheet::read(path)?;
    let row = |r: &crate::Record| (r.line, (0..sheet.headers.len()).map(|c| r.cell(c).to_owned()).collect());
    Ok((sheet.headers.clone(), sheet.records.iter().map(row).collect()))
}

fn refusal(bytes: &[u8]) -> (Option<usize>, String) {
    match rows(file(bytes).path()) {
        Err(Error::Table { row, problem, remedy, .. }) => {
            assert!(!remedy.is_empty(), "{problem}");
            (row, problem)
        }
        other => panic!("bad input passed: {other:?}"),
    }
}

#[test]
fn every_form_of_a_table_is_read() {
    for (text, lines) in [
        ("a,b\n1,x\n2,y\n", [2, 3]),
        ("\u{feff}a,b\r\n1,x\r\n2,y\r\n", [2, 3]),
        ("a;b\r1;x\r2;y", [2, 3]),
        ("\n\na\tb\n\n1\tx\n\n2\ty\n\n", [5, 7]),
        ("\"a\",\"b\"\r\n\r\n\"1\",\"x\"\n2,y", [3, 4]),
    ] {
        let file = file(text.as_bytes());
        let (headers, rows) = rows(file.path()).unwrap();
        assert_eq!(headers, ["a", "b"], "{text:?}");
        let expected = [["1", "x"], ["2", "y"]].map(|r| r.map(str::to_owned).to_vec());
        assert_eq!(rows, lines.into_iter().zip(expected).collect::<Vec<_>>(), "{text:?}");
        assert_eq!(rows, twin(file.path()).unwrap().1, "{text:?}");
    }
}

#[test]
fn compressed_tables_are_read_and_have_no_places() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(b"a,b\n1,x\n").unwrap();
    let file = file(&packed.finish().unwrap());
    assert_eq!(rows(file.path()).unwrap().1, [(2, vec!["1".to_owned(), "x".to_owned()])]);
    let error = Stream::open(file.path()).unwrap().places().unwrap_err();
    assert!(error.remedy().unwrap().contains("gunzip"), "{error}");
    let broken = self::file(&[0x1f, 0x8b, 8, 0, 1, 2, 3]);
    assert!(matches!(Stream::open(broken.path()), Err(Error::Io { .. })));
}

#[test]
fn what_is_no_table_is_refused_with_its_line() {
    for (bytes, line, says) in [
        (&b""[..], None, "empty"),
        (b"\n\r\n", None, "empty"),
        (b"\xff\xfea\0", Some(1), "UTF-16"),
        (b"a,b\n1,2\n3,\xff\n", Some(3), "0xff is no UTF-8"),
        (b"a,b\n1,2\0\n", Some(2), "zero byte"),
        (b"a,a\n1,2\n", Some(1), "twice"),
        (b"a,b\n1,2\n3\n", Some(3), "the row has 1 cells and the header 2"),
        (b"a,b\n1,\"x\"y\n", Some(2), "goes on after its closing quote"),
        (b"a,b\n1,2\n\"3,4\n5,6\n", Some(3), "never closed"),
        (b"a,b\n1,\"2\n3,4\n5,6\"\n", Some(2), "looks like another row"),
    ] {
        let (row, problem) = refusal(bytes);
        assert_eq!(row, line, "{problem}");
        assert!(problem.contains(says), "{problem}");
    }
}

#[test]
fn a_row_that_never_ends_does_not_fill_the_memory() {
    let mut bytes = b"a,b\n1,2\n3,\"".to_vec();
    bytes.resize(MAX_ROW + (3 << 20), b'x');
    let (row, problem) = refusal(&bytes);
    assert_eq!(row, Some(3));
    assert!(problem.contains("more than 16 MiB"), "{problem}");
}

#[test]
fn missing_columns_are_named_with_the_separator() {
    let file = file(b"a;b,c\n1;2,3\n");
    let stream = Stream::open(file.path()).unwrap();
    let error = stream.required("ImageID").unwrap_err();
    assert!(error.to_string().contains("no column `ImageID`"), "{error}");
    assert!(
        error.remedy().unwrap().contains("separated by commas") && error.remedy().unwrap().contains("`a;b`")
    );
    assert_eq!(stream.candidates(&["c"]), [1]);
}

#[test]
fn a_changed_file_is_noticed() {
    let file = file(b"a,b\n1,2\n3,4\n");
    let mut stream = Stream::open(file.path()).unwrap();
    let places = stream.places().unwrap();
    let (first, second) = (stream.row().unwrap().unwrap().place, stream.row().unwrap().unwrap().place);
    std::fs::write(file.path(), b"a,b\n12\n").unwrap();
    for place in [first, second] {
        let error = places.row(place).err().unwrap();
        assert!(error.to_string().contains("changed while it was in use"), "{error}");
    }
}

/// A table of long rows, as CheXmask's: what is held grows with a row, not with the file.
#[test]
fn only_the_row_at_hand_is_held() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut out = std::io::BufWriter::new(file.as_file());
    writeln!(out, "id,codes").unwrap();
    let codes = "12345 678 ".repeat(900);
    for i in 0..2000 {
        writeln!(out, "{i},\"{codes}\"").unwrap();
    }
    out.flush().unwrap();
    drop(out);
    let mut sum = 0;
    let used = allocation_counter::measure(|| {
        let mut stream = Stream::open(file.path()).unwrap();
        while let Some(row) = stream.row().unwrap() {
            sum += row.place.length as usize;
        }
    });
    assert!(sum > 18_000_000, "{sum}");
    assert!(used.bytes_max < 2_000_000, "{} of {sum} bytes are held at once", used.bytes_max);
    assert!(used.count_total < 1000, "{} allocations for 2000 rows", used.count_total);
}

fn cell() -> impl Strategy<Value = String> {
    "[ab ,;\"\n\r\té]{0,6}"
}

proptest! {
    /// Tables that a good writer wrote are read as the reader that holds them in memory reads them.
    #[test]
    fn the_slow_reader_agrees(
        table in (1usize..5).prop_flat_map(|n| prop::collection::vec(prop::collection::vec(cell(), n), 1..6)),
        crlf in any::<bool>(),
        quote in any::<bool>(),
    ) {
        let mut writer = csv::WriterBuilder::new();
        if crlf { writer.terminator(csv::Terminator::CRLF); }
        if quote { writer.quote_style(csv::QuoteStyle::Always); }
        let mut writer = writer.from_writer(Vec::new());
        let names: Vec<String> = (0..table[0].len()).map(|i| format!("c{i}")).collect();
        writer.write_record(&names).unwrap();
        table.iter().for_each(|row| writer.write_record(row).unwrap());
        let file = file(&writer.into_inner().unwrap());
        match (rows(file.path()), twin(file.path())) {
            (Ok(ours), Ok(twin)) => prop_assert_eq!(ours, twin),
            (Err(ours), Err(twin)) => prop_assert_eq!(ours.to_string(), twin.to_string()),
            (ours, twin) => prop_assert!(false, "{:?} and {:?}", ours, twin),
        }
    }

    /// Whatever a file holds, it is read as the slow reader reads it, or refused. Blanks and pieces do not matter.
    #[test]
    fn any_bytes_are_read_alike_or_refused(text in "[ab,\"\n\ré]{0,40}") {
        let text = format!("h,k\n{text}");
        let file = file(text.as_bytes());
        match (rows(file.path()), twin(file.path())) {
            (Ok(ours), Ok(twin)) => prop_assert_eq!(ours, twin),
            // The slow one lets text behind a closing quote pass.
            (Err(ours), Ok(_)) => prop_assert!(ours.to_string().contains("after its closing quote"), "{}", ours),
            (Ok(ours), Err(twin)) => prop_assert!(false, "{:?} passed: {}", ours, twin),
            (Err(_), Err(_)) => {}
        }
    }

    /// A record that comes in pieces is the record that comes at once.
    #[test]
    fn pieces_do_not_matter(text in "[ab,\"\n\r]{0,30}", piece in 1usize..5) {
        let outcome = |piece: usize| {
            let mut scanner = Scanner::new(b',');
            let (mut at, mut step) = (0, Step::More);
            while at < text.len() && step == Step::More {
                let end = (at + piece).min(text.len());
                let (taken, next) = scanner.take(&text.as_bytes()[at..end]);
                (at, step) = (at + taken, next);
            }
            let closed = step == Step::More && scanner.finish();
            (at, step, closed, scanner.record, scanner.cells)
        };
        prop_assert_eq!(outcome(piece), outcome(text.len().max(1)));
    }
}
