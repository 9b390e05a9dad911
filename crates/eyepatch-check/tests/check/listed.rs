//! Each mistake of the study that data can show, planted.

use eyepatch_check::SplitPart;
use eyepatch_core::{Image, LegitimateRegion, Meta, Pixels};
use eyepatch_report::schema::Severity;

use crate::toy::{SIDE, Toy, finding, middle, noise, of, picture, rectangle, text};

fn split(fold: usize, part: &str, rows: impl Iterator<Item = usize>) -> SplitPart {
    SplitPart { fold, part: part.into(), rows: rows.collect() }
}

#[test]
fn a_patient_in_two_parts() {
    let mut toy = Toy::new(80);
    toy.table.rows[70].patient = toy.table.rows[3].patient.clone();
    let whole = [split(0, "train", 0..60), split(0, "test", 60..80)];
    let check = toy.check_split(&whole);
    let found = finding(&check, "patients", "1 patient is in two parts");
    assert_eq!(
        (found.severity, found.patients.as_slice()),
        (Severity::Alarm, &["person0003".to_owned()][..])
    );
    let apart = [split(0, "train", (0..60).chain(70..71)), split(0, "test", (60..70).chain(71..80))];
    assert!(of(&toy.check_split(&apart), "patients", Severity::Note).is_empty());
}

#[test]
fn a_patient_under_two_spellings() {
    let mut toy = Toy::new(80);
    toy.table.rows[70].patient = " PERSON0003".into();
    let check = toy.check_split(&[split(0, "train", 0..60), split(0, "test", 60..80)]);
    let found = finding(&check, "patients", "spelt in several ways");
    assert!(
        found.severity == Severity::Warning && found.sentence.contains("two parts of the split"),
        "{found:?}"
    );
}

#[test]
fn fellow_eyes_without_a_patient() {
    let mut toy = Toy::new(80);
    for (i, row) in toy.table.rows.iter_mut().enumerate() {
        row.id = format!("IMG{:03}_{}", i / 2, if i % 2 == 0 { "OD" } else { "OS" });
        row.patient.clone_from(&row.id);
    }
    let check = toy.check_split(&[
        split(0, "train", (0..80).filter(|r| r % 3 > 0)),
        split(0, "test", (0..80).step_by(3)),
    ]);
    let found = finding(&check, "patients", "share their name");
    assert!(
        found.severity == Severity::Warning && found.sentence.contains("two parts of the split"),
        "{found:?}"
    );
    // With ids of their own there is nothing to say.
    for (i, row) in toy.table.rows.iter_mut().enumerate() {
        row.patient = format!("person {}", i / 2);
    }
    assert!(of(&toy.check(), "patients", Severity::Note).is_empty());
}

#[test]
fn only_names_that_begin_with_p_get_a_patient() {
    let mut toy = Toy::new(120).with("camera", |i, _| text(["Bosch", "Forus", "Remidio"][i % 3]));
    for (i, row) in toy.table.rows.iter_mut().enumerate() {
        row.id = if i % 3 == 1 { format!("P{:03}_{}", i / 6, i % 6) } else { format!("Image{i}") };
        row.patient = if row.id.starts_with('P') { row.id[..4].to_owned() } else { row.id.clone() };
    }
    let check = toy.check();
    let found = finding(&check, "patients", "every image is its own patient");
    assert!(
        found.sentence.contains("Bosch")
            && found.sentence.contains("Remidio")
            && !found.sentence.contains("Forus")
    );
}

#[test]
fn one_image_under_two_patients_in_two_parts_with_two_answers() {
    let mut toy = Toy::new(80);
    let other = (0..80).find(|&r| toy.positive(r) != toy.positive(5) && r > 60).unwrap();
    toy.images[other] = toy.images[5].clone();
    let check = toy.check_split(&[split(0, "train", 0..60), split(0, "test", 60..80)]);
    for (what, severity) in [
        ("under two patients", Severity::Alarm),
        ("in two parts of the split", Severity::Alarm),
        ("under two answers", Severity::Warning),
    ] {
        let found = finding(&check, "duplicates", what);
        assert_eq!((found.severity, found.samples.len()), (severity, 2), "{found:?}");
    }
    assert!(of(&Toy::new(80).check(), "duplicates", Severity::Note).is_empty());
}

