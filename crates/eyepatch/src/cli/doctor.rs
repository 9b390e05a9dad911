use serde_json::json;

use super::args::DoctorArgs;
use super::error::CliError;
use super::{Linked, Outcome, files};

pub(crate) fn doctor(args: &DoctorArgs, linked: &Linked) -> Result<Outcome, CliError> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let temp = std::env::temp_dir();
    let writable = files::probe(&temp);
    let features = cpu_features();
    let plugins = linked.registry.entries().count();
    let audits = linked.audits.entries().count();
    let mut problems = Vec::new();
    for krate in &linked.silent {
        problems.push(format!(
            "crate `{krate}` is named in eyepatch::main! but registers nothing; remove it or mend it"
        ));
    }
    if let Err(e) = &writable {
        problems.push(format!(
            "temporary folder {}: {e}; set TMPDIR to a folder that can be written",
            temp.display()
        ));
    }
    if args.json {
        files::print_json(&json!({
            "version": env!("CARGO_PKG_VERSION"), "os": std::env::consts::OS, "arch": std::env::consts::ARCH,
            "threads": threads, "cpu_features": features, "device": "cpu", "plugins": plugins, "audits": audits,
            "problems": problems,
        }))?;
    } else {
        let mut text = format!(
            "eyepatch {} on {} {}\nthreads: {threads}\ncpu features: {}\ndevice: cpu\nplugins: {plugins}, audits: {audits}\n",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH,
            features.join(" ")
        );
        if problems.is_empty() {
            text.push_str("no problem found\n");
        }
        for problem in &problems {
            text.push_str(&format!("problem: {problem}\n"));
        }
        files::print(&text)?;
    }
    if problems.is_empty() {
        Ok(Outcome::Fine)
    } else {
        Err(CliError::usage(format!("{} problem(s) found", problems.len()), "mend what is listed above"))
    }
}

fn cpu_features() -> Vec<&'static str> {
    #[cfg(target_arch = "x86_64")]
    {
        let found = [
            ("avx2", std::arch::is_x86_feature_detected!("avx2")),
            ("fma", std::arch::is_x86_feature_detected!("fma")),
            ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
            ("avx512bw", std::arch::is_x86_feature_detected!("avx512bw")),
        ];
        found.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
    }
    #[cfg(not(target_arch = "x86_64"))]
    Vec::new()
}
