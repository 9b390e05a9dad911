use eyepatch_core::{Mask, Params, Pixels};
use plugin_fundus::{Chaksu, Masks, OnBad, Part, Profile, chaksu};

use crate::archive::{Archive, HEIGHT, WIDTH, load, notes, photograph, read, refused, refused_sample, table};

fn data(archive: &Archive) -> Chaksu {
    chaksu(archive.root())
}

fn labels(data: &Chaksu) -> Vec<(String, bool)> {
    read(data).unwrap().rows.iter().map(|r| (r.id.clone(), r.labels[0].unwrap())).collect()
}

fn patient(data: &Chaksu, id: &str) -> String {
    read(data).unwrap().rows.iter().find(|r| r.id == id).unwrap().patient.clone()
}

#[test]
fn decisions_are_understood_however_they_are_written() {
    let archive = Archive::chaksu();
    let strict = labels(&data(&archive).part(Part::Train));
    let expected = [
        ("train/Bosch/Image101", true),
        ("train/Bosch/P3_Image1", false),
        ("train/Bosch/p3_image2", true),
        ("train/Forus/1", false),
        ("train/Forus/22glsusp", true),
        ("train/Remidio/IMG_2431", false),
        ("train/Remidio/IMG_2432", true),
    ];
    assert_eq!(strict, expected.map(|(id, label)| (id.to_owned(), label)));
    // The study compares to the letter, so two suspects are normal.
    let published = labels(&data(&archive).decisions(Profile::Published));
    let of = |id: &str| published.iter().find(|(i, _)| i == id).unwrap().1;
    assert!(!of("train/Bosch/p3_image2") && !of("test/Bosch/P10_Image2") && of("train/Bosch/Image101"));
    let notes = notes(&data(&archive).decisions(Profile::Published));
    assert!(notes.contains("train, Bosch: 2 decisions are neither"), "{notes}");
}

#[test]
fn unknown_decisions_are_refused_with_their_line() {
    let archive = Archive::chaksu();
    let file = format!("Train/{}", table("Forus"));
    archive.edit(&file, |t| t.replace(",GLAUCOMA SUSPECT\n", ",GLAUCOMA\n"));
    refused(&data(&archive), &file, Some(3), "the decision is `GLAUCOMA`");
    archive.edit(&file, |t| t.replace(",GLAUCOMA\n", ",\n"));
    refused(&data(&archive), &file, Some(3), "the decision is ``");
}

#[test]
fn patients_are_told_by_names() {
    let archive = Archive::chaksu();
    let strict = data(&archive);
    assert_eq!(patient(&strict, "train/Bosch/P3_Image1"), "Bosch/P3");
    assert_eq!(patient(&strict, "train/Bosch/p3_image2"), "Bosch/P3");
    assert_eq!(patient(&strict, "train/Forus/1"), "Forus/1");
    let published = data(&archive).patients(Profile::Published);
    assert_eq!(patient(&published, "train/Bosch/P3_Image1"), "P3");
    assert_eq!(patient(&published, "train/Bosch/p3_image2"), "p3_image2");
    assert_eq!(patient(&published, "train/Remidio/IMG_2431"), "IMG_2431");
    let notes = notes(&strict);
    assert!(notes.contains("names of 4 of 13 images") && notes.contains("fellow eyes"), "{notes}");
}

fn area(data: &Chaksu, structure: &str) -> usize {
    load(data, 0).unwrap().roi.structures().get(structure).map_or(0, Mask::area)
}

#[test]
fn discs_hold_their_cups_and_published_ones_the_rim_that_fusing_leaves() {
    let archive = Archive::chaksu();
    // Pixels within 5 of a centre are 81, within 6 are 113, within 2 are 13.
    assert_eq!((area(&data(&archive), "disc"), area(&data(&archive), "cup")), (81, 13));
    let published = data(&archive).discs(Profile::Published);
    assert_eq!((area(&published, "disc"), area(&published, "cup")), (113, 13));
    let apart = data(&archive).masks(Masks::Apart);
    assert_eq!((area(&apart, "disc"), area(&apart, "cup")), (81, 13));
}

#[test]
fn a_camera_without_cups_leaves_them_out_for_all() {
    let archive = Archive::chaksu();
    std::fs::remove_dir_all(archive.path("Test/5.0_OD_OC_Mean_Median_Majority_STAPLE/Forus/Cup")).unwrap();
    let apart = data(&archive).masks(Masks::Apart);
    let rows = read(&apart).unwrap().rows.len();
    for row in 0..rows {
        let roi = load(&apart, row).unwrap().roi;
        assert_eq!(roi.structures().keys().collect::<Vec<_>>(), ["disc"]);
    }
    assert!(notes(&apart).contains("the cup is left out"), "{}", notes(&apart));
}

