use std::path::PathBuf;

use eyepatch_engine::{Store, run_audits, write_run};
use eyepatch_report::schema::{Benchmark, Rate, Status};
use serde_json::json;

use super::args::RunArgs;
use super::error::CliError;
use super::observer::{Terminal, options};
use super::{Linked, Outcome, bytes, cache, device, files, sweep};

pub(crate) fn run(args: RunArgs, linked: &Linked) -> Result<Outcome, CliError> {
    let chosen = sweep::choose(&args.filter, &args.sweep, linked)?;
    let mut options = cache::with_cache(options(&args.how)?, &args.cache);
    options.device = device::of_run(&device::chosen(args.device)?);
    let out =
        args.out.clone().unwrap_or_else(|| PathBuf::from("eyepatch-out").join(args.filter.replace('/', "-")));
    // Both are found out now: --store may lie elsewhere.
    files::writable(&out)?;
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
    let flagged = result.audits.iter().any(|a| a.answer.status == Status::Flagged);
    let report = out.join("report.html");
    if args.json {
        let audits: Vec<_> =
            result.audits.iter().map(|a| json!({ "id": a.id, "answer": a.answer })).collect();
        files::print_json(&json!({
            "audits": audits, "benchmarks": result.benchmarks, "report": report, "result": out.join("result.json"),
            "peak_disk_bytes": timings.peak_disk_bytes, "peak_memory_bytes": timings.peak_memory_bytes,
        }))?;
    } else {
        let mut text = String::from("\n");
        for audit in &result.audits {
            let word = match audit.answer.status {
                Status::Flagged => "FLAGGED",
                Status::Clear => "CLEAR",
                Status::Inconclusive => "INCONCLUSIVE",
            };
            text.push_str(&format!(
                "{}\n  {}\n  {word}: {}\n",
                audit.id, audit.question, audit.answer.sentence
            ));
            if let Some(check) = &audit.check {
                text.push_str(&format!("  data check: {}\n", check.counts()));
            }
            text.push('\n');
        }
        result.benchmarks.iter().for_each(|b| text.push_str(&benchmark_text(b)));
        text.push_str(&format!("report: {}\n", report.display()));
        let peak = |what: &str, peak: Option<u64>| peak.map(|b| format!("{} of {what}", bytes::human(b)));
        let peaks = [peak("disk", timings.peak_disk_bytes), peak("memory", timings.peak_memory_bytes)];
        text.push_str(&format!("at most: {}\n", peaks.into_iter().flatten().collect::<Vec<_>>().join(", ")));
        files::print(&text)?;
    }
    Ok(if flagged && args.gate { Outcome::Flagged } else { Outcome::Fine })
}

/// How verdicts did, one line a reading.
fn benchmark_text(b: &Benchmark) -> String {
    let rate = |r: &Rate| match r.share {
        Some(share) => {
            let interval =
                share.interval.map_or_else(String::new, |i| format!(" [{:.3}, {:.3}]", i.lower, i.upper));
            format!("{}/{} = {:.3}{interval}", r.count, r.of, share.value)
        }
        None => "none".into(),
    };
    let mut text = format!(
        "{}\n  {}\n  {} models\n",
        b.id,
        b.question.lines().next().unwrap_or_default(),
        b.cases.len()
    );
    for reading in &b.readings {
        let (sensitivity, specificity) = (rate(&reading.sensitivity), rate(&reading.specificity));
        text.push_str(&format!("  {}: sensitivity {sensitivity}, specificity {specificity}\n", reading.name));
    }
    text.push_str(&format!("  right cause: {}\n", rate(&b.cause_accuracy)));
    let [planted, clean] = [&b.inconclusive_planted, &b.inconclusive_clean].map(rate);
    text.push_str(&format!("  inconclusive: {planted} of planted, {clean} of clean models\n\n"));
    text
}
