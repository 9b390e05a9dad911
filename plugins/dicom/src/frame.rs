//! What a file says of its pixels, checked before any is touched.

use dicom_dictionary_std::tags;
use eyepatch_data::decode::check_size;
use eyepatch_data::{Bad, Fault};

use crate::elements::Elements;
use crate::limits::Limits;

/// What a pixel's numbers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Photometric {
    /// Grey; the largest value is black.
    Monochrome1,
    /// Grey; the largest value is white.
    Monochrome2,
    /// Red, green, blue.
    Rgb,
    /// Brightness and two colour differences.
    YbrFull,
    /// The same, of two neighbours that share their differences.
    YbrFull422,
}

/// How a file's frames are stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) frames: usize,
    pub(crate) photometric: Photometric,
    /// Whether all of a channel's values lie together.
    pub(crate) planar: bool,
    /// 8 or 16.
    pub(crate) allocated: u16,
    /// Bits in use, 1 to `allocated`.
    pub(crate) stored: u16,
    /// The uppermost bit in use.
    pub(crate) high_bit: u16,
    pub(crate) signed: bool,
    pub(crate) slope: f64,
    pub(crate) intercept: f64,
}

impl Frame {
    /// 1 or 3.
    pub(crate) fn channels(&self) -> usize {
        match self.photometric {
            Photometric::Monochrome1 | Photometric::Monochrome2 => 1,
            _ => 3,
        }
    }

    /// Rows x columns.
    pub(crate) fn pixels(&self) -> usize {
        self.rows * self.columns
    }

    /// Bytes of a frame that is not compressed.
    pub(crate) fn bytes(&self) -> usize {
        let values = match self.photometric {
            Photometric::YbrFull422 => 2,
            _ => self.channels(),
        };
        self.pixels() * values * usize::from(self.allocated / 8)
    }

    /// Reads and checks it.
    pub(crate) fn of(e: &Elements<'_>, limits: &Limits) -> Result<Self, Bad> {
        refuse_other_pixels(e)?;
        let need = |tag, name: &str| {
            e.u16(tag).ok_or_else(|| Bad::corrupt(format!("it has pixels and does not say its {name}")))
        };
        let (rows, columns) = (need(tags::ROWS, "rows")?, need(tags::COLUMNS, "columns")?);
        if rows == 0 || columns == 0 {
            return Err(Bad::corrupt(format!("it has {rows} rows and {columns} columns")));
        }
        check_size(u32::from(columns), u32::from(rows), limits.max_pixels)?;
        let frames = frames(e, limits)?;
        let samples = e.u16(tags::SAMPLES_PER_PIXEL).unwrap_or(1);
        let photometric = photometric(e, samples)?;
        let allocated = need(tags::BITS_ALLOCATED, "bits allocated")?;
        if !matches!(allocated, 8 | 16) {
            return Err(unsupported(format!("{allocated} bits allocated to a value (8 and 16 are read)")));
        }
        let stored = e.u16(tags::BITS_STORED).unwrap_or(allocated);
        let high_bit = e.u16(tags::HIGH_BIT).unwrap_or(stored.saturating_sub(1));
        if stored == 0 || stored > allocated || high_bit >= allocated || high_bit + 1 < stored {
            return Err(Bad::corrupt(format!(
                "{stored} bits stored below bit {high_bit} do not fit in {allocated}"
            )));
        }
        let signed = match e.u16(tags::PIXEL_REPRESENTATION).unwrap_or(0) {
            0 => false,
            1 => true,
            other => return Err(Bad::corrupt(format!("its pixel representation is {other}"))),
        };
        let slope = e.number(tags::RESCALE_SLOPE).unwrap_or(1.0);
        let intercept = e.number(tags::RESCALE_INTERCEPT).unwrap_or(0.0);
        if slope == 0.0 {
            return Err(Bad::corrupt("its rescale slope is 0, so that all pixels are the same"));
        }
        let frame = Self {
            rows: rows.into(),
            columns: columns.into(),
            frames,
            photometric,
            planar: samples > 1 && e.u16(tags::PLANAR_CONFIGURATION).unwrap_or(0) == 1,
            allocated,
            stored,
            high_bit,
            signed,
            slope,
            intercept,
        };
        frame.check_colour()?;
        Ok(frame)
    }

