//! A masking sweep of one's own table, built from plugins by id.

use std::path::Path;

use eyepatch_engine::{AuditInfo, Experiment, MaskingSweep, PluginRef, SplitScheme, SweepSpec};
use serde_json::{Map, Value, json};

use super::Linked;
use super::args::{SchemeArg, SweepArgs};
use super::change::{self, merge_model};
use super::dataset::{FOLDER, PREPARED, TableArgs};
use super::error::CliError;
use super::forms::{self, Form};
use super::mask::REGION;
use super::plan::{Chosen, declared, load};

const PREDICTIONS: &str = "eyepatch/predictions";
const PROBE: &str = "eyepatch/auc-matrix";
const EXPLAINER: &str = "eyepatch/occlusion";
/// Working size where neither the user nor a model says: scores computed elsewhere.
const DEFAULT_SIZE: u16 = 128;
const DEFAULT_MODEL: &str = "eyepatch/densenet";
const DEFAULT_FOLDS: u16 = 3;
const STUDY_FOLDS: u16 = 5;
const DEFAULT_SEED: u64 = 1907;
const DEFAULT_FLAG_ABOVE: f64 = 0.55;

/// The audits of a run: declared ones, a plan file's, or a sweep of a table.
pub(crate) fn choose(filter: &str, args: &SweepArgs, linked: &Linked) -> Result<Chosen, CliError> {
    if filter != "sweep" {
        forms::check(args, Form::Declared(filter))?;
        let mut chosen = declared(filter, linked)?;
        change::apply(args, &mut chosen, linked)?;
        return Ok(chosen);
    }
    if let Some(plan) = &args.plan {
        forms::check(args, Form::Plan)?;
        return planned(plan, args, linked);
    }
    forms::check(args, if args.scores.is_some() { Form::Scores } else { Form::Table })?;
    let sweep = from_table(args, linked)?;
    Ok(vec![(info(args), sweep)])
}

/// A plan file's audit, with scores in the place of its model where they are given.
fn planned(plan: &Path, args: &SweepArgs, linked: &Linked) -> Result<Chosen, CliError> {
    let mut chosen = load(plan, linked)?;
    if args.scores.is_some() {
        for (_, experiment) in &mut chosen {
            let spec: SweepSpec = serde_json::from_value(experiment.describe())
                .map_err(|e| CliError::file(plan, e, "write it again with `eyepatch plan … --out`"))?;
            *experiment = Box::new(scored(spec, args, linked)?);
        }
    }
    Ok(chosen)
}

fn info(args: &SweepArgs) -> AuditInfo {
    let data = args.prepared.as_deref().or(args.table.table.as_deref());
    let name = data.and_then(|t| t.file_name()).unwrap_or_default();
    let what = match args.table.label.as_slice() {
        [] => "its classes".to_owned(),
        labels => format!("`{}`", labels.join("`, `")),
    };
    AuditInfo {
        id: "sweep".into(),
        question: format!(
            "Does a model trained on {} still find {what} when the ROI is hidden?",
            name.display()
        ),
        seed: args.seed.unwrap_or(DEFAULT_SEED),
        tags: vec!["masking".into()],
        declared_in: "the command line".into(),
        variant: None,
    }
}

