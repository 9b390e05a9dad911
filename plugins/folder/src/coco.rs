//! COCO JSON (<https://cocodataset.org/#format-data>): boxes, polygons, plain and compressed run lengths. A structure
//! is a category; an annotation's segmentation goes before its box.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use eyepatch_core::{Error, Result};
use eyepatch_data::{quoted, table_error};
use serde::Deserialize;
use serde_json::Value;

use crate::annotations::Outlines;
use crate::raster::{Shape, decompress};

#[derive(Deserialize)]
struct Document {
    images: Vec<Picture>,
    annotations: Vec<Annotation>,
    #[serde(default)]
    categories: Vec<Category>,
}

#[derive(Deserialize)]
struct Picture {
    id: Value,
    file_name: String,
    width: Option<usize>,
    height: Option<usize>,
}

#[derive(Deserialize)]
struct Annotation {
    #[serde(default)]
    id: Value,
    image_id: Value,
    #[serde(default)]
    category_id: Value,
    bbox: Option<Vec<f64>>,
    segmentation: Option<Segmentation>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Segmentation {
    Polygons(Vec<Vec<f64>>),
    Runs { counts: Counts, size: [usize; 2] },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Counts {
    Plain(Vec<usize>),
    Compressed(String),
}

#[derive(Deserialize)]
struct Category {
    id: Value,
    name: String,
}

/// Names of the structures, and the outlines of each image, perhaps none.
pub(crate) fn read(path: &Path) -> Result<(Vec<String>, Vec<Outlines>)> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
    let document: Document = serde_json::from_slice(&bytes).map_err(|e| {
        table_error(
            path,
            Some(e.line()).filter(|&l| l > 0),
            None,
            format!("this is no COCO JSON: {e}"),
            "it needs `images` (id, file_name), `annotations` (image_id, category_id, bbox or segmentation) and \
             `categories` (id, name)",
        )
    })?;
    let mut images: Vec<Outlines> = Vec::with_capacity(document.images.len());
    let (mut by_id, mut names) = (HashMap::new(), HashMap::new());
    for picture in document.images {
        if names.insert(picture.file_name.clone(), images.len()).is_some()
            || by_id.insert(picture.id.to_string(), images.len()).is_some()
        {
            let problem =
                format!("image id {} or its file {} is there twice", picture.id, quoted(&picture.file_name));
            return Err(table_error(path, None, None, problem, "list each image once"));
        }
        let size = picture.height.zip(picture.width);
        images.push(Outlines { key: picture.file_name, size, shapes: Vec::new() });
    }
    let categories: BTreeMap<String, String> =
        document.categories.into_iter().map(|c| (c.id.to_string(), c.name)).collect();
    let mut structures: Vec<String> = Vec::new();
    for annotation in &document.annotations {
        let wrong = |problem: String, remedy: &str| {
            table_error(path, None, None, format!("annotation {}: {problem}", annotation.id), remedy)
        };
        let image = *by_id.get(&annotation.image_id.to_string()).ok_or_else(|| {
            wrong(
                format!("`images` has no id {}", annotation.image_id),
                "add the image or remove the annotation",
            )
        })?;
        let name = match categories.get(&annotation.category_id.to_string()) {
            Some(name) => name.as_str(),
            None if annotation.category_id.is_null() => "roi",
            None => {
                let problem = format!("`categories` has no id {}", annotation.category_id);
                return Err(wrong(problem, "add the category or remove the annotation"));
            }
        };
        let structure = structures.iter().position(|s| s == name).unwrap_or_else(|| {
            structures.push(name.to_owned());
            structures.len() - 1
        });
        let shapes = shapes(annotation).map_err(|problem| {
            wrong(problem, "mend it in the program that wrote the file, or remove the annotation")
        })?;
        images[image].shapes.extend(shapes.into_iter().map(|s| (structure, s)));
    }
    Ok((structures, images))
}

fn shapes(annotation: &Annotation) -> Result<Vec<Shape>, String> {
    match &annotation.segmentation {
        Some(Segmentation::Polygons(polygons)) if !polygons.is_empty() => {
            polygons.iter().map(|p| polygon(p)).collect()
        }
        Some(Segmentation::Runs { counts, size: [height, width] }) => {
            let counts = match counts {
                Counts::Plain(counts) => counts.clone(),
                Counts::Compressed(text) => decompress(text)?,
            };
            let pixels = height.checked_mul(*width).ok_or("its size is too large")?;
            let total = counts.iter().try_fold(0usize, |sum, &c| sum.checked_add(c));
            if total != Some(pixels) {
                return Err(format!("its run lengths do not add up to {height} x {width} pixels"));
            }
            Ok(vec![Shape::Runs { counts, height: *height, width: *width }])
        }
        _ => match annotation.bbox.as_deref() {
            Some(&[x, y, w, h]) if w > 0.0 && h > 0.0 => Ok(vec![Shape::Box([x, y, x + w, y + h])]),
            Some(_) => Err("its `bbox` is not [x, y, width, height] with width and height above 0".into()),
            None => Err("it has neither `segmentation` nor `bbox`".into()),
        },
    }
}

fn polygon(values: &[f64]) -> Result<Shape, String> {
    if values.len() < 6 || values.len() % 2 == 1 {
        return Err(format!("a polygon of {} numbers: it needs three or more corners (x, y)", values.len()));
    }
    Ok(Shape::Polygon(values.chunks_exact(2).map(|p| (p[0], p[1])).collect()))
}
