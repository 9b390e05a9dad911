use eyepatch_core::{OutputSpace, Pixels};

use super::*;

fn decode(png: &Png) -> (Vec<u8>, usize) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(&png.bytes)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.width as usize, info.height as usize), (png.width, png.height));
    (bytes, info.color_type.samples())
}

fn pixel(png: &Png, x: usize, y: usize) -> Rgb {
    let (bytes, channels) = decode(png);
    let at = (y * png.width + x) * channels;
    std::array::from_fn(|c| bytes[at + c % channels])
}

fn grey_image(width: usize, height: usize, value: u8) -> Image {
    Image::new(width, height, 1, Pixels::U8(vec![value; width * height])).unwrap()
}

fn explained(values: Vec<f32>, width: usize, height: usize) -> Attribution {
    Attribution {
        height,
        width,
        values,
        class: 0,
        space: OutputSpace::Logits,
        base_value: 0.0,
        output_value: 1.0,
        additivity_error: None,
        evaluations: 1,
    }
}

#[test]
fn pixels_survive_and_sixteen_bit_is_windowed_to_its_maximum() {
    let eight = Image::new(2, 1, 3, Pixels::U8(vec![1, 2, 3, 250, 251, 252])).unwrap();
    let png = image(&eight, Window::of(&eight)).unwrap();
    assert_eq!(decode(&png), (vec![1, 2, 3, 250, 251, 252], 3));
    let sixteen = Image::new(2, 1, 1, Pixels::U16(vec![0, 4000])).unwrap();
    assert_eq!(decode(&image(&sixteen, Window::of(&sixteen)).unwrap()), (vec![0, 255], 1));
    let black = Image::new(1, 1, 1, Pixels::F32(vec![0.0])).unwrap();
    assert_eq!(decode(&image(&black, Window::of(&black)).unwrap()).0, [0]);
}

#[test]
fn the_outline_runs_just_inside_the_mask_with_its_casing_outside() {
    let ground = grey_image(300, 300, 100);
    let mut bits = vec![0; 300 * 300];
    (100..200).for_each(|y| bits[y * 300 + 50..y * 300 + 150].fill(1));
    let png = outline(&ground, &Mask::new(300, 300, bits).unwrap(), Window::of(&ground)).unwrap();
    assert_eq!([pixel(&png, 50, 150), pixel(&png, 149, 100), pixel(&png, 100, 199)], [OUTLINE; 3]);
    assert_eq!([pixel(&png, 51, 150), pixel(&png, 100, 198)], [OUTLINE; 2]);
    assert_eq!([pixel(&png, 49, 150), pixel(&png, 150, 150), pixel(&png, 100, 200)], [[45; 3]; 3]);
    assert_eq!([pixel(&png, 52, 150), pixel(&png, 48, 150), pixel(&png, 0, 0)], [[100; 3]; 3]);
}

#[test]
fn small_images_are_enlarged_and_a_mask_up_to_the_edge_is_outlined_there() {
    let ground = grey_image(8, 4, 10);
    let png = outline(&ground, &Mask::filled(8, 4, true), Window::of(&ground)).unwrap();
    assert_eq!((png.width, png.height), (448, 224));
    assert_eq!([pixel(&png, 0, 100), pixel(&png, 447, 223)], [OUTLINE; 2]);
}

#[test]
fn attribution_colours_by_sign_on_a_symmetric_scale() {
    let ground = grey_image(300, 300, 0);
    let png =
        attribution(&ground, None, &explained(vec![2.0, -1.0, 0.0, f32::NAN], 2, 2), Window::of(&ground))
            .unwrap();
    assert_eq!(pixel(&png, 10, 10), blend([0; 3], RAISES, 0.8));
    assert_eq!(pixel(&png, 295, 10), blend([0; 3], LOWERS, 0.4));
    assert_eq!(pixel(&png, 290, 10), blend([0; 3], DIAGONAL, 0.4));
    assert_eq!([pixel(&png, 10, 290), pixel(&png, 290, 290)], [[0; 3]; 2]);
}

/// Without colours what lowers the output still shows: it is hatched on any ground, and what raises it is not.
#[test]
fn the_sign_of_an_attribution_shows_in_grey() {
    for (level, side) in [(0, 16), (110, 300), (255, 900)] {
        let ground = grey_image(side, side, level);
        let png = attribution(&ground, None, &explained(vec![1.0, -1.0], 2, 1), Window::of(&ground)).unwrap();
        let (bytes, _) = decode(&png);
        let brightness = |x: usize, y: usize| {
            let at = (y * png.width + x) * 3;
            grey([bytes[at], bytes[at + 1], bytes[at + 2]])[0]
        };
        let range = |from: usize, to: usize| {
            let all = || {
                (0..png.height).flat_map(|y| (from..to).map(move |x| (x, y))).map(|(x, y)| brightness(x, y))
            };
            all().max().unwrap() - all().min().unwrap()
        };
        assert_eq!(range(0, png.width / 2), 0);
        assert!(range(png.width / 2, png.width) > 60, "ground {level}, side {side}");
    }
}

#[test]
fn the_shares_of_both_signs_are_said() {
    let ground = grey_image(4, 4, 0);
    let said = |values: Vec<f32>| {
        let png = attribution(&ground, None, &explained(values, 2, 2), Window::of(&ground)).unwrap();
        png.picture("a", "A film")
    };
    let both = said(vec![3.0, -1.0, 0.0, f32::NAN]);
    assert_eq!(
        both.alt,
        format!(
            "A film; {} of the attribution raises the output (orange), {} lowers it (blue, hatched)",
            format::percent(0.75),
            format::percent(0.25)
        )
    );
    assert!(both.alt.ends_with(&both.note.unwrap()));
    assert_eq!(said(vec![0.0; 4]).note.unwrap(), "nothing raises or lowers the output");
    assert_eq!(image(&ground, Window::of(&ground)).unwrap().picture("a", "A film").note, None);
}

#[test]
fn sizes_that_do_not_fit_are_errors() {
    let ground = grey_image(4, 4, 0);
    let window = Window::of(&ground);
    assert!(matches!(outline(&ground, &Mask::filled(4, 5, true), window), Err(Error::Shape { .. })));
    for (values, w, h) in [(vec![1.0], 1, 2), (vec![], 0, 0)] {
        assert!(matches!(
            attribution(&ground, None, &explained(values, w, h), window),
            Err(Error::Shape { .. })
        ));
    }
}

#[test]
fn a_picture_is_named_by_plain_letters_and_its_content() {
    let png = image(&grey_image(2, 2, 7), Window { low: 0.0, high: 255.0 }).unwrap();
    let picture = png.picture("../é <b>/x", "alt");
    assert!(
        picture.file.starts_with("pictures/------b--x-") && picture.file.ends_with(".png"),
        "{}",
        picture.file
    );
    assert_eq!((picture.width, picture.hash), (2, ContentHash::of(&png.bytes)));
    assert_eq!(image(&grey_image(2, 2, 7), Window { low: 0.0, high: 255.0 }).unwrap(), png);
}
