//! Patients who are in two parts of a split, under one name or under several.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::{Row, Table};
use eyepatch_report::schema::{CheckFinding, Severity};

use crate::finding::finding;
use crate::input::Input;
use crate::meta;
use crate::words::{NAMED, first, percent, plural};

/// Values of a column that may tell cameras or sites.
const MOST_GROUPS: usize = 20;
/// Rows that a camera or site must have before its ids are judged.
const LEAST_ROWS: usize = 10;
/// Images that names may give one patient; more is a common word, not a patient.
const MOST_IMAGES: usize = 20;
/// Pairs of names from which on they are no accident.
const LEAST_PAIRS: usize = 5;

pub(crate) fn check(input: &Input<'_>) -> Vec<CheckFinding> {
    let parts = input.parts_by_fold();
    let mut findings: Vec<CheckFinding> = overlap(input).into_iter().collect();
    findings.extend(spellings(input, &parts));
    findings.extend(names(input, &parts));
    findings.extend(ids_by_group(input.table));
    findings
}

/// Patients in two parts of one fold.
fn overlap(input: &Input<'_>) -> Option<CheckFinding> {
    let mut seen: BTreeMap<(usize, &str), BTreeSet<&str>> = BTreeMap::new();
    for split in input.splits {
        for &row in &split.rows {
            seen.entry((split.fold, &input.table.rows[row].patient)).or_default().insert(&split.part);
        }
    }
    let torn: BTreeMap<&str, &BTreeSet<&str>> = seen
        .iter()
        .filter(|(_, parts)| parts.len() > 1)
        .map(|((_, patient), parts)| (*patient, parts))
        .collect();
    let example = torn.values().next()?;
    let parts = example.iter().copied().collect::<Vec<_>>().join(" and ");
    let sentence =
        format!("{} in two parts of one fold, for instance in {parts}.", are(torn.len(), "patient"));
    let remedy = "Split again by patient: `eyepatch split --group` does. A score on these patients is a memory, not a test.";
    let mut found = finding(Severity::Alarm, "patients", sentence, remedy);
    found.patients = first(torn.keys().copied());
    Some(found)
}

/// `1 patient is`, `2 patients are`.
fn are(n: usize, what: &str) -> String {
    format!("{} {}", plural(n, what), if n == 1 { "is" } else { "are" })
}

/// Ids that differ in capitals, blanks or leading zeros only.
fn spellings(input: &Input<'_>, parts: &[Vec<Option<usize>>]) -> Option<CheckFinding> {
    let mut by_plain: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for row in &input.table.rows {
        by_plain.entry(plain(&row.patient)).or_default().insert(&row.patient);
    }
    by_plain.retain(|_, spelt| spelt.len() > 1);
    let several: BTreeSet<&str> = by_plain.values().flatten().copied().collect();
    let groups =
        groups_of(&input.table.rows, |r| several.contains(r.patient.as_str()).then(|| plain(&r.patient)));
    if by_plain.is_empty() {
        return None;
    }
    let torn = torn(&groups, input.table, parts);
    let across = if torn == 0 {
        String::new()
    } else {
        format!(" {} in two parts of the split.", are(torn, "of them"))
    };
    let sentence = format!(
        "{} spelt in several ways (capitals, blanks, leading zeros), so one person counts as several patients.{across}",
        are(by_plain.len(), "patient id")
    );
    let remedy = "Write ids in one way (trimmed, one case, of one length) and split again.";
    let mut found = finding(Severity::Warning, "patients", sentence, remedy);
    found.patients = first(several);
    Some(found)
}

/// An id as people mean it.
fn plain(id: &str) -> String {
    let id: String = id.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    let id = id.strip_suffix(".0").map_or(id.clone(), str::to_owned);
    let bare = id.trim_start_matches('0');
    if bare.is_empty() || !bare.starts_with(|c: char| c.is_ascii_digit()) { id } else { bare.to_owned() }
}

/// Rows by key, in the order of rows.
fn groups_of(rows: &[Row], key: impl Fn(&Row) -> Option<String>) -> BTreeMap<String, Vec<usize>> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        if let Some(key) = key(row) {
            groups.entry(key).or_default().push(index);
        }
    }
    groups
}

/// Groups with rows of different patients in different parts of a fold.
fn torn(groups: &BTreeMap<String, Vec<usize>>, table: &Table, parts: &[Vec<Option<usize>>]) -> usize {
    let is = |rows: &&Vec<usize>| {
        let pairs = rows.iter().enumerate().flat_map(|(i, &a)| rows[..i].iter().map(move |&b| (a, b)));
        pairs
            .into_iter()
            .any(|(a, b)| table.rows[a].patient != table.rows[b].patient && Input::parted(parts, a, b))
    };
    groups.values().filter(is).count()
}

