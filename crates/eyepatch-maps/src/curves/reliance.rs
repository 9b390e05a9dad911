use eyepatch_core::Mask;
use serde::{Deserialize, Serialize};

use super::walk::asked;
use crate::{MapsError, NotEstimable, Outcome};

/// What the ROI does for an output (DeYoung et al., "ERASER", ACL 2020, call the two ratios sufficiency and
/// comprehensiveness; as parts of the whole effect here).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoiReliance {
    /// Output on the whole image.
    pub whole: f64,
    /// Output with the ROI alone shown.
    pub roi_alone: f64,
    /// Output with all but the ROI shown.
    pub without_roi: f64,
    /// Output with nothing shown.
    pub baseline: f64,
    /// (`roi_alone` - `baseline`) / (`whole` - `baseline`): 1 where the ROI alone does what the image does, 0 where
    /// it does nothing.
    pub sufficiency: Outcome<f64>,
    /// (`whole` - `without_roi`) / (`whole` - `baseline`): 1 where nothing is left without the ROI, 0 where it is not
    /// missed.
    pub necessity: Outcome<f64>,
}

/// Asks for the four outputs, in one batch.
///
/// # Errors
/// [`NotEstimable::EmptyRoi`]; [`MapsError::Count`] and [`MapsError::NotFinite`] for what the closure returns; what
/// the closure says.
pub fn roi_reliance<E: From<MapsError>>(
    roi: &Mask,
    mut ask: impl FnMut(&[Mask]) -> Result<Vec<f64>, E>,
) -> Result<RoiReliance, E> {
    if roi.is_empty() {
        return Err(MapsError::from(NotEstimable::EmptyRoi).into());
    }
    let filled = |value| Mask::filled(roi.width(), roi.height(), value);
    let masks = [filled(true), roi.clone(), roi.complement(), filled(false)];
    let outputs = asked(&masks, 0, &mut ask)?;
    let (whole, roi_alone, without_roi, baseline) = (outputs[0], outputs[1], outputs[2], outputs[3]);
    let effect = whole - baseline;
    // Networks answer in 32 bits.
    let nothing = effect.abs() <= 1e-6 * (whole.abs() + baseline.abs());
    let part = |of: f64| {
        if nothing { Outcome::NotEstimable(NotEstimable::NoEffect) } else { Outcome::Value(of / effect) }
    };
    Ok(RoiReliance {
        whole,
        roi_alone,
        without_roi,
        baseline,
        sufficiency: part(roi_alone - baseline),
        necessity: part(whole - without_roi),
    })
}
