use eyepatch_core::{Ctx, Dataset, Error, Meta, Params};
use plugin_folder::{Folder, MissingLabels, OnBad};

use crate::fixture::{Fixture, expect_sample, expect_table, load, notes, table};

/// A table of two good rows with `row` as the third, on line 4.
fn with_row(header: &str, good: [&str; 2], row: &str) -> Fixture {
    let fixture = Fixture::plain(3);
    fixture.table(format!("{header}\n{}\n{}\n{row}\n", good[0], good[1]));
    fixture
}

fn labelled(row: &str) -> Fixture {
    with_row("id,image,patient_id,label,age", ["s0,s0.png,p0,0,40", "s1,s1.png,p1,1,41"], row)
}

#[test]
fn missing_images_are_all_counted_and_five_named() {
    let fixture = Fixture::plain(9);
    for i in 1..8 {
        std::fs::remove_file(fixture.path("images").join(format!("s{i}.png"))).unwrap();
    }
    let text = expect_table(&fixture.folder(), Some(3), None, "files of 7 of 9 rows are missing");
    assert!(
        text.contains("image `s1.png` (line 3)") && text.contains("`s5.png` (line 7) and 2 more"),
        "{text}"
    );
    assert!(!text.contains("s6.png"), "{text}");
}

#[test]
fn missing_rois_are_named() {
    let fixture = Fixture::plain(3);
    std::fs::remove_file(fixture.path("rois/s1.png")).unwrap();
    expect_table(&fixture.folder(), Some(3), None, "ROI of image `s1`");
}

#[test]
fn corrupt_images_are_named_at_load() {
    let fixture = Fixture::plain(5);
    let png = std::fs::read(fixture.path("images/s0.png")).unwrap();
    fixture.write("images/s0.png", &png[..png.len() - 20]);
    fixture.write("images/s1.png", b"this is no image");
    fixture.write("images/s2.png", b"");
    let mut flipped = png.clone();
    flipped[png.len() / 2] ^= 0xff;
    fixture.write("images/s3.png", &flipped);
    let folder = fixture.folder();
    table(&folder).unwrap();
    expect_sample(&folder, 0, "images/s0.png", 2, "corrupt");
    expect_sample(&folder, 1, "images/s1.png", 3, "no PNG, JPEG or TIFF");
    expect_sample(&folder, 2, "images/s2.png", 4, "empty");
    expect_sample(&folder, 3, "images/s3.png", 5, "corrupt");
    load(&folder, 4).unwrap();
}

#[test]
fn a_jpeg_that_ends_early_is_corrupt() {
    let fixture = Fixture::plain(2);
    let photo = image::GrayImage::from_fn(64, 64, |x, y| image::Luma([(x * y) as u8]));
    photo.save(fixture.path("whole.jpg")).unwrap();
    let bytes = std::fs::read(fixture.path("whole.jpg")).unwrap();
    fixture.write("images/s0.png", &bytes[..bytes.len() * 2 / 3]);
    expect_sample(&fixture.folder(), 0, "images/s0.png", 2, "corrupt");
}

#[test]
fn a_roi_of_another_size_is_refused() {
    let fixture = Fixture::plain(2);
    image::GrayImage::from_pixel(6, 4, image::Luma([255])).save(fixture.path("rois/s1.png")).unwrap();
    expect_sample(&fixture.folder(), 1, "rois/s1.png", 3, "the ROI is 4x6 and the image 8x12");
}

#[test]
fn an_empty_roi_is_refused() {
    let fixture = Fixture::plain(2);
    image::GrayImage::new(12, 8).save(fixture.path("rois/s1.png")).unwrap();
    expect_sample(&fixture.folder(), 1, "rois/s1.png", 3, "empty");
}

#[test]
fn a_roi_of_the_whole_image_is_refused() {
    let fixture = Fixture::plain(4);
    let filled = |v: u8| image::GrayImage::from_pixel(12, 8, image::Luma([v]));
    filled(255).save(fixture.path("rois/s0.png")).unwrap();
    // A label map whose background is 1.
    image::GrayImage::from_fn(12, 8, |x, _| image::Luma([1 + u8::from(x > 5)]))
        .save(fixture.path("rois/s1.png"))
        .unwrap();
    let folder = fixture.folder();
    expect_sample(&folder, 0, "rois/s0.png", 2, "covers the whole image");
    expect_sample(&folder, 1, "rois/s1.png", 3, "covers the whole image");
    load(&folder, 2).unwrap();
    let dropping = fixture.folder().on_bad(OnBad::Drop);
    assert_eq!(table(&dropping).unwrap().rows.len(), 2);
    assert!(notes(&dropping).contains("2 ROI that covers the whole image"), "{}", notes(&dropping));
}