fn from_table(args: &SweepArgs, linked: &Linked) -> Result<Box<dyn Experiment>, CliError> {
    let dataset = data(args)?;
    let mut model = Map::new();
    if let Some(size) = args.size {
        model.insert("size".into(), json!(size));
    }
    merge_model(&mut model, args)?;
    let masker = |keep: &str, shape: &str| PluginRef {
        id: REGION.into(),
        params: json!({ "keep": keep, "shape": shape, "dilate": 0, "fill": "black" }),
    };
    let folds = if args.scheme.is_some() { STUDY_FOLDS } else { DEFAULT_FOLDS };
    let mut design = json!({
        "folds": args.folds.unwrap_or(folds), "split": split_scheme(args)?, "dilations": args.dilate,
        "flag": {
            "keep": "outside", "shape": "exact", "threshold": args.flag_above.unwrap_or(DEFAULT_FLAG_ABOVE),
        },
    });
    if let Some(splits) = &args.splits {
        design["split_file"] = json!(splits);
    }
    let spec = json!({
        "dataset": dataset,
        "model": { "id": args.model.as_deref().unwrap_or(DEFAULT_MODEL), "params": model },
        // The study's five, in its order of presentation.
        "maskers": [
            masker("full", "exact"), masker("outside", "exact"), masker("outside", "box"),
            masker("inside", "exact"), masker("inside", "box"),
        ],
        "probes": [{ "id": PROBE }],
        "explainer": { "id": EXPLAINER },
        "design": design,
    });
    let spec: SweepSpec = serde_json::from_value(spec).map_err(|e| CliError::usage(e.to_string(), ""))?;
    if args.scores.is_some() {
        return Ok(Box::new(scored(spec, args, linked)?));
    }
    Ok(Box::new(MaskingSweep::from_spec(&spec, &linked.registry)?))
}

/// The data set of a sweep from the command line: a prepared set, or a table.
fn data(args: &SweepArgs) -> Result<Value, CliError> {
    if let Some(folder) = &args.prepared {
        return Ok(json!({ "id": PREPARED, "params": { "folder": folder } }));
    }
    let TableArgs { table: Some(_), images: Some(_), rois: Some(_), label, .. } = &args.table else {
        return Err(CliError::usage(
            "a sweep needs a table, its images and their ROIs",
            "give --table FILE --images DIR --rois DIR --patient COLUMN --label COLUMN, or --prepared DIR, or --plan FILE",
        ));
    };
    if label.is_empty() {
        return Err(CliError::usage("no label to audit", "give --label COLUMN (0/1), once a class"));
    }
    let params = args.table.params(args.data_params.as_deref(), "--data-params")?;
    Ok(json!({ "id": FOLDER, "params": params }))
}

fn split_scheme(args: &SweepArgs) -> Result<SplitScheme, CliError> {
    match (args.scheme, args.test_where.as_deref().map(|test| test.split_once('='))) {
        (None, _) => Ok(SplitScheme::Balanced),
        (Some(SchemeArg::GroupHoldoutKfold), None) => Ok(SplitScheme::study_chest()),
        (Some(SchemeArg::GroupHoldoutKfold), Some(_)) => Err(CliError::usage(
            "group-holdout-kfold draws its test set",
            "leave out --test-where, or give --scheme stratified-group-kfold",
        )),
        (Some(SchemeArg::StratifiedGroupKfold), None) => {
            Ok(SplitScheme::StratifiedGroupKfold { shuffle: None, test_where: None })
        }
        (Some(SchemeArg::StratifiedGroupKfold), Some(Some((column, value)))) => {
            Ok(SplitScheme::study_fundus(column.trim(), value.trim()))
        }
        (Some(SchemeArg::StratifiedGroupKfold), Some(None)) => {
            Err(CliError::usage("--test-where names no column and value", "write for instance set=test"))
        }
    }
}

/// The same sweep with scores that were computed elsewhere instead of a model.
fn scored(mut spec: SweepSpec, args: &SweepArgs, linked: &Linked) -> Result<MaskingSweep, CliError> {
    // The size is part of the plan: masked images were written at the size of the model that the plan names.
    let size = match (args.size, MaskingSweep::from_spec(&spec, &linked.registry)) {
        (Some(size), _) => (usize::from(size), usize::from(size)),
        (None, Ok(planned)) => planned.working_size(),
        (None, Err(_)) => (usize::from(DEFAULT_SIZE), usize::from(DEFAULT_SIZE)),
    };
    let mut params = Map::new();
    params.insert("scores".into(), json!(args.scores));
    if let Some(manifest) = &args.manifest {
        params.insert("manifest".into(), json!(manifest));
    }
    spec.model = PluginRef { id: PREDICTIONS.into(), params: Value::Object(params) };
    spec.explainer = None;
    Ok(MaskingSweep::from_spec(&spec, &linked.registry)?.size(size.0, size.1))
}
