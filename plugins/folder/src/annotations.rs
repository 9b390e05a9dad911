//! ROIs that are drawn rather than stored as masks: a CSV file of boxes and polygons, or COCO JSON.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use eyepatch_core::{ContentHash, Mask, Result, Roi};
use eyepatch_data::{Bad, Fault, Record, Sheet, quoted};
use serde::Serialize;

use crate::coco;
use crate::params::RoiFrom;
use crate::pictures::Picture;
use crate::raster::Shape;

/// All outlines of one image.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Outlines {
    /// The id, path or file name that the file gives for the image.
    pub(crate) key: String,
    /// Height and width that the file states.
    pub(crate) size: Option<(usize, usize)>,
    /// Index of a structure and its outline.
    pub(crate) shapes: Vec<(usize, Shape)>,
}

/// The outlines of all images of a file.
pub(crate) struct Annotations {
    pub(crate) path: PathBuf,
    /// Names of the structures. Every image has all of them, perhaps without a pixel.
    pub(crate) structures: Vec<String>,
    pub(crate) images: Vec<Outlines>,
    by_key: HashMap<String, usize>,
    /// By file name alone; `None` where the file lists several images of that name.
    by_name: HashMap<String, Option<usize>>,
}

fn file_name(path: &str) -> &str {
    Path::new(path).file_name().and_then(|n| n.to_str()).unwrap_or(path)
}

impl Annotations {
    /// Reads a file.
    pub(crate) fn read(path: &Path, from: RoiFrom) -> Result<Self> {
        let (structures, images) = match from {
            RoiFrom::Coco => coco::read(path)?,
            _ => from_csv(path)?,
        };
        let by_key = images.iter().enumerate().map(|(i, o)| (o.key.clone(), i)).collect();
        let mut by_name: HashMap<String, Option<usize>> = HashMap::new();
        for (i, o) in images.iter().enumerate() {
            by_name.entry(file_name(&o.key).to_owned()).and_modify(|e| *e = None).or_insert(Some(i));
        }
        Ok(Self { path: path.to_owned(), structures, images, by_key, by_name })
    }

    /// The outlines of a row: by its image's path (as in the table, or below the images folder), its id, the path
    /// without extension. A bare file name, with or without extension, counts only where it is that of one image in
    /// the table and of one in the annotations: `train/1.png` says nothing of `val/1.png`.
    pub(crate) fn find(&self, id: &str, value: Option<&str>, image: &Picture) -> Option<usize> {
        let paths = [value, Some(&image.path), Some(id), Some(image.stem())];
        let exact = paths.into_iter().flatten().find_map(|k| self.by_key.get(k.trim()).copied());
        let bare = || {
            let names = [file_name(&image.path), file_name(image.stem())];
            names.into_iter().find_map(|n| self.by_name.get(n).copied()).flatten().filter(|_| image.sole)
        };
        exact.or_else(bare).filter(|&i| !self.images[i].shapes.is_empty())
    }

    /// The ROI of an image of this size.
    pub(crate) fn roi(&self, index: usize, width: usize, height: usize) -> Result<Roi, Bad> {
        let outlines = &self.images[index];
        let wrong_size = |(h, w): (usize, usize)| {
            Bad::new(
                Fault::RoiSize,
                format!(
                    "the ROI was drawn on {h}x{w} pixels and the image is {height}x{width} (rows x columns)"
                ),
                "give the image that the ROI was drawn on, or scale the outlines",
            )
            .of(&self.path)
        };
        let mut masks = vec![vec![0u8; width * height]; self.structures.len()];
        if let Some(size) = outlines.size.filter(|s| *s != (height, width)) {
            return Err(wrong_size(size));
        }
        for (structure, shape) in &outlines.shapes {
            if let Shape::Runs { height: h, width: w, .. } = shape
                && (*h, *w) != (height, width)
            {
                return Err(wrong_size((*h, *w)));
            }
            shape.draw(&mut masks[*structure], width, height);
        }
        let named = self.structures.iter().cloned().zip(masks);
        let odd =
            |e: eyepatch_core::Error| Bad::new(Fault::RoiUnreadable, e.to_string(), "mend it").of(&self.path);
        let structures = named.map(|(name, bytes)| Ok((name, Mask::new(width, height, bytes).map_err(odd)?)));
        Roi::new(structures.collect::<Result<Vec<_>, Bad>>()?).map_err(odd)
    }

    /// A hash of one image's outlines.
    pub(crate) fn hash(&self, index: usize) -> Result<ContentHash> {
        let json = serde_json::to_vec(&self.images[index]);
        Ok(ContentHash::of(&json.map_err(|e| eyepatch_core::Error::plugin("eyepatch/folder", e))?))
    }
}

/// Columns of a CSV file of outlines.
struct Columns {
    structure: Option<usize>,
    /// Left, top, then width and height or right and bottom.
    edges: Option<([usize; 4], bool)>,
    polygon: Option<usize>,
}

