//! What is said to tables, paths and images that cannot be used.

use eyepatch_core::{Ctx, Dataset, Error, Seed};
use plugin_chest::OnBad;

use crate::archives::{HEADER, Pad, expect_sample, expect_table, film, flat_film, notes, pad_row, table};

#[test]
fn missing_columns_and_wrong_separators_are_named() {
    let pad = Pad::plain(2);
    let text = pad.0.text("labels.csv");
    for column in ["ImageID", "PatientID", "Projection", "Labels"] {
        pad.0.write("labels.csv", text.replacen(&format!(",{column},"), ",x,", 1));
        expect_table(&pad.strict(), "labels.csv", Some(1), None, &format!("no column `{column}`"));
    }
    pad.0.write("labels.csv", text.replacen(HEADER, &HEADER.replace(',', "|"), 1));
    expect_table(&pad.strict(), "labels.csv", Some(1), None, "no column `ImageID`");
    let error = table(&pad.strict()).unwrap_err();
    assert!(error.remedy().unwrap().contains("separated by commas"), "{error}");
}

#[test]
fn marks_line_ends_and_separators_do_not_matter() {
    let pad = Pad::plain(2);
    let text = pad.0.text("labels.csv");
    let first = table(&pad.strict()).unwrap();
    for other in [format!("\u{feff}{text}"), text.replace('\n', "\r\n"), text.trim_end().to_owned()] {
        pad.0.write("labels.csv", other);
        assert!(table(&pad.strict()).unwrap() == first);
    }
    pad.0.write("labels.csv", &text[..text.len() - 30]);
    expect_table(&pad.strict(), "labels.csv", Some(4), None, "never closed");
}

#[test]
fn paths_stay_in_the_archive() {
    for (id, dir) in
        [("../secret.png", "0"), ("/etc/secret.png", ""), ("0_film.png", "../0"), ("0_film.png", "/")]
    {
        let pad = Pad::of_row(&pad_row(0, id, dir, "p", "PA", "['normal']"));
        pad.0.write("Padchest.csv", pad.0.text("Padchest.csv").replace("0_film.png", id));
        expect_table(&pad.strict(), "labels.csv", Some(2), None, "is refused");
    }
}

#[test]
fn one_image_twice_is_refused() {
    let pad = Pad::plain(1);
    let row = pad_row(0, "0_film.png", "0", "p", "PA", "['normal']");
    pad.0.write("labels.csv", format!("{HEADER}\n{row}{row}"));
    expect_table(&pad.strict(), "labels.csv", Some(4), Some("ImageID"), "also that of line 2");
}

#[test]
fn missing_images_are_all_counted_and_five_named() {
    let pad = Pad::plain(9);
    for i in 1..8 {
        std::fs::remove_file(pad.0.path(format!("{}/{i}_film.png", i % 2))).unwrap();
    }
    expect_table(&pad.strict(), "labels.csv", Some(4), None, "images of 7 of 9 rows are not in");
    let text = table(&pad.strict()).unwrap_err().to_string();
    assert!(
        text.contains("`1/1_film.png` (line 4)") && text.contains("and 2 more") && !text.contains("6_film"),
        "{text}"
    );
    let part = pad.strict().on_missing(OnBad::Drop);
    assert_eq!(table(&part).unwrap().rows.len(), 2);
    assert!(notes(&part).contains("7 films whose image is not there dropped"), "{}", notes(&part));
    part.load(1, &Ctx::for_tests(1)).unwrap();
}

#[test]
fn images_may_lie_in_one_folder() {
    let pad = Pad::plain(3);
    std::fs::create_dir(pad.0.path("images")).unwrap();
    for i in 0..3 {
        let name = format!("{i}_film.png");
        std::fs::rename(pad.0.path(format!("{}/{name}", i % 2)), pad.0.path("images").join(name)).unwrap();
    }
    assert_eq!(table(&pad.strict()).unwrap().rows.len(), 3);
}

