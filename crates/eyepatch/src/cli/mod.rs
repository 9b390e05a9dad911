//! The command line. Exit codes: 0 fine, 1 an audit flagged something and was asked to gate, 2 bad usage or bad input,
//! 130 stopped on request.

mod args;
mod doctor;
mod error;
mod files;
mod list;
mod mask;
mod observer;
mod plan;
mod report;
mod roi;
mod run;
mod split;
mod sweep;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use eyepatch_core::Registry;
use eyepatch_engine::Audits;

use args::{Args, Command, RoiCommand};
use error::CliError;

/// What a command ends in.
pub(crate) enum Outcome {
    /// All went well.
    Fine,
    /// An audit flagged something and was asked to gate.
    Flagged,
}

/// Everything that is linked into this program.
pub(crate) struct Linked {
    pub(crate) registry: Registry,
    pub(crate) audits: Audits,
    /// Crates named in `eyepatch::main!` that registered nothing.
    pub(crate) silent: Vec<String>,
}

/// The command line of a program that links `crates`. Called by [`crate::main!`].
#[must_use]
pub fn main(crates: &[&str]) -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(e) => {
            let _ = e.print();
            return if e.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    start_logging(args.verbose);
    match dispatch(args.command, crates) {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Flagged) => ExitCode::from(1),
        // The reader of a pipe has gone; there is nobody left to tell.
        Err(CliError::Output(e)) if e.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let code = error.exit_code();
            files::complain(&format!("{:?}", miette::Report::new(error)));
            ExitCode::from(code)
        }
    }
}

fn start_logging(verbose: u8) {
    let level = ["warn", "info", "debug", "trace"][usize::from(verbose.min(3))];
    let filter = tracing_subscriber::EnvFilter::try_from_env("EYEPATCH_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).finish();
    // Fails only where a program has set its own; then that one stays.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

fn dispatch(command: Command, crates: &[&str]) -> Result<Outcome, CliError> {
    match command {
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "eyepatch", &mut text);
            files::print_bytes(&text)
        }
        Command::Man => {
            let mut text = Vec::new();
            clap_mangen::Man::new(Args::command()).render(&mut text).map_err(CliError::Output)?;
            files::print_bytes(&text)
        }
        Command::Roi(RoiCommand::Dilate(a)) => roi::dilate(&a),
        Command::Roi(RoiCommand::Box(a)) => roi::bounding_box(&a),
        Command::Report(a) => report::report(&a),
        other => with_plugins(other, &linked(crates)?),
    }
}

fn with_plugins(command: Command, linked: &Linked) -> Result<Outcome, CliError> {
    match command {
        Command::List(a) => list::list(&a, linked),
        Command::Run(a) => run::run(*a, linked),
        Command::Plan(a) => plan::plan(*a, linked),
        Command::Doctor(a) => doctor::doctor(&a, linked),
        Command::Mask(a) => mask::mask(&a, linked),
        Command::Split(a) => split::split(&a, linked),
        Command::Completions { .. } | Command::Man | Command::Roi(_) | Command::Report(_) => {
            Ok(Outcome::Fine)
        }
    }
}

fn linked(crates: &[&str]) -> Result<Linked, CliError> {
    let registry = Registry::collect()?;
    let audits = Audits::collect()?;
    let mut origins: Vec<String> =
        registry.entries().map(|e| e.origin.crate_name.replace('-', "_")).collect();
    origins.extend(audits.entries().map(|a| a.origin.crate_name.replace('-', "_")));
    let silent: Vec<String> =
        crates.iter().filter(|c| !origins.iter().any(|o| o == *c)).map(|c| (*c).to_owned()).collect();
    for krate in &silent {
        tracing::warn!("crate `{krate}` is named in eyepatch::main! but registers no plugin and no audit");
    }
    Ok(Linked { registry, audits, silent })
}
