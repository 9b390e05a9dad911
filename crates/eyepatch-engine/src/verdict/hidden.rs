//! The first primary contrast: the full-image model's AUC with the class's legitimate region hidden, less 0.5.

use eyepatch_core::{Keep, LegitimateRegion, MaskingCard, Shape};
use eyepatch_report::schema::Measured;

use super::VerdictRule;
use super::rule::Tested;
use super::scores::{ClassScores, above_chance, measured};

pub(crate) const ID: &str = "hidden";

/// The maskings that hide a class's legitimate region whole.
pub(super) struct HidingSet<'a> {
    /// All that hide its structures, with more or without the margin: what the data hold outside of the region is asked of a model
    /// trained on one of these.
    pub(super) all: Vec<&'a MaskingCard>,
    /// The sample's own region, as segmented: its outline may tell the label.
    pub(super) exact: Vec<&'a MaskingCard>,
    /// The own region and what is the region of others: the outline tells next to nothing.
    pub(super) cover: Vec<&'a MaskingCard>,
}

/// A region's margin in pixels of an image so wide.
pub(crate) fn margin_px(region: &LegitimateRegion, width: usize) -> i32 {
    (f64::from(region.margin) * width as f64).ceil() as i32
}

impl<'a> HidingSet<'a> {
    /// Of these maskings, those that hide the region and as little more as there is. `width` is that of the working size in
    /// pixels, in which the region's margin is turned.
    pub(super) fn new(cards: &'a [MaskingCard], region: &LegitimateRegion, width: usize) -> Self {
        let margin = margin_px(region, width);
        let covers = |c: &&MaskingCard| {
            c.keep == Keep::Outside
                && c.hides
                && c.shape == Shape::Exact
                && c.control.is_none()
                && c.cause.is_none()
                && c.resized.is_none()
                && c.feather == 0
                && c.dilate >= 0
                && holds(&c.structures, &region.structures)
        };
        let all: Vec<&MaskingCard> = cards.iter().filter(covers).collect();
        let fitting: Vec<&MaskingCard> = all.iter().copied().filter(|c| c.dilate >= margin).collect();
        let pick = |cover: bool| {
            let of = || fitting.iter().copied().filter(move |c| c.cover == cover);
            // Whole ROIs may hide more than the region; where its very structures are hidden, those count.
            let least = of().map(|c| (surplus(&c.structures, &region.structures), c.dilate)).min();
            let like =
                |c: &&MaskingCard| Some((surplus(&c.structures, &region.structures), c.dilate)) == least;
            of().filter(like).collect()
        };
        let (exact, cover) = (pick(false), pick(true));
        Self { all, exact, cover }
    }

    /// Those that a verdict rests on: covers where there are any.
    pub(super) fn decisive(&self) -> &[&'a MaskingCard] {
        if self.cover.is_empty() { &self.exact } else { &self.cover }
    }
}

/// Whether the hidden structures hold the wanted ones; no name means all.
fn holds(hidden: &[String], wanted: &[String]) -> bool {
    hidden.is_empty() || (!wanted.is_empty() && wanted.iter().all(|w| hidden.contains(w)))
}

/// How many structures beyond the wanted ones are hidden.
fn surplus(hidden: &[String], wanted: &[String]) -> usize {
    if hidden.is_empty() && !wanted.is_empty() {
        usize::MAX
    } else {
        hidden.len().saturating_sub(wanted.len())
    }
}

/// The contrast, one estimate a hiding fill.
pub(super) fn tested(
    rule: &VerdictRule,
    set: &HidingSet<'_>,
    scores: &ClassScores<'_>,
    full: &str,
) -> Tested {
    let with = set.decisive();
    let one = |card: &&MaskingCard| -> Result<Measured, String> {
        let auc = scores
            .auc(full, &card.name)
            .map_err(|why| format!("the AUC on {} is not estimable: {why}", card.name))?;
        measured(&card.name, &above_chance(&auc)?, rule.margin)
    };
    let measured = if with.len() < rule.fills {
        Err(format!(
            "{} hiding {} of the legitimate region; the rule asks for {}",
            with.len(),
            if with.len() == 1 { "fill" } else { "fills" },
            rule.fills
        ))
    } else {
        with.iter().map(one).collect()
    };
    Tested {
        id: ID.into(),
        what: "AUC of the full-image model with the legitimate region hidden, less 0.5".into(),
        measured,
        note: set.cover.is_empty().then(|| {
            "the outline of what is hidden is the sample's own, so what it tells of the label counts as well".to_owned()
        }),
    }
}
