//! Probes that read embeddings, of a model that gives none.

use eyepatch_core::{Ctx, Evidence, Finding, Keep, Layers, Params, Probe, ProbeCard, Result, plugin};
use serde::{Deserialize, Serialize};

use super::plugins::{Brightness, Cover};
use super::{run, sweep};

/// Says how much evidence it is given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Counts;

impl Params for Counts {}

/// Counts.
#[plugin("toy/counts")]
impl Probe for Counts {
    fn card(&self) -> ProbeCard {
        ProbeCard { name: "counts".into(), description: "counts what it is given".into() }
    }

    fn reads(&self) -> Layers {
        Layers::All
    }

    fn examine(&self, evidence: &Evidence<'_>, _: &Ctx) -> Result<Vec<Finding>> {
        let count = |what: &str, n: usize| Finding {
            contrast: what.into(),
            estimate: Some(n as f64),
            ..Finding::default()
        };
        Ok(vec![
            count("scores", evidence.scores.len()),
            count("folds", evidence.splits.len()),
            count("embeddings", evidence.embeddings.len()),
        ])
    }
}

#[test]
fn a_probe_gets_all_scores_and_folds_and_no_embeddings_where_the_model_gives_none() {
    let dir = tempfile::tempdir().unwrap();
    let maskers = [Cover::full(), Cover::roi(Keep::Outside)];
    let asked = sweep(Brightness::delivered(), &maskers).probe(Counts);
    let (first, _) = run(asked.clone(), dir.path()).unwrap();
    let audit = &first.audits[0];
    let section = audit.sections.iter().find(|s| s.name == "counts").unwrap();
    let said: Vec<(&str, Option<f64>)> = audit.findings[section.findings.0..section.findings.1]
        .iter()
        .map(|f| (f.contrast.as_str(), f.estimate))
        .collect();
    // Two maskings, two folds.
    assert_eq!(said, [("scores", Some(4.0)), ("folds", Some(2.0)), ("embeddings", Some(0.0))]);
    assert_eq!(run(asked, dir.path()).unwrap().0, first, "what its cell left is read again");
}
