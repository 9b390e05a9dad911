//! The commands on single files, against slow and obvious versions of themselves.

use std::path::Path;

use image::{GrayImage, ImageBuffer, Luma};

use crate::data::Data;
use crate::program::{eyepatch, fine, refused};

fn read(path: &Path) -> GrayImage {
    image::open(path).unwrap().into_luma8()
}

/// City-block dilation by definition: inside where any inside pixel is within `r`.
fn dilated(roi: &GrayImage, r: i32) -> GrayImage {
    let inside: Vec<(i32, i32)> =
        roi.enumerate_pixels().filter(|(_, _, p)| p[0] != 0).map(|(x, y, _)| (x as i32, y as i32)).collect();
    GrayImage::from_fn(roi.width(), roi.height(), |x, y| {
        let near = inside.iter().any(|(a, b)| (a - x as i32).abs() + (b - y as i32).abs() <= r);
        Luma([if near { 255 } else { 0 }])
    })
}

fn inverted(roi: &GrayImage) -> GrayImage {
    GrayImage::from_fn(roi.width(), roi.height(), |x, y| Luma([255 - roi.get_pixel(x, y)[0]]))
}

#[test]
fn roi_dilate_and_erode() {
    let data = Data::new(48);
    let roi = read(&data.roi("s002"));
    let out = data.path().join("out.png");
    for radius in [0, 1, 4, 9, 60] {
        fine(
            eyepatch()
                .args(["roi", "dilate", "--roi"])
                .arg(data.roi("s002"))
                .args(["--radius", &radius.to_string(), "--out"])
                .arg(&out),
        );
        assert_eq!(read(&out), dilated(&roi, radius), "radius {radius}");
        fine(
            eyepatch()
                .args(["roi", "dilate", "--roi"])
                .arg(data.roi("s002"))
                .args(["--radius", &(-radius).to_string(), "--out"])
                .arg(&out),
        );
        assert_eq!(read(&out), inverted(&dilated(&inverted(&roi), radius)), "radius -{radius}");
    }
}

#[test]
fn mask_keeps_one_side_and_blackens_the_other() {
    let data = Data::new(48);
    let (image, roi, out) = (read(&data.image("s002")), read(&data.roi("s002")), data.path().join("out.png"));
    let grown = dilated(&roi, 3);
    for (keep, shape, dilate, region) in [
        ("inside", "exact", "0", roi.clone()),
        ("outside", "exact", "0", roi.clone()),
        ("outside", "exact", "3", grown.clone()),
        ("inside", "box", "3", boxed(&grown)),
        ("outside", "box", "-2", boxed(&inverted(&dilated(&inverted(&roi), 2)))),
    ] {
        let mut command = eyepatch();
        command.args(["mask", "--image"]).arg(data.image("s002")).arg("--roi").arg(data.roi("s002"));
        command
            .args(["--keep", keep, "--shape", shape, "--dilate", dilate, "--fill", "black", "--out"])
            .arg(&out);
        fine(&mut command);
        let expected = GrayImage::from_fn(image.width(), image.height(), |x, y| {
            let visible = (region.get_pixel(x, y)[0] != 0) == (keep == "inside");
            Luma([if visible { image.get_pixel(x, y)[0] } else { 0 }])
        });
        assert_eq!(read(&out), expected, "{keep} {shape} {dilate}");
    }
}

fn boxed(roi: &GrayImage) -> GrayImage {
    let inside = || roi.enumerate_pixels().filter(|(_, _, p)| p[0] != 0);
    let (x0, x1) = (inside().map(|p| p.0).min().unwrap(), inside().map(|p| p.0).max().unwrap());
    let (y0, y1) = (inside().map(|p| p.1).min().unwrap(), inside().map(|p| p.1).max().unwrap());
    GrayImage::from_fn(roi.width(), roi.height(), |x, y| {
        Luma([if (x0..=x1).contains(&x) && (y0..=y1).contains(&y) { 255 } else { 0 }])
    })
}