    fn check_colour(&self) -> Result<(), Bad> {
        let colour = self.channels() == 3;
        if colour && (self.signed || self.allocated != 8 || self.stored != 8) {
            return Err(unsupported("colour of other than 8 unsigned bits"));
        }
        if self.photometric == Photometric::YbrFull422 && self.columns % 2 == 1 {
            return Err(Bad::corrupt("pairs of pixels share their colour, and its columns are odd"));
        }
        Ok(())
    }
}

fn unsupported(what: impl std::fmt::Display) -> Bad {
    Bad::new(
        Fault::Unsupported,
        format!("its pixels are of a kind that is not read: {what}"),
        "convert it (`dcmconv`, `gdcmconv` or `dcm2pnm`), or set `on_bad` to \"drop\"",
    )
}

fn refuse_other_pixels(e: &Elements<'_>) -> Result<(), Bad> {
    if e.code(tags::SOP_CLASS_UID) == Some("1.2.840.10008.5.1.4.1.1.66.4") {
        return Err(Bad::new(
            Fault::Unsupported,
            "it is a DICOM segmentation (SEG), which is not read, neither as an image nor as a ROI",
            "write its masks as PNG files into the `rois` folder, and take it out of this one",
        ));
    }
    if e.bytes(tags::FLOAT_PIXEL_DATA).is_some() || e.bytes(tags::DOUBLE_FLOAT_PIXEL_DATA).is_some() {
        return Err(unsupported("floating point"));
    }
    if e.bytes(tags::MODALITY_LUT_SEQUENCE).is_some() {
        return Err(unsupported("values to be looked up in a modality table (Modality LUT Sequence)"));
    }
    Ok(())
}

fn frames(e: &Elements<'_>, limits: &Limits) -> Result<usize, Bad> {
    let Some(text) = e.code(tags::NUMBER_OF_FRAMES) else { return Ok(1) };
    let bad = || Bad::corrupt("its number of frames is no number above 0");
    let frames = text.parse::<u32>().ok().filter(|n| *n > 0).ok_or_else(bad)?;
    if frames > limits.max_frames {
        return Err(Bad::new(
            Fault::Unreadable,
            format!("it claims {frames} frames, more than `max_frames` = {}", limits.max_frames),
            "raise `max_frames` if that is so",
        ));
    }
    usize::try_from(frames).map_err(|_| bad())
}

fn photometric(e: &Elements<'_>, samples: u16) -> Result<Photometric, Bad> {
    let Some(name) = e.code(tags::PHOTOMETRIC_INTERPRETATION) else {
        return Err(Bad::corrupt("it has pixels and does not say their photometric interpretation"));
    };
    let (kind, wanted) = match name {
        "MONOCHROME1" => (Photometric::Monochrome1, 1),
        "MONOCHROME2" => (Photometric::Monochrome2, 1),
        "RGB" => (Photometric::Rgb, 3),
        "YBR_FULL" => (Photometric::YbrFull, 3),
        "YBR_FULL_422" => (Photometric::YbrFull422, 3),
        other => {
            let known =
                other.len() <= 16 && other.bytes().all(|b| b.is_ascii_alphanumeric() || b"_ ".contains(&b));
            let name = if known { other } else { "unknown" };
            return Err(unsupported(format!("photometric interpretation {name}")));
        }
    };
    if samples != wanted {
        return Err(Bad::corrupt(format!("a pixel of {name} has {samples} values")));
    }
    Ok(kind)
}