const KEYS: [&str; 9] =
    ["sample", "id", "image", "image_path", "path", "file", "filename", "file_name", "image_index"];

fn from_csv(path: &Path) -> Result<(Vec<String>, Vec<Outlines>)> {
    let sheet = Sheet::read(path)?;
    let one = |names: &[&str]| sheet.candidates(names).first().copied();
    let four = |names: [&str; 4]| <[usize; 4]>::try_from(sheet.candidates(&names)).ok();
    let sized = four(["x", "y", "width", "height"]).or_else(|| four(["x", "y", "w", "h"]));
    let corners =
        four(["x_min", "y_min", "x_max", "y_max"]).or_else(|| four(["xmin", "ymin", "xmax", "ymax"]));
    let columns = Columns {
        structure: one(&["structure"]),
        edges: sized.map(|c| (c, true)).or(corners.map(|c| (c, false))),
        polygon: one(&["polygon"]),
    };
    let remedy = "it needs `sample` (or `image`), and `x`, `y`, `width`, `height`, or `x_min`, `y_min`, `x_max`, \
                  `y_max`, or `polygon`; `structure` is optional";
    let Some(key) = one(&KEYS).filter(|_| columns.edges.is_some() || columns.polygon.is_some()) else {
        return Err(sheet.error(Some(1), None, "the header has not the columns of a ROI table", remedy));
    };
    let mut structures: Vec<String> = Vec::new();
    let mut images: Vec<Outlines> = Vec::new();
    let mut by_key: HashMap<String, usize> = HashMap::new();
    for record in &sheet.records {
        let name = columns.structure.map_or("roi", |c| record.cell(c).trim());
        let name = if name.is_empty() { "roi" } else { name };
        let structure = structures.iter().position(|s| s == name).unwrap_or_else(|| {
            structures.push(name.to_owned());
            structures.len() - 1
        });
        let key = record.cell(key).trim();
        let image = *by_key.entry(key.to_owned()).or_insert_with(|| {
            images.push(Outlines { key: key.to_owned(), ..Outlines::default() });
            images.len() - 1
        });
        images[image].shapes.push((structure, outline(&sheet, &columns, record)?));
    }
    Ok((structures, images))
}

fn outline(sheet: &Sheet, columns: &Columns, record: &Record) -> Result<Shape> {
    let filled = |c: &usize| !record.cell(*c).trim().is_empty();
    match (columns.edges.filter(|(c, _)| c.iter().any(filled)), columns.polygon.filter(filled)) {
        (Some((edges, sized)), None) => rectangle(sheet, edges, sized, record),
        (None, Some(column)) => polygon(sheet, column, record),
        (both, _) => {
            let problem =
                if both.is_some() { "the row has a box and a polygon" } else { "the row has no outline" };
            Err(sheet.error(Some(record.line), None, problem, "give each row one box or one polygon"))
        }
    }
}

fn number(sheet: &Sheet, record: &Record, column: usize, text: &str) -> Result<f64> {
    text.trim().parse().ok().filter(|x: &f64| x.is_finite()).ok_or_else(|| {
        let problem = format!("{} is no finite number", quoted(text));
        let remedy = "write coordinates in pixels of the stored image, with a decimal point";
        sheet.error(Some(record.line), Some(&sheet.headers[column]), problem, remedy)
    })
}

fn rectangle(sheet: &Sheet, edges: [usize; 4], sized: bool, record: &Record) -> Result<Shape> {
    let mut v = [0.0; 4];
    for (value, column) in v.iter_mut().zip(edges) {
        *value = number(sheet, record, column, record.cell(column))?;
    }
    let [left, top, a, b] = v;
    let (right, bottom) = if sized { (left + a, top + b) } else { (a, b) };
    if right <= left || bottom <= top {
        let problem = "the box has no width or no height";
        let remedy =
            if sized { "give a width and a height above 0" } else { "give the smaller corner first" };
        return Err(sheet.error(Some(record.line), Some(&sheet.headers[edges[2]]), problem, remedy));
    }
    Ok(Shape::Box([left, top, right, bottom]))
}

fn polygon(sheet: &Sheet, column: usize, record: &Record) -> Result<Shape> {
    let words = record.cell(column).split(|c: char| c.is_whitespace() || c == ',' || c == ';');
    let words = words.filter(|w| !w.is_empty());
    let values = words.map(|w| number(sheet, record, column, w)).collect::<Result<Vec<_>>>()?;
    if values.len() < 6 || values.len() % 2 == 1 {
        let problem = format!("a polygon of {} numbers", values.len());
        let remedy = "write three or more corners as `x1 y1 x2 y2 x3 y3 …`";
        return Err(sheet.error(Some(record.line), Some(&sheet.headers[column]), problem, remedy));
    }
    Ok(Shape::Polygon(values.chunks_exact(2).map(|p| (p[0], p[1])).collect()))
}
