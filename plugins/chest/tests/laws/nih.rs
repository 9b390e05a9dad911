//! ChestX-ray14: parts, boxes, lists, and the traps of its tables.

use eyepatch_core::{Ctx, Dataset, Meta, Params};
use plugin_chest::{OnBad, chestxray14};

use crate::archives::{Nih, expect_sample, expect_table, flat_film, notes, table};

#[test]
fn images_are_found_in_parts_and_in_one_folder() {
    let nih = Nih::plain(6, 40);
    let parts = table(&nih.set()).unwrap();
    assert_eq!(parts.rows.len(), 6);
    assert!(parts.rows[5].image.as_ref().unwrap().ends_with("images_002/images/00000005_000.png"));
    for i in 0..6 {
        let id = format!("{i:08}_000.png");
        let part = if i < 3 { 1 } else { 2 };
        std::fs::create_dir_all(nih.0.path("images")).unwrap();
        std::fs::rename(
            nih.0.path(format!("images_{part:03}/images/{id}")),
            nih.0.path(format!("images/{id}")),
        )
        .unwrap();
    }
    let one = table(&nih.set()).unwrap();
    assert!(one.rows[5].image.as_ref().unwrap().ends_with("images/00000005_000.png"));
    assert_eq!(
        one.rows.iter().map(|r| &r.labels).collect::<Vec<_>>(),
        parts.rows.iter().map(|r| &r.labels).collect::<Vec<_>>()
    );
}

#[test]
fn labels_and_metadata_are_the_tables() {
    let set = Nih::plain(6, 40);
    let table = table(&set.set()).unwrap();
    let positive = |row: usize| {
        let classes = table.classes.iter().zip(&table.rows[row].labels).filter(|(_, l)| **l == Some(true));
        classes.map(|(c, _)| c.as_str()).collect::<Vec<_>>()
    };
    assert_eq!((positive(0), positive(1)), (vec![], vec!["pneumonia", "pleural effusion"]));
    let meta = &table.rows[1].meta;
    for (name, value) in [
        ("follow_up", 1.0),
        ("age", 58.0),
        ("orig_w", 2682.0),
        ("orig_h", 2749.0),
        ("pixel_spacing_x", 0.143),
    ] {
        assert_eq!(meta[name], Meta::Number(value), "{name}");
    }
    assert_eq!(
        (&table.rows[0].meta["official_split"], &meta["official_split"]),
        (&Meta::Text("test".into()), &Meta::Text("train_val".into()))
    );
    assert_eq!((&table.rows[0].patient, &table.rows[1].patient), (&"1".to_owned(), &"1".to_owned()));
}

#[test]
fn the_first_version_of_the_table_is_read_too() {
    let nih = Nih::plain(6, 40);
    let text = nih.0.text("Data_Entry_2017_v2020.csv").replace(",58,", ",058Y,").replace('\n', ",\r\n");
    std::fs::remove_file(nih.0.path("Data_Entry_2017_v2020.csv")).unwrap();
    nih.0.write("Data_Entry_2017.csv", format!("\u{feff}{text}"));
    let table = table(&nih.set()).unwrap();
    assert_eq!((table.rows.len(), &table.rows[0].meta["age"]), (6, &Meta::Number(58.0)));
}

#[test]
fn boxes_are_structures_or_nothing() {
    let nih = Nih::plain(3, 1024);
    let ctx = Ctx::for_tests(1);
    let (plain, boxed) = (nih.set(), nih.set().with_boxes());
    assert_eq!(plain.load(0, &ctx).unwrap().roi.structures().len(), 3);
    let roi = boxed.load(0, &ctx).unwrap().roi;
    assert_eq!(roi.structures().len(), 8);
    // Columns 226 to 311, rows 547 to 625: the pixels whose centres lie in 225.6 + 86.7 and 547.2 + 79.1.
    let atelectasis = &roi.structures()["atelectasis box"];
    assert_eq!(atelectasis.area(), 86 * 79);
    assert!(atelectasis.contains(547 * 1024 + 226) && !atelectasis.contains(547 * 1024 + 225));
    assert!(atelectasis.contains(625 * 1024 + 311) && !atelectasis.contains(626 * 1024 + 311));
    assert!(roi.structures()["pneumonia box"].is_empty());
    // A box that leaves the image is cut off.
    assert_eq!(boxed.load(1, &ctx).unwrap().roi.structures()["pneumonia box"].area(), 24 * 3);
    assert_ne!(plain.content(0, &ctx).unwrap(), boxed.content(0, &ctx).unwrap());
    assert!(
        notes(&boxed).contains("2 boxes of the classes on 2 films, 1 of other findings left out"),
        "{}",
        notes(&boxed)
    );
    assert!(boxed.card().roi_origin.contains("drawn by a radiologist"));
    assert_eq!(table(&nih.set().boxed_only()).unwrap().rows.len(), 2);
}

#[test]
fn boxes_are_boxes() {
    let nih = Nih::plain(2, 1024);
    let text = nih.0.text("BBox_List_2017.csv");
    for (from, to, line, column, says) in [
        ("225.6,547.2,86.7", "225.6,547.2,-1", Some(2), Some("Bbox [x,y,w,h]"), "is no box"),
        ("225.6", "left", Some(2), Some("Bbox [x,y,w,h]"), "is no box"),
        ("Bbox [x", "x", Some(1), None, "no four columns"),
        ("Finding Label", "Finding", Some(1), None, "no column `Finding Label`"),
    ] {
        nih.0.write("BBox_List_2017.csv", text.replacen(from, to, 1));
        expect_table(&nih.set().with_boxes(), "BBox_List_2017.csv", line, column, says);
    }
    let small = Nih::plain(2, 40);
    expect_sample(&small.set().with_boxes(), 0, "BBox_List_2017.csv", 2, "drawn on 1024x1024");
}

#[test]
fn what_no_row_has_is_refused() {
    let nih = Nih::plain(2, 40);
    expect_table(
        &nih.set().labels(["goiter=Goiter"]),
        "Data_Entry_2017_v2020.csv",
        None,
        Some("Finding Labels"),
        "`Goiter`",
    );
    nih.0.write("test_list.txt", nih.0.text("train_val_list.txt"));
    expect_table(&nih.set(), "test_list.txt", Some(1), None, "in both lists");
    let boxed = chestxray14("f");
    assert!(boxed.clone().labels(["a=A", "a=B"]).check().unwrap_err().contains("twice"));
    assert!(boxed.labels(["a="]).check().unwrap_err().contains("names no finding"));
}

#[test]
fn films_stored_in_three_channels_are_grey_and_colours_are_refused() {
    let nih = Nih::plain(3, 40);
    let grey = flat_film(0, 40);
    let rgba = |tint: u8| {
        image::RgbaImage::from_fn(40, 40, |x, y| {
            let v = grey.get_pixel(x, y)[0];
            image::Rgba([v, v, v ^ tint, 255])
        })
    };
    let whole = nih.set().load(0, &Ctx::for_tests(1)).unwrap();
    nih.0.save(&rgba(0), "images_001/images/00000000_000.png");
    assert!(nih.set().load(0, &Ctx::for_tests(1)).unwrap() == whole);
    nih.0.save(&rgba(1), "images_001/images/00000000_000.png");
    expect_sample(&nih.set(), 0, "00000000_000.png", 2, "has colours");
    let set = nih.set().on_bad(OnBad::Drop);
    assert_eq!(table(&set).unwrap().rows.len(), 2);
    assert!(notes(&set).contains("1 image of a kind that is not read"), "{}", notes(&set));
}
