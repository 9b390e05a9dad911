//! A run as JUnit XML, which continuous integration shows as tests: a suite an audit, a case a class, and one for the check of
//! the data.
//!
//! The format is the one that Jenkins, GitLab and others read: `testsuites`, `testsuite`, `testcase`, with `failure` and
//! `skipped`. A shortcut (or a flag of a screening) is a failure; an inconclusive answer, and an alarm of the check, are
//! skipped, or failures where the gate is strict.

use std::fmt::Write as _;

use crate::escape::xml_text as text;
use crate::format;
use crate::schema::{AuditResult, Check, RunResult, Severity, Status};

/// What lets a gate fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gate {
    /// A shortcut, or a flag of a screening.
    #[default]
    Shortcut,
    /// Also an answer that is inconclusive, and an alarm of the check of the data.
    Strict,
}

impl Gate {
    /// Whether an audit stays outside: the same that makes one of its cases a failure.
    #[must_use]
    pub fn stops(self, audit: &AuditResult) -> bool {
        cases(audit, self).iter().any(|case| matches!(case.outcome, Outcome::Failure(..)))
    }
}

/// One case of a suite.
struct Case<'a> {
    name: &'a str,
    outcome: Outcome<'a>,
}

/// How it ended: passed, or with a word for what was found and a sentence.
enum Outcome<'a> {
    Passed,
    Skipped(&'static str, Vec<&'a str>),
    Failure(&'static str, Vec<&'a str>),
}

/// The document.
#[must_use]
pub fn document(result: &RunResult, gate: Gate) -> String {
    let suites: Vec<_> = result.audits.iter().map(|a| (a, cases(a, gate))).collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = || suites.iter().flat_map(|s| &s.1);
    let _ = writeln!(out, "<testsuites name=\"eyepatch\" {}>", counts(all()));
    for (audit, cases) in &suites {
        let id = text(&audit.id);
        let _ = writeln!(out, "  <testsuite name=\"{id}\" {}>", counts(cases.iter()));
        for case in cases {
            write_case(&mut out, &id, case);
        }
        out.push_str("  </testsuite>\n");
    }
    out + "</testsuites>\n"
}

fn counts<'a>(cases: impl Iterator<Item = &'a Case<'a>>) -> String {
    let (mut tests, mut failures, mut skipped) = (0, 0, 0);
    for case in cases {
        tests += 1;
        failures += usize::from(matches!(case.outcome, Outcome::Failure(..)));
        skipped += usize::from(matches!(case.outcome, Outcome::Skipped(..)));
    }
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"")
}

fn write_case(out: &mut String, suite: &str, case: &Case<'_>) {
    let open = format!("    <testcase classname=\"{suite}\" name=\"{}\"", text(case.name));
    let _ = match &case.outcome {
        Outcome::Passed => writeln!(out, "{open}/>"),
        Outcome::Skipped(word, said) => {
            let message = text(&format!("{word}: {}", said.join(" ")));
            writeln!(out, "{open}>\n      <skipped message=\"{message}\"/>\n    </testcase>")
        }
        Outcome::Failure(word, said) => {
            let message = text(said.first().copied().unwrap_or_default());
            let whole = text(&said.join(" "));
            writeln!(
                out,
                "{open}>\n      <failure type=\"{word}\" message=\"{message}\">{whole}</failure>\n    </testcase>"
            )
        }
    };
}

/// A case a class, or one for the audit where it has none; then the check of the data.
fn cases(audit: &AuditResult, gate: Gate) -> Vec<Case<'_>> {
    let answer = &audit.answer;
    let case = |name, status, sentence| {
        let word = format::status(answer.kind, status);
        let outcome = match status {
            Status::Clear => Outcome::Passed,
            Status::Inconclusive if gate == Gate::Shortcut => Outcome::Skipped(word, vec![sentence]),
            Status::Inconclusive | Status::Flagged => Outcome::Failure(word, vec![sentence]),
        };
        Case { name, outcome }
    };
    let mut cases: Vec<Case<'_>> =
        answer.classes.iter().map(|c| case(&c.class, c.status, c.sentence.as_str())).collect();
    if cases.is_empty() {
        cases.push(case("answer", answer.status, &answer.sentence));
    }
    cases.extend(audit.check.as_ref().map(|c| Case { name: "data check", outcome: checked(c, gate) }));
    cases
}

fn checked(check: &Check, gate: Gate) -> Outcome<'_> {
    let alarms = check.findings.iter().filter(|f| f.severity == Severity::Alarm);
    let said: Vec<&str> = alarms.map(|f| f.sentence.as_str()).collect();
    match (said.is_empty(), gate) {
        (true, _) => Outcome::Passed,
        (false, Gate::Shortcut) => Outcome::Skipped("Alarm", said),
        (false, Gate::Strict) => Outcome::Failure("Alarm", said),
    }
}
