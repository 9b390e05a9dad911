//! What is kept of one image: its facts, and a thumbnail for finding duplicates.

use eyepatch_core::{Mask, Result, Sample};
use eyepatch_kernels::roi::components::{Connectivity, label};
use eyepatch_kernels::roi::{bounding_box, centroid};

use crate::duplicates::Thumbnail;
use crate::families::Measure;
use crate::grey;

/// Numbers by measure, NaN where there is none; and the thumbnail, where the image is not of one value.
pub(crate) struct ImageFacts {
    numbers: [f64; Measure::COUNT],
    pub(crate) thumbnail: Option<Thumbnail>,
}

impl ImageFacts {
    /// Reduces a sample.
    pub(crate) fn of(sample: &Sample) -> Result<Self> {
        let image = &sample.image;
        let (width, height) = (image.width(), image.height());
        if (sample.roi.width(), sample.roi.height()) != (width, height) {
            let found = format!("{}x{}", sample.roi.height(), sample.roi.width());
            return Err(eyepatch_core::Error::shape("ROI", format!("{height}x{width}"), found));
        }
        let mut facts = Self { numbers: [f64::NAN; Measure::COUNT], thumbnail: None };
        let grey = grey::grey(image);
        facts.put(Measure::Height, height as f64);
        facts.put(Measure::Width, width as f64);
        facts.put(Measure::Aspect, width as f64 / height as f64);
        facts.put(Measure::Bits, depth(image.full_scale()));
        facts.put(Measure::Channels, image.channels() as f64);
        let (vertical, horizontal) = grey::margins(&grey, width, height);
        facts.put(Measure::MarginVertical, vertical);
        facts.put(Measure::MarginHorizontal, horizontal);
        let roi = sample.roi.union(&[])?;
        facts.roi(&roi);
        facts.levels(&grey, &roi);
        facts.thumbnail = Thumbnail::of(&grey, width, height);
        Ok(facts)
    }

    /// One with nothing but a thumbnail.
    #[cfg(test)]
    pub(crate) fn of_thumbnail(thumbnail: Option<Thumbnail>) -> Self {
        Self { numbers: [f64::NAN; Measure::COUNT], thumbnail }
    }

    /// A measure, or NaN.
    pub(crate) fn get(&self, measure: Measure) -> f64 {
        self.numbers[measure as usize]
    }

    fn put(&mut self, measure: Measure, value: f64) {
        self.numbers[measure as usize] = value;
    }

    fn levels(&mut self, grey: &[f32], roi: &Mask) {
        let (inside, outside) = grey::levels(grey, roi);
        for (measure, value) in [
            (Measure::InsideMean, inside.mean),
            (Measure::InsideSd, inside.sd),
            (Measure::InsideP5, inside.p5),
            (Measure::InsideMedian, inside.median),
            (Measure::InsideP95, inside.p95),
            (Measure::InsideMax, inside.max),
            (Measure::InsideBlack, inside.black),
            (Measure::InsideWhite, inside.white),
            (Measure::OutsideMean, outside.mean),
            (Measure::OutsideSd, outside.sd),
            (Measure::OutsideP5, outside.p5),
            (Measure::OutsideMedian, outside.median),
            (Measure::OutsideP95, outside.p95),
            (Measure::OutsideMax, outside.max),
            (Measure::OutsideBlack, outside.black),
            (Measure::OutsideWhite, outside.white),
            (Measure::MaxRatio, if outside.max > 0.0 { inside.max / outside.max } else { f64::NAN }),
        ] {
            self.put(measure, value);
        }
    }

    fn roi(&mut self, roi: &Mask) {
        let (width, height) = (roi.width(), roi.height());
        self.put(Measure::RoiArea, roi.area() as f64 / (width * height) as f64);
        // Sizes were checked when the mask was made.
        let Ok(parts) = label(roi.bits(), width, height, Connectivity::Eight) else { return };
        self.put(Measure::RoiParts, parts.parts().len() as f64);
        let (Ok(Some(bounds)), Ok(Some((x, y)))) =
            (bounding_box(roi.bits(), width, height), centroid(roi.bits(), width, height))
        else {
            return;
        };
        self.put(Measure::RoiHeight, (bounds.y1 - bounds.y0) as f64 / height as f64);
        self.put(Measure::RoiWidth, (bounds.x1 - bounds.x0) as f64 / width as f64);
        self.put(Measure::RoiX, (x + 0.5) / width as f64);
        self.put(Measure::RoiY, (y + 0.5) / height as f64);
        let touches = bounds.x0 == 0 || bounds.y0 == 0 || bounds.x1 == width || bounds.y1 == height;
        self.put(Measure::RoiTouches, f64::from(u8::from(touches)));
    }
}

/// Bits a value, from the full scale.
fn depth(full_scale: f32) -> f64 {
    match full_scale {
        s if s > 1000.0 => 16.0,
        s if s > 1.0 => 8.0,
        _ => 32.0,
    }
}
