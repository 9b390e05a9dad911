//! Small archives in the published layouts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eyepatch_core::{Ctx, Dataset, Error, Params, Sample, Table};
use image::{GrayImage, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use tempfile::TempDir;

/// An archive in a temporary folder.
pub(crate) struct Archive {
    dir: TempDir,
}

pub(crate) const WIDTH: u32 = 48;
pub(crate) const HEIGHT: u32 = 36;

fn distance(x: u32, y: u32, centre: (u32, u32)) -> u32 {
    let (dx, dy) = (x.abs_diff(centre.0), y.abs_diff(centre.1));
    dx * dx + dy * dy
}

/// A round retina on black with a bright disc whose place differs with `n`.
pub(crate) fn photograph(n: u32) -> RgbImage {
    let disc = centre(n);
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        if distance(x, y, (WIDTH / 2, HEIGHT / 2)) > 300 {
            Rgb([0, 0, 0])
        } else if distance(x, y, disc) <= 25 {
            Rgb([250, 200, 90])
        } else {
            Rgb([140 + (3 * x + n) as u8 % 40, 60 + (5 * y) as u8 % 30, 20])
        }
    })
}

fn centre(n: u32) -> (u32, u32) {
    (16 + n % 13, 14 + n % 7)
}

/// Disc grey, cup white, and around the disc a rim of 20 such as fusing leaves.
pub(crate) fn fused(n: u32) -> GrayImage {
    GrayImage::from_fn(WIDTH, HEIGHT, |x, y| {
        Luma([match distance(x, y, centre(n)) {
            0..=4 => 255,
            5..=25 => 127,
            26..=36 => 20,
            _ => 0,
        }])
    })
}

fn round(n: u32, radius: u32) -> GrayImage {
    GrayImage::from_fn(WIDTH, HEIGHT, |x, y| {
        Luma([if distance(x, y, centre(n)) <= radius * radius { 255 } else { 0 }])
    })
}

/// Saves an image, in a new folder where need be.
fn save(image: image::DynamicImage, path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    image.save(path).unwrap();
}

impl Archive {
    pub(crate) fn empty() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_file(self.path(name)).unwrap();
    }

    pub(crate) fn photograph(&self, name: &str, n: u32) {
        save(photograph(n).into(), &self.path(name));
    }

    /// Replaces text in a table.
    pub(crate) fn edit(&self, name: &str, change: impl Fn(String) -> String) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        self.write(name, change(text));
    }

    /// The images and masks of a part and camera of Chákṣu.
    fn shelf(&self, part: &str, camera: &str, masks_of: &str, names: &[(&str, &str)]) {
        for (i, (stem, extension)) in names.iter().enumerate() {
            let n = i as u32 + names.len() as u32;
            self.photograph(&format!("{part}/1.0_Original_Fundus_Images/{camera}/{stem}.{extension}"), n);
            save(
                fused(n).into(),
                &self.path(&format!("{part}/4.0_OD_CO_Fusion_Images/{masks_of}/STAPLE/{stem}.png")),
            );
            for (structure, radius) in [("Disc", 5), ("Cup", 2)] {
                let grey = round(n, radius);
                // As published: grey in all colours, with an alpha of full strength.
                let mask = RgbaImage::from_fn(WIDTH, HEIGHT, |x, y| {
                    let v = grey.get_pixel(x, y).0[0];
                    Rgba([v, v, v, 255])
                });
                let folder =
                    format!("{part}/5.0_OD_OC_Mean_Median_Majority_STAPLE/{camera}/{structure}/STAPLE");
                save(mask.into(), &self.path(&format!("{folder}/{stem}.png")));
            }
        }
    }

    /// Chákṣu's table of a part and camera, from image names and decisions.
    pub(crate) fn decisions(&self, part: &str, camera: &str, header: &str, rows: &[(&str, &str)]) {
        let mut text = format!("Images,Expert.1,Expert.2,Expert.3,Expert.4,Expert.5,{header}\n");
        for (name, decision) in rows {
            text += &format!("{name},NORMAL,NORMAL,GLAUCOMA  SUSUPECT,NORMAL,GLAUCOMA SUSPECT,{decision}\n");
        }
        self.write(&format!("{part}/{}", table(camera)), text);
    }

    /// Three cameras, two parts and the traps that do not make it unreadable.
    pub(crate) fn chaksu() -> Self {
        let archive = Self::empty();
        archive.shelf(
            "Train",
            "Bosch",
            "Bosch",
            &[("Image101", "JPG"), ("P3_Image1", "JPG"), ("p3_image2", "jpg")],
        );
        archive.shelf("Test", "bosch", "BOSCH", &[("P10_Image1", "JPG"), ("P10_Image2", "JPG")]);
        archive.shelf("Train", "Forus", "Forus", &[("1", "png"), ("22glsusp", "png")]);
        archive.shelf("Test", "Forus", "Forus", &[("30", "png"), ("31", "png")]);
        archive.shelf("Train", "Remidio", "Remidio", &[("IMG_2431", "JPG"), ("IMG_2432", "JPG")]);
        archive.shelf("Test", "Remidio", "Remedio", &[("IMG_4547", "JPG"), ("IMG_4548", "JPG")]);
        let bosch = [
            ("Image101.jpg-Image101-1.jpg", "GLAUCOMA SUSPECT"),
            ("P3_Image1.jpg-P3_Image1-1.jpg", "NORMAL"),
            ("p3_image2.jpg-p3_image2-1.jpg", "GLAUCOMA  SUSUPECT"),
            ("P10_Image1.jpg-P10_Image1-1.jpg", "NORMAL"),
            ("P10_Image2.jpg-P10_Image2-1.jpg", " Glaucoma suspect "),
        ];
        archive.decisions("Train", "Bosch", "Majority Decision", &bosch);
        archive.decisions("Test", "Bosch", "Majority Decision", &bosch);
        let forus = [("1.jpg-1-1.jpg", "NORMAL"), ("22glsusp.jpg-22glsusp-1.jpg", "GLAUCOMA SUSPECT")];
        archive.decisions("Train", "Forus", "Majority Decision", &forus);
        let forus = [("30.jpg-30-1.jpg", "normal"), ("31.jpg-31-1.jpg", "GLAUCOMA SUSPECT")];
        archive.decisions("Test", "Forus", "Glaucoma Decision", &forus);
        let remidio =
            [("IMG_2431.tif-IMG_2431-1.tif", "NORMAL"), ("IMG_2432.tif-IMG_2432-1.tif", "GLAUCOMA SUSPECT")];
        archive.decisions("Train", "Remidio", "Majority Decision", &remidio);
        let remidio =
            [("IMG_4547.tif-IMG_4547-1.tif", "GLAUCOMA SUSPECT"), ("IMG_4548.tif-IMG_4548-1.tif", "NORMAL")];
        archive.decisions("Test", "Remidio", "Glaucoma Decision", &remidio);
        archive.write("Train/1.0_Original_Fundus_Images/Bosch/.DS_Store", "left behind");
        archive.write("Train/1.0_Original_Fundus_Images/Bosch/._Image101.JPG", "left behind");
        archive.write("__MACOSX/Train/._.DS_Store", "left behind");
        archive
    }

    /// Six images in three folders; every third is referable. Masks lie in `masks`.
    pub(crate) fn airogs() -> Self {
        let archive = Self::empty();
        let mut table = "challenge_id,class\n".to_owned();
        for n in 0..6 {
            archive.photograph(&format!("{}/TRAIN{n:06}.jpg", n / 2), n);
            save(round(n, 5).into(), &archive.path(&format!("masks/TRAIN{n:06}.png")));
            table += &format!("TRAIN{n:06},{}\n", if n % 3 == 0 { "RG" } else { "NRG" });
        }
        archive.write("train_labels.csv", table);
        archive
    }

    /// Eight images in both partitions, with masks.
    pub(crate) fn rim_one() -> Self {
        let archive = Self::empty();
        for n in 1..=8u32 {
            let (class, version) = (if n % 4 == 0 { "glaucoma" } else { "normal" }, 1 + n % 3);
            let stem = format!("r{version}_Im{n:03}");
            let by_hospital = if version == 1 { "test_set" } else { "training_set" };
            let randomly = if n < 6 { "training_set" } else { "test_set" };
            for (partition, part) in [("by_hospital", by_hospital), ("randomly", randomly)] {
                let folder = format!("RIM-ONE_DL_images/partitioned_{partition}/{part}/{class}");
                archive.photograph(&format!("{folder}/{stem}.png"), n);
            }
            for (structure, radius) in [("Disc", 5), ("Cup", 2)] {
                let folder = format!("RIM-ONE_DL_reference_segmentations/{class}");
                save(round(n, radius).into(), &archive.path(&format!("{folder}/{stem}-1-{structure}-T.png")));
                archive.write(&format!("{folder}/{stem}-1-{structure}-T.txt"), "DCSeg\n");
            }
        }
        for folder in ["by_hospital/test_set/glaucoma", "randomly/test_set/glaucoma"] {
            let folder = archive.path("RIM-ONE_DL_images").join(format!("partitioned_{folder}"));
            std::fs::create_dir_all(folder).unwrap();
        }
        archive.write("RIM-ONE_DL_images/LICENSE.txt", "for research");
        archive
    }
}

