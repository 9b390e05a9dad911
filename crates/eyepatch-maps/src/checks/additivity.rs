use eyepatch_core::Attribution;

/// The additivity error in parts of what was to be shared out: |error| / max(|output - base|, sum of |values|).
/// `None` for methods whose values need not add up. 0 where there was nothing to share out and nothing is left over.
#[must_use]
pub fn relative_additivity_error(attribution: &Attribution) -> Option<f64> {
    let error = attribution.additivity_error?.abs();
    let sizes: f64 = attribution.values.iter().map(|v| f64::from(v.abs())).sum();
    let range = sizes.max((attribution.output_value - attribution.base_value).abs());
    Some(if range > 0.0 { error / range } else { error })
}
