use std::error::Error;
use std::fmt;

use miette::Diagnostic;

use super::files::shown;

/// A diagnostic as a terminal may show it: what strings of strangers hold of control characters is made visible, line
/// by line, before the diagnostic library adds colours of its own.
#[derive(Debug)]
pub(crate) struct Safe {
    text: String,
    help: Option<String>,
    source: Option<Box<Safe>>,
}

impl Safe {
    pub(crate) fn new(diagnostic: &dyn Diagnostic) -> Self {
        let help = diagnostic.help().map(|h| shown(&h.to_string()));
        let source = diagnostic.source().map(|s| Box::new(Self::cause(s)));
        Self { text: shown(&diagnostic.to_string()), help, source }
    }

    fn cause(error: &dyn Error) -> Self {
        let source = error.source().map(|s| Box::new(Self::cause(s)));
        Self { text: shown(&error.to_string()), help: None, source }
    }
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Safe {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|s| s as &(dyn Error + 'static))
    }
}

impl Diagnostic for Safe {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|h| Box::new(h) as Box<dyn fmt::Display>)
    }
}

#[cfg(test)]
mod tests {
    use eyepatch_core::Error as CoreError;
    use miette::{GraphicalReportHandler, GraphicalTheme};

    use super::*;
    use crate::cli::error::CliError;

    const HOSTILE: &str = "a\u{1b}]0;owned\u{7}\u{1b}[2Jb\u{9b}31m\u{202e}c\r\td";

    fn acts(text: &str) -> bool {
        text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}')
    }

    /// As it is printed to a terminal that shows no colours: whatever acts comes from the error.
    fn drawn(diagnostic: &dyn Diagnostic) -> String {
        let mut text = String::new();
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
        handler.render_report(&mut text, diagnostic).unwrap();
        text
    }

    #[test]
    fn nothing_that_acts_is_left_in_message_help_and_causes() {
        let sample = CoreError::Sample {
            sample: HOSTILE.into(),
            path: Some(HOSTILE.into()),
            row: Some(3),
            problem: HOSTILE.into(),
            remedy: HOSTILE.into(),
        };
        let table = CoreError::Table {
            path: HOSTILE.into(),
            row: None,
            column: Some(HOSTILE.into()),
            problem: "bad".into(),
            remedy: String::new(),
        };
        let cause = CoreError::plugin("acme/ring", std::io::Error::other(HOSTILE));
        let cell = eyepatch_engine::Error::Cell {
            kind: "fit".into(),
            name: HOSTILE.into(),
            source: Box::new(cause.into()),
        };
        let usage = CliError::usage(HOSTILE, HOSTILE);
        for error in [sample.into(), table.into(), cell.into(), usage] {
            let error: CliError = error;
            assert!(acts(&drawn(&error)), "without the wrapper this error would act");
            let text = drawn(&Safe::new(&error));
            assert!(!acts(&text), "{text:?}");
            assert!(text.contains("␛]0;owned␇␛[2Jb[U+009B]31m[U+202E]c␍␉d"), "{text}");
        }
    }

    #[test]
    fn lines_help_and_causes_stay() {
        let inner = std::io::Error::other("the disk is gone");
        let error = CliError::Core(CoreError::io("a.png", inner));
        let text = drawn(&Safe::new(&error));
        assert!(text.contains("the disk is gone") && text.contains("help:"), "{text}");
        let usage = CliError::usage("one\ntwo", "three\nfour");
        let safe = Safe::new(&usage);
        assert_eq!(safe.to_string(), "one\ntwo");
        assert_eq!(safe.help().unwrap().to_string(), "three\nfour");
    }
}
