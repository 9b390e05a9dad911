use eyepatch_core::{OutputSpace, Pixels};

use super::*;
use crate::pictures::{LOWERS, OUTLINE, RAISES, Rgb, blend, grey};

fn decode(png: &Png) -> Vec<Rgb> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(&png.bytes)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.width as usize, info.height as usize), (png.width, png.height));
    bytes.as_chunks::<3>().0.to_vec()
}

fn explained(values: Vec<f32>, (height, width): (usize, usize), output: f64) -> Attribution {
    Attribution {
        height,
        width,
        values,
        class: 0,
        space: OutputSpace::Logits,
        base_value: 0.0,
        output_value: output,
        additivity_error: None,
        evaluations: 1,
    }
}

fn ground(side: usize) -> Image {
    Image::new(side, side, 1, Pixels::U8(vec![40; side * side])).unwrap()
}

fn drawn(maps: &[Attribution], mask: Option<&Mask>, side: usize) -> Png {
    let columns: Vec<Column<'_>> =
        maps.iter().map(|attribution| Column { name: "Mass", attribution }).collect();
    panel(
        &ground(side),
        mask,
        &columns,
        "partition, black, 100 evaluations",
        Window { low: 0.0, high: 255.0 },
    )
    .unwrap()
}

/// Pixels of letters' ink in some rows and columns.
fn ink(png: &Png, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> usize {
    let pixels = decode(png);
    rows.flat_map(|y| columns.clone().map(move |x| (x, y)))
        .filter(|(x, y)| pixels[y * png.width + x] == [0x1c; 3])
        .count()
}

#[test]
fn all_columns_share_one_scale() {
    let maps = [explained(vec![4.0], (1, 1), 1.0), explained(vec![1.0, -2.0], (2, 1), -1.0)];
    let png = drawn(&maps, None, 224);
    let pixels = decode(&png);
    let (head, tile) = (12 + 40 + 6, 224 + 12);
    let at = |column: usize, x: usize, y: usize| pixels[(head + y) * png.width + 12 + column * tile + x];
    assert_eq!(at(0, 5, 5), [40; 3]);
    assert_eq!(at(1, 5, 5), blend([40; 3], RAISES, 0.8));
    assert_eq!(at(2, 5, 5), blend([40; 3], RAISES, 0.2));
    // Beside a diagonal.
    assert_eq!(at(2, 6, 223), blend([40; 3], LOWERS, 0.4));
    assert_eq!(png.width, 12 + 3 * tile);
    assert_eq!(png.note, None);
}

#[test]
fn a_few_large_values_do_not_pale_the_others() {
    let mut values = vec![0.5; 2000];
    values[0] = 100.0;
    assert_eq!(scale(&[Column { name: "", attribution: &explained(values, (40, 50), 0.0) }]), (0.5, true));
    let mut sparse = vec![0.0; 2000];
    sparse[7] = -3.0;
    let sparse = explained(sparse, (40, 50), 0.0);
    assert_eq!(scale(&[Column { name: "", attribution: &sparse }]), (3.0, false));
    let nothing = explained(vec![0.0, f32::NAN], (1, 2), 0.0);
    assert_eq!(scale(&[Column { name: "", attribution: &nothing }]), (0.0, false));
    let mut values = vec![1.0; 2000];
    values[3] = -9.0;
    let note = drawn(&[explained(values, (40, 50), 0.0)], None, 50).note.unwrap();
    assert_eq!(note, "values beyond 1.00 have the colours of the ends");
}

#[test]
fn names_outputs_numbers_and_caption_are_written() {
    let png = drawn(&[explained(vec![1.0], (1, 1), 0.5)], None, 224);
    let tile = 12 + 224;
    assert!(ink(&png, 12..32, tile + 12..png.width) > 50, "the class's name");
    assert!(ink(&png, 32..52, 12..tile) > 50, "the word image");
    let below = 12 + 40 + 6 + 224 + 12;
    assert!(ink(&png, below + 20..below + 48, 0..png.width) > 100, "the bar's numbers");
    assert!(ink(&png, png.height - 36..png.height, 0..png.width) > 200, "the caption");
}

#[test]
fn the_bar_runs_from_what_lowers_to_what_raises_and_shows_it_in_grey() {
    let png = drawn(&[explained(vec![1.0], (1, 1), 0.5)], None, 224);
    let (pixels, y) = (decode(&png), 12 + 40 + 6 + 224 + 12 + 10);
    let row = &pixels[y * png.width..(y + 1) * png.width];
    let (left, right) = (png.width / 4, png.width - png.width / 4 - 1);
    assert!(row[right][0] > row[right][2] + 80, "{:?}", row[right]);
    let levels: Vec<u8> = row[left..left + 30].iter().map(|p| grey(*p)[0]).collect();
    assert!(levels.iter().max().unwrap() - levels.iter().min().unwrap() > 60, "hatched");
    assert_eq!(row[left - 1], [0xff; 3]);
}

#[test]
fn the_mask_is_outlined_in_every_tile() {
    let maps = [explained(vec![1.0], (1, 1), 0.5), explained(vec![-1.0], (1, 1), 0.5)];
    let mut bits = vec![0; 16 * 16];
    (4..12).for_each(|y| bits[y * 16 + 4..y * 16 + 12].fill(1));
    let mask = Mask::new(16, 16, bits).unwrap();
    let png = drawn(&maps, Some(&mask), 16);
    let tile = (png.width - 12) / 3;
    for (i, third) in (0..3).map(|i| (i, 12 + i * tile..12 + (i + 1) * tile)) {
        let pixels = decode(&png);
        let outlined = (0..png.height).flat_map(|y| third.clone().map(move |x| (x, y)));
        assert!(outlined.filter(|(x, y)| pixels[y * png.width + x] == OUTLINE).count() > 500, "tile {i}");
    }
}

#[test]
fn long_and_foreign_names_are_cut_and_marked() {
    let map = explained(vec![1.0], (1, 1), 0.5);
    let name = "Enlarged cardiomediastinum \u{1b}[2J, with a name that does not end \u{4e2d}";
    let columns = [Column { name, attribution: &map }];
    let window = Window { low: 0.0, high: 255.0 };
    let png = panel(&ground(224), None, &columns, "", window).unwrap();
    // Nothing is written beside the tile.
    assert_eq!(ink(&png, 0..52, 236..248), 0);
    assert!(ink(&png, 12..32, 248..472) > 100);
    assert_eq!(panel(&ground(224), None, &columns, "", window).unwrap(), png);
}

#[test]
fn a_long_caption_takes_more_lines() {
    assert_eq!(wrapped("one two three", 70, 1), ["one two", "three"]);
    assert_eq!(wrapped("one two three", 130, 2), ["one", "two", "three"]);
    let map = explained(vec![1.0], (1, 1), 0.5);
    let columns = [Column { name: "a", attribution: &map }];
    let window = Window { low: 0.0, high: 255.0 };
    let tall = |caption: &str| panel(&ground(224), None, &columns, caption, window).unwrap().height;
    assert_eq!(tall(&"word ".repeat(12)), tall("word") + 20);
}

#[test]
fn what_cannot_be_drawn_is_an_error() {
    let window = Window { low: 0.0, high: 255.0 };
    assert!(matches!(panel(&ground(4), None, &[], "", window), Err(Error::Shape { .. })));
    let map = explained(vec![1.0], (1, 2), 0.5);
    let columns = [Column { name: "a", attribution: &map }];
    assert!(matches!(panel(&ground(4), None, &columns, "", window), Err(Error::Shape { .. })));
}

#[test]
fn numbers_have_three_digits() {
    let shown: Vec<String> = [0.0, 1.0, -0.01234, 123.456, 0.000_012_34, 98_765.0].map(three).to_vec();
    assert_eq!(shown, ["0", "1.00", "-0.0123", "123", "1.23e-5", "9.88e4"]);
}
