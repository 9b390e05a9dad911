//! What the data card says of how Chákṣu was read.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::{Meta, Row};

use super::names::told_patient;
use super::params::{Chaksu, Masks};
use super::read::Count;
use crate::params::Profile;

pub(crate) fn of(
    data: &Chaksu,
    rows: &[Row],
    tally: &BTreeMap<(Count, &'static str, &'static str), usize>,
    cup: bool,
) -> Vec<String> {
    let mut notes = vec![counts(rows)];
    for ((what, part, camera), n) in tally {
        let told = match what {
            Count::OtherPart => "labels are of images of the other part",
            Count::NoImage => {
                "labels have no image of exactly the study's name and were passed over, as published"
            }
            Count::NoLabel => {
                "images have no label of exactly the study's name and were passed over, as published"
            }
            Count::Unknown if data.decisions == Profile::Published => {
                "decisions are neither `GLAUCOMA SUSPECT` nor `NORMAL` to the letter and count as normal, as published"
            }
            Count::Unknown => {
                "decisions are spelt otherwise than `GLAUCOMA SUSPECT` or `NORMAL` and were understood"
            }
        };
        notes.push(format!("{part}, {camera}: {n} {told}"));
    }
    notes.push(discs(data, cup));
    notes.push(patients(data, rows));
    notes.extend(both_parts(rows));
    if data.resave == Profile::Published {
        let side = data.resave_side;
        notes.push(format!(
            "images are as the study stored them: {side}x{side}, stretched to 8 bit, those of Bosch and Remidio saved as \
             JPEG (quality 75, colour halved), those of Forus as PNG: this marks the camera"
        ));
    }
    notes
}

fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    if let Some(Meta::Text(value)) = row.meta.get(column) { value } else { "" }
}

fn counts(rows: &[Row]) -> String {
    let mut counts: BTreeMap<(&str, &str), [usize; 2]> = BTreeMap::new();
    for row in rows {
        let label = usize::from(row.labels.first().copied().flatten() == Some(true));
        counts.entry((text(row, "part"), text(row, "camera"))).or_default()[label] += 1;
    }
    let each = counts.iter().map(|((part, camera), [normal, suspect])| {
        format!("{part} {camera} {normal} normal, {suspect} suspect")
    });
    each.collect::<Vec<_>>().join("; ")
}

fn discs(data: &Chaksu, cup: bool) -> String {
    let from = match (data.masks, data.discs) {
        (Masks::Together, Profile::Published) => "any pixel that is not black",
        (Masks::Together, Profile::Strict) => "grey levels from 64, the cup from 192",
        (Masks::Apart, _) => "grey levels from 128 of a mask each",
    };
    let cup = if cup { "" } else { "; the cup is left out, since not every camera has masks of it" };
    format!("disc: {from}{cup}")
}

fn patients(data: &Chaksu, rows: &[Row]) -> String {
    let name = |row: &Row| row.id.rsplit('/').next().unwrap_or("").to_owned();
    let known = match data.patients {
        Profile::Published => rows.iter().filter(|r| name(r).starts_with('P')).count(),
        Profile::Strict => rows.iter().filter(|r| told_patient(&name(r)).is_some()).count(),
    };
    format!(
        "patients are told by the names of {known} of {} images; each other image counts as a patient of its own. \
         Chákṣu says nothing of these, so fellow eyes of one patient can stand in two parts of a split, and intervals \
         are too narrow",
        rows.len()
    )
}

/// Patients whose images stand in both parts.
fn both_parts(rows: &[Row]) -> Option<String> {
    let of = |part: &str| -> BTreeSet<&str> {
        rows.iter().filter(|r| text(r, "part") == part).map(|r| r.patient.as_str()).collect()
    };
    let (train, test) = (of("train"), of("test"));
    let shared: Vec<&&str> = train.intersection(&test).collect();
    let named: Vec<String> = shared.iter().take(5).map(|p| format!("`{p}`")).collect();
    let more = if shared.len() > 5 { ", …" } else { "" };
    let n = shared.len();
    (n > 0).then(|| format!("{n} patients have images in both parts: {}{more}", named.join(", ")))
}
