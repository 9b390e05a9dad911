//! CheXmask's files: order of columns, thresholds, sizes, and memory.

use std::io::Write;

use eyepatch_core::{Ctx, Dataset, Meta};
use plugin_chest::chexmask::{CheXmask, NoSize};

use crate::archives::{HEIGHT, MASKS, Pad, WIDTH, expect_sample, expect_table, mask_row, notes, table};

#[test]
fn columns_may_come_in_any_order() {
    let pad = Pad::plain(3);
    let ctx = Ctx::for_tests(1);
    let set = pad.strict();
    let first: Vec<_> = (0..3).map(|row| set.load(row, &ctx).unwrap()).collect();
    let hashes: Vec<_> = (0..3).map(|row| set.content(row, &ctx).unwrap()).collect();
    let text = pad.0.text("Padchest.csv");
    let mut reader = csv_rows(&text);
    for row in &mut reader {
        row.reverse();
    }
    let lines: Vec<String> = reader.iter().map(|row| row.join(";")).collect();
    // Semicolons, a byte order mark and CRLF into the bargain.
    pad.0.write("Padchest.csv", format!("\u{feff}{}\r\n", lines.join("\r\n").replace("ImageID", "dicom_id")));
    let again = pad.strict();
    for row in 0..3 {
        assert!(again.load(row, &ctx).unwrap() == first[row]);
        assert_eq!(again.content(row, &ctx).unwrap(), hashes[row]);
    }
}

/// Cells, of which one is in quotes.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let parts: Vec<&str> = line.split('"').collect();
        match parts.as_slice() {
            [before, landmarks, after] => {
                let (before, after) = (before.trim_end_matches(','), after.trim_start_matches(','));
                let sides = |s: &str| s.split(',').map(str::to_owned).collect::<Vec<_>>();
                [sides(before), vec![format!("\"{landmarks}\"")], sides(after)].concat()
            }
            _ => line.split(',').map(str::to_owned).collect(),
        }
    };
    text.lines().map(cells).collect()
}

#[test]
fn films_without_a_good_mask_are_dropped_and_counted() {
    let pad = Pad::plain(6);
    let size = [HEIGHT, WIDTH];
    let rows = [("0", "0.7"), ("1", "0.70001"), ("3", ""), ("4", "0.1"), ("5", "0.9"), ("99", "0.99")];
    let rows = rows.map(|(n, rca)| mask_row(n.parse().unwrap(), &format!("{n}_film.png"), rca, size));
    pad.0.write("Padchest.csv", format!("{MASKS}\n{}", rows.concat()));
    let set = pad.strict();
    let ids: Vec<String> = table(&set).unwrap().rows.iter().map(|row| row.id.clone()).collect();
    assert_eq!(ids, ["1_film.png", "5_film.png"]);
    let said = notes(&set);
    assert!(
        said.contains(
            "1 films without a mask dropped, 2 whose mask has a mean Dice RCA of 0.7 or less, 1 whose"
        ),
        "{said}"
    );
    assert!(
        set.card().roi_origin.contains("predicted masks: CheXmask") && set.card().roi_origin.contains("0.7")
    );
    assert_eq!(table(&pad.strict().min_rca(0.05)).unwrap().rows.len(), 4);
}

#[test]
fn masks_without_a_size_take_that_of_all_others_or_are_dropped() {
    let without = |text: String| text.replacen(&format!(",{HEIGHT},{WIDTH}\n"), ",,\n", 1);
    let pad = Pad::plain(3);
    let whole = pad.strict().load(0, &Ctx::for_tests(1)).unwrap();
    pad.0.write("Padchest.csv", without(pad.0.text("Padchest.csv")));
    let set = pad.strict();
    assert!(set.load(0, &Ctx::for_tests(1)).unwrap() == whole);
    assert!(
        notes(&set)
            .contains(&format!("1 masks have no size in their file; it is taken to be {HEIGHT}x{WIDTH}"))
    );
    assert_eq!(table(&pad.strict().no_size(NoSize::Drop)).unwrap().rows.len(), 2);
    // Sizes that differ tell nothing of the one that is missing.
    pad.0.write("Padchest.csv", pad.0.text("Padchest.csv") + &mask_row(7, "7_film.png", "0.9", [40, 30]));
    let set = pad.strict();
    assert_eq!(table(&set).unwrap().rows[0].id, "1_film.png");
    assert!(
        notes(&set).contains("1 films dropped whose mask is for an image of unknown size"),
        "{}",
        notes(&set)
    );
    let own = pad.strict().no_size(NoSize::Image);
    assert!(own.load(0, &Ctx::for_tests(1)).unwrap() == whole);
    assert!(notes(&own).contains("the image's own"), "{}", notes(&own));
}