#[test]
fn hidden_pixels_that_set_the_brightness() {
    // The image is divided by its maximum, which in positives lies in a bright corner: the inside gets darker.
    let mut toy = Toy::new(120);
    for i in 0..120 {
        if toy.positive(i) {
            let Pixels::U8(pixels) = toy.images[i].pixels() else { panic!("8 bits") };
            let mut pixels: Vec<u8> = pixels.iter().map(|v| (f64::from(*v) * 0.75) as u8).collect();
            pixels[..20].fill(255);
            toy.images[i] = Image::new(SIDE, SIDE, 1, Pixels::U8(pixels)).unwrap();
        }
    }
    let check = toy.check();
    let found = finding(&check, "columns", "brightest inside over brightest outside");
    assert_eq!(found.severity, Severity::Alarm);
    assert!(found.sentence.contains("the brightest pixel outside with pneumonia"), "{}", found.sentence);
}

#[test]
fn a_legitimate_region_makes_its_own_grey_level_a_note_and_nothing_else() {
    let mut toy = Toy::new(120);
    for i in 0..120 {
        if toy.positive(i) {
            toy.images[i] = picture(i, 140.0);
        }
    }
    let before = toy.check();
    assert_eq!(finding(&before, "columns", "inside the ROI").severity, Severity::Alarm);
    let region = LegitimateRegion { structures: vec![], margin: 0.0, reason: "it is there".into() };
    toy.legitimate.insert("pneumonia".into(), region);
    let after = toy.check();
    assert_eq!(finding(&after, "columns", "inside the ROI").severity, Severity::Note);
    let outside = finding(&after, "columns", "outside the ROI");
    assert!(outside.severity == Severity::Alarm && outside.sentence.contains("brighter"), "{outside:?}");
}

#[test]
fn child_findings_that_count_as_negatives() {
    let toy = Toy::new(120).with("labels", |i, row| {
        text(match row.labels[0] {
            Some(true) => "['pneumonia']",
            _ if i % 5 == 0 => "['interstitial pneumonia', 'scoliosis']",
            _ if i % 7 == 0 => "['no pneumonia']",
            _ => "['normal']",
        })
    });
    let check = toy.check();
    let found = finding(&check, "labels", "count as negatives although `labels` names it");
    assert!(
        found.severity == Severity::Warning && found.sentence.contains("interstitial pneumonia"),
        "{found:?}"
    );
    assert!(!found.sentence.contains("no pneumonia"));
}

#[test]
fn the_class_without_findings_has_some() {
    let mut toy = Toy::new(120).with("labels", |i, row| {
        text(match row.labels[0] {
            Some(true) if i % 5 == 0 => "scoliosis",
            Some(true) => "No Finding",
            _ => "pneumonia",
        })
    });
    toy.table.classes = vec!["no finding".into(), "effusion".into()];
    for (i, row) in toy.table.rows.iter_mut().enumerate() {
        row.labels.push(Some(i % 4 == 0));
    }
    let check = toy.check();
    assert!(finding(&check, "labels", "have a finding in `labels`").sentence.contains("scoliosis"));
    assert_eq!(finding(&check, "labels", "positive of another class").severity, Severity::Warning);
}

#[test]
fn empty_rois_that_go_with_the_answer() {
    let mut toy = Toy::new(120);
    for i in 0..120 {
        if toy.positive(i) && i % 10 < 8 {
            // Some cannot be loaded, some are there and empty.
            toy.rois[i] = (i % 3 == 0).then(|| rectangle(0, 0));
        }
    }
    let check = toy.check();
    assert_eq!(finding(&check, "roi", "missing, empty or not readable").severity, Severity::Warning);
    assert_eq!(finding(&check, "columns", "unusable ROIs with pneumonia").severity, Severity::Alarm);
    assert!(check.n_unreadable > 30, "{}", check.n_unreadable);
}

#[test]
fn tiny_and_huge_rois_and_outlines_that_tell_the_answer() {
    let mut toy = Toy::new(120);
    for i in 0..120 {
        let side = 10 + 6 * usize::from(toy.positive(i)) + (noise(i, 5) * 6.0) as usize;
        toy.rois[i] = Some(rectangle(4, side));
    }
    (toy.rois[0], toy.rois[1]) = (Some(rectangle(3, 1)), Some(rectangle(0, SIDE)));
    let check = toy.check();
    assert!(finding(&check, "roi", "smaller than").sentence.starts_with("1 ROI"));
    assert!(finding(&check, "roi", "larger than").sentence.starts_with("1 ROI"));
    let shape = finding(&check, "columns", "ROIs with pneumonia");
    assert!(shape.severity == Severity::Alarm && shape.remedy.contains("outline"), "{shape:?}");
}