#[test]
fn structures_that_cover_the_image_together_are_refused() {
    let fixture = Fixture::plain(1);
    let half = |left: bool| {
        image::GrayImage::from_fn(12, 8, move |x, _| image::Luma([if (x < 6) == left { 9 } else { 0 }]))
    };
    half(true).save(fixture.path("rois/left.png")).unwrap();
    half(false).save(fixture.path("rois/right.png")).unwrap();
    fixture.table("id,image,l,r,patient_id,label\ns0,s0.png,left.png,right.png,p,1\n");
    let folder = fixture.folder().structure("left", "l");
    load(&folder, 0).unwrap();
    expect_sample(&folder.structure("right", "r"), 0, "rois/left.png", 2, "covers the whole image");
}

#[test]
fn a_shape_in_the_alpha_channel_is_named() {
    let fixture = Fixture::plain(3);
    let square = |x: u32, y: u32| if (3..7).contains(&x) && (2..6).contains(&y) { 255 } else { 0 };
    for (i, colour) in [255u8, 0].into_iter().enumerate() {
        image::RgbaImage::from_fn(12, 8, |x, y| image::Rgba([colour, colour, colour, square(x, y)]))
            .save(fixture.path(&format!("rois/s{i}.png")))
            .unwrap();
    }
    image::RgbaImage::from_fn(12, 8, |x, y| image::Rgba([square(x, y), 0, 0, square(x, y)]))
        .save(fixture.path("rois/s2.png"))
        .unwrap();
    let folder = fixture.folder();
    expect_sample(&folder, 0, "rois/s0.png", 2, "the shape is in the alpha channel");
    expect_sample(&folder, 1, "rois/s1.png", 3, "the shape is in the alpha channel");
    assert_eq!(load(&folder, 2).unwrap().roi.structures()["roi"].area(), 16);
}

#[test]
fn black_and_constant_images_are_refused() {
    let fixture = Fixture::plain(2);
    image::GrayImage::new(12, 8).save(fixture.path("images/s0.png")).unwrap();
    image::RgbImage::from_pixel(12, 8, image::Rgb([9, 0, 200])).save(fixture.path("images/s1.png")).unwrap();
    expect_sample(&fixture.folder(), 0, "images/s0.png", 2, "all black");
    expect_sample(&fixture.folder(), 1, "images/s1.png", 3, "the same");
}

#[test]
fn unusable_rows_are_dropped_and_counted_when_asked() {
    let fixture = Fixture::plain(8);
    std::fs::remove_file(fixture.path("images/s0.png")).unwrap();
    fixture.write("images/s1.png", b"nothing");
    image::GrayImage::new(12, 8).save(fixture.path("images/s2.png")).unwrap();
    image::GrayImage::new(12, 8).save(fixture.path("rois/s3.png")).unwrap();
    image::GrayImage::new(3, 3).save(fixture.path("rois/s4.png")).unwrap();
    let folder = fixture.folder().on_bad(OnBad::Drop);
    let table = folder.table(&Ctx::new(eyepatch_core::Seed::root(1), 3).unwrap()).unwrap();
    let ids: Vec<&str> = table.rows.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["s5", "s6", "s7"]);
    for (row, id) in ids.iter().enumerate() {
        assert_eq!(load(&folder, row).unwrap().id, *id);
    }
    let notes = notes(&folder);
    assert!(
        notes.contains("5 rows with unusable files dropped: 1 image missing, 1 image unreadable"),
        "{notes}"
    );
    assert!(
        notes.contains("1 image of one value, 1 ROI of another size than its image, 1 ROI empty"),
        "{notes}"
    );
}

#[test]
fn dropping_every_row_is_an_error() {
    let fixture = Fixture::plain(2);
    for i in 0..2 {
        fixture.write(&format!("images/s{i}.png"), b"nothing");
    }
    expect_table(&fixture.folder().on_bad(OnBad::Drop), None, None, "no row is left");
}

#[test]
fn labels_are_there_and_are_labels() {
    expect_table(&labelled("s2,s2.png,p2,,42").folder(), Some(4), Some("label"), "missing");
    expect_table(&labelled("s2,s2.png,p2,2,42").folder(), Some(4), Some("label"), "the label is `2`");
    expect_table(&labelled("s2,s2.png,p2,-1,42").folder(), Some(4), Some("label"), "the label is `-1`");
    let fixture = labelled("s2,s2.png,p2,,42");
    let folder = fixture.folder().missing_labels(MissingLabels::Allow);
    assert_eq!(table(&folder).unwrap().rows[2].labels, [None]);
    assert!(notes(&folder).contains("class label: 1 rows have no label"));
}

