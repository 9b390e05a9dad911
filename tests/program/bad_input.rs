//! Bad input: each gets a message that names the file, the row and what to do, and exit code 2.

use std::path::Path;

use image::{GrayImage, Luma};

use crate::data::{Data, SIDE, SMALL};
use crate::program::{eyepatch, fine, refused};

/// A data set that `spoil` has spoilt is refused with these words.
fn spoilt(words: &[&str], spoil: impl Fn(&mut Data)) {
    let mut data = Data::new(48);
    spoil(&mut data);
    data.write_table();
    refused(&mut data.sweep(&data.path().join("out")), words);
}

fn filled(path: &Path, side: u32, level: u8) {
    GrayImage::from_pixel(side, side, Luma([level])).save(path).unwrap();
}

#[test]
fn a_missing_image() {
    spoilt(&["s007", "labels.csv", "line 9"], |d| std::fs::remove_file(d.image("s007")).unwrap());
}

#[test]
fn a_corrupt_image() {
    spoilt(&["s007.png", "s007", "line 9"], |d| {
        let bytes = std::fs::read(d.image("s007")).unwrap();
        std::fs::write(d.image("s007"), &bytes[..bytes.len() / 2]).unwrap();
    });
}

#[test]
fn a_roi_of_another_size() {
    spoilt(&["s007", "40x40", "20x20", "line 9"], |d| filled(&d.roi("s007"), SIDE / 2, 255));
}

#[test]
fn an_empty_roi() {
    spoilt(&["s007", "empty", "line 9"], |d| filled(&d.roi("s007"), SIDE, 0));
}

#[test]
fn an_all_black_image() {
    spoilt(&["s007", "line 9"], |d| filled(&d.image("s007"), SIDE, 0));
}

#[test]
fn a_missing_label() {
    spoilt(&["labels.csv", "line 9", "label"], |d| d.rows[7].label.clear());
}

#[test]
fn a_label_that_is_none() {
    spoilt(&["labels.csv", "line 9", "perhaps"], |d| d.rows[7].label = "perhaps".into());
}

#[test]
fn a_duplicate_id() {
    spoilt(&["labels.csv", "s003", "line 9", "line 5"], |d| d.rows[7].id = "s003".into());
}

#[test]
fn not_a_number_in_metadata() {
    spoilt(&["labels.csv", "line 9", "age", "NaN"], |d| d.rows[7].age = "NaN".into());
}

#[test]
fn one_class_only() {
    spoilt(&["class `label` has 0 patients with a negative label"], |d| {
        d.rows.iter_mut().for_each(|r| r.label = "1".into());
    });
}

#[test]
fn a_patient_in_two_parts() {
    let data = Data::new(48);
    let splits = data.path().join("splits.csv");
    let mut text = String::from("sample,fold,part\n");
    for fold in 0..2 {
        // Rows 2k and 2k + 1 are one patient: every patient is torn apart.
        for (i, row) in data.rows.iter().enumerate() {
            text.push_str(&format!("{},{fold},{}\n", row.id, if i % 2 == fold { "test" } else { "train" }));
        }
    }
    std::fs::write(&splits, text).unwrap();
    let words = ["splits.csv", "patient `p0`", "fold 0", "put all images of a patient into one part"];
    let mut command = eyepatch();
    command.arg("plan");
    data.table(&mut command);
    refused(command.args(["--size", "32", "--splits"]).arg(&splits), &words);
}

#[test]
fn no_patient_column_is_refused_unless_it_is_said() {
    let data = Data::new(48);
    let out = data.path().join("out");
    let base = |extra: &[&str]| {
        let mut command = eyepatch();
        command.args(["run", "sweep", "--table"]).arg(data.path().join("labels.csv"));
        command.arg("--images").arg(data.path().join("images")).arg("--rois").arg(data.path().join("rois"));
        command.args(["--label", "label", "--size", "32", "--folds", "2", "--out"]).arg(&out).args(extra);
        command.args(["--model-params", SMALL]);
        command
    };
    refused(&mut base(&[]), &["patient"]);
    fine(&mut base(&["--one-image-per-patient"]));
    let html = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(
        html.contains("one image per patient") || html.contains("one image a patient"),
        "the report does not say so"
    );
}

#[test]
fn paths_that_leave_their_folder() {
    let data = Data::new(48);
    std::fs::copy(data.image("s000"), data.path().join("outside.png")).unwrap();
    let mut text = String::from("id,patient_id,label,image\n");
    for (i, r) in data.rows.iter().enumerate() {
        let image = if i == 7 { "../outside.png".into() } else { format!("{}.png", r.id) };
        text.push_str(&format!("{},{},{},{image}\n", r.id, r.patient, r.label));
    }
    std::fs::write(data.path().join("labels.csv"), text).unwrap();
    refused(&mut data.sweep(&data.path().join("out")), &["line 9", "../outside.png"]);
}

#[test]
fn other_rows_are_named_too() {
    let data = Data::new(48);
    for id in ["s003", "s011", "s020"] {
        filled(&data.roi(id), SIDE, 0);
    }
    refused(
        &mut data.sweep(&data.path().join("out")),
        &["3 of 48 samples cannot be used", "s003", "s011", "s020"],
    );
}
