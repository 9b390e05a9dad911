//! Reader studies: a page for people from a run, and their answers held against it.

mod args;
mod export;
mod score;

pub(crate) use args::ReaderCommand;

use super::error::CliError;
use super::{Linked, Outcome};

/// Scoring needs no plugin.
pub(crate) fn score(args: &args::ScoreArgs) -> Result<Outcome, CliError> {
    score::score(args)
}

pub(crate) fn export(args: &args::ExportArgs, linked: &Linked) -> Result<Outcome, CliError> {
    export::export(args, linked)
}

/// An error of the study, with what to do about it.
fn refused(error: eyepatch_reader::Error) -> CliError {
    let remedy = error.remedy();
    CliError::usage(error.to_string(), remedy)
}
