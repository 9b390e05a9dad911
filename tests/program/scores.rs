//! A model from elsewhere: plan, masked images, scores, report.

use std::path::{Path, PathBuf};

use crate::data::Data;
use crate::program::{Ran, eyepatch, fine, refused};

struct Elsewhere {
    data: Data,
    plan: PathBuf,
    masked: PathBuf,
}

/// Plans a sweep and writes its masked images.
fn planned() -> Elsewhere {
    let data = Data::new(48);
    let (plan, masked) = (data.path().join("plan.json"), data.path().join("masked"));
    let mut command = eyepatch();
    command.arg("plan");
    data.options(&mut command);
    fine(command.args(["--dilate", "3", "--out"]).arg(&plan));
    fine(eyepatch().args(["mask", "--plan"]).arg(&plan).arg("--out").arg(&masked));
    Elsewhere { data, plan, masked }
}

impl Elsewhere {
    /// Somebody's model: the mean grey level. Its scores for all test rows, as lines.
    fn scores(&self) -> Vec<String> {
        let mut lines = vec!["sample,masking,fill,dilation,fold,class,score".to_owned()];
        for record in csv::Reader::from_path(self.masked.join("manifest.csv")).unwrap().into_records() {
            let r = record.unwrap();
            let (sample, masking, fill, dilation, fold, part, path) =
                (&r[1], &r[3], &r[4], &r[5], &r[6], &r[7], &r[8]);
            if part == "test" {
                let image = image::open(self.masked.join(path)).unwrap().into_luma8();
                assert_eq!(image.dimensions(), (32, 32));
                let mean = image.pixels().map(|p| f64::from(p[0])).sum::<f64>() / 1024.0;
                lines.push(format!("{sample},{masking},{fill},{dilation},{fold},label,{mean}"));
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
    let e = planned();
    let lines = e.scores();
    // 5 maskings and 2 exact regions dilated by 3, 48 rows each tested once.
    assert_eq!(lines.len(), 1 + 7 * 48);
    let ran: Ran = fine(&mut e.run(&e.write(&lines), "out"));
    assert!(ran.stdout.contains("label:"), "{}", ran.stdout);
    let out = e.data.path().join("out");
    let result: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("result.json")).unwrap()).unwrap();
    let matrix = &result["audits"][0]["matrices"][0];
    assert_eq!(matrix["rows"], serde_json::json!(["delivered"]));
    // The disc is brighter where the label is 1, and nothing else is.
    let columns: Vec<&str> =
        matrix["columns"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
    let auc = |name: &str| {
        matrix["cells"][0][columns.iter().position(|c| *c == name).unwrap()]["value"].as_f64().unwrap()
    };
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

#[test]
fn scores_that_do_not_answer_the_plan_are_refused() {
    let e = planned();
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
