//! What the check finds in data sets in which something was planted, and does not find where nothing was.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod clean;
mod listed;
mod real;
mod stored;
mod toy;
