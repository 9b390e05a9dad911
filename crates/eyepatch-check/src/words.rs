//! Counts and numbers in words.

use std::collections::BTreeSet;

use eyepatch_core::Row;

/// How many ids of samples or patients a finding names.
pub(crate) const NAMED: usize = 6;

/// `1 image`, `2 images`, `12,345 images`.
pub(crate) fn plural(n: usize, what: &str) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = {
        let first = digits.len() % 3;
        let (head, tail) = digits.split_at(first);
        let tail = tail.as_bytes().chunks(3).filter_map(|c| std::str::from_utf8(c).ok());
        (!head.is_empty()).then_some(head).into_iter().chain(tail).collect()
    };
    format!("{} {what}{}", groups.join(","), if n == 1 { "" } else { "s" })
}

/// `12 %`, `0.4 %`.
pub(crate) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent > 0.0 && percent < 1.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// `p = 0.012`, `p < 0.0001`.
pub(crate) fn p(p: f64) -> String {
    if p < 1e-4 { "p < 0.0001".into() } else { format!("p = {p:.4}") }
}

/// Different patients.
pub(crate) fn patients<'a>(rows: impl Iterator<Item = &'a Row>) -> usize {
    rows.map(|r| r.patient.as_str()).collect::<BTreeSet<_>>().len()
}

/// The first few of some ids.
pub(crate) fn first<'a>(ids: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    ids.into_iter().take(NAMED).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told() {
        assert_eq!([plural(1, "image"), plural(0, "image")], ["1 image", "0 images"]);
        assert_eq!([plural(112_120, "row"), plural(1000, "row")], ["112,120 rows", "1,000 rows"]);
        assert_eq!([percent(0.5), percent(0.004), percent(0.0)], ["50 %", "0.4 %", "0 %"]);
        assert_eq!([p(0.5), p(1e-9)], ["p = 0.5000", "p < 0.0001"]);
    }
}
