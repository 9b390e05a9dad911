//! The shared form: what is planted in a result, and what of it comes through.

use std::collections::BTreeSet;

use eyepatch_report::schema::{ClassCount, RunResult};
use eyepatch_report::share::{Count, Held, share};
use eyepatch_report::{html, json, markdown};
use serde_json::Value;

use crate::sample::Sample;
use crate::{between, small};

/// Fields of strings that the audit and its plugins declare; every other string must not come through. `*` is any index
/// or key.
const DECLARED: [&str; 58] = [
    "generator",
    "comparisons/*/of",
    "comparisons/*/question",
    "comparisons/*/variants/*",
    "comparisons/*/choices/*/what",
    "comparisons/*/choices/*/values/*",
    "comparisons/*/answers/*/class",
    "comparisons/*/aucs/*/*",
    "audits/*/id",
    "audits/*/question",
    "audits/*/tags/*",
    "audits/*/answer/rule",
    "audits/*/answer/test/trained",
    "audits/*/answer/test/evaluated/*",
    "audits/*/answer/classes/*/class",
    "audits/*/verdict/rule",
    "audits/*/verdict/classes/*/class",
    "audits/*/verdict/classes/*/primary/*/id",
    "audits/*/verdict/classes/*/primary/*/what",
    "audits/*/verdict/classes/*/*/*/measured/*/with",
    "audits/*/verdict/classes/*/supporting/*/id",
    "audits/*/verdict/classes/*/supporting/*/what",
    "audits/*/verdict/classes/*/causes/*/name",
    "audits/*/data/plugin/id",
    "audits/*/data/plugin/crate_name",
    "audits/*/data/plugin/version",
    "audits/*/data/card/name",
    "audits/*/data/card/licence",
    "audits/*/data/card/origin",
    "audits/*/data/card/roi_origin",
    "audits/*/data/card/biases/*",
    "audits/*/data/classes/*/class",
    "audits/*/data/columns/*/name",
    "audits/*/data/legitimate/*/structures/*",
    "audits/*/data/legitimate/*/reason",
    "audits/*/model/plugin/*",
    "audits/*/model/card/name",
    "audits/*/model/card/description",
    "audits/*/model/card/preprocessing/*/augment",
    "audits/*/model/training/*/trained",
    "audits/*/maskings/*/plugin/*",
    "audits/*/maskings/*/card/*",
    "audits/*/maskings/*/card/structures/*",
    "audits/*/splits/scheme",
    "audits/*/splits/parts/*/part",
    "audits/*/matrices/*/class",
    "audits/*/matrices/*/rows/*",
    "audits/*/matrices/*/columns/*",
    "audits/*/curves/*/*",
    "audits/*/further/*/*",
    "audits/*/further/*/rows/*/masking",
    "audits/*/findings/*/contrast",
    "audits/*/findings/*/at/*",
    "audits/*/findings/*/estimand",
    "audits/*/findings/*/figure",
    "audits/*/findings/*/table",
    "audits/*/provenance/plugins/*/*",
    "audits/*/provenance/precision",
];
/// Fields that are of a closed set, or hashes.
const FIXED: [&str; 20] = [
    "preparation",
    "chart",
    "statuses",
    "kinds",
    "signal",
    "outcome",
    "normalise",
    "schema",
    "severity",
    "null",
    "state",
    "status",
    "direction",
    "keep",
    "shape",
    "task",
    "output",
    "content",
    "key",
    "hash",
];
/// Counts of images, patients and rows.
const COUNTS: [&str; 12] = [
    "n_images",
    "n_patients",
    "n_patients_positive",
    "n_patients_negative",
    "positive",
    "negative",
    "missing",
    "patients_positive",
    "images",
    "patients",
    "positives",
    "evaluations",
];

fn is_declared(path: &str) -> bool {
    let path: Vec<&str> = path.split('/').collect();
    DECLARED.iter().any(|d| {
        let d: Vec<&str> = d.split('/').collect();
        d.len() == path.len() && d.iter().zip(&path).all(|(d, p)| *d == "*" || d == p)
    })
}

/// Replaces strings by what `string` says of their path, and counts by what `count` says of their field.
fn plant(
    value: &mut Value,
    path: &str,
    field: &str,
    string: &mut dyn FnMut(&str) -> String,
    count: &dyn Fn(&str) -> Option<u64>,
) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") };
    match value {
        Value::String(text)
            if !FIXED.contains(&field)
                && field != "preprocessing"
                && !["provenance/device", "answer/kind"].iter().any(|end| path.ends_with(end)) =>
        {
            *text = string(path);
        }
        Value::Number(number) => {
            if let Some(n) = count(field).filter(|_| number.is_u64()) {
                *number = n.into();
            }
        }
        Value::Array(all) => {
            for (i, v) in all.iter_mut().enumerate() {
                // What a list holds is called as the list is.
                plant(v, &below(&i.to_string()), field, string, count);
            }
        }
        Value::Object(map) => {
            for (key, v) in map {
                plant(v, &below(key), key, string, count);
            }
        }
        _ => {}
    }
}

