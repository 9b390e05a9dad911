//! Pictures of maps in the frame that all images share.

use eyepatch_core::{Attribution, Image, Mask, OutputSpace, Pixels};
use eyepatch_maps::summary::{Frame, FrameMean, Scale};
use eyepatch_maps::{MapsError, NotEstimable};
use eyepatch_report::pictures::{self, Window};
use eyepatch_report::schema::Picture;

use super::assemble::Measured;
use crate::Result;
use crate::data::RowSet;
use crate::sweep::gallery::Drawer;

/// The mean map, with the box that all ROIs cover; `None` where no image has a ROI and a map that varies.
pub(super) fn mean(drawer: &mut Drawer, class: &str, images: &[Measured<'_>]) -> Result<Option<Picture>> {
    let alt = format!(
        "Mean attribution for {class} over {} images, stretched so that their regions' bounding boxes cover each other",
        images.len()
    );
    mean_of(drawer, &format!("maps-{class}-mean"), &alt, images.iter())
}

pub(super) fn mean_of<'a, 'b: 'a>(
    drawer: &mut Drawer,
    name: &str,
    alt: &str,
    images: impl Iterator<Item = &'a Measured<'b>>,
) -> Result<Option<Picture>> {
    let frame = Frame::default();
    let mut mean = FrameMean::new(frame, Scale::Relative);
    for image in images {
        match mean.add(&image.map, &image.roi) {
            Ok(()) | Err(MapsError::NotEstimable(NotEstimable::EmptyRoi | NotEstimable::ZeroMap)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    let mean = mean.mean();
    if mean.n_images == 0 {
        return Ok(None);
    }
    let (height, width) = (frame.height, frame.width);
    let blank = Image::new(width, height, 1, Pixels::U8(vec![24; width * height]))?;
    let map = Attribution {
        height,
        width,
        values: mean.values.iter().map(|v| v.unwrap_or(0.0) as f32).collect(),
        class: 0,
        space: OutputSpace::Scores,
        base_value: 0.0,
        output_value: 0.0,
        additivity_error: None,
        evaluations: 0,
    };
    let png = pictures::attribution(&blank, Some(&box_of(frame)?), &map, Window::of(&blank))?;
    Ok(Some(drawer.keep(name, png, alt)))
}

/// An image with its map.
pub(super) fn example(
    drawer: &mut Drawer,
    name: &str,
    class: &str,
    training: &RowSet,
    of: &Measured<'_>,
) -> Result<Picture> {
    let image = training.image(of.found.row)?;
    let png = pictures::attribution(&image, Some(&of.roi), &of.found.map, Window::of(&image))?;
    let label = if of.positive { "positive" } else { "negative" };
    let sample = &training.table.rows[of.found.row].id;
    Ok(drawer.keep(name, png, &format!("{sample} ({label}) with its attribution for {class}")))
}

/// The box that every ROI covers in the frame.
fn box_of(frame: Frame) -> Result<Mask> {
    let span = 1.0 + 2.0 * frame.margin;
    let within = |at: usize, places: usize| {
        let at = (at as f64 + 0.5) / places as f64 * span - frame.margin;
        (0.0..1.0).contains(&at)
    };
    let place =
        |i: usize| u8::from(within(i / frame.width, frame.height) && within(i % frame.width, frame.width));
    Ok(Mask::new(frame.width, frame.height, (0..frame.height * frame.width).map(place).collect())?)
}