/// Images that by their names are of one person (two eyes, several visits), each counted as a patient of its own.
fn names(input: &Input<'_>, parts: &[Vec<Option<usize>>]) -> Option<CheckFinding> {
    let rows = &input.table.rows;
    let mut groups = groups_of(rows, |r| stem(&r.id));
    groups.retain(|_, members| {
        let patients: BTreeSet<&str> = members.iter().map(|&r| rows[r].patient.as_str()).collect();
        (2..=MOST_IMAGES).contains(&members.len()) && patients.len() == members.len()
    });
    let images: usize = groups.values().map(Vec::len).sum();
    if groups.len() < LEAST_PAIRS || images * 20 < rows.len() {
        return None;
    }
    let torn = torn(&groups, input.table, parts);
    let across = if torn == 0 {
        String::new()
    } else {
        format!(" {} in two parts of the split.", are(torn, "such group"))
    };
    let sentence = format!(
        "{} ({} of the images) share their name up to the side or a last number, and each counts as a patient of its \
         own: fellow eyes or visits of one person may be parted.{across}",
        plural(images, "image"),
        percent(images as f64 / rows.len() as f64)
    );
    let remedy = "Give such images one patient id, or say why they are of different people; a split by image would leak.";
    let mut found = finding(Severity::Warning, "patients", sentence, remedy);
    found.samples = first(groups.values().flatten().take(NAMED).map(|&r| rows[r].id.as_str()));
    Some(found)
}

/// What is left of a name without folder, extension, side of the body and last number; `None` where that is little.
fn stem(id: &str) -> Option<String> {
    let name = id.rsplit(['/', '\\']).next().unwrap_or(id);
    let name = name.rsplit_once('.').map_or(name, |(stem, ext)| if ext.len() <= 4 { stem } else { name });
    let lower = name.to_lowercase();
    let mut words: Vec<&str> = lower.split(['_', '-', ' ', '.']).filter(|w| !w.is_empty()).collect();
    let sides = ["l", "r", "left", "right", "od", "os", "re", "le"];
    let before = words.len();
    words.retain(|w| !sides.contains(w));
    if words.len() == before {
        // No side: a last number of up to three digits counts images of one person.
        let last = words.last()?;
        if words.len() < 2 || last.len() > 3 || !last.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        words.pop();
    }
    let stem = words.join("_");
    stem.bytes().any(|b| b.is_ascii_digit()).then_some(stem)
}

/// A camera or site whose images are all patients of their own, while others' are not: only some names were understood.
fn ids_by_group(table: &Table) -> Vec<CheckFinding> {
    let own: Vec<bool> = table.rows.iter().map(is_own_patient).collect();
    let mut findings = Vec::new();
    for column in meta::columns(table) {
        let Some(groups) = column.groups(MOST_GROUPS) else { continue };
        let mut counts: BTreeMap<&String, (usize, usize)> = BTreeMap::new();
        for (group, own) in groups.iter().zip(&own) {
            if let Some(group) = group {
                let (yes, all) = counts.entry(group).or_default();
                (*yes, *all) = (*yes + usize::from(*own), *all + 1);
            }
        }
        counts.retain(|_, (_, all)| *all >= LEAST_ROWS);
        let share = |&(yes, all): &(usize, usize)| yes as f64 / all as f64;
        let alone: Vec<_> = counts.iter().filter(|(_, c)| share(c) >= 0.9).collect();
        let known = counts.iter().filter(|(_, c)| share(c) <= 0.1).count();
        if alone.is_empty() || known == 0 {
            continue;
        }
        let names: Vec<String> =
            alone.iter().map(|(name, (_, all))| format!("{name} ({})", plural(*all, "image"))).collect();
        let sentence = format!(
            "In {} every image is its own patient; elsewhere patients have ids. Its rows may hold several images of one \
             person.",
            names.join(", ")
        );
        let remedy = "Find the patient ids of these images: without them a split by patient parts fellow eyes and visits.";
        let mut found = finding(Severity::Warning, "patients", sentence, remedy);
        found.column = Some(column.name.clone());
        findings.push(found);
    }
    findings
}

/// Whether a row's patient is just its image.
fn is_own_patient(row: &Row) -> bool {
    let stem = |s: &str| {
        let name = s.rsplit(['/', '\\']).next().unwrap_or(s).to_lowercase();
        name.rsplit_once('.').map_or(name.clone(), |(stem, _)| stem.to_owned())
    };
    let patient = stem(&row.patient);
    let image = row.image.as_ref().and_then(|p| p.file_name()).map(|n| stem(&n.to_string_lossy()));
    patient == stem(&row.id) || Some(patient) == image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_side_or_their_last_number() {
        let some = |s: &str| Some(s.to_owned());
        assert_eq!(stem("IMG_0012_OD.jpg"), some("img_0012"));
        assert_eq!(stem("a/b/17-left.png"), some("17"));
        assert_eq!(stem("00000013_005"), some("00000013"));
        assert_eq!(stem("scan_3"), None, "a word without a number names no person");
        assert_eq!(stem("IMG_20190312"), None, "a long last number is the name");
        assert_eq!(stem("12345"), None);
    }

    #[test]
    fn ids_are_compared_as_people_mean_them() {
        assert_eq!(plain(" P0012 "), plain("p0012"));
        assert_eq!(plain("00061"), plain("61.0"));
        assert_ne!(plain("p1"), plain("p2"));
        assert_ne!(plain("0"), plain("00x"));
    }
}