fn planted(
    result: &RunResult,
    string: &mut dyn FnMut(&str) -> String,
    count: &dyn Fn(&str) -> Option<u64>,
) -> RunResult {
    let mut value = serde_json::to_value(result).unwrap();
    plant(&mut value, "", "", string, count);
    serde_json::from_value(value).unwrap()
}

/// All that may leave: page, JSON and Markdown of the shared form.
fn everything(result: &RunResult) -> String {
    let shared = share(result);
    let page = html::render_shared(&shared).unwrap();
    page + &json::shared_to_string(&shared).unwrap() + &markdown::shared(&shared)
}

#[test]
fn of_all_strings_only_the_declared_come_through() {
    let mut paths = BTreeSet::new();
    let result = planted(
        &Sample::new().result,
        &mut |path| {
            paths.insert(path.to_owned());
            format!("Plant{}end", path.replace(|c: char| !c.is_ascii_alphanumeric(), "-"))
        },
        &|_| None,
    );
    let out = everything(&result);
    let (declared, others): (Vec<_>, Vec<_>) = paths.iter().partition(|p| is_declared(p));
    assert!(declared.len() > 100 && others.len() > 200, "{} {}", declared.len(), others.len());
    let came = |path: &str| {
        out.contains(&format!("Plant{}end", path.replace(|c: char| !c.is_ascii_alphanumeric(), "-")))
    };
    let slipped: Vec<_> = others.iter().filter(|p| came(p)).collect();
    assert!(slipped.is_empty(), "{slipped:?}");
    assert!(came("audits/0/id") && came("audits/1/maskings/0/card/name"));
}

#[test]
fn paths_files_and_ids_do_not_come_through_even_where_they_are_declared() {
    let mut n = 0;
    let kinds = [
        "/home/secret/scans",
        "C:\\secret\\scans",
        "~/secret",
        "secret/table.csv",
        "see (secret.png).",
        "file:///secret",
        "../secret",
        "of sample SECRET-0042",
    ];
    let mut sample = Sample::new();
    sample.result = planted(
        &sample.result,
        &mut |path| {
            n += 1;
            if path.ends_with("/sample") {
                "SECRET-0042".into()
            } else {
                format!("word{n} {}", kinds[n % kinds.len()])
            }
        },
        &|_| None,
    );
    let out = everything(&sample.result).to_lowercase();
    let at = out.find("secret").map(|i| &out[i.saturating_sub(80)..(i + 40).min(out.len())]);
    assert_eq!(at, None);
    assert!(out.contains("[path]") && out.contains("[id]"));
}

/// Counts as the shared form has them: numbers, or words.
fn counts(value: &Value, field: &str, out: &mut Vec<(String, Value)>) {
    match value {
        Value::Array(all) => all.iter().for_each(|v| counts(v, field, out)),
        Value::Object(map) => map.iter().for_each(|(k, v)| counts(v, k, out)),
        other if COUNTS.contains(&field) => out.push((field.to_owned(), other.clone())),
        _ => {}
    }
}

#[test]
fn no_small_count_comes_through_whichever_is_small() {
    for few in 1..5_u64 {
        for field in COUNTS {
            let result =
                planted(&Sample::new().result, &mut |_| "word".into(), &|f| (f == field).then_some(few));
            let shared = share(&result);
            let mut found = Vec::new();
            counts(&serde_json::to_value(&shared).unwrap(), "", &mut found);
            assert!(!found.is_empty());
            for (name, value) in found {
                assert!(!value.as_u64().is_some_and(|n| (1..5).contains(&n)), "{field}: {name} is {value}");
                if name == field {
                    assert_eq!(value, "<5", "{name}");
                }
            }
            let page = html::render_shared(&shared).unwrap();
            // Once at the top, where it is explained.
            assert!(field == "evaluations" || page.matches("&lt;5").count() > 1, "{field}");
        }
    }
}

fn class(positive: usize, negative: usize, missing: usize) -> ClassCount {
    ClassCount { class: "opacity".into(), positive, negative, missing, patients_positive: positive.min(200) }
}

