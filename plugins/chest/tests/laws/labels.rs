//! PadChest's label table: filters, quirks, columns.

use eyepatch_core::{Ctx, Dataset, Meta, Params};
use plugin_chest::{EmptyLabels, ExcludeBy, Match, OnBad, PadChest, padchest};

use crate::archives::{HEADER, Pad, expect_table, pad_row, table};

/// Films `0_film.png`, ... with these labels and projections, without images.
fn of(rows: &[(&str, &str)]) -> Pad {
    let pad = Pad::plain(1);
    let row = |(i, (labels, view)): (usize, &(&str, &str))| {
        pad_row(i as u32, &format!("{i}_film.png"), "0", &format!("p{i}"), view, labels)
    };
    let rows: String = rows.iter().enumerate().map(row).collect();
    pad.0.write("labels.csv", format!("{HEADER}\n{rows}"));
    pad
}

fn kept(set: &PadChest) -> Vec<String> {
    let labels = set.read_labels().unwrap();
    labels.table.rows.iter().map(|row| row.id.split('_').next().unwrap().to_owned()).collect()
}

const ROWS: [(&str, &str); 9] = [
    ("['normal']", "PA"),
    ("['unchanged', 'pneumonia']", "AP"),
    ("['Unchanged']", "PA"),
    ("['suboptimal study', 'normal']", "PA"),
    ("['exclude']", "PA"),
    ("['']", "AP_horizontal"),
    ("nan", "PA"),
    ("['normal']", "L"),
    ("['Suboptimal study']", "PA"),
];

#[test]
fn each_quirk_has_its_switch() {
    let pad = of(&ROWS);
    assert_eq!(kept(&pad.published()), ["0", "1", "5", "8"]);
    assert_eq!(kept(&pad.strict()), ["0"]);
    assert_eq!(kept(&pad.published().exclude_by(ExcludeBy::Label)), ["0", "5"]);
    assert_eq!(kept(&pad.published().empty_labels(EmptyLabels::List)), ["0", "1", "8"]);
    assert_eq!(kept(&pad.published().exclude(["normal"])), ["1", "2", "4", "5", "8"]);
    assert_eq!(kept(&pad.published().projections(["L"])), ["7"]);
    assert_eq!(kept(&pad.published().label_methods(["Physician"])), ["0", "1", "5", "8"]);
    let none = pad.published().label_methods(["RNN_model"]).read_labels().unwrap_err().to_string();
    assert!(none.contains("no row is left") && none.contains("4 labelled by another method"), "{none}");
    let labels = pad.published().read_labels().unwrap();
    let dropped: Vec<usize> = labels.dropped.iter().map(|(_, n)| *n).collect();
    assert_eq!((labels.read, dropped), (9, vec![1, 1, 1, 1, 1, 0, 0, 0, 0]));
    assert!(labels.notes[0].contains("1 excluded by `exclude`"), "{:?}", labels.notes);
}

#[test]
fn the_two_constructors_differ_in_what_they_say() {
    let params = |set: PadChest| serde_json::to_value(set).unwrap();
    let (strict, published) = (params(padchest("f")), params(plugin_chest::padchest_published("f")));
    for field in ["match", "exclude_by", "empty_labels", "structures"] {
        assert_ne!(strict[field], published[field], "{field}");
    }
    let same = strict.as_object().unwrap().iter().filter(|(k, v)| published[k.as_str()] == **v).count();
    assert_eq!(same, strict.as_object().unwrap().len() - 4);
}

#[test]
fn child_findings_count_where_asked() {
    let pad = of(&[("['laminar atelectasis']", "PA"), ("['empyema', ' Pneumonia ']", "PA")]);
    let labels = |set: PadChest| {
        let table = set.read_labels().unwrap().table;
        table
            .rows
            .iter()
            .map(|r| r.labels.iter().map(|l| u8::from(l.unwrap())).collect())
            .collect::<Vec<Vec<u8>>>()
    };
    // Cardiomegaly, pneumonia, atelectasis, pneumothorax, pleural effusion.
    assert_eq!(labels(pad.published()), [[0, 0, 0, 0, 0], [0, 1, 0, 0, 0]]);
    assert_eq!(labels(pad.strict()), [[0, 0, 1, 0, 0], [0, 1, 0, 0, 1]]);
    assert_eq!(labels(pad.published().match_by(Match::Substring)), [[0, 0, 1, 0, 0], [0, 1, 0, 0, 0]]);
    assert_eq!(labels(pad.published().classes(["Empyema"])), [[0], [1]]);
    assert_eq!(
        labels(pad.published().synonym("pneumothorax", "empyema")),
        [[0, 0, 0, 0, 0], [0, 1, 0, 1, 0]]
    );
}

#[test]
fn metadata_are_typed_and_hold_no_report() {
    let pad = Pad::plain(2);
    let table = table(&pad.strict()).unwrap();
    let meta = &table.rows[1].meta;
    let number =
        |name: &str| if let Meta::Number(x) = meta[name] { x } else { panic!("{name}: {:?}", meta[name]) };
    assert_eq!(
        (number("birth_year"), number("age"), number("orig_w"), number("mask_rca")),
        (1967.0, 46.0, 24.0, 0.92)
    );
    assert!((number("study_year") - 2013.97).abs() < 0.01, "{}", number("study_year"));
    for (name, text) in [
        ("sex", "M"),
        ("view", "PA"),
        ("manufacturer", "PhilipsMedicalSystems"),
        ("label_method", "Physician"),
    ] {
        assert_eq!(meta[name], Meta::Text(text.into()));
    }
    assert_eq!(meta["exposure_uas"], Meta::Missing);
    let said = format!("{meta:?}");
    assert!(!said.contains("hallazg") && !said.contains("C0277877") && !said.contains("s1"), "{said}");
}

