//! A word with a mark whose shape says what its colour says.

use minijinja::Value;
use serde::Serialize;

use crate::format;
use crate::schema::{AnswerKind, CheckState, Outcome, Severity, Status};

#[derive(Clone, Serialize)]
pub(super) struct Badge {
    key: &'static str,
    word: &'static str,
    icon: Value,
}

impl Badge {
    pub(super) fn new(kind: AnswerKind, status: Status) -> Self {
        // The shape says what the colour says: triangle, circle, diamond.
        let (key, icon) = match status {
            Status::Flagged => {
                ("flagged", r#"<path d="M10 2 19 18H1Z"/><path class="cut" d="M10 8v5M10 15v1"/>"#)
            }
            Status::Clear => {
                ("clear", r#"<circle cx="10" cy="10" r="9"/><path class="cut" d="m6 10 3 3 5-6"/>"#)
            }
            Status::Inconclusive => (
                "inconclusive",
                r#"<path d="M10 0 20 10 10 20 0 10Z"/><path class="cut" d="M10 5v6M10 13.5v1"/>"#,
            ),
        };
        Self::drawn(key, format::status(kind, status), icon)
    }

    /// Evidence looks like what is flagged, none like what is clear.
    pub(super) fn of_outcome(outcome: Outcome) -> Self {
        let like = match outcome {
            Outcome::Evidence => Status::Flagged,
            Outcome::None => Status::Clear,
            Outcome::Undecided => Status::Inconclusive,
        };
        Self { word: format::outcome(outcome), ..Self::new(AnswerKind::Verdict, like) }
    }

    /// An alarm looks like what is flagged, a warning like what is inconclusive.
    pub(super) fn of_severity(severity: Severity) -> Self {
        match severity {
            Severity::Alarm => Self { word: "Alarm", ..Self::new(AnswerKind::Screening, Status::Flagged) },
            Severity::Warning => {
                Self { word: "Warning", ..Self::new(AnswerKind::Screening, Status::Inconclusive) }
            }
            Severity::Note => Self::drawn(
                "noted",
                "Note",
                r#"<circle cx="10" cy="10" r="9"/><path class="cut" d="M10 9v6M10 5v1"/>"#,
            ),
        }
    }

    /// Passed looks like what is clear, failed like what is flagged.
    pub(super) fn of_check(state: CheckState) -> Self {
        let (word, like) = match state {
            CheckState::Passed => ("Passed", Status::Clear),
            CheckState::Failed => ("Failed", Status::Flagged),
            CheckState::NotRun => ("Not made", Status::Inconclusive),
        };
        Self { word, ..Self::new(AnswerKind::Screening, like) }
    }

    fn drawn(key: &'static str, word: &'static str, shape: &str) -> Self {
        let icon = format!(
            r#"<svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">{shape}</svg>"#
        );
        Self { key, word, icon: Value::from_safe_string(icon) }
    }
}
