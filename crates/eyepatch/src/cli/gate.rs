//! What a run means to continuous integration: its exit code, and JUnit XML.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use eyepatch_report::junit::{self, Gate};
use eyepatch_report::schema::RunResult;

use super::error::CliError;
use super::{Outcome, files};

/// What a gate lets through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum GateArg {
    /// Stops at a shortcut, or at a flag where the audit is a screening.
    Shortcut,
    /// Stops also where an audit is inconclusive, and where the check of its data raises an alarm.
    Strict,
}

#[derive(clap::Args)]
pub(crate) struct GateArgs {
    /// Exit with 1 where an audit finds a shortcut, or flags something if it is a screening; with --gate=strict also where it is
    /// inconclusive or the check of its data raises an alarm.
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "shortcut", value_name = "KIND")]
    gate: Option<GateArg>,
    /// Also write the answers as JUnit XML: a suite an audit, a test a class and one for the check of the data. A shortcut is
    /// a failure; an inconclusive answer and an alarm are skipped, or failures with --gate=strict.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

impl GateArgs {
    fn gate(&self) -> Gate {
        match self.gate {
            Some(GateArg::Strict) => Gate::Strict,
            Some(GateArg::Shortcut) | None => Gate::Shortcut,
        }
    }

    /// Whether the JUnit file can be written is found out before the run, not after it.
    pub(crate) fn check(&self) -> Result<(), CliError> {
        let Some(path) = &self.junit else { return Ok(()) };
        let wrong = |e: &dyn std::fmt::Display| {
            CliError::file(path, e, "name a file for --junit in a folder that can be written to")
        };
        if path.is_dir() {
            return Err(wrong(&"it is a folder"));
        }
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).and_then(|()| files::probe(folder)).map_err(|e| wrong(&e))
    }

    /// Writes the JUnit file, and says how the command ends.
    pub(crate) fn end(&self, result: &RunResult) -> Result<Outcome, CliError> {
        let gate = self.gate();
        if let Some(path) = &self.junit {
            files::write_bytes(path, junit::document(result, gate).as_bytes())?;
        }
        let stopped = self.gate.is_some() && result.audits.iter().any(|a| gate.stops(a));
        Ok(if stopped { Outcome::Flagged } else { Outcome::Fine })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        filter: Option<String>,
        #[command(flatten)]
        gate: GateArgs,
    }

    #[test]
    fn a_gate_takes_its_kind_after_an_equals_sign_only() {
        let of = |words: &[&str]| {
            let line =
                Line::try_parse_from(std::iter::once(&"eyepatch").chain(words)).map_err(|e| e.to_string())?;
            Ok::<_, String>((line.gate.gate, line.filter))
        };
        assert_eq!(of(&["--gate", "sweep"]), Ok((Some(GateArg::Shortcut), Some("sweep".into()))));
        assert_eq!(of(&["--gate=strict", "sweep"]), Ok((Some(GateArg::Strict), Some("sweep".into()))));
        assert_eq!(of(&["sweep"]), Ok((None, Some("sweep".into()))));
        assert!(of(&["--gate=lax"]).is_err_and(|e| e.contains("strict")));
    }
}
