use std::collections::BTreeMap;

use eyepatch_core::Dataset;
use plugin_fundus::{Airogs, OnBad, Profile, airogs};

use crate::archive::{Archive, HEIGHT, WIDTH, load, notes, read, refused, refused_sample};

fn data(archive: &Archive) -> Airogs {
    airogs(archive.root())
}

#[test]
fn images_are_found_in_numbered_folders_and_in_one() {
    let archive = Archive::airogs();
    let before = read(&data(&archive)).unwrap();
    let labels: Vec<(&str, bool)> =
        before.rows.iter().map(|r| (r.id.as_str(), r.labels[0].unwrap())).collect();
    assert_eq!(labels[0], ("TRAIN000000", true));
    assert_eq!(labels.iter().filter(|(_, referable)| *referable).count(), 2);
    std::fs::create_dir(archive.path("images")).unwrap();
    for n in 0..6 {
        archive.rename(&format!("{}/TRAIN{n:06}.jpg", n / 2), &format!("images/TRAIN{n:06}.jpg"));
    }
    let after = read(&data(&archive)).unwrap();
    assert_eq!(after.rows.len(), 6);
}

#[test]
fn the_field_of_view_is_the_lit_part() {
    let archive = Archive::airogs();
    let sample = load(&data(&archive), 2).unwrap();
    let fov = &sample.roi.structures()["fov"];
    // Pixels within sqrt(300) of the centre of 48 x 36.
    let inside = |x: usize, y: usize| x.abs_diff(24).pow(2) + y.abs_diff(18).pow(2) <= 300;
    let wanted = (0..36).flat_map(|y| (0..48).map(move |x| (x, y))).filter(|&(x, y)| inside(x, y)).count();
    let found = fov.area();
    // JPEG blurs the border by a pixel or two.
    assert!(found.abs_diff(wanted) < 120, "{found} of {wanted}");
    assert!(fov.contains(18 * 48 + 24) && !fov.contains(0) && !fov.contains(47));
}

#[test]
fn without_masks_nothing_is_legitimate_and_the_card_says_why() {
    let archive = Archive::airogs();
    let bare = data(&archive);
    assert_eq!(bare.legitimate(), BTreeMap::new());
    assert!(bare.unmasked_only().unwrap().contains("AIROGS publishes no ROI"));
    let card = bare.card();
    assert!(card.roi_origin.contains("none published"), "{}", card.roi_origin);
    assert!(card.notes.join("\n").contains("no region of glaucoma"), "{:?}", card.notes);
    let masked = data(&archive).masks(archive.path("masks"), "a U-Net");
    assert_eq!(masked.card().roi_origin, "a U-Net");
    assert_eq!(masked.unmasked_only(), None);
    assert_eq!(masked.legitimate()["glaucoma"].structures, ["disc"]);
    assert_eq!(load(&masked, 0).unwrap().roi.structures()["disc"].area(), 81);
}

#[test]
fn classes_are_read_strictly_or_as_published() {
    let archive = Archive::airogs();
    archive.edit("train_labels.csv", |t| t.replace("TRAIN000001,NRG", "TRAIN000001,U"));
    refused(&data(&archive), "train_labels.csv", Some(3), "the class is `U`");
    let published = data(&archive).classes(Profile::Published);
    assert_eq!(read(&published).unwrap().rows[1].labels, [Some(true)]);
}

#[test]
fn bad_tables_are_refused() {
    let archive = Archive::airogs();
    let whole = std::fs::read_to_string(archive.path("train_labels.csv")).unwrap();
    // The challenge that came after has another table of this name.
    archive.write("train_labels.csv", "Eye ID;Final Label\nTRAIN000000;NRG\n");
    refused(&data(&archive), "train_labels.csv", Some(1), "no column `challenge_id`");
    archive.write("train_labels.csv", whole.replace("TRAIN000003", "train000002"));
    refused(&data(&archive), "train_labels.csv", Some(5), "`train000002` is also that of line 4");
    archive.write("train_labels.csv", whole.replace("TRAIN000003", "../1/TRAIN000003"));
    refused(&data(&archive), "train_labels.csv", Some(5), "is refused: it is a path");
    archive.write("train_labels.csv", format!("\u{feff}{}", whole.replace('\n', "\r\n")));
    assert_eq!(read(&data(&archive)).unwrap().rows.len(), 6);
    archive.remove("train_labels.csv");
    refused(&data(&archive), archive.root().to_str().unwrap(), None, "no table `train_labels.csv`");
}

#[test]
fn one_name_in_two_folders_is_refused_with_both() {
    let archive = Archive::airogs();
    archive.photograph("2/TRAIN000001.JPG", 4);
    let text = refused(&data(&archive), archive.root().to_str().unwrap(), None, "are both files of image");
    assert!(text.contains("`0/TRAIN000001.jpg`") && text.contains("`2/TRAIN000001.JPG`"), "{text}");
}

#[test]
fn part_of_the_archive_is_enough_when_asked() {
    let archive = Archive::airogs();
    archive.remove("0/TRAIN000000.jpg");
    archive.photograph("2/TRAIN000009.jpg", 4);
    archive.write("1/TRAIN000002.jpg", b"");
    let text = refused(&data(&archive), "train_labels.csv", Some(2), "2 files or labels are missing");
    assert!(text.contains("image `TRAIN000000`") && text.contains("TRAIN000009.jpg"), "{text}");
    let missing = data(&archive).on_bad(OnBad::DropMissing);
    assert_eq!(read(&missing).unwrap().rows.len(), 5);
    assert!(
        notes(&missing).contains("2 images left out: 1 image missing, 1 label missing"),
        "{}",
        notes(&missing)
    );
    refused_sample(&missing, "TRAIN000002", "TRAIN000002.jpg", "the file is empty");
    let bad = data(&archive).on_bad(OnBad::Drop);
    assert_eq!(read(&bad).unwrap().rows.len(), 4);
}

#[test]
fn masks_of_another_size_are_refused() {
    let archive = Archive::airogs();
    let small =
        image::GrayImage::from_fn(WIDTH / 2, HEIGHT / 2, |x, _| image::Luma([if x > 9 { 255 } else { 0 }]));
    small.save(archive.path("masks/TRAIN000004.png")).unwrap();
    let masked = data(&archive).masks(archive.path("masks"), "a U-Net");
    refused_sample(&masked, "TRAIN000004", "TRAIN000004.png", "the ROI is 18x24");
    archive.remove("masks/TRAIN000005.png");
    let masked = data(&archive).masks(archive.path("masks"), "a U-Net");
    refused(&masked, "train_labels.csv", Some(7), "disc mask of image `TRAIN000005`");
}
