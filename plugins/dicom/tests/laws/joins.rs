//! Lines, files and masks that belong together.

use std::collections::BTreeMap;

use eyepatch_core::{Dataset, Meta};
use plugin_dicom::{By, Dicom, OnBad};

use crate::fixture::{Fixture, load, table, told};

/// Labels by the number in the file's name.
fn labels(dicom: &Dicom) -> BTreeMap<String, Option<bool>> {
    let name = |r: &eyepatch_core::Row| {
        r.image.as_ref().unwrap().file_name().unwrap().to_string_lossy().into_owned()
    };
    table(dicom).unwrap().rows.iter().map(|r| (name(r), r.labels[0])).collect()
}

#[test]
fn a_line_is_found_by_file_instance_accession_or_patient() {
    let fixture = Fixture::plain(4);
    let expect = |dicom: Dicom, wanted: [bool; 4]| {
        let wanted = wanted.iter().enumerate().map(|(i, l)| (format!("s{i}.dcm"), Some(*l))).collect();
        assert_eq!(labels(&dicom), wanted);
    };
    fixture.table("file,label\ns3,1\n./s1.dcm,1\ns0.dcm,0\ns2,0\n");
    expect(fixture.dicom(), [false, true, false, true]);
    fixture.table("SOP Instance UID,label\n1.2.3.0,1\n1.2.3.1,0\n1.2.3.2,0\n1.2.3.3,1\n");
    expect(fixture.dicom().by(By::SopInstance), [true, false, false, true]);
    fixture.table("accession;label\nACC1;1\nACC0;0\n");
    expect(fixture.dicom().by(By::Accession), [false, false, true, true]);
    fixture.table("who,label\nPatient-0,1\nPatient-1,0\n");
    expect(fixture.dicom().by(By::Patient).key("who"), [true, true, false, false]);
}

#[test]
fn folders_are_searched_and_rows_are_sorted_by_path() {
    let fixture = Fixture::plain(0);
    for (i, name) in ["b/1", "a/x/2.dcm", "a/1", "0.IMA"].iter().enumerate() {
        fixture.image(name, &Fixture::build(i as u16));
        fixture.mask(&format!("{}.png", name.trim_end_matches(".dcm").trim_end_matches(".IMA")), i as u32);
    }
    fixture.write("images/readme.txt", b"no image");
    fixture.write("images/DICOMDIR", &Fixture::build(9).bytes());
    fixture.table("path,label\nb/1,1\na/1,0\n2.dcm,0\n0,1\n");
    let rows = table(&fixture.dicom()).unwrap().rows;
    let paths: Vec<_> = rows
        .iter()
        .map(|r| {
            r.image.as_ref().unwrap().strip_prefix(fixture.path("images")).unwrap().display().to_string()
        })
        .collect();
    assert_eq!(paths, ["0.IMA", "a/1", "a/x/2.dcm", "b/1"]);
    assert_eq!(rows.iter().map(|r| r.line.unwrap()).collect::<Vec<_>>(), [5, 3, 4, 2]);
    let notes = fixture.dicom().card().notes.join("\n");
    assert!(notes.contains("no DICOM images: 2"), "{notes}");
    // Two files are called `1`.
    fixture.table("path,label\n1,1\n");
    let error = table(&fixture.dicom()).unwrap_err();
    assert!(told(&error).contains("2 files have this name | write the path below the folder"), "{error}");
}

#[test]
fn masks_are_found_by_name_or_instance_and_never_shared() {
    let fixture = Fixture::plain(2);
    std::fs::rename(fixture.path("rois/s0.png"), fixture.path("rois/1.2.3.0.png")).unwrap();
    std::fs::rename(fixture.path("rois/s1.png"), fixture.path("rois/1.2.3.1_mask.png")).unwrap();
    load(&fixture.dicom().roi_by(By::SopInstance), 1).unwrap();
    let error = table(&fixture.dicom()).unwrap_err();
    assert!(told(&error).contains("no mask of its name"), "{error}");
    fixture.write("rois/s0.dcm", &Fixture::build(0).bytes());
    let error = table(&fixture.dicom()).unwrap_err();
    assert!(told(&error).contains("segmentations (SEG) are not read | write its masks as PNG"), "{error}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(fixture.path("rois/1.2.3.0.png"), fixture.path("rois/s0.png")).unwrap();
        std::os::unix::fs::symlink(fixture.path("rois/1.2.3.0.png"), fixture.path("rois/s1.png")).unwrap();
        let error = table(&fixture.dicom()).unwrap_err();
        assert!(error.to_string().contains("mask of two images"), "{error}");
    }
}

#[test]
fn what_is_left_out_is_counted() {
    let fixture = Fixture::plain(6);
    fixture.table("file,label\ns0,1\ns1,0\ns2,1\ns3,0\ngone,1\n");
    fixture.write("images/s1.dcm", &Fixture::build(1).bytes()[..300]);
    fixture.image("s2.dcm", &Fixture::build(2).without(0x7fe0, 0x0010));
    fixture.mask("s3.png", 1);
    image::GrayImage::new(3, 3).save(fixture.path("rois/s3.png")).unwrap();
    let error = table(&fixture.dicom()).unwrap_err();
    assert!(told(&error).contains("there is no file for 1 of 5 lines: 6"), "{error}");
    let dicom = fixture.dicom().on_bad(OnBad::Drop);
    assert_eq!(table(&dicom).unwrap().rows.len(), 1);
    let notes = dicom.card().notes.join("\n");
    assert!(notes.contains("no line of the table names, left out: 2"), "{notes}");
    assert!(
        notes.contains(
            "dropped: 4 (1 image missing, 1 image unreadable, 1 image of a kind that is not read, 1 ROI of another size \
             than its image)"
        ),
        "{notes}"
    );
}

#[test]
fn patients_may_come_from_the_table_or_be_taken_for_one_an_image() {
    let fixture = Fixture::plain(4);
    fixture.table("file,label,who\ns0,1,a\ns1,0,b\ns2,1,a\ns3,0,b\n");
    let of = |dicom: Dicom| -> Vec<String> {
        table(&dicom).unwrap().rows.into_iter().map(|r| r.patient).collect()
    };
    let by_table = of(fixture.dicom().patient("who"));
    assert!(by_table[0] == by_table[2] && by_table[1] == by_table[3] && by_table[0] != by_table[1]);
    assert!(!by_table.contains(&"a".to_owned()));
    let own = of(fixture.dicom().one_image_per_patient());
    assert_eq!(own.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    fixture.image("s0.dcm", &Fixture::build(0).without(0x0010, 0x0020));
    let error = table(&fixture.dicom()).unwrap_err();
    assert!(
        told(&error).contains("no Patient ID") && told(&error).contains("`one_image_per_patient`"),
        "{error}"
    );
}

#[test]
fn the_tables_own_columns_become_metadata_only_where_named() {
    let fixture = Fixture::plain(2);
    assert!(!table(&fixture.dicom()).unwrap().rows[0].meta.contains_key("site"));
    let rows = table(&fixture.dicom().meta(["site"])).unwrap().rows;
    assert_eq!(rows[0].meta["site"], Meta::Text("north".into()));
    fixture.table("file,label,view\ns0,1,PA\ns1,0,AP\n");
    let error = table(&fixture.dicom().meta(["view"])).unwrap_err();
    assert!(error.to_string().contains("column that is read from the files"), "{error}");
}
