use std::path::Path;

use clap_mangen::Man;

use super::args::ManArgs;
use super::error::CliError;
use super::{Outcome, files};

/// The manual: a page a command, printed one after another or written as files.
pub(crate) fn man(args: &ManArgs, command: clap::Command) -> Result<Outcome, CliError> {
    // `help` says nothing that the pages do not.
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut text = Vec::new();
    for page in pages(&command) {
        match &args.out {
            Some(folder) => write(&page, folder)?,
            None => page.render(&mut text).map_err(CliError::Output)?,
        }
    }
    files::print_bytes(&text)
}

fn write(page: &Man, folder: &Path) -> Result<(), CliError> {
    let mut text = Vec::new();
    page.render(&mut text).map_err(CliError::Output)?;
    files::write_bytes(&folder.join(page.get_filename()), &text)
}

/// The pages of a command and of all below it.
fn pages(command: &clap::Command) -> Vec<Man> {
    let below = command.get_subcommands().filter(|c| !c.is_hide_set()).flat_map(pages);
    std::iter::once(Man::new(command.clone())).chain(below).collect()
}
