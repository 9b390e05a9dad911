//! Declared masking sweeps, changed from the command line: another size, other model parameters, folds or seed.

use eyepatch_core::Model;
use eyepatch_engine::{AuditInfo, Experiment, MaskingSweep, SweepSpec};
use serde_json::{Map, Value, json};

use super::Linked;
use super::args::SweepArgs;
use super::error::CliError;
use super::plan::{Chosen, SWEEP_KIND};

/// Changes every chosen audit as `args` ask. The audit then says so where it says where it is declared, so that its
/// result does not pass for what the code declares.
pub(crate) fn apply(args: &SweepArgs, chosen: &mut Chosen, linked: &Linked) -> Result<(), CliError> {
    let said = said(args);
    if said.is_empty() {
        return Ok(());
    }
    for (info, experiment) in chosen {
        if args.size.is_some() || args.model_params.is_some() || args.folds.is_some() {
            *experiment = Box::new(changed(args, info, experiment.as_ref(), linked)?);
        }
        info.seed = args.seed.unwrap_or(info.seed);
        info.declared_in = format!("{}, changed on the command line: {said}", info.declared_in);
    }
    Ok(())
}

/// The changes as they were typed.
fn said(args: &SweepArgs) -> String {
    let words = [
        args.size.map(|v| format!("--size {v}")),
        args.model_params.as_ref().map(|v| format!("--model-params {v}")),
        args.folds.map(|v| format!("--folds {v}")),
        args.seed.map(|v| format!("--seed {v}")),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn changed(
    args: &SweepArgs,
    info: &AuditInfo,
    experiment: &dyn Experiment,
    linked: &Linked,
) -> Result<MaskingSweep, CliError> {
    if experiment.kind() != SWEEP_KIND {
        let remedy = "leave out --size, --model-params and --folds: they change masking sweeps only";
        return Err(of(info, format!("is a {}", experiment.kind()), remedy));
    }
    let mut spec = experiment.describe();
    if let Some(folds) = args.folds {
        if let Some(file) = spec["design"]["split_file"].as_str() {
            return Err(of(info, format!("takes its folds from {file}"), "leave out --folds"));
        }
        spec["design"]["folds"] = json!(folds);
    }
    let mut params = match spec["model"]["params"].take() {
        Value::Object(params) => params,
        _ => Map::new(),
    };
    merge_model(&mut params, args)?;
    spec["model"]["params"] = Value::Object(params);
    if let Some(size) = args.size {
        resize(&mut spec, size, info, linked)?;
    }
    let spec: SweepSpec = serde_json::from_value(spec)
        .map_err(|e| of(info, format!("cannot be changed from here: {e}"), "change it in its code"))?;
    Ok(MaskingSweep::from_spec(&spec, &linked.registry)?)
}

/// Sets the model's parameter `size`. A model that was scored elsewhere takes any size; there it is the sweep's.
fn resize(spec: &mut Value, size: u16, info: &AuditInfo, linked: &Linked) -> Result<(), CliError> {
    let id = spec["model"]["id"].as_str().unwrap_or_default().to_owned();
    let scored = linked.registry.make::<dyn Model>(&id, &spec["model"]["params"])?.scores().is_some();
    match spec["model"]["params"].get_mut("size") {
        Some(own) => *own = if own.is_array() { json!([size, size]) } else { json!(size) },
        None if scored => {}
        None => {
            let problem = format!("trains `{id}`, which has no parameter `size`");
            return Err(of(info, problem, "leave out --size"));
        }
    }
    if scored || !spec["design"]["size"].is_null() {
        spec["design"]["size"] = json!([size, size]);
    }
    Ok(())
}

fn of(info: &AuditInfo, problem: String, remedy: &str) -> CliError {
    CliError::usage(format!("audit `{}` {problem}", info.id), remedy)
}

/// Puts `--model-params` into a model's parameters.
pub(crate) fn merge_model(params: &mut Map<String, Value>, args: &SweepArgs) -> Result<(), CliError> {
    let more = object(args.model_params.as_deref(), "--model-params")?;
    if args.size.is_some() && more.contains_key("size") {
        return Err(CliError::usage("--size and --model-params both give a size", "give one of them"));
    }
    params.extend(more);
    Ok(())
}

/// A JSON object that an option holds; an empty one where it is not given.
pub(crate) fn object(json: Option<&str>, option: &str) -> Result<Map<String, Value>, CliError> {
    let example = "write for instance '{\"epochs\": 20}'";
    match json.map(serde_json::from_str) {
        None => Ok(Map::new()),
        Some(Ok(Value::Object(map))) => Ok(map),
        Some(Ok(_)) => Err(CliError::usage(format!("{option} is no JSON object"), example)),
        Some(Err(e)) => Err(CliError::usage(format!("{option}: {e}"), example)),
    }
}
