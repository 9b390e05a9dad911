//! The command line. Exit codes: 0 fine, 1 something was found and a gate was asked for, 2 bad usage or bad input,
//! 130 stopped on request.

mod args;
mod benchmark;
mod bytes;
mod cache;
mod change;
mod check;
mod compare;
mod dataset;
mod device;
mod doctor;
mod error;
mod explain;
mod files;
mod forms;
mod gate;
mod list;
mod man;
mod mask;
mod network;
mod observer;
mod plan;
mod predict;
mod prepare;
mod reader;
mod report;
mod rle;
mod roi;
mod run;
mod safe;
mod split;
mod stats;
mod sweep;
mod watch;
mod weights;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use eyepatch_core::Registry;
use eyepatch_engine::Audits;

use args::{Args, Command, RoiCommand};
use error::CliError;
use reader::ReaderCommand;

/// What a command ends in.
pub(crate) enum Outcome {
    /// All went well.
    Fine,
    /// Something was found that a gate stops at.
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
        Err(e) => return usage(e),
    };
    start_logging(args.verbose);
    match dispatch(args.command, crates) {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Flagged) => ExitCode::from(1),
        // The reader of a pipe has gone; there is nobody left to tell.
        Err(CliError::Output(e)) if e.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            files::complain_of(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Help, or what is wrong with the command as it was typed. Its words may be a stranger's (file names, through a
/// shell's wildcard), so what is wrong is told of the words as they are shown.
fn usage(e: clap::Error) -> ExitCode {
    let words = std::env::args_os().map(|w| files::shown(&w.to_string_lossy()));
    let e = Args::try_parse_from(words).err().unwrap_or(e);
    let _ = e.print();
    if e.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
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
        Command::Man(a) => man::man(&a, Args::command()),
        Command::Roi(RoiCommand::Dilate(a)) => roi::dilate(&a),
        Command::Roi(RoiCommand::Box(a)) => roi::bounding_box(&a),
        Command::Roi(RoiCommand::Rle(a)) => rle::decode(&a),
        Command::Report(a) => report::report(&a),
        Command::Compare(a) => compare::compare(&a),
        Command::Split(a) => split::split(&a),
        Command::Stats(command) => stats::stats(&command),
        Command::Weights(command) => weights::weights(&command),
        Command::Predict(a) => predict::predict(&a),
        Command::Reader(ReaderCommand::Score(a)) => reader::score(&a),
        other => with_plugins(other, &linked(crates)?),
    }
}

fn with_plugins(command: Command, linked: &Linked) -> Result<Outcome, CliError> {
    match command {
        Command::List(a) => list::list(&a, linked),
        Command::Check(a) => check::check(&a, linked),
        Command::Run(a) => run::run(*a, linked),
        Command::Plan(a) => plan::plan(*a, linked),
        Command::Doctor(a) => doctor::doctor(&a, linked),
        Command::Mask(a) => mask::mask(&a, linked),
        Command::Prepare(a) => prepare::prepare(&a, linked),
        Command::Explain(a) => explain::explain(&a, linked),
        Command::Reader(ReaderCommand::Export(a)) => reader::export(&a, linked),
        Command::Weights(_) => Ok(Outcome::Fine),
        Command::Completions { .. }
        | Command::Man(_)
        | Command::Roi(_)
        | Command::Report(_)
        | Command::Compare(_)
        | Command::Predict(_)
        | Command::Reader(ReaderCommand::Score(_))
        | Command::Split(_)
        | Command::Stats(_) => Ok(Outcome::Fine),
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
