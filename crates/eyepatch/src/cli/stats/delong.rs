use std::collections::BTreeSet;

use eyepatch_stats::{AucInfluence, DeLong, StatsError, contrast};
use serde_json::{Value, json};

use super::args::DelongArgs;
use super::models::{Models, cells};
use super::table::Scored;
use super::{not_estimable, refused};
use crate::cli::error::CliError;

pub(super) fn delong(args: &DelongArgs) -> Result<Value, CliError> {
    let args = &args.pair;
    let models = Models::read(args)?;
    if models.names.len() < 2 {
        return Err(CliError::usage(
            "DeLong's test compares two models, and there is one",
            "give a second table, or two columns with --score a,b; `stats auc` tells one model's AUC",
        ));
    }
    let path = &args.scored.table;
    let parts = models.parts();
    let cells = cells(&parts);
    let pair = || -> Result<Value, StatsError> {
        let (one, two) = (AucInfluence::new(&cells[0])?, AucInfluence::new(&cells[1])?);
        let difference = contrast(&[(1.0, &one), (-1.0, &two)], 0.0)?;
        let (lower, upper) = difference.interval(args.level)?;
        Ok(json!({
            "models": models.described(&cells, args.level)?,
            "clustered": {
                "difference": difference.estimate,
                "se": difference.se,
                "lower": lower,
                "upper": upper,
                "level": args.level,
                "freedom": difference.freedom,
                "p": difference.p_two_sided(),
                "n_patients": difference.n_patients,
            },
            "delong": plain(&models.scored)?,
        }))
    };
    pair().map_err(|e| refused(path, e))
}

/// DeLong's own test, which takes every image for a patient of its own: only where it is one.
fn plain(scored: &Scored) -> Result<Value, StatsError> {
    let patients: BTreeSet<&String> = scored.patients.iter().collect();
    if patients.len() < scored.patients.len() {
        return Ok(
            json!({ "not_estimable": "repeated_patients", "because": "patients have several images or folds" }),
        );
    }
    if scored.folds.iter().any(|fold| *fold != scored.folds[0]) {
        return Ok(
            json!({ "not_estimable": "folds", "because": "scores of different folds are never compared" }),
        );
    }
    let found = DeLong::new(&scored.labels, &[&scored.scores[0], &scored.scores[1]])?;
    Ok(match found.test(0, 1) {
        Some(Ok(test)) => {
            json!({ "difference": test.difference, "se": test.se, "z": test.z, "p": test.p, "log10_p": test.log10_p })
        }
        Some(Err(reason)) => not_estimable(&reason),
        None => Value::Null,
    })
}