#[test]
fn words_are_labels_too() {
    for (word, label) in
        [("TRUE", true), ("yes", true), ("1.0", true), ("No", false), ("false", false), (" 0 ", false)]
    {
        let fixture = labelled(&format!("s2,s2.png,p2,{word},42"));
        assert_eq!(table(&fixture.folder()).unwrap().rows[2].labels, [Some(label)], "{word}");
    }
}

#[test]
fn ids_are_there_and_differ() {
    let text =
        expect_table(&labelled("s0,s2.png,p2,1,42").folder(), Some(4), Some("id"), "also that of line 2");
    assert!(text.contains("`s0`"), "{text}");
    expect_table(&labelled(",s2.png,p2,1,42").folder(), Some(4), Some("id"), "missing");
}

#[test]
fn one_file_under_two_ids_is_refused() {
    expect_table(&labelled("s2,./s0.png,p2,1,42").folder(), Some(4), None, "is also that of line 2");
}

#[test]
fn patients_are_there() {
    expect_table(&labelled("s2,s2.png,,1,42").folder(), Some(4), Some("patient_id"), "patient is missing");
    let fixture = Fixture::plain(2);
    let problem = fixture.bare().label("label").check().unwrap_err();
    assert!(problem.contains("one_image_per_patient"), "{problem}");
    let both = fixture.folder().one_image_per_patient().check().unwrap_err();
    assert!(both.contains("one of the two"), "{both}");
    let single = fixture.bare().label("label").one_image_per_patient();
    assert_eq!(table(&single).unwrap().rows[1].patient, "s1");
    assert!(notes(&single).contains("one image per patient is assumed"));
}

#[test]
fn numbers_in_metadata_are_finite() {
    for value in ["NaN", "inf", "-Infinity", "1e999"] {
        let fixture = labelled(&format!("s2,s2.png,p2,1,{value}"));
        expect_table(&fixture.folder(), Some(4), Some("age"), value);
        table(&fixture.folder().ignore("age")).unwrap();
    }
    let rows = table(&labelled("s2,s2.png,p2,1,").folder()).unwrap().rows.clone();
    assert_eq!((&rows[0].meta["age"], &rows[2].meta["age"]), (&Meta::Number(40.0), &Meta::Missing));
    let rows = table(&labelled("s2,s2.png,p2,1,old").folder()).unwrap().rows.clone();
    assert_eq!(rows[0].meta["age"], Meta::Text("40".into()), "a mixed column is text");
}

#[test]
fn headers_and_rows_are_whole() {
    let twice = with_row(
        "id,image,patient_id,label,label",
        ["s0,s0.png,p,0,1", "s1,s1.png,p,0,1"],
        "s2,s2.png,p,0,1",
    );
    expect_table(&twice.folder(), Some(1), Some("label"), "twice");
    expect_table(&labelled("s2,s2.png,p2,1").folder(), Some(4), None, "the row has 4 cells and the header 5");
    expect_table(&labelled("s2,s2.png,p2,1,4,5").folder(), Some(4), None, "the row has 6 cells");
    let fixture = Fixture::plain(1);
    for (text, says) in [("", "empty"), ("id,image,patient_id,label\n", "no row")] {
        fixture.table(text);
        expect_table(&fixture.folder(), None, None, says);
    }
    expect_table(
        &Fixture::plain(2).folder().label("nodule"),
        Some(1),
        None,
        "no column `nodule`, which `labels` names",
    );
}

#[test]
fn other_encodings_are_named() {
    let fixture = Fixture::plain(2);
    fixture.table(b"id,image,patient_id,label,name\ns0,s0.png,p0,0,Ann\ns1,s1.png,p1,1,J\xf6rg\n");
    expect_table(&fixture.folder(), Some(3), None, "0xf6 is no UTF-8");
    fixture.table(b"\xff\xfei\0d\0");
    expect_table(&fixture.folder(), Some(1), None, "UTF-16");
    fixture.table(b"id,image\ns0,\0\n");
    expect_table(&fixture.folder(), Some(2), None, "zero byte");
}

