//! `scores.csv`: every score behind a result, a row an image, model, masking and class. Cells that a spreadsheet would take for a
//! formula are made harmless.

use std::path::Path;

use serde::Deserialize;

use crate::escape::csv_cell;
use crate::{Error, Result};

const HEADER: [&str; 10] =
    ["sample", "patient", "trained", "masking", "fill", "dilation", "fold", "class", "label", "score"];

/// One score. What is read has its text as the table has it, apostrophes of [`csv_cell`] included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreRow<'a> {
    /// Id of the image.
    pub sample: &'a str,
    /// Whose it is.
    pub patient: &'a str,
    /// The masking that the model was trained on, or the name of one that arrived trained.
    pub trained: &'a str,
    /// The masking of the image.
    pub masking: &'a str,
    /// What the masking fills with; empty where nobody knows.
    pub fill: &'a str,
    /// By how many pixels the region was dilated; negative: eroded.
    pub dilation: i32,
    /// 0-based fold of the model.
    pub fold: usize,
    /// The class.
    pub class: &'a str,
    /// Whether the image has it; `None` where nobody knows.
    pub label: Option<bool>,
    /// The score, larger where the class is more likely; finite where it was read.
    pub score: f32,
}

/// The table.
///
/// # Errors
/// [`Error::Csv`].
pub fn scores<'a>(rows: impl IntoIterator<Item = ScoreRow<'a>>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for r in rows {
        let text = [r.sample, r.patient, r.trained, r.masking, r.fill].map(csv_cell);
        let label = r.label.map_or("", |label| if label { "1" } else { "0" }).to_owned();
        let numbers =
            [r.dilation.to_string(), r.fold.to_string(), csv_cell(r.class), label, r.score.to_string()];
        writer.write_record(text.iter().chain(&numbers))?;
    }
    writer.into_inner().map_err(|e| Error::io("scores.csv", e.into_error()))
}

/// Hands out the table's rows, one by one. What `take` finds wrong with one is told with its line.
///
/// # Errors
/// [`Error::Scores`] where the file cannot be read or is no such table, a label is none, a score is not finite, and as `take` says.
pub fn each_score(path: &Path, mut take: impl FnMut(ScoreRow<'_>) -> Result<(), String>) -> Result<()> {
    let wrong = |line: Option<u64>, problem: String| Error::Scores { path: path.into(), line, problem };
    let mut reader = csv::Reader::from_path(path).map_err(|e| wrong(None, e.to_string()))?;
    let header = reader.headers().map_err(|e| wrong(Some(1), e.to_string()))?.clone();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|e| wrong(None, e.to_string()))? {
        let line = record.position().map(csv::Position::line);
        let row = record.deserialize::<Line<'_>>(Some(&header)).map_err(|e| e.to_string());
        row.and_then(|row| take(row.checked()?)).map_err(|problem| wrong(line, problem))?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Line<'a> {
    sample: &'a str,
    patient: &'a str,
    trained: &'a str,
    masking: &'a str,
    fill: &'a str,
    dilation: i32,
    fold: usize,
    class: &'a str,
    label: &'a str,
    score: f32,
}

impl<'a> Line<'a> {
    fn checked(self) -> Result<ScoreRow<'a>, String> {
        let Self { sample, patient, trained, masking, fill, dilation, fold, class, label, score } = self;
        let label = match label {
            "" => None,
            "0" => Some(false),
            "1" => Some(true),
            other => return Err(format!("column label: `{other}` is neither 0 nor 1")),
        };
        if !score.is_finite() {
            return Err("column score: not a finite number".into());
        }
        Ok(ScoreRow { sample, patient, trained, masking, fill, dilation, fold, class, label, score })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.csv");
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            rows in proptest::collection::vec(
                ("[ -~]{0,6}", "[a-zéß,\"\n=]{0,4}", -9..9, 0..5_usize, proptest::option::of(any::<bool>()), -1e9_f32..1e9),
                0..20,
            )
        ) {
            let of = |r: &'_ (String, String, i32, usize, Option<bool>, f32)| {
                (csv_cell(&r.0), csv_cell(&r.1), r.2, r.3, r.4, r.5)
            };
            let written = rows.iter().map(|(sample, name, dilation, fold, label, score)| ScoreRow {
                sample,
                patient: name,
                trained: name,
                masking: name,
                fill: name,
                dilation: *dilation,
                fold: *fold,
                class: name,
                label: *label,
                score: *score,
            });
            let (_folder, path) = table(&scores(written).unwrap());
            let mut read = Vec::new();
            each_score(&path, |r| {
                prop_assert_names(&r)?;
                read.push((r.sample.to_owned(), r.class.to_owned(), r.dilation, r.fold, r.label, r.score));
                Ok(())
            }).unwrap();
            prop_assert_eq!(read, rows.iter().map(of).collect::<Vec<_>>());
        }
    }

    /// All names of a row are one in the test above.
    fn prop_assert_names(r: &ScoreRow<'_>) -> Result<(), String> {
        let same = [r.patient, r.trained, r.masking, r.fill].iter().all(|n| *n == r.class);
        if same { Ok(()) } else { Err(format!("columns are mixed up: {r:?}")) }
    }

    #[test]
    fn a_damaged_table_names_its_line() {
        let good = "sample,patient,trained,masking,fill,dilation,fold,class,label,score\n\
                    a,p,Full,Full,none,0,0,c,1,0.5\nb,q,Full,Full,none,0,0,c,,0.25\n";
        let refused = |text: &str, words: &str| {
            let (_folder, path) = table(text.as_bytes());
            let error = each_score(&path, |_| Ok(())).err().unwrap().to_string();
            assert!(error.contains(words) && error.contains("scores.csv"), "{error}");
        };
        refused(&good.replace(",1,0.5", ",2,0.5"), "line 2: column label: `2`");
        refused(&good.replace("0.25", "NaN"), "line 3: column score");
        refused(&good.replace("0.25", "x"), "line 3: ");
        refused(&good.replace(",,0.25", ""), "line: 3");
        refused(&good.replace("masking", "mask"), "`masking`");
        let (_folder, path) = table(good.as_bytes());
        let told = each_score(&path, |r| if r.sample == "b" { Err("a stranger".into()) } else { Ok(()) });
        assert!(told.err().unwrap().to_string().ends_with("line 3: a stranger"));
    }
}
