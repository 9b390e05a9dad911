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
        let read = split_file::read(file.path(), &table, 0.2, Seed::root(0)).unwrap();
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
    split_file::read(file.path(), table, 0.2, Seed::root(0)).unwrap_err().to_string()
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
    assert!(rows.contains("sample"), "{rows}");
}