#[test]
fn separators_line_ends_and_marks_do_not_matter() {
    let expected = table(&Fixture::plain(3).folder()).unwrap();
    let text = std::fs::read_to_string(Fixture::plain(3).path("table.csv")).unwrap();
    for text in [
        format!("\u{feff}{text}"),
        text.replace('\n', "\r\n"),
        text.replace(',', ";"),
        text.replace(',', "\t").replace('\n', "\r\n"),
        text.replace("s1,", "\"s1\","),
        text.replace('\n', "\r"),
    ] {
        let fixture = Fixture::plain(3);
        fixture.table(&text);
        let found = table(&fixture.folder()).unwrap();
        for (a, b) in found.rows.iter().zip(&expected.rows) {
            assert_eq!((&a.id, &a.meta, &a.labels, a.line), (&b.id, &b.meta, &b.labels, b.line), "{text:?}");
        }
        assert_eq!(found.rows.len(), 3);
    }
}

#[test]
fn lines_are_counted_over_blank_and_broken_ones() {
    let fixture = Fixture::plain(3);
    let text =
        "id,image,patient_id,label,note\r\n\r\ns0,s0.png,p0,0,\"two\r\nlines\"\r\n\r\ns1,s1.png,p1,9,\r\n";
    fixture.table(text);
    expect_table(&fixture.folder(), Some(6), Some("label"), "`9`");
    fixture.table(text.replace(",9,", ",1,"));
    assert_eq!(table(&fixture.folder()).unwrap().rows[0].line, Some(3));
}

#[test]
fn quotes_that_stay_open_are_named() {
    let fixture = Fixture::plain(4);
    let text = std::fs::read_to_string(fixture.path("table.csv")).unwrap();
    // At the last column, the record has as many cells as the header.
    for text in [text.replace("p0,1,41", "p0,1,\"41"), text.replace("s1.png,p0", "\"s1.png,p0")] {
        for text in [text.clone(), text.trim_end().to_owned(), text.replace('\n', "\r\n")] {
            fixture.table(&text);
            expect_table(&fixture.folder(), Some(3), None, "never closed");
        }
    }
    fixture.table(format!("\"{text}"));
    expect_table(&fixture.folder(), Some(1), None, "never closed");
    fixture.table("id,image,patient_id,label\ns0,s0.png,p,\"1\"");
    assert_eq!(table(&fixture.folder()).unwrap().rows.len(), 1, "a quote may be the file's end");
}

#[test]
fn rows_that_a_quote_swallows_are_named() {
    let fixture = Fixture::plain(4);
    let row = |i: u32, note: &str| format!("s{i},s{i}.png,p{i},{},{note}\n", i % 2);
    let with = |notes: [&str; 4]| {
        let rows: Vec<String> = (0..).zip(notes).map(|(i, n)| row(i, n)).collect();
        fixture.table(format!("id,image,patient_id,label,note\n{}", rows.concat()));
        fixture.folder()
    };
    expect_table(
        &with(["\"good\"", "\"not closed", "good", "\"good\""]),
        Some(3),
        None,
        "looks like another row",
    );
    expect_table(&with(["\"good", "\"good\"", "", ""]), Some(2), None, "looks like another row");
    let prose = "\"heart, lungs\nedema, effusion, mass, nodule, none\nend\"";
    assert_eq!(table(&with(["", prose, "", ""])).unwrap().rows.len(), 4);
}

