use super::*;
use crate::data::split_file;
use eyepatch_core::Row;
use proptest::prelude::*;

fn table(patients: &[usize], labels: &[bool]) -> Table {
    let row = |(i, (p, l)): (usize, (&usize, &bool))| Row {
        id: format!("s{i}"),
        patient: format!("p{p}"),
        labels: vec![Some(*l)],
        meta: BTreeMap::new(),
        image: None,
        roi: None,
        line: None,
    };
    Table { classes: vec!["c".into()], rows: patients.iter().zip(labels).enumerate().map(row).collect() }
}

proptest! {
    /// Every row is tested once, no patient is in two parts, and the same seed gives the same folds.
    #[test]
    fn folds_never_part_a_patient(
        patients in prop::collection::vec(0usize..40, 120..200), folds in 2usize..5, seed in any::<u64>(),
    ) {
        let labels: Vec<bool> = patients.iter().map(|p| p % 2 == 0).collect();
        let table = table(&patients, &labels);
        let splits = Splits::make(&table, folds, 0.2, Seed::root(seed)).unwrap();
        prop_assert_eq!(&splits, &Splits::make(&table, folds, 0.2, Seed::root(seed)).unwrap());
        let mut tested: Vec<usize> = splits.folds.iter().flat_map(|f| f.test.clone()).collect();
        tested.sort_unstable();
        prop_assert!(tested.into_iter().eq(0..patients.len()));
        for fold in &splits.folds {
            let of = |rows: &[usize]| rows.iter().map(|&r| patients[r]).collect::<BTreeSet<_>>();
            prop_assert!(of(&fold.train).is_disjoint(&of(&fold.test)));
            prop_assert!(of(&fold.train).is_disjoint(&of(&fold.validation)));
            prop_assert!(of(&fold.validation).is_disjoint(&of(&fold.test)));
        }
    }

    /// A split file reads back as the folds that wrote it.
    #[test]
    fn a_split_file_reads_back(seed in any::<u64>()) {
        let patients: Vec<usize> = (0..60).map(|i| i / 2).collect();
        let labels: Vec<bool> = patients.iter().map(|p| p % 2 == 0).collect();
        let table = table(&patients, &labels);
        let splits = Splits::make(&table, 3, 0.2, Seed::root(seed)).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), split_file::to_csv(&splits, &table).unwrap()).unwrap();
        let read = split_file::read(file.path(), (&table, None), 0.2, Seed::root(0)).unwrap();
        prop_assert_eq!(splits.folds, read.folds);
    }
}

#[test]
fn a_class_with_few_patients_does_not_stop_the_split() {
    // 60 patients, of whom one has no label at all and one is the only positive of a second class.
    let labels: Vec<bool> = (0..60).map(|i| i % 2 == 0).collect();
    let mut table = table(&(0..60).collect::<Vec<_>>(), &labels);
    table.rows[7].labels = vec![None];
    assert_eq!(Splits::make(&table, 3, 0.2, Seed::root(1)).unwrap().folds.len(), 3);
    table.classes.push("rare".into());
    for (i, row) in table.rows.iter_mut().enumerate() {
        row.labels.push(Some(i == 11));
    }
    let error = Splits::make(&table, 3, 0.2, Seed::root(1)).unwrap_err().to_string();
    assert!(error.contains("no positive image of class `rare`"), "{error}");
}

#[test]
fn a_share_keeps_whole_patients_and_rare_classes() {
    let patients: Vec<usize> = (0..4000).map(|i| i / 2).collect();
    let labels: Vec<bool> = patients.iter().map(|p| p % 100 == 0).collect();
    let table = table(&patients, &labels);
    let rows = share_of(&table, 240, &Seed::root(3));
    let of = |label: bool| {
        rows.iter().filter(|&&r| labels[r] == label).map(|&r| patients[r]).collect::<BTreeSet<_>>()
    };
    assert!(of(true).len() >= 12, "{} patients of the rare class", of(true).len());
    assert!((200..300).contains(&rows.len()), "{} rows", rows.len());
    assert!(rows.iter().all(|&r| rows.contains(&(r ^ 1))), "a patient was parted");
}

fn refusal(table: &Table, text: &str) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    split_file::read(file.path(), (table, None), 0.2, Seed::root(0)).unwrap_err().to_string()
}

