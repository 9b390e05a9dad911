//! Labels held against the words they were made from.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::{Meta, Row, Table};
use eyepatch_report::schema::{CheckFinding, Severity};

use crate::column::Column;
use crate::families::Source;
use crate::finding::finding;
use crate::words::{first, patients, percent, plural};

/// Share of positives whose text names the class, and of negatives whose text does not, from which on a column is the label
/// in other words.
const RESTATES: f64 = 0.9;
/// Names of the class that has no disease.
const NORMAL: [&str; 6] = ["no finding", "no findings", "normal", "healthy", "none", "nrg"];
/// Findings named as examples, where so many patients have them.
const EXAMPLES: usize = 3;
const NAMED_FROM: usize = 5;

/// Columns (by family) that are a label in other words: `finding_labels` beside `pneumonia`. They are measured, but no
/// finding.
pub(crate) fn restated(table: &Table, columns: &[Column]) -> BTreeSet<String> {
    let tells = |family: &str, class: usize| {
        let name = plain(&table.classes[class]);
        let share = |answer: bool| {
            let rows: Vec<&Row> = table.rows.iter().filter(|r| r.labels[class] == Some(answer)).collect();
            let named = rows.iter().filter(|r| items(r, family).iter().any(|i| holds(i, &name))).count();
            named as f64 / rows.len().max(1) as f64
        };
        share(true) >= RESTATES && share(false) <= 1.0 - RESTATES
    };
    let texts = columns.iter().filter(|c| c.source == Source::Table).map(|c| c.family.as_str());
    texts
        .filter(|family| (0..table.classes.len()).any(|class| tells(family, class)))
        .map(str::to_owned)
        .collect()
}

pub(crate) fn check(table: &Table, columns: &[Column], restated: &BTreeSet<String>) -> Vec<CheckFinding> {
    let families: BTreeSet<&str> =
        columns.iter().filter(|c| c.source == Source::Table).map(|c| c.family.as_str()).collect();
    let mut findings = Vec::new();
    for (c, class) in table.classes.iter().enumerate() {
        for family in &families {
            if NORMAL.contains(&plain(class).as_str()) {
                findings.extend(not_normal(table, c, family));
            } else {
                findings.extend(children(table, c, family));
            }
        }
        if NORMAL.contains(&plain(class).as_str()) {
            findings.extend(both(table, c));
        }
    }
    for family in restated {
        let sentence = format!(
            "`{family}` is a label in other words; it is measured, and not counted among the columns."
        );
        let mut found =
            finding(Severity::Note, "labels", sentence, "Nothing to do, as long as no model is given it.");
        found.column = Some(family.clone());
        findings.push(found);
    }
    findings
}

/// Negatives whose text names a longer finding with the class's name in it, or the class itself.
fn children(table: &Table, class: usize, family: &str) -> Option<CheckFinding> {
    let name = plain(&table.classes[class]);
    let negative = |r: &&Row| r.labels[class] == Some(false);
    let mut rows: Vec<&Row> = Vec::new();
    let mut named: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for row in table.rows.iter().filter(negative) {
        let found: Vec<String> = items(row, family).into_iter().filter(|i| holds(i, &name)).collect();
        if !found.is_empty() {
            rows.push(row);
        }
        for item in found {
            named.entry(item).or_default().insert(&row.patient);
        }
    }
    if rows.is_empty() {
        return None;
    }
    let sentence = format!(
        "{class}: {} of {} count as negatives although `{family}` names it{}.",
        plural(rows.len(), "image"),
        plural(patients(rows.iter().copied()), "patient"),
        examples(&named),
        class = table.classes[class],
    );
    let remedy = "Decide about child findings: count them as positives (match by hierarchy or part of the name), or drop these \
                  images. As negatives they teach the model that the disease is health.";
    Some(told(Severity::Warning, sentence, remedy, table, class, family, &rows))
}

/// Images of the normal class whose text names a finding.
fn not_normal(table: &Table, class: usize, family: &str) -> Option<CheckFinding> {
    let is_normal = |item: &String| NORMAL.contains(&item.as_str());
    // Only a column in which normal has a name lists findings.
    if !table.rows.iter().any(|r| items(r, family).iter().any(is_normal)) {
        return None;
    }
    let mut rows: Vec<&Row> = Vec::new();
    let mut named: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for row in table.rows.iter().filter(|r| r.labels[class] == Some(true)) {
        let others: Vec<String> = items(row, family).into_iter().filter(|i| !is_normal(i)).collect();
        if !others.is_empty() {
            rows.push(row);
        }
        for item in others {
            named.entry(item).or_default().insert(&row.patient);
        }
    }
    if rows.is_empty() {
        return None;
    }
    let sentence = format!(
        "{class}: {} of {} have a finding in `{family}`{}.",
        plural(rows.len(), "image"),
        plural(patients(rows.iter().copied()), "patient"),
        examples(&named),
        class = table.classes[class],
    );
    let remedy =
        "The class without a finding must hold none: take these images out of it, or name it for what it is.";
    Some(told(Severity::Warning, sentence, remedy, table, class, family, &rows))
}

