use eyepatch_stats::{BootstrapMethod, StatsError, bootstrap as draw};
use serde_json::{Value, json};

use super::args::BootstrapArgs;
use super::models::{Models, cells};
use super::{not_estimable, refused};
use crate::cli::error::CliError;

pub(super) fn bootstrap(args: &BootstrapArgs) -> Result<Value, CliError> {
    let models = Models::read(&args.pair)?;
    let parts = models.parts();
    let cells = cells(&parts);
    let level = args.pair.level;
    let all = || -> Result<Value, StatsError> {
        let drawn = draw(&cells, args.replicates as usize, args.seed)?;
        let interval = |terms: &[(f64, usize)]| -> Result<Value, StatsError> {
            let of = |method| match drawn.interval(terms, level, method) {
                Ok(found) => Ok(json!(found)),
                // The other one may still be told.
                Err(StatsError::NotEstimable(reason)) => Ok(not_estimable(&reason)),
                Err(e) => Err(e),
            };
            Ok(json!({ "percentile": of(BootstrapMethod::Percentile)?, "bca": of(BootstrapMethod::Bca)? }))
        };
        let one =
            |(cell, name): (usize, &Value)| Ok(json!({ "model": name, "auc": interval(&[(1.0, cell)])? }));
        let each = models.names.iter().enumerate().map(one).collect::<Result<Vec<_>, StatsError>>()?;
        let pair = if each.len() == 2 { interval(&[(1.0, 0), (-1.0, 1)])? } else { Value::Null };
        Ok(json!({ "replicates": args.replicates, "seed": args.seed, "models": each, "difference": pair }))
    };
    all().map_err(|e| refused(&args.pair.scored.table, e))
}
