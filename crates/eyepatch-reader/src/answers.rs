//! Readers' answers: files from strangers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Error, Key, Result};

/// Name and version of the answers' schema.
pub const ANSWERS_SCHEMA: &str = "eyepatch-reader-answers/1";
/// A thousand cases with ten questions each take less than one.
const MAX_ANSWERS: u64 = 16 << 20;
const MAX_NAME: usize = 80;

/// What a reader says to one question about one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Whether the class is there.
    pub yes: bool,
    /// How sure the reader is: 1 to the key's number of levels.
    pub confidence: u8,
}

impl Answer {
    /// Confidence signed by the answer: the larger, the surer that the class is there.
    #[must_use]
    pub fn score(self) -> f64 {
        f64::from(self.confidence) * if self.yes { 1.0 } else { -1.0 }
    }
}

/// An answer that is left out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exclusion {
    /// The file.
    pub file: PathBuf,
    /// The case's code.
    pub case: String,
    /// The class asked about.
    pub class: String,
    /// What is wrong.
    pub why: String,
}

/// One reader's answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// The file.
    pub file: PathBuf,
    /// Who answered.
    pub reader: String,
    /// One entry a case of the key, one answer a class; `None` where it is missing or left out.
    pub given: Vec<Vec<Option<Answer>>>,
    /// Answers that are half there.
    pub excluded: Vec<Exclusion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    study: String,
    reader: String,
    cases: Vec<FileCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileCase {
    case: String,
    answers: Vec<FileAnswer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAnswer {
    question: String,
    answer: Value,
    confidence: Value,
}

/// Reads the answers of several readers to one study.
///
/// A question without an answer is missing; one with an answer and no confidence (or the other way round) is left out and named.
///
/// # Errors
/// [`Error::Io`]; [`Error::Answers`] with file and case: another study's answers, unknown or repeated cases, readers and questions,
/// values that are none.
pub fn read_all(key: &Key, files: &[PathBuf]) -> Result<Vec<Answers>> {
    let mut readers: BTreeMap<String, &Path> = BTreeMap::new();
    let mut all = Vec::with_capacity(files.len());
    for file in files {
        let answers = read(key, file)?;
        if let Some(first) = readers.insert(answers.reader.to_lowercase(), file) {
            let problem = format!("reader `{}` has answered in {} already", answers.reader, first.display());
            let remedy = "give one file a reader: the latest";
            return Err(Error::Answers { path: file.clone(), case: None, problem, remedy });
        }
        all.push(answers);
    }
    if all.is_empty() {
        return Err(Error::Design { problem: "there are no answers".into() });
    }
    Ok(all)
}

fn read(key: &Key, path: &Path) -> Result<Answers> {
    let wrong = |problem: String, remedy| Error::Answers { path: path.into(), case: None, problem, remedy };
    let saved = "give the JSON file that the page saved";
    let bytes = crate::files::read(path, MAX_ANSWERS)?;
    let file: File =
        serde_json::from_slice(&bytes).map_err(|e| wrong(format!("these are no answers: {e}"), saved))?;
    if file.schema != ANSWERS_SCHEMA {
        return Err(wrong(
            format!("its schema is `{}`; this version reads {ANSWERS_SCHEMA}", file.schema),
            saved,
        ));
    }
    if file.study != key.commitment.to_string() {
        return Err(wrong(
            "these answers belong to another study than the key".into(),
            "give the key of their study",
        ));
    }
    let reader = file.reader.trim().to_owned();
    if reader.is_empty() || reader.chars().count() > MAX_NAME || reader.chars().any(char::is_control) {
        let problem = format!(
            "the reader's name is empty, longer than {MAX_NAME} characters or holds control characters"
        );
        return Err(wrong(problem, "write a name or code for `reader`"));
    }
    if crate::score::NOT_READERS.contains(&reader.to_lowercase().as_str()) {
        let problem = format!("a reader cannot be called `{reader}`: tables of scores call others so");
        return Err(wrong(problem, "write another name or code for `reader`"));
    }
    let classes = &key.sealed.classes;
    let empty = vec![None; classes.len()];
    let mut answers = Answers {
        file: path.into(),
        reader,
        given: vec![empty; key.sealed.cases.len()],
        excluded: Vec::new(),
    };
    let places: BTreeMap<&str, usize> =
        key.sealed.cases.iter().enumerate().map(|(i, c)| (c.code.as_str(), i)).collect();
    let mut seen = vec![false; key.sealed.cases.len()];
    for case in &file.cases {
        let wrong = |problem: String| Error::Answers {
            path: path.into(),
            case: Some(case.case.clone()),
            problem,
            remedy: saved,
        };
        let &place =
            places.get(case.case.as_str()).ok_or_else(|| wrong("the study has no such case".into()))?;
        if std::mem::replace(&mut seen[place], true) {
            return Err(wrong("it is answered twice".into()));
        }
        take(key, case, place, &mut answers).map_err(wrong)?;
    }
    Ok(answers)
}

/// Takes over one case; a problem is one of this case.
fn take(key: &Key, case: &FileCase, place: usize, answers: &mut Answers) -> Result<(), String> {
    let classes = &key.sealed.classes;
    let mut asked = vec![false; classes.len()];
    for one in &case.answers {
        let class = classes.iter().position(|c| *c == one.question);
        let class = class.ok_or_else(|| format!("the study does not ask about `{}`", one.question))?;
        if std::mem::replace(&mut asked[class], true) {
            return Err(format!("`{}` is answered twice", one.question));
        }
        let half = match (yes(&one.answer)?, confidence(&one.confidence, key.sealed.levels)?) {
            (Some(yes), Some(confidence)) => {
                answers.given[place][class] = Some(Answer { yes, confidence });
                continue;
            }
            (None, None) => continue,
            (Some(_), None) => "it has an answer and no confidence",
            (None, Some(_)) => "it has a confidence and no answer",
        };
        answers.excluded.push(Exclusion {
            file: answers.file.clone(),
            case: case.case.clone(),
            class: classes[class].clone(),
            why: half.into(),
        });
    }
    Ok(())
}

fn yes(value: &Value) -> Result<Option<bool>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text == "yes" => Ok(Some(true)),
        Value::String(text) if text == "no" => Ok(Some(false)),
        other => Err(format!("{} is neither \"yes\" nor \"no\"", short(other))),
    }
}

fn confidence(value: &Value, levels: u8) -> Result<Option<u8>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let step = value.as_u64().and_then(|v| u8::try_from(v).ok()).filter(|v| (1..=levels).contains(v));
    step.map(Some).ok_or_else(|| format!("{} is no confidence from 1 to {levels}", short(value)))
}

/// A stranger's value, for a message.
fn short(value: &Value) -> String {
    value.to_string().chars().take(40).collect()
}

#[cfg(test)]
#[path = "answers_tests.rs"]
mod tests;
