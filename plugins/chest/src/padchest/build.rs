//! Constructors and builder methods.

use std::collections::BTreeMap;
use std::path::PathBuf;

use eyepatch_core::Profile;
use eyepatch_data::OnBad;

use super::{EmptyLabels, ExcludeBy, Match, PadChest};
use crate::FINDINGS;
use crate::chexmask::NoSize;
use crate::loaded::Cache;
use crate::options::{lungs, lungs_and_heart};

impl Default for PadChest {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            table: None,
            images: None,
            masks: None,
            invalid_images: None,
            classes: FINDINGS.map(str::to_owned).into(),
            match_: Match::Hierarchy,
            synonyms: BTreeMap::new(),
            exclude: ["suboptimal study", "exclude", "Unchanged"].map(str::to_owned).into(),
            exclude_by: ExcludeBy::Label,
            empty_labels: EmptyLabels::List,
            projections: ["PA", "AP", "AP_horizontal"].map(str::to_owned).into(),
            label_methods: Vec::new(),
            structures: lungs_and_heart(),
            min_rca: 0.7,
            no_size: NoSize::Common,
            bits: Some(16),
            on_missing: OnBad::Refuse,
            on_bad: OnBad::Refuse,
            max_pixels: 100_000_000,
            legitimate: BTreeMap::new(),
            cache: Cache::default(),
        }
    }
}

/// PadChest in `folder`, with what the study's preparation got wrong mended: child findings count, unchanged findings and
/// empty lists are left out, the heart is a structure of the ROI.
///
/// ```
/// let data = plugin_chest::padchest("/data/padchest").masks("/data/chexmask/OriginalResolution/Padchest.csv");
/// ```
#[must_use]
pub fn padchest(folder: impl Into<PathBuf>) -> PadChest {
    PadChest { folder: folder.into(), ..PadChest::default() }
}

/// PadChest as the study prepared it: labels match exactly, `Unchanged` is looked for in the cell's text (and never found),
/// an empty list is a film without a finding, the ROI is the lungs alone.
#[must_use]
pub fn padchest_published(folder: impl Into<PathBuf>) -> PadChest {
    padchest(folder).profile(Profile::Published)
}

fn strings<S: Into<String>>(words: impl IntoIterator<Item = S>) -> Vec<String> {
    words.into_iter().map(Into::into).collect()
}

crate::setters::shared_setters!(PadChest);

/// Builder methods: each sets the parameter of its name.
impl PadChest {
    /// Sets the four parameters that [`padchest_published`] names, as published or as they should be.
    #[must_use]
    pub fn profile(self, profile: Profile) -> Self {
        let (match_, exclude_by, empty_labels, structures) = match profile {
            Profile::Published => (Match::Exact, ExcludeBy::Cell, EmptyLabels::Cell, lungs()),
            Profile::Strict => (Match::Hierarchy, ExcludeBy::Label, EmptyLabels::List, lungs_and_heart()),
        };
        self.with(|p| {
            p.match_ = match_;
            p.exclude_by = exclude_by;
            p.empty_labels = empty_labels;
            p.structures = structures;
        })
    }

    /// A list of images that cannot be used.
    #[must_use]
    pub fn invalid_images(self, path: impl Into<PathBuf>) -> Self {
        self.with(|p| p.invalid_images = Some(path.into()))
    }

    /// The classes.
    #[must_use]
    pub fn classes<S: Into<String>>(self, classes: impl IntoIterator<Item = S>) -> Self {
        self.with(|p| p.classes = strings(classes))
    }

    /// When a row has a class.
    #[must_use]
    pub fn match_by(self, by: Match) -> Self {
        self.with(|p| p.match_ = by)
    }

    /// A further label that counts for a class.
    #[must_use]
    pub fn synonym(self, class: impl Into<String>, label: impl Into<String>) -> Self {
        self.with(|p| p.synonyms.entry(class.into()).or_default().push(label.into()))
    }

    /// Words that exclude a row.
    #[must_use]
    pub fn exclude<S: Into<String>>(self, words: impl IntoIterator<Item = S>) -> Self {
        self.with(|p| p.exclude = strings(words))
    }

    /// Where these words are looked for.
    #[must_use]
    pub fn exclude_by(self, by: ExcludeBy) -> Self {
        self.with(|p| p.exclude_by = by)
    }

    /// Which rows have no labels.
    #[must_use]
    pub fn empty_labels(self, empty: EmptyLabels) -> Self {
        self.with(|p| p.empty_labels = empty)
    }

    /// The projections that are kept.
    #[must_use]
    pub fn projections<S: Into<String>>(self, projections: impl IntoIterator<Item = S>) -> Self {
        self.with(|p| p.projections = strings(projections))
    }

    /// Whose labels are kept: `Physician`, `RNN_model`; all where none is named.
    #[must_use]
    pub fn label_methods<S: Into<String>>(self, methods: impl IntoIterator<Item = S>) -> Self {
        self.with(|p| p.label_methods = strings(methods))
    }
}