/// The path of a camera's table below its part.
pub(crate) fn table(camera: &str) -> String {
    format!("6.0_Glaucoma_Decision/Glaucoma_Decision_Comparison_{camera}_majority.csv")
}

pub(crate) fn read<D: Dataset + Params>(data: &D) -> Result<Arc<Table>, Error> {
    data.check().unwrap();
    data.table(&Ctx::for_tests(1))
}

pub(crate) fn load<D: Dataset>(data: &D, row: usize) -> Result<Sample, Error> {
    data.load(row, &Ctx::for_tests(1))
}

pub(crate) fn notes<D: Dataset>(data: &D) -> String {
    data.card().notes.join("\n")
}

/// Asserts that reading is a table error of this file and line that tells of `says` and offers a remedy.
#[track_caller]
pub(crate) fn refused<D: Dataset + Params>(data: &D, file: &str, line: Option<usize>, says: &str) -> String {
    let error = read(data).expect_err("bad input passed");
    let text = error.to_string();
    let Error::Table { path, row, problem, remedy, .. } = &error else { panic!("no table error: {text}") };
    assert!(path.ends_with(file), "{text}\nnot of {file}");
    assert_eq!(*row, line, "{text}");
    assert!(problem.contains(says), "{text}\nlacks: {says}");
    assert!(!remedy.is_empty(), "{text}");
    text
}

/// Asserts that loading the sample `id` is an error of `file` that tells of `says` and offers a remedy.
#[track_caller]
pub(crate) fn refused_sample<D: Dataset + Params>(data: &D, id: &str, file: &str, says: &str) {
    let row = read(data).unwrap().rows.iter().position(|r| r.id == id).unwrap();
    let error = load(data, row).expect_err("bad input passed");
    let text = error.to_string();
    let Error::Sample { sample, path, problem, remedy, .. } = &error else {
        panic!("no sample error: {text}")
    };
    assert_eq!(sample, id);
    assert!(path.as_ref().is_some_and(|p| p.ends_with(file)), "{text}\nnot of {file}");
    assert!(problem.contains(says) && !remedy.is_empty(), "{text}\nlacks: {says}");
}