#[test]
fn sixteen_bits_stay_sixteen_bits() {
    let data = Data::new(48);
    let (deep, out) = (data.path().join("deep.png"), data.path().join("out.png"));
    let source = ImageBuffer::<Luma<u16>, _>::from_fn(40, 40, |x, y| Luma([(x * 1000 + y) as u16]));
    source.save(&deep).unwrap();
    let mut command = eyepatch();
    command.args(["mask", "--image"]).arg(&deep).arg("--roi").arg(data.roi("s002"));
    fine(command.args(["--keep", "inside", "--out"]).arg(&out));
    let masked = image::open(&out).unwrap();
    assert_eq!(masked.color(), image::ColorType::L16);
    let (masked, roi) = (masked.into_luma16(), read(&data.roi("s002")));
    for (x, y, p) in masked.enumerate_pixels() {
        assert_eq!(p[0], if roi.get_pixel(x, y)[0] != 0 { source.get_pixel(x, y)[0] } else { 0 });
    }
}

#[test]
fn bad_single_files_are_refused() {
    let data = Data::new(48);
    let out = data.path().join("out.png");
    let mask = |image: &Path, roi: &Path| {
        let mut command = eyepatch();
        command
            .args(["mask", "--image"])
            .arg(image)
            .arg("--roi")
            .arg(roi)
            .args(["--keep", "inside", "--out"])
            .arg(&out);
        command
    };
    let missing = data.path().join("nowhere.png");
    refused(&mut mask(&missing, &data.roi("s000")), &["nowhere.png", "check that the file exists"]);
    let text = data.path().join("labels.csv");
    refused(&mut mask(&text, &data.roi("s000")), &["labels.csv", "PNG, JPEG or TIFF"]);
    let small = data.path().join("small.png");
    GrayImage::from_pixel(8, 8, Luma([255])).save(&small).unwrap();
    refused(&mut mask(&data.image("s000"), &small), &["8x8", "40x40", "small.png"]);
    let empty = data.path().join("empty.png");
    GrayImage::from_pixel(40, 40, Luma([0])).save(&empty).unwrap();
    refused(&mut mask(&data.image("s000"), &empty), &["empty.png", "is empty"]);
    assert!(!out.exists(), "nothing is written where something is wrong");
}

#[test]
fn split_keeps_patients_together() {
    let data = Data::new(48);
    let out = data.path().join("splits.csv");
    let mut command = eyepatch();
    command.args(["split", "--table"]).arg(data.path().join("labels.csv"));
    fine(command.args(["--group", "patient_id", "--stratify", "label", "--folds", "3", "--out"]).arg(&out));
    let mut tested = [0; 48];
    let mut parts = std::collections::BTreeMap::new();
    for record in csv::Reader::from_path(&out).unwrap().deserialize::<(usize, usize, String)>() {
        let (row, fold, part) = record.unwrap();
        tested[row] += usize::from(part == "test");
        let patient = &data.rows[row].patient;
        assert_eq!(
            parts.entry((fold, patient.clone())).or_insert_with(|| part.clone()),
            &part,
            "{patient} is torn apart"
        );
    }
    assert_eq!(tested, [1; 48]);
    refused(
        eyepatch()
            .args(["split", "--table"])
            .arg(data.path().join("labels.csv"))
            .args(["--group", "who", "--out"])
            .arg(&out),
        &["no column `who`", "patient_id"],
    );
}

#[test]
fn list_doctor_completions_and_manual() {
    let json: serde_json::Value =
        serde_json::from_str(&fine(eyepatch().args(["list", "--json"])).stdout).unwrap();
    let ids: Vec<&str> =
        json["plugins"].as_array().unwrap().iter().map(|p| p["id"].as_str().unwrap()).collect();
    for id in [
        "eyepatch/region",
        "eyepatch/folder",
        "eyepatch/phantom",
        "eyepatch/densenet",
        "eyepatch/predictions",
        "eyepatch/occlusion",
        "eyepatch/auc-matrix",
    ] {
        assert!(ids.contains(&id), "{id} is not listed");
    }
    let audits: Vec<&str> =
        json["audits"].as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap()).collect();
    assert_eq!(audits, ["chest-xray/nih_pneumonia", "quickstart/honest", "quickstart/planted_marker"]);
    let doctor: serde_json::Value =
        serde_json::from_str(&fine(eyepatch().args(["doctor", "--json"])).stdout).unwrap();
    assert_eq!(doctor["problems"].as_array().unwrap().len(), 0);
    assert!(fine(eyepatch().args(["completions", "bash"])).stdout.contains("eyepatch"));
    assert!(fine(eyepatch().arg("man")).stdout.contains(".TH eyepatch"));
    assert!(fine(eyepatch().args(["plan", "quickstart"])).stdout.contains("quickstart/planted_marker"));
}