#[test]
fn a_wrong_split_file_is_refused_by_name() {
    let table = table(&[0, 0, 1, 2, 3, 4], &[true, true, false, true, false, true]);
    let header = "sample,fold,part\n";
    let two_parts = refusal(
        &table,
        &format!("{header}s0,0,train\ns1,0,test\ns2,0,train\ns3,0,train\ns4,0,test\ns5,0,test\n"),
    );
    for word in ["patient `p0`", "train", "`s1`"] {
        assert!(two_parts.contains(word), "{two_parts}");
    }
    let missing =
        refusal(&table, &format!("{header}s0,0,train\ns1,0,train\ns2,0,train\ns3,0,test\ns4,0,test\n"));
    assert!(missing.contains("sample `s5` is in no part of fold 0"), "{missing}");
    let twice = refusal(&table, &format!("{header}s0,0,train\ns0,0,test\n"));
    assert!(twice.contains("line 3") && twice.contains("already in `train`"), "{twice}");
    let one_class = refusal(
        &table,
        &format!("{header}s0,0,train\ns1,0,train\ns2,0,train\ns3,0,test\ns4,0,validation\ns5,0,test\n"),
    );
    assert!(one_class.contains("test part has no negative image of class `c`"), "{one_class}");
    let rows = refusal(&table, "row,fold,part\n0,0,train\n");
    assert!(rows.contains("not read from one table file"), "{rows}");
    let both = refusal(&table, "row,sample,fold,part\n0,s0,0,train\n");
    assert!(both.contains("`sample`") && both.contains("`row`"), "{both}");
    let neither = refusal(&table, "name,fold,part\n0,0,train\n");
    assert!(neither.contains("sample"), "{neither}");
}

/// A row is a row of the table's file, whatever a filter leaves of it and however many lines a row takes.
#[test]
fn rows_go_by_their_place_in_the_tables_file() {
    let dir = tempfile::tempdir().unwrap();
    let (source, splits) = (dir.path().join("t.csv"), dir.path().join("s.csv"));
    // Row 1 takes two lines, an empty line comes before row 3, line ends are CRLF, and there is a byte order mark.
    let cells: Vec<String> =
        (0..12).map(|i| if i == 1 { "\"two\r\nlines\"".into() } else { format!("s{i}") }).collect();
    let mut text = String::from("\u{feff}id,x\r\n");
    for (i, cell) in cells.iter().enumerate() {
        text += if i == 3 { "\r\n" } else { "" };
        text += &format!("{cell},{i}\r\n");
    }
    std::fs::write(&source, text).unwrap();
    let lines = [2, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    let mut table = table(&(0..12).collect::<Vec<_>>(), &(0..12).map(|i| i % 2 == 0).collect::<Vec<_>>());
    table.rows.iter_mut().zip(lines).for_each(|(row, line)| row.line = Some(line));
    // A filter drops rows 0 and 5.
    table.rows.remove(5);
    table.rows.remove(0);
    let part = |row: usize, k: usize| {
        if row % 4 / 2 == k {
            "test"
        } else if row > 7 {
            "validation"
        } else {
            "train"
        }
    };
    let line = |(k, row): (usize, usize)| format!("{row},{k},{}\n", part(row, k));
    let all: String = (0..2).flat_map(|k| (0..12).map(move |row| (k, row))).map(line).collect();
    std::fs::write(&splits, format!("row,fold,part\n{all}")).unwrap();
    let read = || split_file::read(&splits, (&table, Some(&source)), 0.2, Seed::root(0));
    let made = read().unwrap();
    for (k, fold) in made.folds.iter().enumerate() {
        for (index, row) in table.rows.iter().enumerate() {
            let place: usize = row.id[1..].parse().unwrap();
            let found = Part::ALL.into_iter().find(|p| p.of(fold).contains(&index)).unwrap();
            assert_eq!(found.to_string(), part(place, k), "row {place}, fold {k}");
        }
    }
    let refused = |text: &str| {
        std::fs::write(&splits, text).unwrap();
        read().unwrap_err().to_string()
    };
    let beyond = refused(&format!("row,fold,part\n{all}12,0,test\n"));
    assert!(beyond.contains("no row 12: the table has 12 rows, from 0 to 11"), "{beyond}");
    let name = refused("row,fold,part\ns3,0,train\n");
    assert!(name.contains("`s3` is no 0-based row") && name.contains("line 2"), "{name}");
    let twice = refused("row,fold,part\n3,0,train\n3,0,test\n");
    assert!(twice.contains("row `3` is already in `train`"), "{twice}");
    std::fs::write(&source, "id,x\ns1,1\n").unwrap();
    let other = refused(&format!("row,fold,part\n{all}"));
    assert!(other.contains("comes from no row of this file"), "{other}");
}
