use std::path::{Path, PathBuf};

use eyepatch_core::{Ctx, Dataset, Error, Sample, Table};
use image::{GrayImage, Luma};
use plugin_dicom::{Dicom, dicom};
use tempfile::TempDir;

use crate::build::Build;

/// A folder of DICOM files, one of masks, and a table, in a temporary folder.
pub(crate) struct Fixture {
    dir: TempDir,
}

impl Fixture {
    /// `n` files `s0.dcm`, ... of patients `Patient-0`, ..., two files each, with masks of their names, and a table of columns
    /// file, label, site.
    pub(crate) fn plain(n: u16) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["images", "rois"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let fixture = Self { dir };
        let mut table = "file,label,site\n".to_owned();
        for i in 0..n {
            fixture.image(&format!("s{i}.dcm"), &Self::build(i));
            fixture.mask(&format!("s{i}.png"), i.into());
            table += &format!("s{i}.dcm,{},{}\n", i % 2, ["north", "south"][usize::from(i % 2)]);
        }
        fixture.table(&table);
        fixture
    }

    /// The file of number `i`.
    pub(crate) fn build(i: u16) -> Build {
        Build::gradient(i)
            .text(0x0008, 0x0020, "DA", &format!("202003{:02}", 1 + i))
            .text(0x0008, 0x0050, "SH", &format!("ACC{}", i / 2))
            .text(0x0008, 0x0070, "LO", "Acme")
            .text(0x0008, 0x0080, "LO", "Secret Hospital")
            .text(0x0009, 0x0010, "LO", "Secret private")
            .text(0x0010, 0x0010, "PN", "Secret^Name")
            .text(0x0010, 0x0020, "LO", &format!("Patient-{}", i / 2))
            .text(0x0010, 0x0030, "DA", "19010203")
            .text(0x0010, 0x0040, "CS", if i % 2 == 0 { "F" } else { "M" })
            .text(0x0010, 0x1010, "AS", "045Y")
            .text(0x0018, 0x5101, "CS", "PA")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn image(&self, name: &str, build: &Build) {
        self.write(&format!("images/{name}"), &build.bytes());
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// A square that moves with `n`.
    pub(crate) fn mask(&self, name: &str, n: u32) {
        let inside = |x, y| (n % 5..n % 5 + 4).contains(&x) && (2..6).contains(&y);
        let mask = GrayImage::from_fn(12, 8, |x, y| Luma([if inside(x, y) { 255 } else { 0 }]));
        let path = self.path(&format!("rois/{name}"));
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        mask.save(path).unwrap();
    }

    pub(crate) fn table(&self, text: &str) {
        self.write("labels.csv", text.as_bytes());
    }

    pub(crate) fn dicom(&self) -> Dicom {
        dicom(self.path("images"), self.path("labels.csv"), self.path("rois")).key_file(self.path("key"))
    }
}

pub(crate) fn table(dicom: &Dicom) -> Result<Table, Error> {
    dicom.table(&Ctx::for_tests(1)).map(|t| (*t).clone())
}

pub(crate) fn load(dicom: &Dicom, row: usize) -> Result<Sample, Error> {
    dicom.load(row, &Ctx::for_tests(1))
}

/// An error with its remedy.
pub(crate) fn told(error: &Error) -> String {
    format!("{error} | {}", error.remedy().unwrap_or_default())
}