#[test]
fn resaving_marks_two_cameras() {
    let archive = Archive::chaksu();
    // The same picture from all three cameras, without loss.
    let folder = "Train/1.0_Original_Fundus_Images";
    for name in ["Bosch/Image101.JPG", "Forus/1.png", "Remidio/IMG_2431.JPG"] {
        let path = archive.path(&format!("{folder}/{name}"));
        photograph(1).save_with_format(path, image::ImageFormat::Png).unwrap();
    }
    let pixels = |resave, id: &str| {
        let data = data(&archive).resave(resave).resave_side(48);
        let row = read(&data).unwrap().rows.iter().position(|r| r.id == id).unwrap();
        let sample = load(&data, row).unwrap();
        assert_eq!((sample.roi.width(), sample.roi.height()), (sample.image.width(), sample.image.height()));
        sample.image.pixels().clone()
    };
    let of = |resave| {
        ["Bosch/Image101", "Forus/1", "Remidio/IMG_2431"].map(|id| pixels(resave, &format!("train/{id}")))
    };
    let [bosch, forus, remidio] = of(Profile::Strict);
    assert!(bosch == forus && forus == remidio, "pixels as they are");
    assert_eq!(forus, Pixels::U8(photograph(1).into_raw()));
    let [bosch, forus, remidio] = of(Profile::Published);
    assert!(bosch == remidio && bosch != forus, "one camera lacks the marks of JPEG");
    let Pixels::U8(forus) = forus else { panic!("not 8 bit") };
    assert_eq!(forus.len(), 48 * 48 * 3);
}

#[test]
fn capitals_and_misspelt_folders_do_not_matter() {
    let archive = Archive::chaksu();
    archive.rename("Train", "train");
    archive.rename("train/6.0_Glaucoma_Decision", "train/6.0_glaucoma_decision");
    archive
        .rename("train/4.0_OD_CO_Fusion_Images/Forus/STAPLE", "train/4.0_OD_CO_Fusion_Images/Forus/Staple");
    archive.rename("train/4.0_OD_CO_Fusion_Images", "train/4.0_OD_OC_Fusion_Images");
    assert_eq!(read(&data(&archive)).unwrap().rows.len(), 13);
    // Unpacked into a folder of the archive's name.
    archive.rename("train", "unpacked");
    std::fs::create_dir(archive.path("Train")).unwrap();
    archive.rename("unpacked", "Train/Train");
    assert_eq!(read(&data(&archive)).unwrap().rows.len(), 13);
}

#[test]
fn byte_order_marks_line_ends_and_semicolons_are_read() {
    let archive = Archive::chaksu();
    let before = read(&data(&archive)).unwrap();
    archive.edit(&format!("Train/{}", table("Bosch")), |t| format!("\u{feff}{}", t.replace('\n', "\r\n")));
    archive.edit(&format!("Train/{}", table("Forus")), |t| t.replace(',', ";"));
    assert_eq!(read(&data(&archive)).unwrap(), before);
}

#[test]
fn tables_of_another_kind_are_refused() {
    let archive = Archive::chaksu();
    let file = format!("Test/{}", table("Remidio"));
    let whole = std::fs::read_to_string(archive.path(&file)).unwrap();
    archive.edit(&file, |t| t.replace("Glaucoma Decision", "Decision"));
    refused(&data(&archive), &file, Some(1), "no column with the decision");
    archive.write(&file, whole.replace("Images", "Picture"));
    refused(&data(&archive), &file, Some(1), "no column `Images`");
    archive.write(&file, whole.replace(',', "|"));
    refused(&data(&archive), &file, Some(1), "no column `Images`");
    archive.write(&file, whole.replace("Expert.1", "Majority Decision"));
    refused(&data(&archive), &file, Some(1), "both there");
    archive.write(&file, whole.replace("IMG_4548.tif-IMG_4548-1.tif", "img_4547.tif-x"));
    refused(&data(&archive), &file, Some(3), "`img_4547` is also that of line 2");
    for name in ["../../IMG_4547.tif-x", "/etc/IMG_4547.tif", "..\\IMG_4547.tif", "-x"] {
        archive.write(&file, whole.replace("IMG_4548.tif-IMG_4548-1.tif", name));
        refused(&data(&archive), &file, Some(3), "is refused");
    }
    archive.remove(&file);
    refused(&data(&archive), "Test/6.0_Glaucoma_Decision", None, "there is no table");
}

#[test]
fn missing_folders_are_named() {
    let archive = Archive::chaksu();
    archive.rename("Test", "Tset");
    refused(&data(&archive), archive.root().to_str().unwrap(), None, "no folder of part `test`");
    // Bosch's table lists the images of both parts, so those of the other part are not missing.
    assert_eq!(read(&data(&archive).part(Part::Train)).unwrap().rows.len(), 7);
    // A part that is not asked for may be half unpacked.
    std::fs::create_dir(archive.path("Test")).unwrap();
    assert_eq!(read(&data(&archive).part(Part::Train)).unwrap().rows.len(), 7);
    refused(&data(&archive), "Test", None, "no folder `1.0_Original_Fundus_Images`");
    archive.rename("Train/1.0_Original_Fundus_Images/Forus", "Train/Forus");
    refused(&data(&archive).part(Part::Train), "1.0_Original_Fundus_Images", None, "no folder `Forus`");
}