#[test]
fn odd_cells_of_metadata_are_counted() {
    let pad = Pad::plain(2);
    pad.0.write("labels.csv", pad.0.text("labels.csv").replacen("1967.0", "old", 1));
    let labels = pad.strict().read_labels().unwrap();
    assert_eq!(
        (&labels.table.rows[0].meta["birth_year"], &labels.table.rows[0].meta["age"]),
        (&Meta::Missing, &Meta::Missing)
    );
    assert!(
        labels.notes.iter().any(|n| n.contains("`birth_year`: 1 cells hold no number")),
        "{:?}",
        labels.notes
    );
}

#[test]
fn the_list_of_invalid_images_may_have_any_form() {
    for list in [
        "ImageID\n1_film.png\n2_film.png\n",
        "1_film.png\r\n2_film.png",
        // The study's: no header, all columns of the table and a path.
        "17,1_film.png,0,20131223,x,0,,PA,0,../../padchest/0/1_film.png\n18,2_film.png,0,,,,,,,../0/2_film.png\n",
    ] {
        let pad = Pad::plain(4);
        pad.0.write("Invalid_images.csv", list);
        assert_eq!(kept(&pad.strict()), ["0", "3"], "{list}");
        pad.0.write("elsewhere.txt", "3_film.png");
        assert_eq!(kept(&pad.strict().invalid_images(pad.0.path("elsewhere.txt"))), ["0", "1", "2"]);
    }
    let pad = Pad::plain(1);
    pad.0.write("Invalid_images.csv", "nothing\n");
    expect_table(&pad.strict(), "Invalid_images.csv", None, None, "no image is named");
}

#[test]
fn labels_that_are_no_list_are_refused_or_counted() {
    for labels in ["pneumonia", "['pneumonia'", "['a' 'b']", "__import__('os')", "['a', 1]"] {
        let pad = of(&[("['normal']", "PA"), (labels, "PA")]);
        // The row before it has a cell of two lines.
        expect_table(&pad.published(), "labels.csv", Some(4), Some("Labels"), "is no list of labels");
        expect_table(&pad.strict(), "labels.csv", Some(4), Some("Labels"), "is no list of labels");
        let labels = pad.strict().on_bad(OnBad::Drop).read_labels().unwrap();
        assert_eq!(labels.dropped.last().unwrap().1, 1);
    }
    // Rows that a filter drops before need not be lists.
    let pad = of(&[("['normal']", "PA"), ("broken", "L")]);
    assert_eq!(kept(&pad.published()), ["0"]);
}

#[test]
fn rows_without_a_patient_are_counted() {
    let pad = Pad::plain(4);
    pad.0.write("labels.csv", pad.0.text("labels.csv").replace(",p1,", ",nan,"));
    let labels = pad.strict().read_labels().unwrap();
    assert_eq!(labels.table.rows.len(), 2);
    assert!(labels.notes[0].contains("2 without a patient"), "{:?}", labels.notes);
}

#[test]
fn parameters_are_checked() {
    let region = |structure: &str| eyepatch_core::LegitimateRegion {
        structures: vec![structure.into()],
        margin: 0.1,
        reason: "drawn there".into(),
    };
    for (set, says) in [
        (PadChest::default(), "`folder` is missing"),
        (padchest("f").structures(["spleen"]), "`spleen`"),
        (padchest("f").structures(Vec::<String>::new()), "`structures` is empty"),
        (padchest("f").min_rca(1.5), "from 0 to 1"),
        (padchest("f").bits(Some(12)), "`bits`"),
        (padchest("f").max_pixels(0), "`max_pixels`"),
        (padchest("f").classes(["a", "a"]), "twice"),
        (padchest("f").synonym("goiter", "x"), "`goiter`"),
        (padchest("f").projections(Vec::<String>::new()), "`projections`"),
        (padchest("f").exclude([" "]), "empty"),
        (padchest("f").legitimate_region("goiter", region("heart")), "`goiter`"),
        (
            padchest("f").structures(["heart"]).legitimate_region("pneumonia", region("left lung")),
            "`left lung`",
        ),
    ] {
        let problem = set.check().unwrap_err();
        assert!(problem.contains(says), "{problem}\nlacks: {says}");
    }
    let own = padchest("f").legitimate_region("pneumonia", region("heart"));
    own.check().unwrap();
    assert_eq!(own.legitimate()["pneumonia"].structures, ["heart"]);
}

#[test]
fn regions_follow_the_structures() {
    let pad = Pad::plain(1);
    let strict = pad.strict().legitimate();
    assert_eq!(strict.len(), 5);
    assert_eq!(strict["cardiomegaly"].structures[0], "heart");
    let published = pad.published().legitimate();
    assert!(!published.contains_key("cardiomegaly") && published.len() == 4, "{published:?}");
    assert!(published.values().all(|r| r.structures.iter().all(|s| s != "heart")));
    let load = |set: &PadChest| {
        set.load(0, &Ctx::for_tests(1)).unwrap().roi.structures().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(load(&pad.strict()), ["heart", "left lung", "right lung"]);
    assert_eq!(load(&pad.published()), ["left lung", "right lung"]);
}
