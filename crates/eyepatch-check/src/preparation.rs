//! Traces that preparation left: formats, qualities and depths that follow the camera.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_report::schema::{CheckFinding, Severity};

use crate::column::Column;
use crate::families::Source;
use crate::finding::finding;

const MOST_GROUPS: usize = 20;
const LEAST_ROWS: usize = 10;
/// Share of images whose file a column foretells, and the share of the commonest kind of file above which there is nothing
/// to foretell.
const FORETOLD: f64 = 0.95;
const COMMON: f64 = 0.95;
/// File columns that cameras write by nature: only their kind counts, not a size.
const KINDS: [&str; 6] = [
    "file format",
    "JPEG quality",
    "compression",
    "chroma subsampling",
    "bits a value in the file",
    "channels in the file",
];

pub(crate) fn check(columns: &[Column], restated: &BTreeSet<String>) -> Vec<CheckFinding> {
    let of = |source: Source| columns.iter().filter(move |c| c.source == source);
    let mut findings = Vec::new();
    for given in of(Source::Table).filter(|c| !restated.contains(&c.family)) {
        let Some(groups) = given.groups(MOST_GROUPS) else { continue };
        let followed: Vec<(&Column, String)> = of(Source::File)
            .filter(|c| KINDS.contains(&c.name.as_str()))
            .filter_map(|c| Some((c, followed(&groups, &c.groups(MOST_GROUPS)?)?)))
            .collect();
        let Some((file, example)) = followed.first() else { continue };
        let names: Vec<&str> = followed.iter().map(|(c, _)| c.name.as_str()).collect();
        let sentence =
            format!("`{}` decides how files are stored ({}): {example}.", given.name, names.join(", "));
        let remedy = "Preparation itself leaves a cue of the group in the pixels (compression, rounding). Save all images in \
                      one format and quality from the originals.";
        let mut found = finding(Severity::Warning, "preparation", sentence, remedy);
        found.column = Some(file.name.clone());
        findings.push(found);
    }
    findings
}

/// Whether the groups foretell a kind; then in words what goes with what.
fn followed(groups: &[Option<String>], kinds: &[Option<String>]) -> Option<String> {
    let mut counts: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut all: BTreeMap<&str, usize> = BTreeMap::new();
    for (group, kind) in groups.iter().zip(kinds) {
        if let Some(group) = group {
            // A file that does not say (a PNG has no JPEG quality) is a kind, too.
            let kind = kind.as_deref().unwrap_or("none");
            *counts.entry(group).or_default().entry(kind).or_default() += 1;
            *all.entry(kind).or_default() += 1;
        }
    }
    let n: usize = all.values().sum();
    let commonest = |kinds: &BTreeMap<&str, usize>| {
        kinds.iter().map(|(k, c)| (*c, (*k).to_owned())).max().unwrap_or_default()
    };
    let foretold: usize = counts.values().map(|kinds| commonest(kinds).0).sum();
    let large = counts.values().filter(|kinds| kinds.values().sum::<usize>() >= LEAST_ROWS).count();
    if large < 2 || (foretold as f64) < FORETOLD * n as f64 || commonest(&all).0 as f64 > COMMON * n as f64 {
        return None;
    }
    let told: Vec<String> =
        counts.iter().take(4).map(|(group, kinds)| format!("{group} {}", commonest(kinds).1)).collect();
    Some(told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(values: &[&str], times: usize) -> Vec<Option<String>> {
        (0..times).flat_map(|_| values.iter().map(|v| Some((*v).to_owned()))).collect()
    }

    #[test]
    fn a_group_foretells_a_kind_or_it_does_not() {
        let cameras = some(&["Bosch", "Forus", "Remidio"], 20);
        let told = followed(&cameras, &some(&["JPEG", "PNG", "JPEG"], 20)).unwrap();
        assert_eq!(told, "Bosch JPEG, Forus PNG, Remidio JPEG");
        assert_eq!(followed(&cameras, &some(&["JPEG"], 60)), None, "one kind tells nothing");
        assert_eq!(followed(&cameras, &some(&["JPEG", "PNG"], 30)), None, "unrelated");
        assert_eq!(followed(&some(&["A", "B"], 3), &some(&["JPEG", "PNG"], 3)), None, "too few");
    }
}
