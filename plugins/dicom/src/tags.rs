//! The elements that are read. Nothing else of a file is looked at, private elements least of all.

use dicom_core::Tag;
use dicom_dictionary_std::tags::*;

/// Become columns.
const SHOWN: [Tag; 20] = [
    BODY_PART_EXAMINED,
    BURNED_IN_ANNOTATION,
    IMAGER_PIXEL_SPACING,
    LOSSY_IMAGE_COMPRESSION,
    MANUFACTURER,
    MANUFACTURER_MODEL_NAME,
    MODALITY,
    PATIENT_AGE,
    PATIENT_SEX,
    PIXEL_SPACING,
    SPECIFIC_CHARACTER_SET,
    STUDY_DATE,
    VIEW_POSITION,
    PHOTOMETRIC_INTERPRETATION,
    ROWS,
    COLUMNS,
    BITS_STORED,
    WINDOW_CENTER,
    WINDOW_WIDTH,
    VOILUT_FUNCTION,
];

/// Say how pixels are stored.
const PIXELS: [Tag; 12] = [
    BITS_ALLOCATED,
    DOUBLE_FLOAT_PIXEL_DATA,
    FLOAT_PIXEL_DATA,
    HIGH_BIT,
    MODALITY_LUT_SEQUENCE,
    NUMBER_OF_FRAMES,
    PIXEL_REPRESENTATION,
    PLANAR_CONFIGURATION,
    RESCALE_INTERCEPT,
    RESCALE_SLOPE,
    SAMPLES_PER_PIXEL,
    SOP_CLASS_UID,
];

/// Are joined with or become pseudonyms, and leave the plugin in no other form.
const IDENTITY: [Tag; 4] = [ACCESSION_NUMBER, ISSUER_OF_PATIENT_ID, PATIENT_ID, SOP_INSTANCE_UID];

/// Whether an element is read.
pub(crate) fn is_used(tag: Tag) -> bool {
    SHOWN.contains(&tag) || PIXELS.contains(&tag) || IDENTITY.contains(&tag)
}