/// A PNG whose header declares 100,000 x 100,000 pixels of 16 bits, in a few bytes.
fn bomb(png: &[u8]) -> Vec<u8> {
    let mut bytes = png.to_vec();
    let side = 100_000_u32.to_be_bytes();
    bytes[16..20].copy_from_slice(&side);
    bytes[20..24].copy_from_slice(&side);
    let check = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&check.to_be_bytes());
    bytes
}

/// The checksum of a PNG's chunk, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

#[test]
fn unusable_images_are_named_or_counted() {
    let pad = Pad::plain(6);
    let png = std::fs::read(pad.0.path("0/0_film.png")).unwrap();
    pad.0.write("0/0_film.png", &png[..png.len() - 20]);
    pad.0.save(&flat_film(1, 16), "1/1_film.png");
    pad.0.write("0/2_film.png", bomb(&png));
    pad.0.write("1/3_film.png", "");
    pad.0.save(&image::ImageBuffer::<image::Luma<u16>, _>::new(24, 16), "0/4_film.png");
    let set = pad.strict();
    expect_sample(&set, 0, "0/0_film.png", 2, "corrupt");
    expect_sample(&set, 1, "1/1_film.png", 4, "the image has 8 bits a pixel and not 16");
    expect_sample(&set, 2, "0/2_film.png", 6, "100000x100000");
    expect_sample(&set, 3, "1/3_film.png", 8, "empty");
    expect_sample(&set, 4, "0/4_film.png", 10, "all black");
    set.load(5, &Ctx::for_tests(1)).unwrap();
    let dropping = pad.strict().on_bad(OnBad::Drop);
    let table = dropping.table(&Ctx::new(Seed::root(1), 3).unwrap()).unwrap();
    assert_eq!(table.rows.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["5_film.png"]);
    let said = notes(&dropping);
    assert!(
        said.contains("5 films with unusable files dropped: 3 image unreadable, 1 image of a kind"),
        "{said}"
    );
    assert_eq!(dropping.load(0, &Ctx::for_tests(1)).unwrap(), set.load(5, &Ctx::for_tests(1)).unwrap());
}

#[test]
fn an_eight_bit_copy_is_used_when_asked() {
    let pad = Pad::plain(1);
    let narrow = image::DynamicImage::from(film(0)).to_luma8();
    pad.0.save(&narrow, "0/0_film.png");
    expect_sample(&pad.strict(), 0, "0_film.png", 2, "8 bits");
    pad.strict().bits(None).load(0, &Ctx::for_tests(1)).unwrap();
}

#[test]
fn dropping_every_row_is_an_error() {
    let pad = Pad::plain(2);
    for i in 0..2 {
        pad.0.write(&format!("{i}/{i}_film.png"), "nothing");
    }
    expect_table(&pad.strict().on_bad(OnBad::Drop), "labels.csv", None, None, "no row is left of 2");
    expect_table(&pad.strict().projections(["L"]), "labels.csv", None, None, "no row is left");
}

#[test]
fn files_that_are_not_there_are_named() {
    let pad = Pad::plain(1);
    let error = table(&pad.strict().masks(pad.0.path("none.csv"))).unwrap_err();
    assert!(matches!(&error, Error::Io { path, .. } if path.ends_with("none.csv")), "{error}");
    std::fs::remove_file(pad.0.path("Padchest.csv")).unwrap();
    let error = table(&pad.strict()).unwrap_err();
    assert!(error.to_string().contains("OriginalResolution/Padchest.csv"), "{error}");
    assert!(error.remedy().unwrap().contains("`masks`"), "{error}");
    let error = table(&plugin_chest::padchest(pad.0.path("nowhere"))).unwrap_err();
    assert!(matches!(&error, Error::Io { path, .. } if path.ends_with("nowhere")), "{error}");
}

#[test]
fn a_file_of_masks_that_changes_is_noticed() {
    let pad = Pad::plain(2);
    let set = pad.strict();
    table(&set).unwrap();
    pad.0.write("Padchest.csv", pad.0.text("Padchest.csv").replace("0_film.png", "00_film.png"));
    expect_sample(&set, 1, "Padchest.csv", 4, "changed while it was in use");
    assert!(set.content(1, &Ctx::for_tests(1)).is_err());
}
