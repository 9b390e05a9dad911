use eyepatch_core::{Keep, MaskingCard, Shape};
use serde::{Deserialize, Serialize};

/// The AUC of the full-image model where only a part of the image stays visible; the start of a rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Auc {
    keep: Keep,
}

/// `auc(Keep::Outside).above(0.60)`: flag a class whose AUC with the exact region hidden lies above 0.60.
#[must_use]
pub fn auc(keep: Keep) -> Auc {
    Auc { keep }
}

impl Auc {
    /// Flags a class where the whole interval lies above `threshold` (0.5 to 1).
    #[must_use]
    pub fn above(self, threshold: f64) -> FlagRule {
        FlagRule { keep: self.keep, shape: Shape::Exact, threshold }
    }
}

/// When a class is flagged, declared before results are seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagRule {
    /// Which part stays visible in the evaluation.
    pub keep: Keep,
    /// Outline of the region.
    pub shape: Shape,
    /// AUC above which the class is flagged, 0.5 to below 1.
    pub threshold: f64,
}

impl Default for FlagRule {
    /// AUC with the region hidden above 0.55: chance plus the default margin of 0.05.
    fn default() -> Self {
        auc(Keep::Outside).above(0.55)
    }
}

impl FlagRule {
    /// Whether an evaluation masking is one that the rule looks at.
    pub(crate) fn looks_at(&self, card: &MaskingCard) -> bool {
        card.keep == self.keep && card.shape == self.shape && card.is_own_whole_roi()
    }

    /// What stays visible, in words.
    pub(crate) fn visible(&self) -> &'static str {
        match self.keep {
            Keep::Full => "everything visible",
            Keep::Inside => "only the region visible",
            Keep::Outside => "the region hidden",
        }
    }

    /// The rule in a sentence.
    pub(crate) fn sentence(&self, level: f64) -> String {
        format!(
            "Flag a class if, under every fill that hides, the whole {:.0} % interval of the full-image model's AUC with {} \
             lies above {:.2}; clear it if it lies below under every such fill; otherwise inconclusive.",
            level * 100.0,
            self.visible(),
            self.threshold
        )
    }
}
