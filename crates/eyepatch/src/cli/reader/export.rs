use std::path::Path;

use eyepatch_core::{ContentHash, Keep};
use eyepatch_engine::{AuditInfo, Experiment, Shown, Store, scores_file};
use eyepatch_reader::{Design, Scored, Study, StudyPlan, ordered, random_seed};
use eyepatch_report::escape::csv_cell;
use eyepatch_report::json::read_result;
use eyepatch_report::schema::{AuditResult, RunResult};
use serde_json::json;

use super::args::ExportArgs;
use super::refused;
use crate::cli::error::CliError;
use crate::cli::observer::{Terminal, options};
use crate::cli::{Linked, Outcome, files, sweep};

/// What readers are told where nobody says otherwise.
const INSTRUCTIONS: &str = "Each case is one image. Parts of it may be covered. Say for each case whether the finding is present, and how \
                            sure you are. If you cannot tell, choose the likelier answer and say that it is a guess.\n\nRead on your own, \
                            and do not look cases up elsewhere.";
/// Instructions are for people to read.
const MAX_INSTRUCTIONS: usize = 20_000;

pub(super) fn export(args: &ExportArgs, linked: &Linked) -> Result<Outcome, CliError> {
    let (page_file, key_file) = (args.out.join("reader.html"), args.out.join("key.json"));
    files::free(&page_file, args.force)?;
    files::free(&key_file, args.force)?;
    let result_file = args.folder.join("result.json");
    let result = read_result(&result_file)?;
    let audit = chosen(&result, args)?;
    let scores = args.folder.join(scores_file(&audit.id));
    let full = audit.maskings.iter().find(|m| m.card.keep == Keep::Full);
    let full = full.map(|m| csv_cell(&m.card.name)).unwrap_or_default();
    let scored = Scored::read(&scores, args.fold, &full).map_err(refused)?;
    let plan = StudyPlan {
        title: args.title.clone(),
        instructions: instructions(args)?,
        seed: args.study_seed.unwrap_or_else(random_seed),
        audit: audit.id.clone(),
        fold: args.fold,
        result: hash(&result_file)?,
        scores: hash(&scores)?,
        maskings: maskings(args, audit, &scored),
        classes: if args.class.is_empty() { scored.classes.clone() } else { args.class.clone() },
        design: Design {
            positions: args.positions.clone(),
            per_position: args.per_position,
            negatives_per_position: args.negatives.unwrap_or(args.per_position),
        },
        threshold: args.threshold,
    };
    let study = Study::new(plan, scored).map_err(refused)?;
    let images = images(args, audit, &study, linked)?;
    let made = study.make(&images).map_err(refused)?;
    files::write_bytes(&key_file, made.key.to_json().map_err(refused)?.as_bytes())?;
    files::write_bytes(&page_file, made.page.as_bytes())?;
    if args.json {
        return files::print_json(&json!({
            "page": page_file, "key": key_file, "cases": images.len(), "study": made.key.commitment,
        }));
    }
    files::print(&format!(
        "{} cases of {}, study {}\nsend to readers: {}\nkeep to yourself: {}\nThe page cannot hide that images are masked, nor letters burnt \
         into them: look through it before you send it.\nthen: eyepatch reader score {} ANSWERS.json …\n",
        images.len(),
        audit.id,
        made.key.commitment.short(),
        page_file.display(),
        key_file.display(),
        key_file.display(),
    ))
}

fn chosen<'a>(result: &'a RunResult, args: &ExportArgs) -> Result<&'a AuditResult, CliError> {
    let known = || result.audits.iter().map(|a| a.id.as_str()).collect::<Vec<_>>().join(", ");
    match (&args.audit, result.audits.as_slice()) {
        (Some(id), audits) => audits.iter().find(|a| a.id == *id).ok_or_else(|| {
            CliError::usage(format!("the run has no audit `{id}`"), format!("it has: {}", known()))
        }),
        (None, [one]) => Ok(one),
        (None, audits) => Err(CliError::usage(
            format!("the run has {} audits", audits.len()),
            format!("choose one with --audit: {}", known()),
        )),
    }
}

/// Those that were asked for; else those of the AUC matrix, in its order.
fn maskings(args: &ExportArgs, audit: &AuditResult, scored: &Scored) -> Vec<String> {
    if !args.masking.is_empty() {
        return args.masking.iter().map(|m| csv_cell(m)).collect();
    }
    let matrix = audit.matrices.first().map(|m| m.columns.iter().map(|c| csv_cell(c)).collect::<Vec<_>>());
    match matrix {
        Some(columns) => columns.into_iter().filter(|c| scored.maskings.contains_key(c)).collect(),
        None => ordered(scored, &[]),
    }
}

fn instructions(args: &ExportArgs) -> Result<String, CliError> {
    let Some(path) = &args.instructions else { return Ok(INSTRUCTIONS.into()) };
    let remedy = "give a text file in UTF-8";
    let text = std::fs::read_to_string(path).map_err(|e| CliError::file(path, e, remedy))?;
    if text.len() > MAX_INSTRUCTIONS {
        let problem = format!("the instructions are longer than {MAX_INSTRUCTIONS} bytes");
        return Err(CliError::file(path, problem, "shorten them: readers must read them"));
    }
    Ok(text.replace("\r\n", "\n"))
}

fn hash(path: &Path) -> Result<ContentHash, CliError> {
    let bytes = std::fs::read(path).map_err(|e| CliError::file(path, e, "run the audit again"))?;
    Ok(ContentHash::of(&bytes))
}

/// The chosen images as the run's model saw them, from the run's own data.
fn images(
    args: &ExportArgs,
    audit: &AuditResult,
    study: &Study,
    linked: &Linked,
) -> Result<Vec<eyepatch_core::Image>, CliError> {
    let (info, experiment) = declared(args, audit, linked)?;
    let mut options = options(&args.how)?;
    options.quick |= audit.quick;
    let store = args.store.clone().unwrap_or_else(|| args.folder.join("store"));
    if !store.join("cells").is_dir() {
        let remedy = "give the run's store with --store, or run the audit again";
        return Err(CliError::file(store, "there is no store of the run", remedy));
    }
    let store = Store::open(store)?;
    let wanted = study.images();
    let shown = Shown { fold: args.fold, images: &wanted, cells: &audit.provenance.cells };
    let terminal = Terminal::new(options.threads);
    let images = experiment.shown(&info, &options, &store, &shown, &terminal);
    terminal.end();
    images?.ok_or_else(|| {
        CliError::usage(format!("audit `{}` masks nothing", info.id), "choose a masking sweep")
    })
}

/// The run's audit, declared again: from this program, a plan file or the options of `eyepatch run sweep`.
fn declared(
    args: &ExportArgs,
    audit: &AuditResult,
    linked: &Linked,
) -> Result<(AuditInfo, Box<dyn Experiment>), CliError> {
    let own = args.sweep.plan.is_some() || args.sweep.prepared.is_some() || args.sweep.table.table.is_some();
    let filter = if own { "sweep" } else { &audit.id };
    let found = sweep::choose(filter, &args.sweep, linked)?.into_iter().find(|(info, _)| info.id == audit.id);
    found.ok_or_else(|| {
        CliError::usage(
            format!("these options declare another audit than `{}`", audit.id),
            "give the options or the plan that the run was given",
        )
    })
}