/// Images of the normal class that are positive of another class, too.
fn both(table: &Table, class: usize) -> Option<CheckFinding> {
    let other = |r: &&Row| {
        r.labels[class] == Some(true)
            && r.labels.iter().enumerate().any(|(c, l)| c != class && *l == Some(true))
    };
    let rows: Vec<&Row> = table.rows.iter().filter(other).collect();
    let positive = table.rows.iter().filter(|r| r.labels[class] == Some(true)).count();
    if rows.is_empty() {
        return None;
    }
    let sentence = format!(
        "{}: {} ({} of the class) are positive of another class, too.",
        table.classes[class],
        plural(rows.len(), "image"),
        percent(rows.len() as f64 / positive as f64),
    );
    let remedy = "Mend the labels: an image is without a finding or has one.";
    Some(told(Severity::Warning, sentence, remedy, table, class, "", &rows))
}

fn told(
    severity: Severity,
    sentence: String,
    remedy: &str,
    table: &Table,
    class: usize,
    family: &str,
    rows: &[&Row],
) -> CheckFinding {
    let mut found = finding(severity, "labels", sentence, remedy);
    found.class = Some(table.classes[class].clone());
    found.column = (!family.is_empty()).then(|| family.to_owned());
    found.samples = first(rows.iter().map(|r| r.id.as_str()));
    found
}

/// ` (laminar atelectasis, ...)`: the commonest, of enough patients each.
fn examples(named: &BTreeMap<String, BTreeSet<&str>>) -> String {
    let mut common: Vec<_> = named.iter().filter(|(_, who)| who.len() >= NAMED_FROM).collect();
    common.sort_by_key(|(item, who)| (std::cmp::Reverse(who.len()), item.as_str()));
    let names: Vec<&str> = common.iter().take(EXAMPLES).map(|(item, _)| item.as_str()).collect();
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}

/// The findings that a text lists: parts between `|`, `,`, `;`, quotes and brackets, in plain words.
fn items(row: &Row, column: &str) -> Vec<String> {
    let Some(Meta::Text(text)) = row.meta.get(column) else { return Vec::new() };
    let parts = text.split(['|', ',', ';', '[', ']', '\'', '"', '\n']);
    parts.map(plain).filter(|part| !part.is_empty()).collect()
}

/// Lower case, words parted by one blank.
fn plain(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| c.is_whitespace() || c == '_')
        .filter(|w| !w.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join(" ")
}

/// Whether an item names the class, as whole words and not denied.
fn holds(item: &str, class: &str) -> bool {
    let (words, wanted): (Vec<&str>, Vec<&str>) = (item.split(' ').collect(), class.split(' ').collect());
    let denied =
        |at: usize| words[..at].iter().any(|w| ["no", "without", "not", "exclude", "excluded"].contains(w));
    words.windows(wanted.len()).enumerate().any(|(at, window)| window == wanted && !denied(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_named_in_whole_words() {
        assert!(holds("laminar atelectasis", "atelectasis") && holds("atelectasis", "atelectasis"));
        assert!(holds("left pleural effusion", "pleural effusion"));
        assert!(!holds("no atelectasis", "atelectasis") && !holds("atelectasisoid", "atelectasis"));
        assert!(!holds("effusion", "pleural effusion"));
    }

    #[test]
    fn lists_come_apart() {
        let mut row = Row {
            id: "a".into(),
            patient: "a".into(),
            labels: vec![],
            meta: BTreeMap::new(),
            image: None,
            roi: None,
            line: None,
        };
        for text in [
            "['Laminar  atelectasis', 'pneumonia']",
            "laminar atelectasis|Pneumonia",
            "Laminar_atelectasis; pneumonia",
        ] {
            row.meta.insert("l".into(), Meta::Text(text.into()));
            assert_eq!(items(&row, "l"), ["laminar atelectasis", "pneumonia"], "{text}");
        }
        row.meta.insert("l".into(), Meta::Number(1.0));
        assert!(items(&row, "l").is_empty() && items(&row, "none").is_empty());
    }
}