#[test]
fn two_files_of_one_name_are_refused_with_both() {
    let archive = Archive::chaksu();
    let folder = "Train/1.0_Original_Fundus_Images/Remidio";
    archive.photograph(&format!("{folder}/img_2431.png"), 9);
    let text = refused(&data(&archive), folder, None, "are both files of image");
    assert!(text.contains("`IMG_2431.JPG`") && text.contains("`img_2431.png`"), "{text}");
    archive.remove(&format!("{folder}/img_2431.png"));
    std::fs::create_dir_all(archive.path("Train/4.0_OD_CO_Fusion_Images/REMEDIO/STAPLE")).unwrap();
    let text = refused(&data(&archive), "Train/4.0_OD_CO_Fusion_Images", None, "could both be meant");
    assert!(text.contains("`REMEDIO`") && text.contains("`Remidio`"), "{text}");
}

#[test]
fn what_is_missing_is_listed_or_left_out_and_counted() {
    let archive = Archive::chaksu();
    archive.remove("Train/1.0_Original_Fundus_Images/Forus/1.png");
    archive.remove("Test/4.0_OD_CO_Fusion_Images/Remedio/STAPLE/IMG_4547.png");
    archive.photograph("Test/1.0_Original_Fundus_Images/Forus/99.png", 3);
    archive.write("Train/1.0_Original_Fundus_Images/Forus/22glsusp.png", b"no image");
    let file = format!("Train/{}", table("Forus"));
    let text =
        refused(&data(&archive), &file, Some(2), "3 files or labels are missing: image `1` (line 2 of");
    assert!(text.contains("disc mask of image `IMG_4547.JPG`") && text.contains("label of image"), "{text}");
    let missing = data(&archive).on_bad(OnBad::DropMissing);
    assert_eq!(read(&missing).unwrap().rows.len(), 11);
    let told = notes(&missing);
    assert!(told.contains("3 images left out: 1 image missing, 1 ROI missing, 1 label missing"), "{told}");
    refused_sample(&missing, "train/Forus/22glsusp", "22glsusp.png", "no PNG, JPEG or TIFF");
    let bad = data(&archive).on_bad(OnBad::Drop);
    assert_eq!(read(&bad).unwrap().rows.len(), 10);
    assert!(
        notes(&bad).contains("4 images left out: 1 image missing, 1 image unreadable"),
        "{}",
        notes(&bad)
    );
}

#[test]
fn spoilt_files_are_named_at_load() {
    let archive = Archive::chaksu();
    let image = "Train/1.0_Original_Fundus_Images/Forus/1.png";
    let bytes = std::fs::read(archive.path(image)).unwrap();
    archive.write(image, &bytes[..bytes.len() * 2 / 3]);
    refused_sample(&data(&archive), "train/Forus/1", "1.png", "corrupt");
    // A PNG whose header says 100,000 x 100,000 pixels.
    let mut bomb = bytes.clone();
    bomb[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
    let checksum = crc(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
    archive.write(image, bomb);
    refused_sample(&data(&archive), "train/Forus/1", "1.png", "more than `max_pixels`");
    let mask = "Train/4.0_OD_CO_Fusion_Images/Forus/STAPLE/1.png";
    archive.write(image, &bytes);
    let save = |level: u8, width| {
        image::GrayImage::from_pixel(width, HEIGHT, image::Luma([level])).save(archive.path(mask)).unwrap();
    };
    save(0, WIDTH);
    refused_sample(&data(&archive), "train/Forus/1", "STAPLE/1.png", "the ROI is empty");
    save(255, WIDTH);
    refused_sample(&data(&archive), "train/Forus/1", "STAPLE/1.png", "covers the whole image");
    save(127, WIDTH / 2);
    refused_sample(&data(&archive), "train/Forus/1", "STAPLE/1.png", "the ROI is 36x24 and the image 36x48");
}

/// The checksum of a PNG's chunk (ISO 3309), bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(unix)]
#[test]
fn links_out_of_the_archive_are_refused() {
    let (archive, other) = (Archive::chaksu(), Archive::empty());
    other.photograph("secret.JPG", 1);
    let link = "Train/1.0_Original_Fundus_Images/Bosch/Image101.JPG";
    archive.remove(link);
    std::os::unix::fs::symlink(other.path("secret.JPG"), archive.path(link)).unwrap();
    refused(&data(&archive), link, None, "a link leads out");
}

#[test]
fn parameters_are_checked() {
    let said = |data: Chaksu| data.check().unwrap_err();
    assert!(said(Chaksu::default()).contains("`root` is missing"));
    assert!(said(chaksu("x").margin(f32::NAN)).contains("`margin`"));
    assert!(said(chaksu("x").max_pixels(0)).contains("`max_pixels`"));
    assert!(said(chaksu("x").resave_side(0)).contains("`resave_side`"));
    assert!(said(chaksu("x").published().masks(Masks::Apart)).contains("together"));
    let twice: Chaksu = serde_json::from_str(r#"{"root": "x", "parts": ["train", "train"]}"#).unwrap();
    assert!(said(twice).contains("`parts`"));
}
