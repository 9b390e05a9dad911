//! The study's table, made by the study's steps in pandas from the same archive.

use std::collections::BTreeMap;

use eyepatch_core::Meta;
use plugin_fundus::{Profile, chaksu};
use serde::Deserialize;

use crate::archive::{Archive, fused, notes, read};

#[derive(Deserialize)]
struct Golden {
    files: Vec<String>,
    tables: BTreeMap<String, String>,
    /// ImageID, PatientID, Camera and label, by part.
    published: BTreeMap<String, Vec<(String, String, String, u8)>>,
    strict: Strict,
}

#[derive(Deserialize)]
struct Strict {
    /// Normal and suspect, by part and camera.
    counts: BTreeMap<String, [usize; 2]>,
    patients: usize,
}

fn golden() -> (Golden, Archive) {
    let golden: Golden = serde_json::from_str(include_str!("../../golden/chaksu.json")).unwrap();
    let archive = Archive::empty();
    for (n, file) in golden.files.iter().enumerate() {
        archive.photograph(file, n as u32);
        let [part, _, camera, name] = file.split('/').collect::<Vec<_>>()[..] else { panic!("{file}") };
        let stem = name.rsplit_once('.').unwrap().0;
        let camera = if (part, camera) == ("Test", "Remidio") { "Remedio" } else { camera };
        let mask = archive.path(&format!("{part}/4.0_OD_CO_Fusion_Images/{camera}/STAPLE/{stem}.png"));
        std::fs::create_dir_all(mask.parent().unwrap()).unwrap();
        fused(n as u32).save(mask).unwrap();
    }
    golden.tables.iter().for_each(|(path, text)| archive.write(path, text));
    (golden, archive)
}

fn text(value: &Meta) -> String {
    let Meta::Text(text) = value else { panic!("{value:?}") };
    text.clone()
}

#[test]
fn published_rows_are_the_study_s_in_its_order() {
    let (golden, archive) = golden();
    let data = chaksu(archive.root()).published().resave(Profile::Strict);
    let table = read(&data).unwrap();
    let mut found: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for row in &table.rows {
        let image = row.image.as_ref().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        let label = u8::from(row.labels[0].unwrap());
        let entry = (image, row.patient.clone(), text(&row.meta["camera"]), label);
        found.entry(text(&row.meta["part"])).or_default().push(entry);
    }
    assert_eq!(found, golden.published);
    // What the study loses without a word is told.
    let notes = notes(&data);
    assert!(notes.contains("train, Bosch: 1 images have no label of exactly the study's name"), "{notes}");
    assert!(notes.contains("train, Bosch: 5 labels have no image of exactly the study's name"), "{notes}");
    assert!(notes.contains("1 patients have images in both parts: `P3`"), "{notes}");
}

#[test]
fn strictly_no_image_is_lost() {
    let (golden, archive) = golden();
    let data = chaksu(archive.root());
    let table = read(&data).unwrap();
    let mut counts: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for row in &table.rows {
        let key = format!("{} {}", text(&row.meta["part"]), text(&row.meta["camera"]));
        counts.entry(key).or_default()[usize::from(row.labels[0].unwrap())] += 1;
    }
    assert_eq!(counts, golden.strict.counts);
    let patients: std::collections::BTreeSet<&str> = table.rows.iter().map(|r| r.patient.as_str()).collect();
    assert_eq!(patients.len(), golden.strict.patients);
    assert_eq!(table.rows.len(), golden.files.len());
    let notes = notes(&data);
    assert!(notes.contains("train, Bosch: 4 labels are of images of the other part"), "{notes}");
    assert!(notes.contains("test Bosch 3 normal, 1 suspect"), "{notes}");
}