#[test]
fn a_small_count_cannot_be_computed_from_the_others() {
    let hidden = Count::Held(Held::Complement);
    let mut sample = small();
    let of = |sample: &Sample| share(&sample.result).audits.remove(0);
    let data = &mut sample.result.audits[0].data;
    (data.n_images, data.n_patients) = (720, 541);
    // Three images without the label: the others of the class would give them away, and so would a matrix's.
    data.classes = vec![class(300, 417, 3)];
    let audit = of(&sample);
    let c = &audit.data.classes[0];
    assert_eq!((c.positive, c.negative, c.missing), (hidden, hidden, Count::Held(Held::Small)));
    assert_eq!((audit.data.n_images, audit.matrices[0].n_images), (Count::Known(720), hidden));
    assert!(audit.findings.iter().all(|f| matches!(f.n_images, Count::Held(_))));
    // The estimates rest on enough.
    assert!(audit.matrices[0].cells[0][0].is_some() && audit.answer.classes[0].full.is_some());

    // Zero points at nobody.
    sample.result.audits[0].data.classes = vec![class(300, 420, 0)];
    let audit = of(&sample);
    assert_eq!(audit.data.classes[0].missing, Count::Known(0));
    assert_eq!(audit.data.classes[0].positive, Count::Known(300));

    // Three positives: nothing that rests on them is told.
    sample.result.audits[0].data.classes = vec![class(3, 717, 0)];
    let audit = of(&sample);
    let a = &audit.answer.classes[0];
    assert_eq!((a.full, a.hidden, a.minimal_detectable_gap), (None, None, None));
    assert!(audit.matrices[0].cells.iter().flatten().all(Option::is_none));
    assert!(audit.curves.iter().flat_map(|c| &c.points).all(|p| p.auc.is_none()));
    assert!(audit.findings.iter().all(|f| f.estimate.is_none() && f.interval.is_none() && f.p.is_none()));
    assert!(audit.answer.sentence.contains("fewer than 5"), "{}", audit.answer.sentence);
}

#[test]
fn a_column_of_the_splits_with_a_small_count_is_held_back() {
    let mut sample = small();
    let parts = &mut sample.result.audits[0].splits.parts;
    parts[1].patients = 2;
    let audit = share(&sample.result).audits.remove(0);
    assert!(audit.splits.parts.iter().all(|p| matches!(p.patients, Count::Held(_))));
    assert!(audit.splits.parts.iter().all(|p| matches!(p.images, Count::Known(_))));
    // Few negatives are few, too: images less positives.
    let parts = &mut sample.result.audits[0].splits.parts;
    parts[1].positives[0] = parts[1].images - 4;
    let audit = share(&sample.result).audits.remove(0);
    assert!(audit.splits.parts.iter().all(|p| matches!(p.positives[0], Count::Held(_))));
}

#[test]
fn findings_about_single_samples_are_left_out() {
    let mut sample = small();
    let audit = &mut sample.result.audits[0];
    let all = audit.findings.len();
    for key in ["sample", "patient_id", "Image"] {
        let mut single = audit.findings[0].clone();
        single.at.insert(key.into(), "x".into());
        audit.findings.push(single);
    }
    assert_eq!(share(&sample.result).audits[0].findings.len(), all);
}

/// What a probe found of a rare value is not shared, so it takes nothing else with it; what was taken is not called missing.
#[test]
fn a_rare_value_in_a_section_takes_nothing_with_it() {
    let mut sample = Sample::new();
    let audit = &mut sample.result.audits[1];
    let first = audit.sections[0].findings.0;
    audit.findings[first].at.insert("class".into(), "opacity".into());
    audit.findings[first].n_patients_positive = 2;
    let shared = share(&sample.result);
    assert!(shared.audits[1].verdict.is_some() && shared.audits[1].answer.classes[0].full.is_some());
    let page = html::render_shared(&shared).unwrap();
    let list = between(&page, "id=\"a2-checklist\"", "</section>");
    assert!(list.contains("held back in this shared form") && list.contains("not by this run"), "{list}");
    assert!(
        !page.contains("not looked at by group") && !page.contains("A screening flags; it calls nothing")
    );
}

/// Of a screening the detectable gap follows from the counts of both sides, and gives a small rest away.
#[test]
fn a_gap_is_held_back_with_the_counts_it_follows_from() {
    let mut sample = Sample::new();
    let audit = &mut sample.result.audits[0];
    audit.answer.classes[0].minimal_detectable_gap = Some(0.123_456);
    audit.data.classes[0].missing = 3;
    let shared = share(&sample.result);
    assert_eq!(shared.audits[0].answer.classes[0].minimal_detectable_gap, None);
}

#[test]
fn counts_in_the_words_of_a_comparison_are_not_shared() {
    let mut sample = Sample::new();
    let choice = |what: &str, value: &str| eyepatch_report::schema::Choice {
        what: what.into(),
        values: vec![Some(value.into()), None],
    };
    let data = choice(eyepatch_report::share::DATA_USED, "3 images of 3 patients");
    sample.result.comparisons[0]
        .choices
        .extend([data, choice("dataset.folder", "/data/Clinic M/John Doe/scans")]);
    let text = everything(&sample.result);
    assert!(!text.contains("3 images of 3 patients") && !text.contains("John"), "{text}");
}

#[test]
fn the_page_says_what_it_is_and_holds_no_more_than_the_shared_result() {
    let shared = share(&Sample::new().result);
    let page = html::render_shared(&shared).unwrap();
    for line in &shared.left_out {
        assert!(page.contains(line.split('<').next().unwrap()), "{line}");
    }
    assert!(page.contains("Shared form") && !page.contains("<img") && !page.contains("Time taken"));
    let embedded = between(&page, "id=\"result\">", "</script>");
    let back: eyepatch_report::share::SharedResult = serde_json::from_str(embedded).unwrap();
    assert_eq!(back, shared);
    assert!(json::result_from_slice("page".as_ref(), embedded.as_bytes()).is_err());
}
