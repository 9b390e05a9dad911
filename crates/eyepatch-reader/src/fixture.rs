//! A small study for tests: twelve cases, one class, two maskings, three readers.

use std::path::PathBuf;

use eyepatch_core::ContentHash;
use serde_json::{Value, json};

use crate::{Key, Sealed, SealedCase, SealedMasking};

/// Label, model's score; what three readers said (1 for yes) and how sure they were.
type Case = (bool, f64, [(u8, u8); 3]);

pub(crate) const CASES: [Case; 12] = [
    (true, 0.9, [(1, 5), (1, 4), (1, 2)]),
    (false, 0.2, [(0, 4), (0, 5), (1, 1)]),
    (true, 0.8, [(1, 3), (1, 5), (1, 4)]),
    (false, 0.4, [(1, 1), (0, 2), (0, 3)]),
    (true, 0.35, [(0, 2), (1, 1), (0, 1)]),
    (false, 0.1, [(0, 5), (0, 4), (0, 2)]),
    (true, 0.7, [(1, 4), (0, 2), (1, 5)]),
    (false, 0.6, [(1, 2), (1, 3), (0, 2)]),
    (true, 0.55, [(0, 1), (1, 2), (1, 3)]),
    (false, 0.3, [(0, 3), (0, 1), (1, 2)]),
    (true, 0.45, [(1, 2), (1, 1), (0, 4)]),
    (false, 0.5, [(0, 1), (0, 3), (0, 5)]),
];

/// A key whose cases all lie under the first of the maskings.
pub(crate) fn key(maskings: &[&str]) -> Key {
    let case = |(i, (truth, score, _)): (usize, &(bool, f64, _))| SealedCase {
        code: format!("C{i:02}"),
        sample: format!("sample-{i}"),
        patient: format!("patient-{i}"),
        masking: maskings[0].into(),
        class: "pneumonia".into(),
        position: 0.5,
        image: ContentHash::of(b"image"),
        truth: vec![Some(*truth)],
        scores: vec![*score],
    };
    let masking = |name: &&str| SealedMasking {
        name: (*name).into(),
        trained: "Full".into(),
        thresholds: vec![Some(0.5)],
    };
    let sealed = Sealed {
        nonce: ContentHash::of(b"nonce"),
        seed: 7,
        audit: "crate/audit".into(),
        fold: 0,
        result: ContentHash::of(b"result"),
        scores: ContentHash::of(b"scores"),
        levels: 5,
        classes: vec!["pneumonia".into()],
        maskings: maskings.iter().map(masking).collect(),
        cases: CASES.iter().enumerate().map(case).collect(),
    };
    Key::new(sealed, "page").unwrap()
}

/// What a page would save for one of the readers.
pub(crate) fn saved(key: &Key, reader: usize) -> Value {
    let case = |(i, (_, _, said)): (usize, &Case)| {
        let (yes, confidence) = said[reader];
        let answer = if yes == 1 { "yes" } else { "no" };
        json!({ "case": format!("C{i:02}"), "answers": [
            { "question": "pneumonia", "answer": answer, "confidence": confidence },
        ] })
    };
    json!({
        "schema": crate::ANSWERS_SCHEMA, "study": key.commitment, "reader": format!("reader {reader}"),
        "cases": CASES.iter().enumerate().map(case).collect::<Vec<_>>(),
    })
}

/// Writes files of answers into a folder.
pub(crate) fn files(folder: &tempfile::TempDir, values: &[Value]) -> Vec<PathBuf> {
    let write = |(i, value): (usize, &Value)| {
        let path = folder.path().join(format!("answers-{i}.json"));
        std::fs::write(&path, value.to_string()).unwrap();
        path
    };
    values.iter().enumerate().map(write).collect()
}
