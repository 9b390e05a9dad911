use eyepatch_core::Image;

use super::{Png, Rgb, Window, encode};
use crate::Result;

/// What shows beside an image that is not square.
const GROUND: Rgb = [0x80; 3];

/// Small pictures of many images in one picture, row by row.
pub struct Contacts {
    in_a_row: usize,
    size: usize,
    height: usize,
    pixels: Vec<Rgb>,
}

impl Contacts {
    /// Room for `count` pictures of `size` x `size` pixels, `in_a_row` of them side by side.
    #[must_use]
    pub fn new(count: usize, in_a_row: usize, size: usize) -> Self {
        let (in_a_row, size) = (in_a_row.max(1), size.max(1));
        let height = count.div_ceil(in_a_row).max(1) * size;
        Self { in_a_row, size, height, pixels: vec![GROUND; in_a_row * size * height] }
    }

    /// The image in this place, its aspect kept; each pixel is the mean of those that it covers. A place that does not exist stays
    /// undrawn.
    pub fn put(&mut self, place: usize, image: &Image, window: Window) {
        let (w, h) = (image.width(), image.height());
        let longer = w.max(h);
        let fit = |n: usize| (n * self.size / longer).max(1);
        let (width, height) = (fit(w), fit(h));
        let (left, top) = ((self.size - width) / 2, (self.size - height) / 2);
        let (x0, y0) = (place % self.in_a_row * self.size, place / self.in_a_row * self.size);
        if y0 + self.size > self.height {
            return;
        }
        for y in 0..height {
            for x in 0..width {
                let rows = span(y, height, h);
                let colour = mean(image, (span(x, width, w), rows), window);
                let at = (y0 + top + y) * self.in_a_row * self.size + x0 + left + x;
                self.pixels[at] = colour;
            }
        }
    }

    /// The picture.
    ///
    /// # Errors
    /// [`crate::Error::Picture`].
    pub fn encode(self) -> Result<Png> {
        let width = self.in_a_row * self.size;
        if self.pixels.iter().all(|p| p[0] == p[1] && p[1] == p[2]) {
            let grey: Vec<u8> = self.pixels.iter().map(|p| p[0]).collect();
            return encode(width, self.height, 1, &grey);
        }
        encode(width, self.height, 3, self.pixels.as_flattened())
    }
}

/// The pixels of `from` that pixel `i` of `to` covers, at least one.
fn span(i: usize, to: usize, from: usize) -> std::ops::Range<usize> {
    let start = i * from / to;
    start..((i + 1) * from / to).max(start + 1)
}

fn mean(
    image: &Image,
    (columns, rows): (std::ops::Range<usize>, std::ops::Range<usize>),
    window: Window,
) -> Rgb {
    let channels = image.channels();
    let n = (columns.len() * rows.len()) as f32;
    std::array::from_fn(|c| {
        let at = |y: usize, x: usize| image.value((y * image.width() + x) * channels + c % channels);
        let sum: f32 =
            rows.clone().flat_map(|y| columns.clone().map(move |x| (y, x))).map(|(y, x)| at(y, x)).sum();
        window.byte(sum / n)
    })
}

#[cfg(test)]
mod tests {
    use eyepatch_core::Pixels;

    use super::*;

    fn window() -> Window {
        Window { low: 0.0, high: 255.0 }
    }

    fn decoded(png: &Png) -> (Vec<u8>, png::ColorType) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(&png.bytes)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        (bytes, info.color_type)
    }

    #[test]
    fn pictures_stand_in_their_places_and_are_means() {
        let mut sheet = Contacts::new(3, 2, 2);
        let ramp = Image::new(4, 4, 1, Pixels::U8((0..16).map(|v| v * 10).collect())).unwrap();
        sheet.put(2, &ramp, window());
        sheet.put(9, &ramp, window());
        let png = sheet.encode().unwrap();
        assert_eq!((png.width, png.height), (4, 4));
        let (bytes, colour) = decoded(&png);
        assert_eq!(colour, png::ColorType::Grayscale);
        assert_eq!(bytes[8..], [25, 45, 0x80, 0x80, 105, 125, 0x80, 0x80]);
        assert!(bytes[..8].iter().all(|b| *b == 0x80));
    }

    #[test]
    fn the_aspect_is_kept_and_colours_are_too() {
        let mut sheet = Contacts::new(1, 1, 4);
        let wide = Image::new(8, 2, 3, Pixels::U8([255, 0, 0].repeat(16))).unwrap();
        sheet.put(0, &wide, window());
        let (bytes, colour) = decoded(&sheet.encode().unwrap());
        assert_eq!(colour, png::ColorType::Rgb);
        let rows: Vec<&[u8]> = bytes.chunks_exact(12).collect();
        assert_eq!(rows[1], [255, 0, 0].repeat(4));
        assert!(rows[0].iter().chain(rows[2]).chain(rows[3]).all(|b| *b == 0x80));
    }

    #[test]
    fn a_strip_of_one_pixel_is_seen() {
        let mut sheet = Contacts::new(1, 1, 4);
        sheet.put(0, &Image::new(100, 1, 1, Pixels::U8(vec![7; 100])).unwrap(), window());
        assert_eq!(decoded(&sheet.encode().unwrap()).0.iter().filter(|b| **b == 7).count(), 4);
    }
}