#[test]
fn one_row_twice_is_counted_and_two_that_differ_are_refused() {
    let pad = Pad::plain(2);
    let text = pad.0.text("Padchest.csv");
    pad.0.write("Padchest.csv", format!("{text}{}", mask_row(0, "0_film.png", "0.92", [HEIGHT, WIDTH])));
    assert!(notes(&pad.strict()).contains("1 rows of the masks' file say again"));
    pad.0.write("Padchest.csv", format!("{text}{}", mask_row(1, "0_film.png", "0.92", [HEIGHT, WIDTH])));
    expect_table(&pad.strict(), "Padchest.csv", Some(4), None, "has another mask in line 2");
}

#[test]
fn what_is_no_file_of_masks_is_refused() {
    let pad = Pad::plain(2);
    let text = pad.0.text("Padchest.csv");
    let with = |from: &str, to: &str| {
        pad.0.write("Padchest.csv", text.replacen(from, to, 1));
        pad.strict()
    };
    expect_table(
        &with("ImageID", "Name"),
        "Padchest.csv",
        Some(1),
        None,
        "no column looks like an image's id",
    );
    expect_table(&with("Left Lung", "Lung"), "Padchest.csv", Some(1), None, "no column `Left Lung`");
    expect_table(
        &with("Dice RCA (Mean)", "Dice"),
        "Padchest.csv",
        Some(1),
        None,
        "no column `Dice RCA (Mean)`",
    );
    expect_table(&with(",0.92,", ",good,"), "Padchest.csv", Some(2), Some("Dice RCA (Mean)"), "is no score");
    let size = format!(",{HEIGHT},{WIDTH}\n");
    expect_table(&with(&size, ",0,24\n"), "Padchest.csv", Some(2), Some("Height"), "no size in pixels");
    expect_table(&with(&size, ",16,2.5\n"), "Padchest.csv", Some(2), Some("Width"), "no size in pixels");
}

#[test]
fn masks_that_cannot_be_are_told_with_their_line() {
    let pad = Pad::plain(2);
    let text = pad.0.text("Padchest.csv");
    let size = format!(",{HEIGHT},{WIDTH}\n");
    pad.0.write("Padchest.csv", text.replacen(&size, ",16,25\n", 1));
    expect_sample(&pad.strict(), 0, "Padchest.csv", 2, "made for 16x25 pixels and the image has 16x24");
    // A size that no memory holds is no more than another size.
    pad.0.write("Padchest.csv", text.replacen(&size, ",100000,100000\n", 1));
    expect_sample(&pad.strict(), 0, "Padchest.csv", 2, "made for 100000x100000");
    let code = text.lines().nth(1).unwrap().split('"').nth(2).unwrap().split(',').nth(1).unwrap();
    for (bad, says) in
        [("1 99999", "left lung"), ("1", "even count"), ("0 5", "start at 1"), ("x 5", "left lung")]
    {
        pad.0.write("Padchest.csv", text.replacen(code, bad, 1));
        expect_sample(&pad.strict(), 0, "Padchest.csv", 2, says);
    }
}

#[test]
fn content_follows_the_codes() {
    let pad = Pad::plain(3);
    let ctx = Ctx::for_tests(1);
    let hashes = || (0..3).map(|row| pad.strict().content(row, &ctx).unwrap()).collect::<Vec<_>>();
    let first = hashes();
    // The heart of the first film has one pixel more; the score of the second is another.
    let text = pad.0.text("Padchest.csv");
    let (head, rows) = text.split_once('\n').unwrap();
    let mut rows: Vec<String> = rows.lines().map(str::to_owned).collect();
    rows[0] = rows[0].replace(&format!(",{HEIGHT},"), &format!(" 384 1,{HEIGHT},"));
    rows[1] = rows[1].replace("0.92", "0.93");
    pad.0.write("Padchest.csv", format!("{head}\n{}\n", rows.join("\n")));
    let second = hashes();
    assert_eq!((0..3).map(|i| first[i] == second[i]).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(table(&pad.strict()).unwrap().rows[1].meta["mask_rca"], Meta::Number(0.93));
}

/// A file whose text is many times larger than what is kept of it.
#[test]
fn the_index_holds_no_codes() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut out = std::io::BufWriter::new(file.as_file());
    let code = "12345 67 ".repeat(300);
    writeln!(out, "{MASKS}").unwrap();
    for i in 0..4000 {
        writeln!(out, "{i}_film.png,0.9,0.8,\"1,2,3\",{code},{code},{code},1024,1024").unwrap();
    }
    out.flush().unwrap();
    drop(out);
    let bytes = file.path().metadata().unwrap().len();
    let mut found = 0;
    let used = allocation_counter::measure(|| {
        let index = CheXmask::index(file.path(), |_| true).unwrap();
        found = (0..4000).filter(|i| index.get(&format!("{i}_film.png")).is_some()).count();
    });
    assert_eq!(found, 4000);
    assert!(bytes > 30_000_000, "{bytes}");
    assert!(used.bytes_max < 2_500_000, "{} bytes are held of {bytes}", used.bytes_max);
}
