//! A small data set on disk: discs on noise, brighter where the label is 1.

use std::path::{Path, PathBuf};
use std::process::Command;

use image::{GrayImage, Luma};
use tempfile::TempDir;

use crate::program::eyepatch;

/// Side of the images in pixels.
pub(crate) const SIDE: u32 = 40;

/// Parameters of a network that trains in no time.
pub(crate) const SMALL: &str =
    r#"{"growth": 4, "blocks": [1, 1], "init_features": 4, "epochs": 2, "batch": 8}"#;

/// A folder with `labels.csv`, `images/` and `rois/`.
pub(crate) struct Data {
    pub(crate) home: TempDir,
    pub(crate) rows: Vec<Row>,
}

#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) patient: String,
    pub(crate) label: String,
    pub(crate) age: String,
}

impl Data {
    /// `n` images, two a patient, half of the patients positive.
    pub(crate) fn new(n: usize) -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["images", "rois"] {
            std::fs::create_dir(home.path().join(folder)).unwrap();
        }
        let rows: Vec<Row> = (0..n)
            .map(|i| Row {
                id: format!("s{i:03}"),
                patient: format!("p{}", i / 2),
                label: ((i / 2) % 2).to_string(),
                age: (30 + i % 40).to_string(),
            })
            .collect();
        let data = Self { home, rows };
        for (i, row) in data.rows.iter().enumerate() {
            disc(i, row.label == "1").save(data.image(&row.id)).unwrap();
            roi(i).save(data.roi(&row.id)).unwrap();
        }
        data.write_table();
        data
    }

    pub(crate) fn path(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn image(&self, id: &str) -> PathBuf {
        self.path().join("images").join(format!("{id}.png"))
    }

    pub(crate) fn roi(&self, id: &str) -> PathBuf {
        self.path().join("rois").join(format!("{id}.png"))
    }

    /// Writes `labels.csv` from the rows.
    pub(crate) fn write_table(&self) {
        let mut text = String::from("id,patient_id,label,age\n");
        for r in &self.rows {
            text.push_str(&format!("{},{},{},{}\n", r.id, r.patient, r.label, r.age));
        }
        std::fs::write(self.path().join("labels.csv"), text).unwrap();
    }

    /// The options of a sweep that name this data set, and its size and folds.
    pub(crate) fn options(&self, command: &mut Command) {
        self.table(command);
        command.args(["--size", "32", "--folds", "2"]);
    }

    /// The options of a sweep that name this data set.
    pub(crate) fn table(&self, command: &mut Command) {
        command.arg("sweep").arg("--table").arg(self.path().join("labels.csv"));
        command.arg("--images").arg(self.path().join("images")).arg("--rois").arg(self.path().join("rois"));
        command.args(["--patient", "patient_id", "--label", "label"]);
    }

    /// `eyepatch run sweep` of this data set into `out`, with a network that trains in no time.
    pub(crate) fn sweep(&self, out: &Path) -> Command {
        self.sweep_of(SMALL, out)
    }

    /// The same with other parameters of the network.
    pub(crate) fn sweep_of(&self, params: &str, out: &Path) -> Command {
        let mut command = eyepatch();
        command.arg("run");
        self.options(&mut command);
        command.args(["--model-params", params]).arg("--out").arg(out);
        command
    }
}

fn centre(i: usize) -> (i32, i32) {
    (16 + (i % 7) as i32, 17 + (i % 5) as i32)
}

fn inside(i: usize, x: u32, y: u32) -> bool {
    let (cx, cy) = centre(i);
    let (dx, dy) = (x as i32 - cx, y as i32 - cy);
    dx * dx + dy * dy <= 81
}

fn disc(i: usize, positive: bool) -> GrayImage {
    GrayImage::from_fn(SIDE, SIDE, |x, y| {
        // A fixed scramble of position and image: noise without a generator.
        let noise =
            (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503) ^ (i as u32).wrapping_mul(97)) >> 7 & 31;
        let level = if inside(i, x, y) { if positive { 190 } else { 120 } } else { 60 };
        Luma([(level + noise) as u8])
    })
}

fn roi(i: usize) -> GrayImage {
    GrayImage::from_fn(SIDE, SIDE, |x, y| Luma([if inside(i, x, y) { 255 } else { 0 }]))
}
