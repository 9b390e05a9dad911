//! Real films, where `EYEPATCH_DATA` says where they are.

use std::path::PathBuf;

use eyepatch_check::{Input, check};
use eyepatch_core::{Ctx, Dataset, Seed};
use eyepatch_report::schema::Severity;
use plugin_folder::folder;

#[test]
fn what_is_known_of_a_thousand_nih_films_is_found() {
    let Some(data) = std::env::var_os("EYEPATCH_DATA").map(PathBuf::from) else {
        eprintln!("EYEPATCH_DATA is not set: nothing was checked");
        return;
    };
    let home = data.join("nih_pneumonia_1000");
    let films = folder(home.join("labels.csv"), home.join("images"), home.join("masks_lung_pred"))
        .patient("patient_id")
        .label_as("pneumonia", "label");
    let ctx = Ctx::new(Seed::root(1), 2).unwrap();
    let table = films.table(&ctx).unwrap();
    let start = std::time::Instant::now();
    let found = check(&Input { dataset: &films, table: &table, sources: &[], splits: &[] }, &ctx).unwrap();
    eprintln!("{} images in {:?}", found.n_images, start.elapsed());
    for f in &found.findings {
        eprintln!("{:?} {} {}", f.severity, f.check, f.sentence);
    }
    // Strengths that were computed without eyepatch, from the table and the pixels.
    for (column, strength, direction) in [
        ("mean grey inside the ROI", 0.769, "darker insides with pneumonia"),
        ("mean grey outside the ROI", 0.665, "darker outsides with pneumonia"),
        ("follow_up", 0.681, "higher `follow_up` with pneumonia"),
        ("orig_h", 0.651, ""),
        ("orig_w", 0.643, ""),
        ("view", 0.617, "view `PA` with pneumonia"),
    ] {
        let c = found
            .columns
            .iter()
            .find(|c| c.column == column)
            .unwrap_or_else(|| panic!("{column} is measured"));
        let auc = c.auc.value.max(1.0 - c.auc.value);
        assert!((auc - strength).abs() < 0.01, "{column}: {auc} for {strength}");
        assert!(c.points_to.starts_with(direction), "{column}: {}", c.points_to);
        assert!(c.severity.is_some_and(|s| s <= Severity::Warning), "{column} is reported");
    }
    // No two patients share an image here.
    assert!(!found.findings.iter().any(|f| f.check == "duplicates" && f.severity == Severity::Alarm));
}
