use eyepatch_core::{Attribution, Image, Mask};

use super::sheet::{Sheet, wrapped};
use super::{Canvas, Png, SHORTER_SIDE, Window, encode};
use crate::{Error, Result};

/// The share of values that may lie beyond the ends of the scale, so that a few pixels do not pale all others; the same as
/// in shap's image plot.
const BEYOND: f64 = 0.001;
/// Between tiles, in pixels, for letters of the plain size.
const GAP: usize = 12;
/// The grey ground of the colour bar.
const GROUND: [u8; 3] = [0x80; 3];

/// One class of a [`panel`].
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// The class's name.
    pub name: &'a str,
    /// What was found for it.
    pub attribution: &'a Attribution,
}

/// The image, then one column a class: its name and output, and below them the image with its attribution in the colours
/// of [`attribution`](super::attribution). All columns share one symmetric scale, which a bar below shows with its
/// numbers: up to the largest absolute value, without the largest thousandth of all values, which then have the colours
/// of the ends. `mask` is outlined in every tile. `caption` is text at the bottom: method, fill, evaluations.
///
/// # Errors
/// [`Error::Shape`] where there is no column or sizes do not fit, [`Error::Picture`].
pub fn panel(
    image: &Image,
    mask: Option<&Mask>,
    columns: &[Column<'_>],
    caption: &str,
    window: Window,
) -> Result<Png> {
    if columns.is_empty() {
        return Err(Error::Shape { what: "panel", expected: "a class".into(), found: "none".into() });
    }
    let (scale, cut) = scale(columns);
    let tiles = tiles(image, mask, columns, scale, window)?;
    let (width, height) = (tiles[0].width, tiles[0].height);
    // Letters grow with tiles, so that they can be read when the whole is shown smaller.
    let factor = (width.min(height) / SHORTER_SIDE).max(1);
    let (gap, line) = (GAP * factor, Sheet::line(factor));
    let head = gap + 2 * line + gap / 2;
    let total = tiles.len() * (width + gap) + gap;
    let caption = wrapped(caption, total - 2 * gap, factor);
    let below = head + height + 2 * gap + 3 * line;
    let mut sheet = Sheet::new(total, below + caption.len() * line + gap, factor);
    for (i, tile) in tiles.iter().enumerate() {
        let left = gap + i * (width + gap);
        let middle = left + width / 2;
        sheet.tile(tile, (left, head));
        match i.checked_sub(1).map(|i| &columns[i]) {
            None => sheet.text("image", (middle, gap + line), width),
            Some(Column { name, attribution }) => {
                sheet.text(name, (middle, gap), width);
                let output = format!("output {}", three(attribution.output_value));
                sheet.text(&output, (middle, gap + line), width);
            }
        }
    }
    bar(&mut sheet, &tiles[0], head + height + gap, (scale, cut));
    for (i, words) in caption.iter().enumerate() {
        sheet.text(words, (total / 2, below + i * line), total - 2 * gap);
    }
    let note = cut.then(|| format!("values beyond {} have the colours of the ends", three(scale)));
    Ok(Png { note, ..encode(sheet.width, sheet.height, 3, sheet.pixels.as_flattened())? })
}

fn tiles(
    image: &Image,
    mask: Option<&Mask>,
    columns: &[Column<'_>],
    scale: f64,
    window: Window,
) -> Result<Vec<Canvas>> {
    let mut tiles = vec![Canvas::new(image, window)];
    for column in columns {
        let mut canvas = Canvas::new(image, window);
        canvas.attribution(column.attribution, scale as f32)?;
        tiles.push(canvas);
    }
    if let Some(mask) = mask {
        tiles.iter_mut().try_for_each(|tile| tile.outline(mask))?;
    }
    Ok(tiles)
}

/// Where the scale ends, and whether values lie beyond.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
fn scale(columns: &[Column<'_>]) -> (f64, bool) {
    let values = columns.iter().flat_map(|c| &c.attribution.values);
    let mut sizes: Vec<f32> = values.filter(|v| v.is_finite()).map(|v| v.abs()).collect();
    sizes.sort_by(f32::total_cmp);
    let Some(&largest) = sizes.last() else { return (0.0, false) };
    let beyond = (sizes.len() as f64 * BEYOND).floor() as usize;
    // Where nearly all values are 0, the few others are all there is to see.
    let end = Some(sizes[sizes.len() - 1 - beyond]).filter(|v| *v > 0.0).unwrap_or(largest);
    (f64::from(end), end < largest)
}

/// The colour bar: what lowers the output on the left, what raises it on the right, and numbers below.
fn bar(sheet: &mut Sheet, tile: &Canvas, top: usize, (scale, cut): (f64, bool)) {
    let line = Sheet::line(sheet.factor());
    let width = sheet.width / 2;
    let left = (sheet.width - width) / 2;
    for x in 0..width {
        let value = (2.0 * (x as f32 + 0.5) / width as f32) - 1.0;
        for y in 0..line {
            let colour = super::tinted(GROUND, value, tile.on_diagonal(x, y));
            sheet.put(left + x, top + y, colour);
        }
    }
    let (low, high) = if cut { ("<= ", ">= ") } else { ("", "") };
    let below = top + line + line / 4;
    sheet.text(&format!("{low}{}", three(-scale)), (left, below), width / 2);
    sheet.text("0", (left + width / 2, below), width / 2);
    sheet.text(&format!("{high}{}", three(scale)), (left + width, below), width / 2);
    let words = below + line;
    sheet.text("lowers the output", (left + width / 6, words), width / 2);
    sheet.text("raises the output", (left + width - width / 6, words), width / 2);
}

/// Three digits that count.
fn three(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".into()
    } else if (0.001..10_000.0).contains(&size) {
        let digits = (2.0 - size.log10().floor()).clamp(0.0, 5.0);
        format!("{value:.*}", digits as usize)
    } else {
        format!("{value:.2e}")
    }
}

#[cfg(test)]
#[path = "panel_tests.rs"]
mod tests;
