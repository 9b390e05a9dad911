use std::collections::BTreeMap;
use std::path::Path;

use eyepatch_core::LegitimateRegion;
use eyepatch_data::OnBad;

use crate::chexmask::{NoSize, STRUCTURES};

/// The lungs, which the study took for the ROI.
pub(crate) fn lungs() -> Vec<String> {
    STRUCTURES[..2].iter().map(|s| (*s).to_owned()).collect()
}

/// Lungs and heart.
pub(crate) fn lungs_and_heart() -> Vec<String> {
    STRUCTURES.iter().map(|s| (*s).to_owned()).collect()
}

/// Parameters that both archives have.
pub(crate) struct Options<'a> {
    pub(crate) structures: &'a [String],
    pub(crate) min_rca: f64,
    pub(crate) no_size: NoSize,
    pub(crate) bits: Option<u8>,
    pub(crate) on_missing: OnBad,
    pub(crate) on_bad: OnBad,
    pub(crate) max_pixels: u64,
    pub(crate) legitimate: &'a BTreeMap<String, LegitimateRegion>,
}

impl Options<'_> {
    /// Checks ranges.
    pub(crate) fn check(&self, folder: &Path) -> Result<(), String> {
        if folder.as_os_str().is_empty() {
            return Err("`folder` is missing: give the folder of the archive".into());
        }
        if let Some(name) = self.structures.iter().find(|s| !STRUCTURES.contains(&s.as_str())) {
            return Err(format!("`structures` names `{name}`: CheXmask has {}", STRUCTURES.join(", ")));
        }
        if self.structures.is_empty() {
            return Err(format!("`structures` is empty: name one or more of {}", STRUCTURES.join(", ")));
        }
        if !(0.0..=1.0).contains(&self.min_rca) {
            return Err(format!("`min_rca` is {}: it must be from 0 to 1", self.min_rca));
        }
        if !matches!(self.bits, None | Some(8 | 16)) {
            return Err("`bits` must be 8, 16 or null (either)".into());
        }
        if self.max_pixels == 0 {
            return Err("`max_pixels` is 0: no image could be read".into());
        }
        Ok(())
    }
}

/// Classes are there and differ.
pub(crate) fn check_classes<'a>(classes: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = Vec::new();
    for class in classes {
        if class.is_empty() {
            return Err("a class has no name".into());
        }
        if seen.contains(&class) {
            return Err(format!("class `{class}` is asked for twice"));
        }
        seen.push(class);
    }
    if seen.is_empty() { Err("no class is asked for".into()) } else { Ok(()) }
}

/// Legitimate regions that the user gives are of classes and structures that there are.
pub(crate) fn check_regions(
    regions: &BTreeMap<String, LegitimateRegion>,
    classes: &[String],
    structures: &[String],
) -> Result<(), String> {
    for (class, region) in regions {
        if !classes.contains(class) {
            return Err(format!(
                "`legitimate` names class `{class}`; the classes are: {}",
                classes.join(", ")
            ));
        }
        if let Some(name) = region.structures.iter().find(|s| !structures.contains(s)) {
            let known = structures.join(", ");
            return Err(format!(
                "`legitimate` of `{class}` names structure `{name}`; the structures are: {known}"
            ));
        }
        let margin = region.margin;
        if !margin.is_finite() || margin < 0.0 {
            return Err(format!("`legitimate` of `{class}` has margin {margin}: it must be 0 or more"));
        }
        if region.reason.trim().is_empty() {
            return Err(format!("`legitimate` of `{class}` gives no reason: the report prints it"));
        }
    }
    Ok(())
}
