use eyepatch_reader::{Key, csv, markdown, read_all};

use super::args::ScoreArgs;
use super::refused;
use crate::cli::error::CliError;
use crate::cli::{Outcome, files};

pub(super) fn score(args: &ScoreArgs) -> Result<Outcome, CliError> {
    let key = Key::read(&args.key).map_err(refused)?;
    let answers = read_all(&key, &args.answers).map_err(refused)?;
    let scores = eyepatch_reader::score(&key, &answers);
    let text = markdown(&scores);
    if let Some(out) = &args.out {
        files::writable(out)?;
        let json = serde_json::to_string_pretty(&scores).map_err(|e| CliError::Output(e.into()))? + "\n";
        files::write_bytes(&out.join("scores.json"), json.as_bytes())?;
        files::write_bytes(&out.join("scores.md"), text.as_bytes())?;
        for (name, table) in csv(&scores).map_err(refused)? {
            files::write_bytes(&out.join(name), table.as_bytes())?;
        }
    }
    if args.json { files::print_json(&scores) } else { files::print(&text) }
}
