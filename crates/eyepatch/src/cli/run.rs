use std::path::PathBuf;

use eyepatch_engine::{Store, run_audits, write_run};
use eyepatch_report::Timings;
use eyepatch_report::schema::{AnswerKind, AuditResult, RunResult};
use serde_json::json;

use super::args::RunArgs;
use super::error::CliError;
use super::observer::{Terminal, options};
use super::{Linked, Outcome, benchmark, bytes, cache, device, files, sweep};

pub(crate) fn run(args: RunArgs, linked: &Linked) -> Result<Outcome, CliError> {
    let chosen = sweep::choose(&args.filter, &args.sweep, linked)?;
    let mut options = cache::with_cache(options(&args.how)?, &args.cache);
    options.device = device::of_run(&device::chosen(args.device)?);
    let out =
        args.out.clone().unwrap_or_else(|| PathBuf::from("eyepatch-out").join(args.filter.replace('/', "-")));
    // All are found out now: --store and --junit may lie elsewhere.
    files::writable(&out)?;
    args.gate.check()?;
    let store = Store::open(args.store.clone().unwrap_or_else(|| out.join("store")))?;
    let terminal = Terminal::new(options.threads);
    let cancel = options.cancel.clone();
    // A second Ctrl-C ends the program at once; the store is safe either way.
    let _ = ctrlc::set_handler(move || {
        if cancel.is_cancelled() {
            std::process::exit(130);
        }
        cancel.cancel();
        files::complain("stopping; finished cells are kept (press again to stop at once)");
    });
    let outcome = run_audits(&chosen, &store, &options, &terminal);
    terminal.end();
    let (result, pictures, timings) = outcome?;
    write_run(&out, &result, &pictures, &timings)?;
    let report = out.join("report.html");
    if args.json {
        let audits: Vec<_> =
            result.audits.iter().map(|a| json!({ "id": a.id, "answer": a.answer })).collect();
        files::print_json(&json!({
            "audits": audits, "benchmarks": result.benchmarks, "report": report, "result": out.join("result.json"),
            "peak_disk_bytes": timings.peak_disk_bytes, "peak_memory_bytes": timings.peak_memory_bytes,
        }))?;
    } else {
        let mut text = told(&result, &timings);
        text.push_str(&format!("report: {}\n", report.display()));
        files::print(&text)?;
    }
    args.gate.end(&result)
}

/// What was found, audit by audit, and what the run took at most.
fn told(result: &RunResult, timings: &Timings) -> String {
    let mut text = String::from("\n");
    for audit in &result.audits {
        text.push_str(&of_audit(audit));
        text.push('\n');
    }
    result.benchmarks.iter().for_each(|b| text.push_str(&benchmark::text(b)));
    let peak = |what: &str, peak: Option<u64>| peak.map(|b| format!("{} of {what}", bytes::human(b)));
    let peaks = [peak("disk", timings.peak_disk_bytes), peak("memory", timings.peak_memory_bytes)];
    text.push_str(&format!("at most: {}\n", peaks.into_iter().flatten().collect::<Vec<_>>().join(", ")));
    text
}

fn of_audit(audit: &AuditResult) -> String {
    let answer = &audit.answer;
    let word = answer.word().to_uppercase();
    let mut text = format!("{}\n  {}\n  {word}: {}\n", audit.id, audit.question, answer.sentence);
    if answer.kind == AnswerKind::Verdict && answer.classes.len() > 1 {
        answer.classes.iter().for_each(|c| text.push_str(&format!("    {}\n", c.sentence)));
    }
    for class in audit.verdict.iter().flat_map(|v| &v.classes) {
        text.push_str(&format!("  about the data, {}: {}\n", class.class, class.data.sentence));
    }
    if let Some(check) = &audit.check {
        text.push_str(&format!("  data check: {}\n", check.counts()));
    }
    text
}
