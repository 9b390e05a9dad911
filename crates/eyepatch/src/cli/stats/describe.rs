use std::path::Path;

use eyepatch_stats::{
    Binning, FoldScores, StatsError, average_precision, brier, mean_auc_over_folds, recalibration,
    reliability, sensitivity_at_specificity,
};
use serde_json::{Value, json};

use super::args::{AucArgs, BinningArg, CalibrationArgs};
use super::table::{Part, Scored};
use super::{not_estimable, refused};
use crate::cli::error::CliError;

pub(super) fn auc(args: &AucArgs) -> Result<Value, CliError> {
    let path = &args.scored.table;
    let parts = Scored::read(path, &args.scored, &[&args.score])?.parts(0);
    let folds: Vec<FoldScores<'_, String>> = parts.iter().map(Part::as_scores).collect();
    let estimate = mean_auc_over_folds(&folds, args.level).map_err(|e| refused(path, e))?;
    let precisions =
        folds.iter().map(|f| average_precision(f.labels, f.scores)).collect::<Result<Vec<_>, _>>();
    let precisions = precisions.map_err(|e| refused(path, e))?;
    let point = |specificity: &f64| {
        let f = &folds[0];
        let found = sensitivity_at_specificity(f.labels, f.scores, f.patients, *specificity, args.level)?;
        Ok::<_, StatsError>(json!({ "asked_specificity": specificity, "point": found }))
    };
    let points = args.specificity.iter().map(point).collect::<Result<Vec<_>, _>>();
    Ok(json!({
        "table": path,
        "score": args.score,
        "auc": estimate,
        "average_precision": precisions.iter().sum::<f64>() / precisions.len() as f64,
        "operating_points": points.map_err(|e| refused(path, e))?,
    }))
}

pub(super) fn calibration(args: &CalibrationArgs) -> Result<Value, CliError> {
    let path = &args.scored.table;
    let scored = Scored::read_probabilities(path, &args.scored, &args.score)?;
    let folds =
        scored.parts(0).iter().map(|p| of_fold(path, args, &p.as_scores())).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "table": path, "score": args.score, "folds": folds }))
}

fn of_fold(path: &Path, args: &CalibrationArgs, fold: &FoldScores<'_, String>) -> Result<Value, CliError> {
    let binning = match args.binning {
        BinningArg::EqualWidth => Binning::EqualWidth,
        BinningArg::EqualMass => Binning::EqualMass,
    };
    let (labels, p) = (fold.labels, fold.scores);
    let bins = reliability(labels, p, usize::from(args.bins), binning).map_err(|e| refused(path, e))?;
    let curve = match recalibration(labels, p, fold.patients, args.level) {
        Ok(curve) => json!(curve),
        // The rest is still worth telling.
        Err(StatsError::NotEstimable(reason)) => not_estimable(&reason),
        Err(e) => return Err(refused(path, e)),
    };
    Ok(json!({
        "fold": args.scored.fold.as_ref().map(|_| fold.fold),
        "n_images": labels.len(),
        "n_positive": labels.iter().filter(|l| **l).count(),
        "brier": brier(labels, p).map_err(|e| refused(path, e))?,
        "binning": binning,
        "reliability": bins,
        "recalibration": curve,
    }))
}
