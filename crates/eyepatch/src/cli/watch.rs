//! What somebody who watches sees and can do while images go through a network.

use std::io::IsTerminal;

use eyepatch_core::{Cancel, Progress};
use indicatif::{ProgressBar, ProgressStyle};

use super::files;

/// Asks to stop on Ctrl-C, saying so; a second one ends the program at once.
pub(crate) fn stop_on_interrupt(cancel: Cancel, words: &'static str) {
    let _ = ctrlc::set_handler(move || {
        if cancel.is_cancelled() {
            std::process::exit(130);
        }
        cancel.cancel();
        files::complain(&format!("stopping; {words} (press again to stop at once)"));
    });
}

/// A bar where standard error is a terminal.
pub(crate) fn progress_bar(prefix: &'static str, unit: &str, length: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = format!("{{prefix:.bold}} {{wide_bar}} {{pos}}/{{len}} {unit}, {{eta}} left");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_prefix(prefix).with_style(style)
}

/// Shows what a plugin reports.
pub(crate) struct Reported(pub(crate) ProgressBar);

impl Progress for Reported {
    fn report(&self, done: u64, total: u64, _note: &str) {
        self.0.set_length(total);
        self.0.set_position(done);
    }
}
