//! Numbers as readers see them.

use eyepatch_core::Interval;

use crate::schema::{AnswerKind, Estimate, Outcome, Status};

/// Stands for what is not there.
pub(crate) const NONE: &str = "\u{2013}";

/// `digits` decimals, with a true minus sign.
pub(crate) fn number(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return NONE.into();
    }
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        // Nothing is left of it after rounding: no minus sign.
        Some(rest) if rest.bytes().all(|b| matches!(b, b'0' | b'.')) => rest.into(),
        Some(rest) => format!("\u{2212}{rest}"),
        None => text,
    }
}

/// As [`number`]; a dash for none.
pub(crate) fn optional(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| NONE.into(), |v| number(v, digits))
}

/// As [`number`], with a plus sign where it is above 0.
pub(crate) fn signed(value: f64, digits: usize) -> String {
    let text = number(value, digits);
    if value > 0.0 && text.bytes().any(|b| matches!(b, b'1'..=b'9')) { format!("+{text}") } else { text }
}

/// `[lower, upper]` with three decimals.
pub(crate) fn interval(interval: &Interval) -> String {
    format!("[{}, {}]", number(interval.lower, 3), number(interval.upper, 3))
}

/// `0.812 [0.780, 0.843]`; a dash for none.
pub(crate) fn estimate(estimate: Option<&Estimate>) -> String {
    match estimate {
        None => NONE.into(),
        Some(e) => {
            let i = e.interval.as_ref().map(|i| format!(" {}", interval(i)));
            number(e.value, 3) + &i.unwrap_or_default()
        }
    }
}

/// Thousands separated by commas.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A share of 0 to 1 in per cent: one decimal below 10, none from there.
pub(crate) fn percent(share: f64) -> String {
    let p = share * 100.0;
    let digits = usize::from(p.abs() < 9.95 && p.abs() > 1e-9);
    format!("{}\u{a0}%", number(p, digits))
}

/// A duration: `0.4 s`, `12 s`, `3 min 12 s`, `1 h 04 min`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a non-negative duration")]
pub(crate) fn seconds(value: f64) -> String {
    if !value.is_finite() || value < 0.0 {
        return NONE.into();
    }
    if value < 9.95 {
        return format!("{value:.1}\u{a0}s");
    }
    let s = value.round() as u64;
    match (s / 3600, s / 60 % 60, s % 60) {
        (0, 0, s) => format!("{s}\u{a0}s"),
        (0, m, s) => format!("{m}\u{a0}min {s:02}\u{a0}s"),
        (h, m, _) => format!("{h}\u{a0}h {m:02}\u{a0}min"),
    }
}

/// A p value: three decimals, `< 0.001` below.
pub(crate) fn p(value: Option<f64>) -> String {
    match value {
        Some(p) if p < 0.001 => "<\u{a0}0.001".into(),
        other => optional(other, 3),
    }
}

/// The status in a word or two.
pub(crate) fn status(kind: AnswerKind, status: Status) -> &'static str {
    match (kind, status) {
        (AnswerKind::Screening, Status::Flagged) => "Flagged",
        (AnswerKind::Screening, Status::Clear) => "Clear",
        (AnswerKind::Verdict, Status::Flagged) => "Shortcut",
        (AnswerKind::Verdict, Status::Clear) => "No evidence",
        (_, Status::Inconclusive) => "Inconclusive",
    }
}

/// What a contrast says, in a word or two.
pub(crate) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Evidence => "Evidence",
        Outcome::None => "No evidence",
        Outcome::Undecided => "Undecided",
    }
}

/// `1 image`, `2 images`.
pub(crate) fn plural(n: usize, one: &str) -> String {
    format!("{} {one}{}", count(n as u64), if n == 1 { "" } else { "s" })
}

/// At most so many characters of a name.
pub(crate) fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    name.chars().take(most - 1).chain(['\u{2026}']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(-0.0004, 3), "0.000");
        assert_eq!(number(-0.12, 2), "\u{2212}0.12");
        assert_eq!(number(f64::NAN, 2), NONE);
        assert_eq!([0.0251, -0.0251, 0.0004].map(|v| signed(v, 3)), ["+0.025", "\u{2212}0.025", "0.000"]);
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [0.0, 0.034, 0.0996, 0.5, 1.0].map(percent).map(|s| s.replace('\u{a0}', " ")),
            ["0 %", "3.4 %", "10 %", "50 %", "100 %"]
        );
        assert_eq!(
            [0.44, 9.96, 59.7, 3599.0, 3840.0].map(seconds).map(|s| s.replace('\u{a0}', " ")),
            ["0.4 s", "10 s", "1 min 00 s", "59 min 59 s", "1 h 04 min"]
        );
        assert_eq!([Some(0.0), Some(0.0123), None].map(p), ["<\u{a0}0.001", "0.012", NONE]);
    }
}