#[test]
fn black_images() {
    let mut toy = Toy::new(60);
    toy.images[7] = Image::new(SIDE, SIDE, 1, Pixels::U8(vec![0; SIDE * SIDE])).unwrap();
    let check = toy.check();
    let found = finding(&check, "files", "of one value all over");
    assert_eq!(
        (found.severity, found.samples.as_slice()),
        (Severity::Warning, &["image0007".to_owned()][..])
    );
}

#[test]
fn batches_of_one_camera_and_of_one_label() {
    let mut toy = Toy::new(120).with("camera", |i, _| text(["Bosch", "Forus", "Remidio"][i / 40]));
    let check = toy.check();
    let found = finding(&check, "order", "camera lies in blocks");
    assert!(found.severity == Severity::Warning && found.sentence.contains("p < 0.0001"), "{found:?}");
    assert!(!check.findings.iter().any(|f| f.sentence.starts_with("label pneumonia lies")));
    toy.table.rows.sort_by_key(|r| r.labels[0]);
    let check = toy.check();
    assert_eq!(finding(&check, "order", "label pneumonia lies in blocks").severity, Severity::Warning);
    // A sorted table gives its place away, which no model is shown: no alarm.
    assert_eq!(finding(&check, "columns", "place in the table").severity, Severity::Warning);
}

#[test]
fn too_few_patients() {
    let mut toy = Toy::new(100);
    let mut left = 12;
    for row in &mut toy.table.rows {
        if row.labels[0] == Some(true) {
            row.labels[0] = Some(left > 0);
            left = usize::saturating_sub(left, 1);
        }
    }
    let check = toy.check();
    let found = finding(&check, "counts", "only 12 patients with it");
    assert_eq!(found.severity, Severity::Warning);
    let toy = Toy::new(100);
    let check = toy.check_split(&[split(0, "train", 0..70), split(0, "test", 70..100)]);
    assert_eq!(finding(&check, "counts", "1 of 1 test parts").severity, Severity::Warning);
}

#[test]
fn columns_of_every_kind_and_missing_values() {
    let toy = Toy::new(300)
        .with("view", |i, row| {
            text(if (row.labels[0] == Some(true)) == (noise(i, 1) < 0.8) { "PA" } else { "AP" })
        })
        .with("site", |i, row| {
            let high = usize::from(row.labels[0] == Some(true) && noise(i, 2) < 0.8);
            text(["north", "south", "west", "east"][(noise(i, 3) * 2.0) as usize + 2 * high])
        })
        .with("age", |i, row| {
            Meta::Number(40.0 + 30.0 * noise(i, 4) - 12.0 * f64::from(u8::from(row.labels[0] == Some(true))))
        })
        .with("weight", |i, row| {
            if row.labels[0] == Some(true) && noise(i, 6) < 0.7 {
                Meta::Missing
            } else {
                Meta::Number(60.0 + noise(i, 7))
            }
        })
        .with("lucky number", |i, _| Meta::Number((noise(i, 8) * 1e6).round()));
    let check = toy.check();
    for direction in [
        "view `PA` with pneumonia",
        "rather than",
        "lower `age` with pneumonia",
        "no `weight` with pneumonia",
    ] {
        assert_eq!(finding(&check, "columns", direction).severity, Severity::Alarm, "{direction}");
    }
    assert!(!check.findings.iter().any(|f| f.sentence.contains("lucky")), "{:#?}", check.findings);
    let lucky = check.columns.iter().find(|c| c.column == "lucky number").unwrap();
    assert!(lucky.severity.is_none() && lucky.n_images == 300);
}

#[test]
fn a_clean_table_is_silent_and_threads_change_nothing() {
    let toy = Toy::new(90).with("site", |i, _| text(["a", "b", "c"][(noise(i, 9) * 3.0) as usize]));
    let check = toy.check();
    assert_eq!(check.count(Severity::Alarm) + check.count(Severity::Warning), 0, "{:#?}", check.findings);
    let ctx = eyepatch_core::Ctx::new(eyepatch_core::Seed::root(5), 4).unwrap();
    let input = eyepatch_check::Input { dataset: &toy, table: &toy.table, sources: &[], splits: &[] };
    assert_eq!(eyepatch_check::check(&input, &ctx).unwrap(), check);
    assert_eq!(middle().area(), SIDE * SIDE / 4);
}
