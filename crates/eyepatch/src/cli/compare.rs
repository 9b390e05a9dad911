use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use super::{Outcome, files};

#[derive(Args)]
pub(crate) struct CompareArgs {
    /// Folder of the first run, where its result.json lies.
    pub(crate) first: PathBuf,
    /// Folder of the second run.
    pub(crate) second: PathBuf,
    /// Also write compare.json and compare.md into this folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints what changed. Whatever did, the exit code is 0: a difference is no failure.
pub(crate) fn compare(args: &CompareArgs) -> Result<Outcome, CliError> {
    for folder in [&args.first, &args.second] {
        if !folder.join("result.json").is_file() {
            let problem = if folder.exists() { "holds no result.json" } else { "does not exist" };
            return Err(CliError::file(
                folder,
                problem,
                "name the --out folder of a finished `eyepatch run`",
            ));
        }
    }
    let compared = eyepatch_engine::compare_runs(&args.first, &args.second)?;
    let markdown = compared.markdown();
    if let Some(folder) = &args.out {
        files::writable(folder)?;
        let json = serde_json::to_string_pretty(&compared).map_err(|e| CliError::Output(e.into()))?;
        files::write_bytes(&folder.join("compare.json"), (json + "\n").as_bytes())?;
        files::write_bytes(&folder.join("compare.md"), markdown.as_bytes())?;
    }
    if args.json { files::print_json(&compared) } else { files::print(&markdown) }
}
