//! A model from elsewhere: plan, masked images, scores, report.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::data::Data;
use crate::program::{Ran, eyepatch, fine, refused};

struct Elsewhere {
    data: Data,
    plan: PathBuf,
    masked: PathBuf,
}

/// A row of `manifest.csv`, as far as the models here look at it.
struct Row {
    sample: String,
    masking: String,
    fill: String,
    dilation: i32,
    fold: usize,
    part: String,
    path: String,
}

/// Plans a sweep with these extra options and writes its masked images.
fn planned(extra: &[&str]) -> Elsewhere {
    let data = Data::new(48);
    let (plan, masked) = (data.path().join("plan.json"), data.path().join("masked"));
    let mut command = eyepatch();
    command.arg("plan");
    data.options(&mut command);
    fine(command.args(extra).arg("--out").arg(&plan));
    let json =
        fine(eyepatch().args(["mask", "--json", "--plan"]).arg(&plan).arg("--out").arg(&masked)).stdout;
    let export: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(export["manifest"], masked.join("manifest.csv").to_str().unwrap());
    Elsewhere { data, plan, masked }
}

impl Elsewhere {
    fn manifest(&self) -> Vec<Row> {
        let mut reader = csv::Reader::from_path(self.masked.join("manifest.csv")).unwrap();
        let row = |r: csv::StringRecord| Row {
            sample: r[1].into(),
            masking: r[3].into(),
            fill: r[4].into(),
            dilation: r[5].parse().unwrap(),
            fold: r[6].parse().unwrap(),
            part: r[7].into(),
            path: r[8].into(),
        };
        reader.records().map(|r| row(r.unwrap())).collect()
    }

    /// The mean grey level of a masked image.
    fn mean(&self, row: &Row) -> f64 {
        let image = image::open(self.masked.join(&row.path)).unwrap().into_luma8();
        assert_eq!(image.dimensions(), (32, 32));
        image.pixels().map(|p| f64::from(p[0])).sum::<f64>() / 1024.0
    }

    /// Somebody's model: the mean grey level. Its scores for all test rows, as lines.
    fn scores(&self) -> Vec<String> {
        let mut lines = vec!["sample,masking,fill,dilation,fold,class,score".to_owned()];
        for r in self.manifest().iter().filter(|r| r.part == "test") {
            let Row { sample, masking, fill, dilation, fold, .. } = r;
            lines.push(format!("{sample},{masking},{fill},{dilation},{fold},label,{}", self.mean(r)));
        }
        lines
    }

    /// README's models: one a training masking and fold, fitted on the manifest's training part. Here it is the grey
    /// level with the sign that tells the labels apart in training.
    fn scores_by_training(&self) -> Vec<String> {
        let rows = self.manifest();
        let label = |r: &Row| self.data.rows.iter().find(|d| d.id == r.sample).unwrap().label == "1";
        let mut lines = vec!["sample,masking,fill,fold,class,trained,score".to_owned()];
        let trainings: BTreeSet<(&str, usize)> = rows.iter().map(|r| (r.masking.as_str(), r.fold)).collect();
        for (trained, fold) in trainings {
            let train = rows.iter().filter(|r| r.part == "train" && r.masking == trained && r.fold == fold);
            let slope: f64 = train.map(|r| if label(r) { self.mean(r) } else { -self.mean(r) }).sum();
            for r in rows.iter().filter(|r| r.part == "test" && r.fold == fold) {
                let Row { sample, masking, fill, .. } = r;
                let score = slope.signum() * self.mean(r);
                lines.push(format!("{sample},{masking},{fill},{fold},label,{trained},{score}"));
            }
        }
        lines
    }

    fn write(&self, lines: &[String]) -> PathBuf {
        let path = self.masked.join("scores.csv");
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        path
    }

    fn run(&self, scores: &Path, out: &str) -> std::process::Command {
        let mut command = eyepatch();
        command.args(["run", "sweep", "--plan"]).arg(&self.plan).arg("--scores").arg(scores);
        command.arg("--out").arg(self.data.path().join(out));
        command
    }
}

