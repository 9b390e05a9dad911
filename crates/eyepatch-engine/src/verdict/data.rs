//! The statement about the data: can the label be told without the region?

use eyepatch_report::schema::{DataStatement, Signal};

use super::hidden::HidingSet;
use super::scores::{ClassScores, Influence, above_chance, difference};

/// What is compared: a model that was trained with the region hidden, and one that sees the region's shape only.
pub(super) struct Without<'a> {
    /// Names of the training maskings that there are.
    pub(super) trained: &'a [String],
    /// Scores of a classifier that sees the mask's shape only, or why there are none.
    pub(super) shape: Result<Influence<'a>, String>,
}

/// A model trained with the region hidden must beat chance and the classifier of shapes, each at level `alpha`.
pub(super) fn statement(
    without: &Without<'_>,
    set: &HidingSet<'_>,
    scores: &ClassScores<'_>,
    alpha: f64,
) -> DataStatement {
    let not_measured = |why: String| DataStatement {
        signal: Signal::NotMeasured,
        sentence: format!("Whether the data hold signal outside of the region was not measured: {why}."),
    };
    let Some(card) = set.all.iter().find(|card| without.trained.contains(&card.name)) else {
        return not_measured("no model was trained with the region hidden by a fill that hides".into());
    };
    let told = || -> Result<DataStatement, String> {
        let auc = scores.auc(&card.name, &card.name)?;
        let chance = above_chance(&auc)?;
        let (lower, upper) = chance.interval(super::scores::LEVEL).map_err(|e| e.to_string())?;
        let numbers = format!("AUC {:.3} [{:.3}, {:.3}]", auc.auc(), 0.5 + lower, 0.5 + upper);
        let beats_chance = chance.p_above(0.0) < alpha;
        let (beats_shape, shape) = match &without.shape {
            Ok(shape) => {
                let over = difference(&auc, shape)?;
                (over.p_above(0.0) < alpha, format!("the shape of the mask alone reaches {:.3}", shape.auc()))
            }
            Err(why) => (false, format!("the shape of the mask alone was not measured: {why}")),
        };
        let signal = if beats_chance && beats_shape { Signal::Outside } else { Signal::NotShown };
        let says = match signal {
            Signal::Outside => "The data hold signal outside of the region",
            _ => "That the data hold signal outside of the region is not shown",
        };
        Ok(DataStatement {
            signal,
            sentence: format!("{says}: a model trained on {} reaches {numbers}; {shape}.", card.name),
        })
    };
    told().unwrap_or_else(not_measured)
}
