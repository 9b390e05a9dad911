use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Golden {
    jpeg: Vec<Saved>,
    stored: Vec<Stored>,
}

#[derive(Deserialize)]
struct Saved {
    seed: u64,
    shape: [usize; 3],
    expected: Vec<u8>,
}

#[derive(Deserialize)]
struct Stored {
    seed: u64,
    shape: [usize; 3],
    side: usize,
    jpeg: bool,
    expected: Vec<u8>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/resave.json")).unwrap()
}

/// The generator's `noise`.
#[expect(clippy::cast_possible_truncation, reason = "a mean of two bytes")]
fn noise(seed: u64, [height, width, channels]: [usize; 3]) -> Vec<u8> {
    let mut state = seed;
    let mut out = Vec::new();
    for (y, x, c) in
        (0..height).flat_map(|y| (0..width).flat_map(move |x| (0..channels).map(move |c| (y, x, c))))
    {
        state = (state * 1_103_515_245 + 12345) % (1 << 31);
        let wave = (7 * x * (c + 1) + 5 * y * (3 - c)) % 512;
        let wave = if wave < 256 { wave } else { 511 - wave } as u64;
        out.push(((3 * wave + (state >> 16) % 256) / 4) as u8);
    }
    out
}

#[test]
fn jpeg_equals_pillow_bit_for_bit() {
    for Saved { seed, shape: [height, width, channels], expected } in golden().jpeg {
        let values = noise(seed, [height, width, channels]);
        let ours = jpeg::round_trip(&values, width, height, channels);
        assert_ne!(ours, values, "{height}x{width}: nothing was lost");
        let differ = ours.iter().zip(&expected).filter(|(a, b)| a != b).count();
        assert_eq!(differ, 0, "{height}x{width}x{channels}: {differ} of {} values differ", expected.len());
    }
}

#[test]
fn stored_images_equal_the_study_s() {
    for Stored { seed, shape, side, jpeg, expected } in golden().stored {
        let [height, width, channels] = shape;
        let source = Image::new(width, height, channels, Pixels::U8(noise(seed, shape))).unwrap();
        let ours = Resave { side, jpeg }.image(&source).unwrap();
        let Pixels::U8(ours) = ours.pixels() else { panic!("not 8 bit") };
        assert_eq!(*ours, expected, "{height}x{width}, jpeg: {jpeg}");
    }
}

#[test]
fn any_touch_of_a_mask_is_inside() {
    let mut values = vec![0; 40 * 40];
    (0..40).for_each(|y| values[y * 40 + 20] = 127);
    let mask = Resave { side: 20, jpeg: true }.mask(Levels { width: 40, height: 40, values }).unwrap();
    assert_eq!((mask.width, mask.height), (20, 20));
    // Column 10 lies between columns 20 and 21 of the source, and no other column touches column 20.
    assert!(mask.values.iter().enumerate().all(|(i, &v)| (v > 0) == (i % 20 == 10)), "{:?}", mask.values);
    assert_eq!(mask.values[10], 64, "half of 127, rounded up");
}

#[test]
fn a_canvas_of_nothing_is_an_error() {
    let source = Image::new(2, 2, 1, Pixels::U8(vec![1, 2, 3, 4])).unwrap();
    assert!(Resave { side: 0, jpeg: false }.image(&source).is_err());
}
