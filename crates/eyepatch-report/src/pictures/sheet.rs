use std::convert::Infallible;

use embedded_graphics::Drawable;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::iso_8859_1::FONT_10X20;
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::text::{Baseline, Text};

use super::{Canvas, Rgb};

/// A letter's width and height in pixels, before it is enlarged.
const LETTER: (usize, usize) = (10, 20);
pub(super) const PAPER: Rgb = [0xff; 3];
const INK: Rgb = [0x1c; 3];

/// A white sheet that tiles and text are put on. Letters are enlarged by a whole factor.
pub(super) struct Sheet {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<Rgb>,
    factor: usize,
}

impl Sheet {
    pub(super) fn new(width: usize, height: usize, factor: usize) -> Self {
        Self { width, height, pixels: vec![PAPER; width * height], factor }
    }

    /// By how much letters are enlarged.
    pub(super) fn factor(&self) -> usize {
        self.factor
    }

    /// Height of a line of text.
    pub(super) fn line(factor: usize) -> usize {
        LETTER.1 * factor
    }

    pub(super) fn put(&mut self, x: usize, y: usize, colour: Rgb) {
        if x < self.width && y < self.height {
            self.pixels[y * self.width + x] = colour;
        }
    }

    /// The tile with its upper left corner at a place.
    pub(super) fn tile(&mut self, tile: &Canvas, (left, top): (usize, usize)) {
        for (y, row) in tile.pixels.chunks_exact(tile.width).enumerate() {
            row.iter().enumerate().for_each(|(x, pixel)| self.put(left + x, top + y, *pixel));
        }
    }

    /// A line of text, centred on `middle` and cut to `room` pixels. What is not in Latin-1 shows as a question mark.
    pub(super) fn text(&mut self, text: &str, (middle, top): (usize, usize), room: usize) {
        let letter = LETTER.0 * self.factor;
        let text = shortened(text, room / letter);
        let left = middle.saturating_sub(text.chars().count() * letter / 2);
        let style = MonoTextStyle::new(&FONT_10X20, BinaryColor::On);
        let drawn = Text::with_baseline(&text, Point::zero(), style, Baseline::Top).draw(&mut Ink {
            sheet: self,
            left,
            top,
        });
        // The sheet takes every pixel, and leaves out what lies beside it.
        let Ok(_) = drawn;
    }
}

/// The text in lines of at most `room` pixels, broken at spaces.
pub(super) fn wrapped(text: &str, room: usize, factor: usize) -> Vec<String> {
    let most = room / (LETTER.0 * factor);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

/// At most `most` letters; what is cut off is marked by two dots. Control characters are spaces.
fn shortened(text: &str, most: usize) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    if text.chars().count() <= most {
        return text.chars().map(plain).collect();
    }
    let kept = most.saturating_sub(2);
    text.chars().map(plain).take(kept).chain("..".chars().take(most)).collect()
}

struct Ink<'a> {
    sheet: &'a mut Sheet,
    left: usize,
    top: usize,
}

impl OriginDimensions for Ink<'_> {
    fn size(&self) -> Size {
        Size::new(u32::MAX, u32::MAX)
    }
}

impl DrawTarget for Ink<'_> {
    type Color = BinaryColor;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = embedded_graphics::Pixel<BinaryColor>>,
    {
        let factor = self.sheet.factor;
        for embedded_graphics::Pixel(place, colour) in pixels {
            let (Ok(x), Ok(y), BinaryColor::On) =
                (usize::try_from(place.x), usize::try_from(place.y), colour)
            else {
                continue;
            };
            for i in 0..factor * factor {
                let (dx, dy) = (i % factor, i / factor);
                self.sheet.put(self.left + x * factor + dx, self.top + y * factor + dy, INK);
            }
        }
        Ok(())
    }
}
