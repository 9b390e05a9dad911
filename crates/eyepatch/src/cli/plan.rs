use std::collections::BTreeMap;
use std::path::Path;

use eyepatch_engine::{AuditInfo, Experiment, MaskingSweep, SweepSpec, expanded};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::args::PlanArgs;
use super::error::CliError;
use super::observer::options;
use super::{Linked, Outcome, bytes, cache, files, sweep};

/// Name and version of the plan file's schema.
const SCHEMA: &str = "eyepatch-plan/1";
/// The kind of experiment that a plan file can hold.
pub(crate) const SWEEP_KIND: &str = "masking-sweep";

/// A declared audit as a file.
#[derive(Serialize, Deserialize)]
struct PlanFile {
    schema: String,
    audit: AuditInfo,
    kind: String,
    experiment: serde_json::Value,
}

pub(crate) type Chosen = Vec<(AuditInfo, Box<dyn Experiment>)>;

/// The audits that a plan file holds, or that fit a filter of that name.
pub(crate) fn load(plan: &Path, linked: &Linked) -> Result<Chosen, CliError> {
    if !plan.exists() {
        return declared(&plan.to_string_lossy(), linked);
    }
    let again = "write it again with `eyepatch plan … --out`";
    let text =
        std::fs::read_to_string(plan).map_err(|e| CliError::file(plan, e, "check that it can be read"))?;
    let file: PlanFile = serde_json::from_str(&text).map_err(|e| CliError::file(plan, e, again))?;
    if file.schema != SCHEMA || file.kind != SWEEP_KIND {
        let problem = format!(
            "`{}` ({}) is no plan that this version reads; it reads {SCHEMA}",
            file.schema, file.kind
        );
        return Err(CliError::file(plan, problem, again));
    }
    let spec: SweepSpec =
        serde_json::from_value(file.experiment).map_err(|e| CliError::file(plan, e, again))?;
    let sweep = MaskingSweep::from_spec(&spec, &linked.registry)?;
    Ok(vec![(file.audit, Box::new(sweep))])
}

/// The only one of the chosen audits, for what must not be done for several.
pub(crate) fn only<'a>(
    chosen: &'a Chosen,
    filter: &str,
    remedy: &str,
) -> Result<(&'a AuditInfo, &'a dyn Experiment), CliError> {
    match chosen.as_slice() {
        [(info, experiment)] => Ok((info, experiment.as_ref())),
        several => {
            let ids: Vec<_> = several.iter().map(|(info, _)| info.id.as_str()).collect();
            let problem = format!("`{filter}` fits {} audits: {}", ids.len(), ids.join(", "));
            Err(CliError::usage(problem, remedy))
        }
    }
}

/// The declared audits that fit a filter, with their variants; `FILTER@NAME` chooses the variants of one name.
pub(crate) fn declared(filter: &str, linked: &Linked) -> Result<Chosen, CliError> {
    let (audits, name) = filter.split_once('@').map_or((filter, None), |(a, n)| (a, Some(n)));
    let entries = linked.audits.matching(audits)?;
    let all = expanded(entries.into_iter().map(|entry| (entry.info(), (entry.build)())).collect());
    let Some(name) = name else { return Ok(all) };
    let known: Vec<String> =
        all.iter().filter_map(|(info, _)| info.variant.as_ref()).map(|v| v.name.clone()).collect();
    let chosen: Chosen =
        all.into_iter().filter(|(info, _)| info.variant.as_ref().is_some_and(|v| v.name == name)).collect();
    if chosen.is_empty() {
        let remedy = match known.is_empty() {
            true => format!("leave out `@{name}`: `{audits}` stands for one experiment"),
            false => format!("it has: {}", known.join(", ")),
        };
        return Err(CliError::usage(format!("`{audits}` has no variant `{name}`"), remedy));
    }
    Ok(chosen)
}

pub(crate) fn plan(args: PlanArgs, linked: &Linked) -> Result<Outcome, CliError> {
    let chosen = sweep::choose(&args.filter, &args.sweep, linked)?;
    let options = cache::with_cache(options(&args.how)?, &args.cache);
    let mut shown = Vec::new();
    for (info, experiment) in &chosen {
        let planned = experiment.plan(info, &options)?;
        let mut kinds: BTreeMap<&str, (usize, f64, u64)> = BTreeMap::new();
        for cell in planned.cells() {
            let kind = kinds.entry(&cell.spec.kind).or_default();
            *kind = (kind.0 + 1, kind.1 + cell.seconds, kind.2 + cell.bytes);
        }
        let seconds: f64 = kinds.values().map(|k| k.1).sum();
        let of = |cache: bool| {
            planned.cells().iter().filter(move |c| c.cache == cache).map(|c| c.bytes).sum::<u64>()
        };
        let (disk, caches) = (of(false), of(true));
        if args.json {
            let cells: BTreeMap<_, _> = kinds
                .iter()
                .map(|(k, v)| (k, json!({"cells": v.0, "cpu_seconds": v.1, "bytes": v.2})))
                .collect();
            let overview: BTreeMap<String, String> = planned.overview().into_iter().collect();
            shown.push(json!({
                "audit": info, "overview": overview, "cells": cells, "cpu_seconds": seconds, "threads": options.threads,
                "bytes": disk, "cache_bytes": caches, "trunk_passes": planned.trunk_passes(),
                "minimal_detectable_gap": planned.detectable_gaps().into_iter().collect::<BTreeMap<_, _>>(),
            }));
            continue;
        }
        let mut text = format!("{}\n  {}\n", info.id, info.question.replace('\n', "\n  "));
        for (name, value) in planned.overview() {
            text.push_str(&format!("  {name}: {value}\n"));
        }
        let cells: Vec<String> = kinds.iter().map(|(kind, k)| format!("{} {kind}", k.0)).collect();
        text.push_str(&format!("  cells: {} ({})\n", planned.cells().len(), cells.join(", ")));
        let time = if seconds > 0.0 {
            format!("about {} on {} threads", human_time(seconds / options.threads as f64), options.threads)
        } else {
            "unknown: the model gives no estimate".into()
        };
        text.push_str(&format!("  time: {time}\n  disk: about {}", bytes::human(disk)));
        if caches > 0 {
            let bound = options.cache_budget.map_or("half of what is free".to_owned(), bytes::human);
            text.push_str(&format!(", and {} of features within a budget of {bound}", bytes::human(caches)));
        }
        text.push_str("\n\n");
        files::print(&text)?;
    }
    if let Some(out) = &args.out {
        let (info, experiment) = only(&chosen, &args.filter, "name one of them to write its plan")?;
        let file = PlanFile {
            schema: SCHEMA.into(),
            audit: info.clone(),
            kind: experiment.kind().into(),
            experiment: experiment.describe(),
        };
        let text = serde_json::to_vec_pretty(&file).map_err(|e| CliError::file(out, e, ""))?;
        files::write_bytes(out, &text)?;
    }
    if args.json { files::print_json(&shown) } else { Ok(Outcome::Fine) }
}

/// `42 s`, `7 min`, `2.5 h`.
pub(crate) fn human_time(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
