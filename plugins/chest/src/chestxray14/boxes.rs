//! The bounding boxes that radiologists drew on 880 of the films (`BBox_List_2017.csv`).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use eyepatch_core::{Mask, Result};
use eyepatch_data::{Bad, Fault, Stream, quoted};

use crate::cells::number;

/// Height and width of the films that the boxes were drawn on.
const SIZE: usize = 1024;

/// Left, top, width, height in pixels.
type Edges = [f64; 4];

/// Boxes by image. Every image has a structure for each class, most of them without a pixel.
#[derive(Debug)]
pub(crate) struct Boxes {
    path: PathBuf,
    classes: Vec<String>,
    /// For each image the class and its box.
    images: BTreeMap<String, Vec<(usize, Edges)>>,
    drawn: usize,
    others: usize,
}

impl Boxes {
    /// Reads the file; `classes` are names here and names in the file.
    pub(crate) fn read(path: &Path, classes: &[(String, String)]) -> Result<Self> {
        let mut stream = Stream::open(path)?;
        let (image, finding) = (stream.required("Image Index")?, stream.required("Finding Label")?);
        // The header has brackets around four names, with commas between them.
        let edges = stream.headers().iter().position(|h| h.to_lowercase().starts_with("bbox"));
        let edges = edges.filter(|c| c + 3 < stream.headers().len()).ok_or_else(|| {
            let remedy =
                format!("use the file as it was published; the columns are: {}", stream.columns_text());
            stream.error(Some(1), None, "there are no four columns `Bbox [x,y,w,h]`", remedy)
        })?;
        let names = classes.iter().map(|(class, _)| class.clone()).collect();
        let mut boxes =
            Self { path: path.to_owned(), classes: names, images: BTreeMap::new(), drawn: 0, others: 0 };
        while let Some(row) = stream.row()? {
            let (line, label) = (row.line(), row.cell(finding));
            // The label table writes `Infiltration`.
            let label = if label.trim() == "Infiltrate" { "Infiltration" } else { label.trim() };
            let class = classes.iter().position(|(_, name)| name == label);
            let values: Vec<Option<f64>> = (0..4).map(|i| number(&row.cell(edges + i))).collect();
            match (class, values.as_slice()) {
                (_, &[Some(x), Some(y), Some(w), Some(h)]) if w > 0.0 && h > 0.0 => {
                    let Some(class) = class else {
                        boxes.others += 1;
                        continue;
                    };
                    boxes.drawn += 1;
                    boxes
                        .images
                        .entry(row.cell(image).trim().to_owned())
                        .or_default()
                        .push((class, [x, y, w, h]));
                }
                _ => {
                    let cells: Vec<String> = (0..4).map(|i| row.cell(edges + i).into_owned()).collect();
                    let problem = format!("{} is no box", quoted(&cells.join(" ")));
                    let remedy = "write left, top, width and height in pixels; width and height above 0";
                    return Err(stream.error(Some(line), Some("Bbox [x,y,w,h]"), problem, remedy));
                }
            }
        }
        Ok(boxes)
    }

    /// The name of a class's structure.
    pub(crate) fn structure(class: &str) -> String {
        format!("{class} box")
    }

    /// Whether an image has a box of one of the classes.
    pub(crate) fn has(&self, image: &str) -> bool {
        self.images.contains_key(image)
    }

    pub(crate) fn note(&self) -> String {
        let (drawn, images, others) = (self.drawn, self.images.len(), self.others);
        format!("{drawn} boxes of the classes on {images} films, {others} of other findings left out")
    }

    /// An image's boxes as text, for hashing.
    pub(crate) fn text(&self, image: &str) -> String {
        let mut text = String::new();
        for (class, edges) in self.images.get(image).into_iter().flatten() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{} {edges:?}", self.classes[*class]);
        }
        text
    }

    /// A mask for each class.
    pub(crate) fn masks(
        &self,
        image: &str,
        (width, height): (usize, usize),
    ) -> Result<Vec<(String, Mask)>, Bad> {
        let found = self.images.get(image).map(Vec::as_slice).unwrap_or_default();
        if !found.is_empty() && (width, height) != (SIZE, SIZE) {
            let problem = format!(
                "its boxes were drawn on {SIZE}x{SIZE} pixels and it has {height}x{width} (rows x columns)"
            );
            return Err(Bad::new(Fault::RoiSize, problem, "use the archive's own images").of(&self.path));
        }
        let mut masks = vec![vec![0; width * height]; self.classes.len()];
        for (class, edges) in found {
            draw(*edges, &mut masks[*class], width, height);
        }
        let odd =
            |e: eyepatch_core::Error| Bad::new(Fault::RoiUnreadable, e.to_string(), "mend it").of(&self.path);
        let mask = |(class, bytes): (&String, Vec<u8>)| {
            Ok((Self::structure(class), Mask::new(width, height, bytes).map_err(odd)?))
        };
        self.classes.iter().zip(masks).map(mask).collect()
    }
}

/// A pixel is inside where its centre is; what lies beyond the image is cut off.
fn draw([x, y, w, h]: Edges, mask: &mut [u8], width: usize, height: usize) {
    let (rows, columns) = (centres(y, y + h, height), centres(x, x + w, width));
    for row in rows {
        mask[row * width..][columns.clone()].fill(1);
    }
}

/// The pixels whose centres lie from `start` to before `end`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the image")]
fn centres(start: f64, end: f64, pixels: usize) -> std::ops::Range<usize> {
    let first = |x: f64| (x - 0.5).ceil().clamp(0.0, pixels as f64) as usize;
    first(start)..first(end)
}
