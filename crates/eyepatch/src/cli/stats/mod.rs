//! `eyepatch stats`: the statistics of reports for tables of one's own.

mod adjust;
mod args;
mod bootstrap;
mod delong;
mod describe;
mod kappa;
mod models;
mod table;

use std::path::Path;

use eyepatch_stats::{NotEstimable, StatsError, detection_power, minimal_detectable_gap};
use serde_json::json;

use args::PowerArgs;
pub(crate) use args::{AFTER_HELP, StatsCommand};

use super::error::CliError;
use super::{Outcome, files};

/// One statistic of a table, or of a study that is still planned, as JSON.
pub(crate) fn stats(command: &StatsCommand) -> Result<Outcome, CliError> {
    let value = match command {
        StatsCommand::Auc(a) => describe::auc(a)?,
        StatsCommand::Calibration(a) => describe::calibration(a)?,
        StatsCommand::Delong(a) => delong::delong(a)?,
        StatsCommand::Bootstrap(a) => bootstrap::bootstrap(a)?,
        StatsCommand::Holm(a) => adjust::holm(a)?,
        StatsCommand::Bh(a) => adjust::bh(a)?,
        StatsCommand::Kappa(a) => kappa::kappa(a)?,
        StatsCommand::Power(a) => power(a)?,
    };
    files::print_json(&value)
}

fn power(args: &PowerArgs) -> Result<serde_json::Value, CliError> {
    let PowerArgs { positive, negative, folds, alpha, power, margin, gap } = *args;
    let refused = |e: StatsError| CliError::usage(e.to_string(), remedy(&e));
    let detectable =
        minimal_detectable_gap(positive, negative, folds, alpha, power, margin).map_err(refused)?;
    let found = gap.map(|gap| detection_power(positive, negative, folds, alpha, gap, margin)).transpose();
    Ok(json!({
        "positive": positive,
        "negative": negative,
        "folds": folds,
        "alpha": alpha,
        "margin": margin,
        "power": power,
        "minimal_detectable_gap": detectable,
        "detectable_auc": 0.5 + detectable,
        "gap": gap,
        "power_at_gap": found.map_err(refused)?,
    }))
}

/// A statistic that the data of a table do not support.
fn refused(path: &Path, error: impl Into<StatsError>) -> CliError {
    let error = error.into();
    CliError::file(path, &error, remedy(&error))
}

/// Why one of several numbers is missing, in its place.
fn not_estimable(reason: &NotEstimable) -> serde_json::Value {
    json!({ "not_estimable": reason, "because": reason.to_string() })
}

fn remedy(error: &StatsError) -> &'static str {
    let reason = match error {
        StatsError::NotEstimable(reason) | StatsError::FoldNotEstimable { reason, .. } => reason,
        StatsError::OutOfRange { .. } => return "give a value within that range",
        StatsError::TooFewPatients { .. } => return "use fewer folds, or more patients",
        _ => return "",
    };
    match reason {
        NotEstimable::OneClass { .. } => "give images of both classes",
        NotEstimable::OnePatient { .. } | NotEstimable::TooFew { .. } => "give more of them",
        NotEstimable::Constant { .. } => "check that the right columns are named",
        _ => "",
    }
}
