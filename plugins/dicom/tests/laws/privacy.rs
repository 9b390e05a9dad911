//! What leaves the plugin.

use std::collections::BTreeSet;

use eyepatch_core::{Ctx, Dataset, Meta};
use plugin_dicom::{Dates, Dicom};

use crate::fixture::{Fixture, load, table};

/// All that the plugin gives, as text, but for the paths of files.
fn all(dicom: &Dicom) -> String {
    let mut table = table(dicom).unwrap();
    for row in &mut table.rows {
        (row.image, row.roi) = (None, None);
    }
    let sample = load(dicom, 0).unwrap();
    let card = serde_json::to_string(&dicom.card()).unwrap();
    format!("{}{card}{:?}{:?}", serde_json::to_string(&table).unwrap(), sample.id, sample.patient)
}

#[test]
fn only_the_listed_columns_leave() {
    let fixture = Fixture::plain(4);
    let dicom = fixture.dicom();
    let readme = include_str!("../../README.md");
    let names: BTreeSet<String> =
        table(&dicom).unwrap().rows.iter().flat_map(|r| r.meta.keys().cloned()).collect();
    assert_eq!(names.len(), 18);
    for name in &names {
        assert!(readme.contains(&format!("`{name}`")), "{name} is not in the README");
    }
    let shifted = table(&dicom.dates(Dates::Shift)).unwrap();
    assert!(shifted.rows.iter().all(|r| r.meta.contains_key("study_date") && r.meta.len() == 19));
}

#[test]
fn no_name_id_date_or_private_element_leaves() {
    let fixture = Fixture::plain(4);
    for dates in [Dates::Drop, Dates::Shift] {
        let out = all(&fixture.dicom().dates(dates));
        let key = std::fs::read_to_string(fixture.path("key")).unwrap();
        for secret in
            ["Secret", "Patient-", "ACC", "1.2.3", "1901", "2020-03", "202003", "s0.dcm", key.trim()]
        {
            assert!(!out.contains(secret), "{secret} in {out}");
        }
        assert!(out.contains("Acme") && out.contains("\"PA\""), "{out}");
    }
}

#[test]
fn pseudonyms_are_stable_under_one_key_and_differ_between_keys() {
    let fixture = Fixture::plain(6);
    let ids = |dicom: &Dicom| -> Vec<(String, String)> {
        table(dicom).unwrap().rows.into_iter().map(|r| (r.id, r.patient)).collect()
    };
    let first = ids(&fixture.dicom());
    assert_eq!(first, ids(&fixture.dicom()));
    let other = ids(&fixture.dicom().key_file(fixture.path("other")));
    for ((id, patient), (other_id, other_patient)) in first.iter().zip(&other) {
        assert!(id != other_id && patient != other_patient);
        assert!(id.len() == 32 && patient.len() == 32);
    }
    // Two files a patient, and no two patients under one pseudonym.
    assert_eq!(first.iter().map(|(_, p)| p).collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(first[0].1, first[1].1);
}

#[test]
fn the_key_lies_with_the_data_unless_told_and_is_its_owners() {
    let fixture = Fixture::plain(2);
    let dicom = plugin_dicom::dicom(fixture.path("images"), fixture.path("labels.csv"), fixture.path("rois"));
    table(&dicom).unwrap();
    let key = fixture.path("images/.eyepatch-dicom.key");
    assert!(key.is_file());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // It is no image, and nobody counts it.
    assert!(dicom.card().notes.iter().all(|n| !n.contains("no DICOM images")), "{:?}", dicom.card().notes);
}

#[test]
fn dates_keep_their_distance_and_lose_their_place() {
    let fixture = Fixture::plain(6);
    let rows = table(&fixture.dicom().dates(Dates::Shift)).unwrap().rows;
    let date = |i: usize| match &rows[i].meta["study_date"] {
        Meta::Text(text) => chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap(),
        other => panic!("{other:?}"),
    };
    let days = |i: usize| {
        let true_date = chrono::NaiveDate::from_ymd_opt(2020, 3, 1 + i as u32).unwrap();
        (true_date - date(i)).num_days()
    };
    for i in [0, 2, 4] {
        assert_eq!(days(i), days(i + 1), "one patient");
        assert!((1..=3650).contains(&days(i)));
    }
    assert!(days(0) != days(2) || days(2) != days(4));
}

#[test]
fn burned_in_text_is_warned_of() {
    let fixture = Fixture::plain(4);
    let notes = |fixture: &Fixture| fixture.dicom().card().notes.join("\n");
    assert!(!notes(&fixture).contains("WARNING"));
    fixture.image("s0.dcm", &Fixture::build(0).text(0x0028, 0x0301, "CS", "YES"));
    fixture.image("s1.dcm", &Fixture::build(1).text(0x0008, 0x0060, "CS", "US"));
    fixture.image(
        "s2.dcm",
        &Fixture::build(2).text(0x0008, 0x0060, "CS", "US").text(0x0028, 0x0301, "CS", "NO"),
    );
    let notes = notes(&fixture);
    assert!(notes.contains("WARNING: 1 files say that text is burned"), "{notes}");
    assert!(notes.contains("WARNING: 1 files are of a kind that often has"), "{notes}");
}

#[test]
fn errors_and_debug_output_name_no_patient() {
    let fixture = Fixture::plain(2);
    fixture.table("patient_id,label\nPatient-0,1\nPatient-77,0\n");
    let dicom = fixture.dicom().by(plugin_dicom::By::Patient);
    let error = dicom.table(&Ctx::for_tests(1)).unwrap_err();
    let text = format!("{error} {error:?} {dicom:?}");
    assert!(!text.contains("Patient-") && text.contains("line"), "{text}");
}
