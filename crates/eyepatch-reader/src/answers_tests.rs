use serde_json::json;

use super::*;
use crate::fixture::{files, key, saved};

/// Reads one changed file of reader 0.
fn changed(change: impl FnOnce(&mut Value)) -> Result<Vec<Answers>> {
    let (key, folder) = (key(&["Full"]), tempfile::tempdir().unwrap());
    let mut value = saved(&key, 0);
    change(&mut value);
    read_all(&key, &files(&folder, &[value]))
}

fn problem(change: impl FnOnce(&mut Value)) -> String {
    changed(change).unwrap_err().to_string()
}

#[test]
fn what_a_page_saves_is_read() {
    let answers = changed(|_| {}).unwrap();
    assert_eq!(answers[0].reader, "reader 0");
    assert_eq!(answers[0].given[0], [Some(Answer { yes: true, confidence: 5 })]);
    assert_eq!(answers[0].given[1][0].unwrap().score(), -4.0);
    assert!(answers[0].excluded.is_empty());
}

#[test]
fn missing_answers_are_missing_and_half_ones_are_named() {
    let answers = changed(|v| {
        v["cases"][0]["answers"][0]["answer"] = Value::Null;
        v["cases"][1]["answers"][0]["confidence"] = Value::Null;
        v["cases"][2]["answers"][0] = json!({ "question": "pneumonia", "answer": null, "confidence": null });
        v["cases"][3]["answers"] = json!([]);
        v["cases"].as_array_mut().unwrap().remove(11);
    })
    .unwrap();
    assert_eq!(answers[0].given.iter().flatten().flatten().count(), 7);
    let named: Vec<_> = answers[0].excluded.iter().map(|e| (e.case.as_str(), e.why.as_str())).collect();
    let half = [("C00", "it has a confidence and no answer"), ("C01", "it has an answer and no confidence")];
    assert_eq!(named, half);
}

#[test]
fn what_is_no_answer_is_refused_by_file_and_case() {
    let twice = problem(|v| {
        let first = v["cases"][0].clone();
        v["cases"].as_array_mut().unwrap().push(first);
    });
    assert!(twice.ends_with("answers-0.json, case `C00`: it is answered twice"), "{twice}");
    let unknown = problem(|v| v["cases"][4]["case"] = json!("XXXXX"));
    assert!(unknown.contains("case `XXXXX`: the study has no such case"), "{unknown}");
    for bad in [json!(0), json!(6), json!(2.5), json!(-1), json!("3"), json!(1e300), json!([1])] {
        let told = problem(|v| v["cases"][4]["answers"][0]["confidence"] = bad.clone());
        assert!(told.contains("case `C04`") && told.contains("is no confidence from 1 to 5"), "{told}");
    }
    for bad in [json!("maybe"), json!(true), json!(1)] {
        let told = problem(|v| v["cases"][4]["answers"][0]["answer"] = bad.clone());
        assert!(told.contains("case `C04`") && told.contains("neither \"yes\" nor \"no\""), "{told}");
    }
    let question = problem(|v| v["cases"][4]["answers"][0]["question"] = json!("effusion"));
    assert!(question.contains("does not ask about `effusion`"), "{question}");
    let both = problem(|v| {
        let first = v["cases"][4]["answers"][0].clone();
        v["cases"][4]["answers"].as_array_mut().unwrap().push(first);
    });
    assert!(both.contains("`pneumonia` is answered twice"), "{both}");
}

#[test]
fn other_studies_other_files_and_second_files_are_refused() {
    let other = problem(|v| v["study"] = json!("0".repeat(64)));
    assert!(other.contains("belong to another study"), "{other}");
    assert!(problem(|v| v["schema"] = json!("eyepatch-reader-answers/9")).contains("this version reads"));
    for name in ["model", "All Readers"] {
        assert!(problem(|v| v["reader"] = json!(name)).contains("cannot be called"), "{name}");
    }
    assert!(problem(|v| v["reader"] = json!(" ")).contains("the reader's name is empty"));
    assert!(problem(|v| v["reader"] = json!("a\u{1b}b")).contains("control characters"));
    assert!(problem(|v| v["more"] = json!(1)).contains("unknown field `more`"));
    let (key, folder) = (key(&["Full"]), tempfile::tempdir().unwrap());
    let mut again = saved(&key, 1);
    again["reader"] = json!("READER 0 ");
    let two = read_all(&key, &files(&folder, &[saved(&key, 0), again])).unwrap_err();
    assert!(two.to_string().contains("reader `READER 0` has answered in"), "{two}");
    assert!(matches!(read_all(&key, &[]), Err(Error::Design { .. })));
    for text in ["", "[", "{}", "{\"confidence\": NaN}"] {
        let path = folder.path().join("bad.json");
        std::fs::write(&path, text).unwrap();
        assert!(matches!(read_all(&key, &[path]), Err(Error::Answers { case: None, .. })), "{text}");
    }
    let large = folder.path().join("large.json");
    std::fs::File::create(&large).unwrap().set_len(MAX_ANSWERS + 1).unwrap();
    assert!(read_all(&key, &[large]).unwrap_err().to_string().contains("larger than 16 MB"));
}
