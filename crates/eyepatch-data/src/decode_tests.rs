use std::io::Cursor;

use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, Rgb, Rgba};

use super::*;

fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn of(image: impl Into<DynamicImage>) -> Vec<u8> {
    levels(&png(image), 100).unwrap().values
}

#[test]
fn levels_are_the_largest_colour_at_8_bit() {
    assert_eq!(
        of(ImageBuffer::from_fn(4, 1, |x, _| Luma([[0u8, 1, 127, 255][x as usize]]))),
        [0, 1, 127, 255]
    );
    let rgba = ImageBuffer::from_fn(3, 1, |x, _| {
        Rgba([[0u8, 0, 0, 255], [3, 128, 7, 255], [0, 0, 9, 255]][x as usize])
    });
    assert_eq!(of(rgba), [0, 128, 9]);
    // What is not black is never 0, however dark.
    let grey = ImageBuffer::from_fn(4, 1, |x, _| Luma([[0u16, 1, 128 * 257, u16::MAX][x as usize]]));
    assert_eq!(of(grey), [0, 1, 128, 255]);
    assert_eq!(of(ImageBuffer::from_fn(2, 1, |x, _| Rgb([0, 5 * x as u16, 0]))), [0, 1]);
}

#[test]
fn a_mask_holds_every_level_but_black() {
    let image = || ImageBuffer::from_fn(4, 2, |x, y| Luma([[0u16, 1, 300, 0][x as usize] * (1 - y as u16)]));
    let levels = levels(&png(image()), 100).unwrap();
    assert_eq!((levels.width, levels.height), (4, 2));
    assert_eq!(mask(&png(image()), 100).unwrap().bits(), [0, 1, 1, 0, 0, 0, 0, 0]);
}

#[test]
fn levels_of_a_jpeg_or_of_too_many_pixels_are_refused() {
    let mut jpeg = Cursor::new(Vec::new());
    DynamicImage::from(ImageBuffer::from_pixel(8, 8, Luma([9u8])))
        .write_to(&mut jpeg, ImageFormat::Jpeg)
        .unwrap();
    assert!(levels(&jpeg.into_inner(), 100).unwrap_err().problem.contains("JPEG"));
    let large = png(ImageBuffer::from_pixel(20, 6, Luma([9u8])));
    assert!(levels(&large, 100).unwrap_err().problem.contains("max_pixels"));
}

#[test]
fn three_equal_channels_are_grey_and_colours_are_refused() {
    let same = image::RgbImage::from_fn(3, 2, |x, y| image::Rgb([(10 * x + y) as u8; 3]));
    let read = |image: image::RgbImage| super::image(&png(image), 100).and_then(grey);
    let found = read(same.clone()).unwrap();
    assert_eq!((found.channels(), found.pixels()), (1, &Pixels::U8(vec![0, 10, 20, 1, 11, 21])));
    let mut odd = same;
    odd.put_pixel(2, 1, image::Rgb([21, 21, 22]));
    assert_eq!(read(odd).unwrap_err().fault, Fault::Unsupported);
    assert_eq!(grey(found.clone()).unwrap(), found);
}
