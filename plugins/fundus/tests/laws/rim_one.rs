use eyepatch_core::Meta;
use plugin_fundus::{OnBad, Partition, RimOneDl, rim_one_dl};

use crate::archive::{Archive, load, notes, read, refused, refused_sample};

fn data(archive: &Archive) -> RimOneDl {
    rim_one_dl(archive.root())
}

/// Id, label, part, version and hospital of each row.
fn rows(data: &RimOneDl) -> Vec<(String, bool, String, String, String)> {
    let text = |m: &Meta| if let Meta::Text(t) = m { t.clone() } else { String::new() };
    let table = read(data).unwrap();
    let row = |r: &eyepatch_core::Row| {
        let [part, version, hospital] = ["part", "version", "hospital"].map(|c| text(&r.meta[c]));
        (r.id.clone(), r.labels[0].unwrap(), part, version, hospital)
    };
    table.rows.iter().map(row).collect()
}

fn told(
    id: &str,
    glaucoma: bool,
    part: &str,
    version: &str,
    hospital: &str,
) -> (String, bool, String, String, String) {
    (id.into(), glaucoma, part.into(), version.into(), hospital.into())
}

#[test]
fn partitions_tell_the_part_and_hospitals_stay() {
    let archive = Archive::rim_one();
    let by_hospital = rows(&data(&archive));
    assert_eq!(by_hospital.len(), 8);
    assert_eq!(by_hospital[0], told("r2_Im001", false, "train", "r2", "HUC"));
    assert!(by_hospital.contains(&told("r1_Im003", false, "test", "r1", "HUMS or HCSC")));
    assert!(by_hospital.contains(&told("r2_Im004", true, "train", "r2", "HUC")));
    let randomly = rows(&data(&archive).partition(Partition::Randomly));
    assert!(randomly.contains(&told("r1_Im003", false, "train", "r1", "HUMS or HCSC")));
    // One variant alone is enough; the random one does not tell hospitals.
    std::fs::remove_dir_all(archive.path("RIM-ONE_DL_images/partitioned_by_hospital")).unwrap();
    let randomly = rows(&data(&archive).partition(Partition::Randomly));
    assert!(randomly.contains(&told("r1_Im003", false, "train", "r1", "")));
    refused(&data(&archive), "RIM-ONE_DL_images", None, "no folder `partitioned_by_hospital`");
}

#[test]
fn discs_and_cups_are_separate_structures() {
    let archive = Archive::rim_one();
    let roi = load(&data(&archive), 3).unwrap().roi;
    assert_eq!((roi.structures()["disc"].area(), roi.structures()["cup"].area()), (81, 13));
    assert!(notes(&data(&archive)).contains("tells no patients"));
}

#[test]
fn outlines_as_text_are_no_masks() {
    let archive = Archive::rim_one();
    archive.remove("RIM-ONE_DL_reference_segmentations/normal/r2_Im001-1-Disc-T.png");
    let folder = "RIM-ONE_DL_reference_segmentations/normal";
    refused(
        &data(&archive),
        folder,
        None,
        "`r2_Im001-1-Disc-T.png` (only its outline as text, which is not read)",
    );
    assert_eq!(read(&data(&archive).on_bad(OnBad::Drop)).unwrap().rows.len(), 7);
}

#[test]
fn an_image_in_two_places_is_refused_with_both() {
    let archive = Archive::rim_one();
    archive.photograph("RIM-ONE_DL_images/partitioned_by_hospital/test_set/glaucoma/r2_Im001.png", 1);
    let text = refused(&data(&archive), "RIM-ONE_DL_images", None, "are both files of image `r2_Im001`");
    assert!(text.contains("training_set/normal/r2_Im001.png"), "{text}");
    assert!(text.contains("test_set/glaucoma/r2_Im001.png"), "{text}");
}

#[test]
fn missing_archives_and_spoilt_images_are_named() {
    let archive = Archive::rim_one();
    archive.write("RIM-ONE_DL_images/partitioned_by_hospital/training_set/normal/r2_Im001.png", b"");
    refused_sample(&data(&archive), "r2_Im001", "r2_Im001.png", "the file is empty");
    archive.rename("RIM-ONE_DL_reference_segmentations", "segmentations");
    let root = archive.root().to_str().unwrap();
    refused(&data(&archive), root, None, "no folder `RIM-ONE_DL_reference_segmentations`");
}
