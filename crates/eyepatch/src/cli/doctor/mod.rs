//! `eyepatch doctor`: what this machine and this program have, and how fast they are.

mod machine;
mod speed;

use std::fmt::Write;

use eyepatch_nn::device::{DeviceChoice, choose};
use serde::Serialize;

use super::args::DoctorArgs;
use super::error::CliError;
use super::{Linked, Outcome, files};
use machine::{Cuda, Memory};
use speed::Measured;

/// All that is printed.
#[derive(Serialize)]
struct Findings {
    version: &'static str,
    os: &'static str,
    arch: &'static str,
    threads: usize,
    memory: Memory,
    cpu_features: Vec<&'static str>,
    /// The kernels that inference runs on this processor.
    path: &'static str,
    /// What `--device auto` takes.
    device: String,
    device_note: Option<String>,
    cuda: Cuda,
    plugins: usize,
    audits: usize,
    /// Empty where it was left out.
    speed: Vec<Measured>,
    problems: Vec<String>,
}

pub(crate) fn doctor(args: &DoctorArgs, linked: &Linked) -> Result<Outcome, CliError> {
    let chosen = choose(DeviceChoice::Auto).map_err(|e| CliError::usage(e.to_string(), ""))?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cuda = Cuda::look();
    let mut problems = problems(linked, &cuda);
    let speed = if args.no_speed {
        Vec::new()
    } else {
        speed::measure(threads, &chosen).unwrap_or_else(|e| {
            problems.push(format!("the speed test failed: {e}"));
            Vec::new()
        })
    };
    let findings = Findings {
        version: env!("CARGO_PKG_VERSION"),
        os: std::env::consts::OS,
        arch: std::env::consts::ARCH,
        threads,
        memory: Memory::look(),
        cpu_features: machine::cpu_features(),
        path: eyepatch_nn::infer::Isa::best().name(),
        device: chosen.to_string(),
        device_note: chosen.note,
        cuda,
        plugins: linked.registry.entries().count(),
        audits: linked.audits.entries().count(),
        speed,
        problems,
    };
    if args.json {
        files::print_json(&findings)?;
    } else {
        files::print(&text(&findings))?;
    }
    if findings.problems.is_empty() {
        return Ok(Outcome::Fine);
    }
    let problem = format!("{} problem(s) found", findings.problems.len());
    Err(CliError::usage(problem, "mend what is listed above"))
}

fn problems(linked: &Linked, cuda: &Cuda) -> Vec<String> {
    let silent = linked.silent.iter().map(|krate| {
        format!("crate `{krate}` is named in eyepatch::main! but registers nothing; remove it or mend it")
    });
    let mut problems: Vec<String> = silent.collect();
    let temp = std::env::temp_dir();
    if let Err(e) = files::probe(&temp) {
        let remedy = "set TMPDIR to a folder that can be written";
        problems.push(format!("temporary folder {}: {e}; {remedy}", temp.display()));
    }
    let broken =
        cuda.kernels.iter().filter_map(|k| Some(format!("kernels {}: {}", k.source, k.error.as_ref()?)));
    problems.extend(broken);
    problems
}

fn text(f: &Findings) -> String {
    let note = f.device_note.as_ref().map_or(String::new(), |n| format!(" ({n})"));
    let mut text = format!(
        "eyepatch {} on {} {}\nthreads: {}\nmemory: {}\ncpu features: {}\nkernels on the cpu: {}\ndevice: {}{note}\n{}\
         plugins: {}, audits: {}\n",
        f.version,
        f.os,
        f.arch,
        f.threads,
        f.memory,
        f.cpu_features.join(" "),
        f.path,
        f.device,
        f.cuda,
        f.plugins,
        f.audits,
    );
    for m in &f.speed {
        let _ = writeln!(text, "speed: {m}");
    }
    if f.problems.is_empty() {
        text.push_str("no problem found\n");
    }
    for problem in &f.problems {
        let _ = writeln!(text, "problem: {problem}");
    }
    text
}
