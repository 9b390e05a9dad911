use std::path::PathBuf;

use eyepatch_core::{Ctx, DataCard, Dataset, Error, Params, Sample, Table};
use image::{GrayImage, Luma};
use plugin_folder::{Folder, folder};
use tempfile::TempDir;

/// A table, a folder of images and a folder of masks in a temporary folder.
pub(crate) struct Fixture {
    dir: TempDir,
}

pub(crate) const WIDTH: u32 = 12;
pub(crate) const HEIGHT: u32 = 8;

/// A grey gradient that differs with `n`.
pub(crate) fn gradient(n: u32) -> GrayImage {
    GrayImage::from_fn(WIDTH, HEIGHT, |x, y| Luma([(10 * x + 3 * y + 7 * n) as u8]))
}

/// A mask whose square moves with `n`.
pub(crate) fn square(n: u32) -> GrayImage {
    let inside = |x, y| (n % 5..n % 5 + 4).contains(&x) && (2..6).contains(&y);
    GrayImage::from_fn(WIDTH, HEIGHT, |x, y| Luma([if inside(x, y) { 255 } else { 0 }]))
}

impl Fixture {
    /// Empty folders `images` and `rois`.
    pub(crate) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("images")).unwrap();
        std::fs::create_dir(dir.path().join("rois")).unwrap();
        Self { dir }
    }

    /// `n` images `s0.png`, ... with masks of the same name, and a table of columns id, image, patient_id, label, age.
    pub(crate) fn plain(n: u32) -> Self {
        let fixture = Self::empty();
        let mut table = "id,image,patient_id,label,age\n".to_owned();
        for i in 0..n {
            fixture.image(&format!("s{i}.png"), i);
            fixture.roi(&format!("s{i}.png"), i);
            table += &format!("s{i},s{i}.png,p{},{},{}\n", i / 2, i % 2, 40 + i);
        }
        fixture.table(&table);
        fixture
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn image(&self, name: &str, n: u32) {
        self.save(&gradient(n), &format!("images/{name}"));
    }

    pub(crate) fn roi(&self, name: &str, n: u32) {
        self.save(&square(n), &format!("rois/{name}"));
    }

    /// Saves an image, in a new folder where need be.
    fn save(&self, image: &GrayImage, name: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        image.save(path).unwrap();
    }

    pub(crate) fn table(&self, text: impl AsRef<[u8]>) {
        std::fs::write(self.path("table.csv"), text).unwrap();
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn bare(&self) -> Folder {
        folder(self.path("table.csv"), self.path("images"), self.path("rois"))
    }

    pub(crate) fn folder(&self) -> Folder {
        self.bare().patient("patient_id").label("label")
    }
}

pub(crate) fn table(folder: &Folder) -> Result<std::sync::Arc<Table>, Error> {
    folder.check().unwrap();
    folder.table(&Ctx::for_tests(1))
}

pub(crate) fn load(folder: &Folder, row: usize) -> Result<Sample, Error> {
    folder.load(row, &Ctx::for_tests(1))
}

pub(crate) fn notes(folder: &Folder) -> String {
    let DataCard { notes, .. } = folder.card();
    notes.join("\n")
}

/// Asserts that a table error names this file line and column, tells of `problem`, and offers a remedy.
#[track_caller]
pub(crate) fn expect_table(folder: &Folder, line: Option<usize>, column: Option<&str>, says: &str) -> String {
    let error = table(folder).expect_err("bad input passed");
    let text = error.to_string();
    match &error {
        Error::Table { path, row, column: found, problem, remedy } => {
            assert!(path.extension().is_some_and(|e| e == "csv" || e == "json"), "{text}");
            assert_eq!((*row, found.as_deref()), (line, column), "{text}");
            assert!(problem.contains(says), "{text}\nlacks: {says}");
            assert!(!remedy.is_empty(), "{text}");
        }
        other => panic!("not a table error: {other}"),
    }
    text
}

/// Asserts that loading `row` is an error that names the sample, `file`, `line`, the problem and a remedy.
#[track_caller]
pub(crate) fn expect_sample(folder: &Folder, row: usize, file: &str, line: usize, says: &str) {
    let error = load(folder, row).expect_err("bad input passed");
    let text = error.to_string();
    match &error {
        Error::Sample { sample, path, row: found, problem, remedy } => {
            assert!(path.as_ref().is_some_and(|p| p.ends_with(file)), "{text}\nnot of {file}");
            assert_eq!(*found, Some(line), "{text}");
            assert!(
                problem.contains(says) && !remedy.is_empty() && !sample.is_empty(),
                "{text}\nlacks: {says}"
            );
        }
        other => panic!("not a sample error: {other}"),
    }
}