#[test]
fn scores_from_elsewhere_end_in_the_same_kind_of_report() {
    let e = planned(&["--dilate", "3"]);
    let lines = e.scores();
    // 5 maskings and 2 exact regions dilated by 3, 48 rows each tested once.
    assert_eq!(lines.len(), 1 + 7 * 48);
    let ran: Ran = fine(&mut e.run(&e.write(&lines), "out"));
    assert!(ran.stdout.contains("label:"), "{}", ran.stdout);
    let out = e.data.path().join("out");
    let matrix = Matrix::of(&out);
    assert_eq!(matrix.rows, ["delivered"]);
    // The disc is brighter where the label is 1, and nothing else is.
    let auc = |name: &str| matrix.auc("delivered", name);
    assert!(auc("Full") > 0.9 && auc("OnlyROI") > 0.9 && (auc("NoROI") - 0.5).abs() < 0.3);
    assert!(out.join("report.html").exists());

    // The same from the table's own options instead of the plan file.
    let mut command = eyepatch();
    command.arg("run");
    e.data.options(&mut command);
    fine(
        command
            .args(["--dilate", "3", "--scores"])
            .arg(e.masked.join("scores.csv"))
            .arg("--out")
            .arg(e.data.path().join("again")),
    );
}

/// The first class's AUC matrix of a result.
struct Matrix {
    rows: Vec<String>,
    columns: Vec<String>,
    cells: serde_json::Value,
}

impl Matrix {
    fn of(out: &Path) -> Self {
        let text = std::fs::read(out.join("result.json")).unwrap();
        let mut result: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let matrix = &mut result["audits"][0]["matrices"][0];
        let names = |v: &serde_json::Value| {
            v.as_array().unwrap().iter().map(|n| n.as_str().unwrap().to_owned()).collect()
        };
        let (rows, columns) = (names(&matrix["rows"]), names(&matrix["columns"]));
        Self { rows, columns, cells: matrix["cells"].take() }
    }

    fn auc(&self, trained: &str, evaluated: &str) -> f64 {
        let place = |names: &[String], name: &str| names.iter().position(|n| n == name).unwrap();
        let cell = &self.cells[place(&self.rows, trained)][place(&self.columns, evaluated)];
        cell["value"].as_f64().unwrap()
    }
}

/// README's loop: a score file with `trained` gives the five-by-five matrix.
#[test]
fn scores_of_a_model_a_training_masking_fill_the_whole_matrix() {
    let e = planned(&[]);
    let lines = e.scores_by_training();
    assert_eq!(lines.len(), 1 + 5 * 5 * 48);
    let ran = fine(&mut e.run(&e.write(&lines), "out"));
    assert!(ran.stdout.contains("label:"), "{}", ran.stdout);
    let matrix = Matrix::of(&e.data.path().join("out"));
    let names = ["Full", "NoROI", "NoROI-BB", "OnlyROI", "OnlyROI-BB"];
    assert_eq!(
        (matrix.rows.as_slice(), matrix.columns.as_slice()),
        (&names.map(String::from)[..], &names.map(String::from)[..])
    );
    assert!(matrix.auc("Full", "Full") > 0.9 && matrix.auc("OnlyROI", "OnlyROI") > 0.9);
    assert!((matrix.auc("Full", "NoROI") - 0.5).abs() < 0.3);

    // Of one training masking a sample is short.
    let short = lines.iter().filter(|l| !l.starts_with("s003,NoROI,black,1,label,NoROI-BB,"));
    let short: Vec<String> = short.cloned().collect();
    assert_eq!(short.len() + 1, lines.len());
    refused(
        &mut e.run(&e.write(&short), "short"),
        &["scores.csv", "1 of 1200 rows are missing", "trained `NoROI-BB`"],
    );
}

#[test]
fn scores_that_do_not_answer_the_plan_are_refused() {
    let e = planned(&["--dilate", "3"]);
    let lines = e.scores();
    let refuse = |lines: Vec<String>, words: &[&str]| {
        refused(&mut e.run(&e.write(&lines), "out"), words);
    };
    refuse(lines[..lines.len() - 1].to_vec(), &["scores.csv", "missing"]);
    refuse(lines.iter().cloned().chain([lines[1].clone()]).collect(), &["scores.csv", "line 338", "line 2"]);
    let surplus = lines[1].replacen("s0", "x0", 1);
    refuse(lines.iter().cloned().chain([surplus]).collect(), &["scores.csv", "x0"]);
    let nan = format!("{},NaN", lines[5].rsplit_once(',').unwrap().0);
    refuse(
        lines.iter().enumerate().map(|(i, l)| if i == 5 { nan.clone() } else { l.clone() }).collect(),
        &["scores.csv", "line 6", "NaN"],
    );

    // An image changes after the manifest was written.
    let other = image::GrayImage::from_fn(40, 40, |x, y| image::Luma([(x * 5 + y) as u8]));
    other.save(e.data.image("s003")).unwrap();
    refuse(lines, &["manifest.csv", "s003"]);
}
