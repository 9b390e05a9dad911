use std::collections::BTreeSet;

use eyepatch_core::{Ctx, Error, Evidence, Finding, Params, Probe, ProbeCard, Result, ScoreSet, plugin};
use eyepatch_testkit::ProbeLaws;
use serde::{Deserialize, Serialize};

use crate::{Fault, finds, unseeded};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct MeanScore {
    #[serde(default, skip_serializing_if = "Fault::is_forgotten")]
    fault: Fault,
}
impl Params for MeanScore {}

/// The mean score of each set's positive images, with at most one fault.
#[plugin("test/mean-score")]
impl Probe for MeanScore {
    fn card(&self) -> ProbeCard {
        let name =
            if self.fault == Fault::Card { String::new() } else { format!("mean score, {:?}", self.fault) };
        ProbeCard { name, description: "mean over positive images".into() }
    }

    fn examine(&self, evidence: &Evidence<'_>, _ctx: &Ctx) -> Result<Vec<Finding>> {
        evidence.scores.iter().map(|set| self.one(evidence, set)).collect()
    }
}

impl MeanScore {
    fn one(&self, evidence: &Evidence<'_>, set: &ScoreSet) -> Result<Finding> {
        let of = |row: usize| &evidence.table.rows[row];
        let positive: Vec<usize> =
            (0..set.rows.len()).filter(|&i| of(set.rows[i]).labels[0] == Some(true)).collect();
        if positive.is_empty() && self.fault == Fault::Panics {
            return Err(Error::EmptyRegion { what: "the positive class".into() });
        }
        let sum: f64 = positive.iter().map(|&i| f64::from(set.scores.row(i)[0])).sum();
        let mut estimate = (!positive.is_empty()).then(|| sum / positive.len() as f64);
        match self.fault {
            Fault::Value => estimate = estimate.map(|_| f64::NAN),
            Fault::Order => estimate = estimate.map(|e| e + f64::from(unseeded())),
            Fault::Shifted => estimate = estimate.map(|_| f64::from(set.scores.row(0)[0])),
            _ => {}
        }
        let fold = if self.fault == Fault::Twice { 0 } else { set.fold };
        let key = [
            ("trained", set.trained.clone()),
            ("evaluated", set.evaluated.clone()),
            ("fold", fold.to_string()),
        ];
        let patients = |rows: &mut dyn Iterator<Item = usize>| {
            rows.map(|r| &of(r).patient).collect::<BTreeSet<_>>().len()
        };
        Ok(Finding {
            contrast: "mean score".into(),
            at: key.map(|(k, v)| (k.to_owned(), v)).into(),
            estimand: "mean score of positive images".into(),
            reference: 0.0,
            estimate,
            p: (self.fault == Fault::Sum).then_some(1.5),
            n_images: set.rows.len(),
            n_patients: patients(&mut set.rows.iter().copied()),
            n_patients_positive: patients(&mut positive.iter().map(|&i| set.rows[i])),
            note: (estimate.is_none() && self.fault != Fault::Note).then(|| "no positive image".into()),
            ..Finding::default()
        })
    }
}

#[test]
fn probe_laws_find_faults() {
    let of = |fault| ProbeLaws::new(MeanScore { fault });
    finds(|f| of(f).numbers_are_possible(), &[Fault::Value, Fault::Sum]);
    finds(|f| of(f).findings_are_unique(), &[Fault::Twice]);
    finds(|f| of(f).depends_on_the_evidence_alone(), &[Fault::Order]);
    finds(|f| of(f).order_of_images_does_not_matter(), &[Fault::Shifted]);
    finds(|f| of(f).one_class_is_no_error(), &[Fault::Panics, Fault::Note]);
    finds(|f| of(f).card_is_complete(), &[Fault::Card]);
    finds(|f| of(f).parameters_survive_json(), &[Fault::Forgets]);
    of(Fault::None).unknown_parameters_are_refused();
}
