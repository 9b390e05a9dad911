//! The rule, as `VERDICTS.md` states it.

use eyepatch_report::schema::{Contrast, Measured, Outcome, Status};
use eyepatch_stats::holm_adjusted;

use super::VerdictRule;

/// A primary contrast before it is known what was tested with it.
pub(super) struct Tested {
    pub(super) id: String,
    pub(super) what: String,
    /// One a fill; `Err` where the contrast cannot be estimated, or not with all that the rule asks for.
    pub(super) measured: Result<Vec<Measured>, String>,
    pub(super) note: Option<String>,
}

impl Tested {
    /// The largest p over the fills: every fill must argue for evidence.
    fn p(&self) -> Option<f64> {
        let measured = self.measured.as_ref().ok().filter(|m| !m.is_empty())?;
        Some(measured.iter().map(|m| m.p).fold(0.0, f64::max))
    }
}

/// Adjusts the p of all contrasts that were declared together, and says what each is evidence of. A contrast that is not
/// estimable stays in the family with p = 1: what was declared was declared.
pub(super) fn outcomes(tested: Vec<Tested>, margin: f64, alpha: f64) -> Vec<Contrast> {
    let family: Vec<f64> = tested.iter().map(|t| t.p().unwrap_or(1.0)).collect();
    let adjusted = holm_adjusted(&family);
    tested
        .into_iter()
        .zip(adjusted)
        .map(|(t, adjusted)| {
            let p = t.p();
            let (measured, note) = match t.measured {
                Ok(measured) => (measured, t.note),
                Err(why) => (Vec::new(), Some(why)),
            };
            let outcome = outcome(&measured, p.map(|_| adjusted), margin, alpha);
            Contrast {
                id: t.id,
                what: t.what,
                margin,
                measured,
                p,
                p_adjusted: p.map(|_| adjusted),
                outcome,
                note,
            }
        })
        .collect()
}

/// Evidence: the adjusted p is below alpha. None: the upper bound lies below the margin for every fill. Else undecided.
fn outcome(measured: &[Measured], p_adjusted: Option<f64>, margin: f64, alpha: f64) -> Outcome {
    match p_adjusted {
        Some(p) if p < alpha => Outcome::Evidence,
        Some(_) if measured.iter().all(|m| m.upper < margin) => Outcome::None,
        _ => Outcome::Undecided,
    }
}

/// What must hold before a verdict is given at all; the first that does not is the reason why there is none.
pub(super) struct Premises {
    /// Whether the data set says where the class's true signs lie.
    pub(super) legitimate: bool,
    /// Patients on the smaller side.
    pub(super) patients: usize,
    /// Lower 95 % bound of the full-image model's AUC on full images; `None` where it is not estimable.
    pub(super) full_lower: Option<f64>,
}

/// The status of a class, and the reason where it is inconclusive.
pub(super) fn status(
    rule: &VerdictRule,
    premises: &Premises,
    primary: &[Contrast],
) -> (Status, Option<String>) {
    let inconclusive = |why: String| (Status::Inconclusive, Some(why));
    if !premises.legitimate {
        return inconclusive(
            "the data set declares no legitimate region for it, so nothing can be said of the model".into(),
        );
    }
    if premises.patients < rule.patients {
        return inconclusive(format!(
            "{} patients on one side; fewer than {} decide nothing",
            premises.patients, rule.patients
        ));
    }
    if primary.iter().any(|c| c.outcome == Outcome::Evidence) {
        return (Status::Flagged, None);
    }
    match premises.full_lower {
        Some(lower) if lower > 0.5 => {}
        _ => {
            return inconclusive(
                "the model has not learnt the task, so hiding the region shows nothing".into(),
            );
        }
    }
    if primary.iter().all(|c| c.outcome == Outcome::None) {
        return (Status::Clear, None);
    }
    let open: Vec<&str> =
        primary.iter().filter(|c| c.outcome != Outcome::None).map(|c| c.what.as_str()).collect();
    inconclusive(format!("not decided: {}", open.join("; ")))
}
