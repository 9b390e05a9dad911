//! The measures taken of every image, and the words for them.

/// Where a column comes from. Its place decides what it may be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    Table,
    File,
    Image,
    Inside,
    Outside,
    Roi,
    Order,
}

impl Source {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::File => "file",
            Self::Image => "image",
            Self::Inside => "inside the ROI",
            Self::Outside => "outside the ROI",
            Self::Roi => "ROI",
            Self::Order => "order",
        }
    }
}

/// A number taken of every image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Height,
    Width,
    Aspect,
    Bits,
    Channels,
    MarginVertical,
    MarginHorizontal,
    InsideMean,
    InsideSd,
    InsideP5,
    InsideMedian,
    InsideP95,
    InsideMax,
    InsideBlack,
    InsideWhite,
    OutsideMean,
    OutsideSd,
    OutsideP5,
    OutsideMedian,
    OutsideP95,
    OutsideMax,
    OutsideBlack,
    OutsideWhite,
    MaxRatio,
    RoiArea,
    RoiHeight,
    RoiWidth,
    RoiX,
    RoiY,
    RoiParts,
    RoiTouches,
}

/// How a measure is told.
pub(crate) struct Told {
    pub(crate) measure: Measure,
    pub(crate) source: Source,
    /// Measures of one family are told in one finding.
    pub(crate) family: &'static str,
    pub(crate) name: &'static str,
    /// Images with a high value, and with a low one.
    pub(crate) high: &'static str,
    pub(crate) low: &'static str,
}

impl Measure {
    pub(crate) const COUNT: usize = Self::RoiTouches as usize + 1;
}

const fn told(
    measure: Measure,
    source: Source,
    family: &'static str,
    name: &'static str,
    (high, low): (&'static str, &'static str),
) -> Told {
    Told { measure, source, family, name, high, low }
}

const SIZE: &str = "image size";
const DEPTH: &str = "stored depth";
const BORDER: &str = "constant border";
const INSIDE: &str = "grey level inside the ROI";
const OUTSIDE: &str = "grey level outside the ROI";
const SHAPE: &str = "size and place of the ROI";

/// All measures, in the order of [`Measure`].
#[rustfmt::skip]
pub(crate) const MEASURES: [Told; Measure::COUNT] = [
    told(Measure::Height, Source::Image, SIZE, "image height", ("taller images", "lower images")),
    told(Measure::Width, Source::Image, SIZE, "image width", ("wider images", "narrower images")),
    told(Measure::Aspect, Source::Image, SIZE, "width over height", ("wider shapes", "taller shapes")),
    told(Measure::Bits, Source::Image, DEPTH, "bits a value", ("deeper pixels", "shallower pixels")),
    told(Measure::Channels, Source::Image, DEPTH, "channels", ("colour", "grey")),
    told(Measure::MarginVertical, Source::Image, BORDER, "plain lines above and below", ("more plain lines above and below", "fewer plain lines above and below")),
    told(Measure::MarginHorizontal, Source::Image, BORDER, "plain lines left and right", ("more plain lines left and right", "fewer plain lines left and right")),
    told(Measure::InsideMean, Source::Inside, INSIDE, "mean grey inside the ROI", ("brighter insides", "darker insides")),
    told(Measure::InsideSd, Source::Inside, INSIDE, "spread of grey inside the ROI", ("more contrast inside", "less contrast inside")),
    told(Measure::InsideP5, Source::Inside, INSIDE, "5th percentile inside the ROI", ("brighter shadows inside", "darker shadows inside")),
    told(Measure::InsideMedian, Source::Inside, INSIDE, "median grey inside the ROI", ("brighter insides", "darker insides")),
    told(Measure::InsideP95, Source::Inside, INSIDE, "95th percentile inside the ROI", ("brighter lights inside", "darker lights inside")),
    told(Measure::InsideMax, Source::Inside, INSIDE, "brightest pixel inside the ROI", ("a brighter brightest pixel inside", "a darker brightest pixel inside")),
    told(Measure::InsideBlack, Source::Inside, INSIDE, "share of black inside the ROI", ("more black inside", "less black inside")),
    told(Measure::InsideWhite, Source::Inside, INSIDE, "share of white inside the ROI", ("more white inside", "less white inside")),
    told(Measure::OutsideMean, Source::Outside, OUTSIDE, "mean grey outside the ROI", ("brighter outsides", "darker outsides")),
    told(Measure::OutsideSd, Source::Outside, OUTSIDE, "spread of grey outside the ROI", ("more contrast outside", "less contrast outside")),
    told(Measure::OutsideP5, Source::Outside, OUTSIDE, "5th percentile outside the ROI", ("brighter shadows outside", "darker shadows outside")),
    told(Measure::OutsideMedian, Source::Outside, OUTSIDE, "median grey outside the ROI", ("brighter outsides", "darker outsides")),
    told(Measure::OutsideP95, Source::Outside, OUTSIDE, "95th percentile outside the ROI", ("brighter lights outside", "darker lights outside")),
    told(Measure::OutsideMax, Source::Outside, OUTSIDE, "brightest pixel outside the ROI", ("a brighter brightest pixel outside", "a darker brightest pixel outside")),
    told(Measure::OutsideBlack, Source::Outside, OUTSIDE, "share of black outside the ROI", ("more black outside", "less black outside")),
    told(Measure::OutsideWhite, Source::Outside, OUTSIDE, "share of white outside the ROI", ("more white outside", "less white outside")),
    told(Measure::MaxRatio, Source::Inside, "where the brightest pixel is", "brightest inside over brightest outside", ("the brightest pixel inside", "the brightest pixel outside")),
    told(Measure::RoiArea, Source::Roi, SHAPE, "area of the ROI", ("larger ROIs", "smaller ROIs")),
    told(Measure::RoiHeight, Source::Roi, SHAPE, "height of the ROI", ("taller ROIs", "lower ROIs")),
    told(Measure::RoiWidth, Source::Roi, SHAPE, "width of the ROI", ("wider ROIs", "narrower ROIs")),
    told(Measure::RoiX, Source::Roi, SHAPE, "place of the ROI from left to right", ("ROIs further right", "ROIs further left")),
    told(Measure::RoiY, Source::Roi, SHAPE, "place of the ROI from top to bottom", ("ROIs further down", "ROIs further up")),
    told(Measure::RoiParts, Source::Roi, SHAPE, "parts of the ROI", ("ROIs of more parts", "ROIs of fewer parts")),
    told(Measure::RoiTouches, Source::Roi, SHAPE, "ROI touches the image's edge", ("ROIs at the edge", "ROIs away from the edge")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_stand_where_their_number_says() {
        for (place, told) in MEASURES.iter().enumerate() {
            assert_eq!(told.measure as usize, place, "{}", told.name);
        }
        let names: std::collections::BTreeSet<_> = MEASURES.iter().map(|m| m.name).collect();
        assert_eq!(names.len(), MEASURES.len());
    }
}