#[test]
fn paths_stay_under_their_folder() {
    let fixture = labelled("s2,../table.csv,p2,1,42");
    expect_table(&fixture.folder(), Some(4), Some("image"), "contains `..`");
    let fixture = labelled("s2,/etc/passwd,p2,1,42");
    expect_table(&fixture.folder(), Some(4), Some("image"), "absolute");
    let fixture = with_row(
        "id,image,roi,patient_id,label",
        ["s0,s0.png,s0.png,p,0", "s1,s1.png,s1.png,p,1"],
        "s2,s2.png,../rois/s2.png,p,1",
    );
    expect_table(&fixture.folder(), Some(4), Some("roi"), "contains `..`");
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_are_refused_and_others_are_not() {
    let fixture = labelled("s2,link.png,p2,1,42");
    std::fs::copy(fixture.path("images/s2.png"), fixture.path("outside.png")).unwrap();
    std::os::unix::fs::symlink(fixture.path("outside.png"), fixture.path("images/link.png")).unwrap();
    expect_table(&fixture.folder().image_column("image"), Some(4), Some("image"), "a link leads out");
    std::fs::remove_file(fixture.path("images/link.png")).unwrap();
    std::os::unix::fs::symlink("s2.png", fixture.path("images/link.png")).unwrap();
    fixture.roi("link.png", 2);
    load(&fixture.folder(), 2).unwrap();
}

#[test]
fn odd_file_names_are_names() {
    let odd = ["a b.png", "ü '名'.png", "%20&<x>.png", "semi;colon.png", "-rf.png"];
    let fixture = Fixture::empty();
    let mut text = "id,image,patient_id,label\n".to_owned();
    for (i, name) in odd.iter().enumerate() {
        fixture.image(name, i as u32);
        fixture.roi(name, i as u32);
        text += &format!("{i},\"{name}\",p{i},{}\n", i % 2);
    }
    fixture.table(&text);
    let folder = fixture.folder();
    assert_eq!(table(&folder).unwrap().rows.len(), odd.len());
    (0..odd.len()).for_each(|row| drop(load(&folder, row).unwrap()));
    fixture.table("id,image,patient_id,label\n1,\"evil\u{1b}[2J\nname.png\",p,1\n");
    let shown = expect_table(&fixture.folder(), Some(2), None, "missing");
    assert!(shown.contains("evil\\u{1b}[2J\\nname.png") && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn filters_drop_count_and_complain() {
    let fixture = Fixture::plain(8);
    let folder = fixture.folder().filter("age<=45").filter("id!=s1");
    assert_eq!(table(&folder).unwrap().rows.len(), 5);
    let said = notes(&folder);
    assert!(said.contains("8 rows in the table, 5 kept"), "{said}");
    assert!(said.contains("`age<=45`: 2 of 8 rows dropped") && said.contains("`id!=s1`: 1 of 6"), "{said}");
    expect_table(&fixture.folder().filter("age>99"), None, None, "no row is left");
    expect_table(
        &fixture.folder().filter("height>9"),
        Some(1),
        None,
        "no column `height`, which `where` names",
    );
    expect_table(&fixture.folder().filter("image>9"), Some(2), Some("image"), "`s0.png` is no finite number");
    assert!(fixture.folder().filter("age=4").check().unwrap_err().contains("`age=4`"));
    fixture.table("id,image,patient_id,label,q\ns0,s0.png,p,0,\ns1,s1.png,p,1,0.5\n");
    assert_eq!(
        table(&fixture.folder().filter("q<1")).unwrap().rows.len(),
        1,
        "an empty cell meets no comparison"
    );
}

#[test]
fn folders_and_tables_that_are_not_there_are_named() {
    let fixture = Fixture::plain(1);
    for (folder, name) in [
        (
            plugin_folder::folder(fixture.path("no.csv"), fixture.path("images"), fixture.path("rois")),
            "no.csv",
        ),
        (
            plugin_folder::folder(fixture.path("table.csv"), fixture.path("none"), fixture.path("rois")),
            "none",
        ),
        (
            plugin_folder::folder(fixture.path("table.csv"), fixture.path("images"), fixture.path("nil")),
            "nil",
        ),
    ] {
        let error = table(&folder.patient("patient_id").label("label")).unwrap_err();
        assert!(matches!(&error, Error::Io { path, .. } if path.ends_with(name)), "{error}");
    }
    let missing = Folder::default().check().unwrap_err();
    assert!(missing.contains("`table`"), "{missing}");
}

#[test]
fn content_follows_what_load_reads() {
    let fixture = Fixture::plain(4);
    let ctx = Ctx::for_tests(1);
    let hashes = |f: &Folder| (0..4).map(|r| f.content(r, &ctx).unwrap()).collect::<Vec<_>>();
    let first = hashes(&fixture.folder());
    fixture.image("s0.png", 77);
    fixture.roi("s1.png", 3);
    let text =
        std::fs::read_to_string(fixture.path("table.csv")).unwrap().replace("s2.png,p1,0", "s2.png,p1,1");
    fixture.table(text);
    let second = hashes(&fixture.folder());
    assert_eq!((0..4).map(|i| first[i] == second[i]).collect::<Vec<_>>(), [false, false, false, true]);
}

#[test]
fn a_changed_file_changes_the_hash_of_a_data_set_in_use() {
    let fixture = Fixture::plain(1);
    let (folder, ctx) = (fixture.folder(), Ctx::for_tests(1));
    let first = folder.content(0, &ctx).unwrap();
    assert_eq!(folder.content(0, &ctx).unwrap(), first);
    image::GrayImage::from_fn(12, 8, |x, y| image::Luma([(x * 20 + y) as u8 ^ 1]))
        .save(fixture.path("images/s0.png"))
        .unwrap();
    assert_ne!(folder.content(0, &ctx).unwrap(), first);
}
