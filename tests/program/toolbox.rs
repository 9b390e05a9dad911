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
fn split_keeps_patients_together_and_a_sweep_reads_it() {
    let data = Data::new(48);
    let out = data.path().join("splits.csv");
    let split = || {
        let mut command = eyepatch();
        command.args(["split", "--table"]).arg(data.path().join("labels.csv")).arg("--out").arg(&out);
        command
    };
    fine(split().args(["--group", "patient_id", "--stratify", "label", "--folds", "3"]));
    let mut tested = std::collections::BTreeMap::new();
    let mut parts = std::collections::BTreeMap::new();
    for record in csv::Reader::from_path(&out).unwrap().deserialize::<(String, usize, String)>() {
        let (sample, fold, part) = record.unwrap();
        let patient = &data.rows.iter().find(|r| r.id == sample).unwrap().patient;
        *tested.entry(sample).or_insert(0) += usize::from(part == "test");
        assert_eq!(
            parts.entry((fold, patient.clone())).or_insert_with(|| part.clone()),
            &part,
            "{patient} is torn apart"
        );
    }
    assert!(tested.len() == 48 && tested.values().all(|n| *n == 1), "{tested:?}");
    let mut plan = eyepatch();
    plan.arg("plan");
    data.table(&mut plan);
    let text = fine(plan.args(["--size", "32", "--splits"]).arg(&out)).stdout;
    assert!(text.contains("folds: 3"), "{text}");

    refused(split().args(["--group", "who"]), &["no column `who`", "patient_id"]);
    let twice = ["line 3", "`p0` in column `patient_id` is also on line 2", "--id"];
    refused(split().args(["--group", "label", "--id", "patient_id"]), &twice);
    let text = std::fs::read_to_string(data.path().join("labels.csv")).unwrap();
    std::fs::write(data.path().join("labels.csv"), text.replacen("id,", "who,", 1)).unwrap();
    refused(split().args(["--group", "patient_id"]), &["no column looks like an id", "--id", "who"]);
}

#[test]
fn list_doctor_completions_and_manual() {
    let json: serde_json::Value =
        serde_json::from_str(&fine(eyepatch().args(["list", "--json"])).stdout).unwrap();
    let ids: Vec<&str> =
        json["plugins"].as_array().unwrap().iter().map(|p| p["id"].as_str().unwrap()).collect();
    for id in [
        "eyepatch/region",
        "eyepatch/chestxray14",
        "eyepatch/folder",
        "eyepatch/padchest",
        "eyepatch/prepared",
        "eyepatch/chaksu",
        "eyepatch/airogs",
        "eyepatch/rim-one-dl",
        "eyepatch/phantom",
        "eyepatch/densenet",
        "eyepatch/onnx",
        "eyepatch/predictions",
        "eyepatch/occlusion",
        "eyepatch/shap-partition",
        "eyepatch/auc-matrix",
    ] {
        assert!(ids.contains(&id), "{id} is not listed");
    }
    let audits: Vec<&str> =
        json["audits"].as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap()).collect();
    let declared = [
        "chest-xray/nih_as_published",
        "chest-xray/nih_pneumonia",
        "chest-xray/study_of_padchest",
        "fundus/leave_one_camera_out",
        "fundus/planted_camera",
        "fundus/study_of_chaksu",
        "fundus/three_cameras",
        "planted/benchmark",
        "planted/cameras",
        "planted/cameras_after_training",
        "planted/maps_of_a_marker",
        "planted/maps_without_a_marker",
        "planted/max_before_masking",
        "planted/tuning",
        "quickstart/honest",
        "quickstart/planted_marker",
    ];
    assert_eq!(audits, declared);
    let doctor: serde_json::Value =
        serde_json::from_str(&fine(eyepatch().args(["doctor", "--json"])).stdout).unwrap();
    assert_eq!(doctor["problems"].as_array().unwrap().len(), 0);
    assert!(doctor["threads"].as_u64().unwrap() >= 1);
    assert!(["avx512", "avx2", "portable"].contains(&doctor["path"].as_str().unwrap()));
    let speed = doctor["speed"].as_array().unwrap();
    for what in ["DenseNet-121 forward", "dilations", "product"] {
        let figure = speed.iter().find(|f| f["what"].as_str().unwrap().contains(what)).unwrap();
        assert!(figure["value"].as_f64().unwrap() > 0.0, "{figure}");
    }
    let text = fine(eyepatch().args(["doctor", "--no-speed"])).stdout;
    let lines: Vec<&str> = text.lines().filter_map(|l| l.split(':').next()).collect();
    for line in
        ["threads", "memory", "cpu features", "kernels on the cpu", "device", "cuda", "no problem found"]
    {
        assert!(lines.contains(&line), "`{line}` is not in:\n{text}");
    }
    assert!(!text.contains("speed"));
    if cfg!(not(feature = "cuda")) {
        assert!(text.contains("device: cpu (built without CUDA)\n"), "{text}");
    }
    assert!(fine(eyepatch().args(["completions", "bash"])).stdout.contains("eyepatch"));
    // A doc comment's first paragraph, in one line.
    let list = fine(eyepatch().arg("list")).stdout;
    let question = "Opacities in the lungs are the only sign of disease. Does the model still find it when lungs and \
                    heart are hidden?";
    assert!(list.lines().any(|l| l.starts_with("  quickstart/honest ") && l.ends_with(question)), "{list}");
    assert!(fine(eyepatch().args(["plan", "quickstart"])).stdout.contains("quickstart/planted_marker"));
}

#[test]
fn the_manual_has_a_page_a_command() {
    let text = fine(eyepatch().arg("man")).stdout;
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    fine(eyepatch().args(["man", "--out"]).arg(&pages));
    let mut names: Vec<String> = std::fs::read_dir(&pages)
        .unwrap()
        .map(|f| f.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    for name in ["eyepatch.1", "eyepatch-run.1", "eyepatch-mask.1", "eyepatch-roi-dilate.1", "eyepatch-man.1"]
    {
        assert!(names.iter().any(|n| n == name), "{name} is not in {names:?}");
    }
    let all: String = names.iter().map(|n| std::fs::read_to_string(pages.join(n)).unwrap()).collect();
    assert_eq!(all.len(), text.len(), "printed and written pages differ");
    for title in [".TH eyepatch 1", ".TH eyepatch-run 1", ".TH eyepatch-roi-box 1"] {
        assert!(text.contains(title), "{title}");
    }
    assert!(text.contains(r"\-\-flag\-above"), "options are described");
}

#[test]
fn single_files_tell_what_they_wrote_as_json() {
    let data = Data::new(48);
    let out = data.path().join("out");
    let told = |command: &mut std::process::Command| -> serde_json::Value {
        let json: serde_json::Value =
            serde_json::from_str(&fine(command.args(["--json", "--out"]).arg(&out)).stdout).unwrap();
        assert_eq!(json["out"], out.to_str().unwrap());
        json
    };
    let area = |roi: &GrayImage| roi.pixels().filter(|p| p[0] != 0).count();
    let roi = read(&data.roi("s002"));
    let json = told(eyepatch().args(["roi", "dilate", "--radius", "3", "--roi"]).arg(data.roi("s002")));
    assert_eq!(
        (json["inside_before"].clone(), json["inside"].clone()),
        (area(&roi).into(), area(&dilated(&roi, 3)).into())
    );
    let json = told(eyepatch().args(["roi", "box", "--roi"]).arg(data.roi("s002")));
    assert_eq!((&json["width"], &json["inside"]), (&40.into(), &area(&boxed(&roi)).into()));
    let mut mask = eyepatch();
    mask.args(["mask", "--keep", "outside", "--image"])
        .arg(data.image("s002"))
        .arg("--roi")
        .arg(data.roi("s002"));
    let json = told(&mut mask);
    assert_eq!((&json["masking"]["name"], &json["masking"]["fill"]), (&"NoROI".into(), &"black".into()));
    let mut split = eyepatch();
    split.args(["split", "--group", "patient_id", "--table"]).arg(data.path().join("labels.csv"));
    let json = told(&mut split);
    assert_eq!(json["rows"], 48);
    let tested =
        |key: &str| json["folds"].as_array().unwrap().iter().map(|f| f[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!((tested("test_rows"), tested("test_patients")), (48, 24));
}

#[test]
fn masks_that_cannot_be_are_refused() {
    let data = Data::new(48);
    let out = data.path().join("out");
    let one = || {
        let mut command = eyepatch();
        command.args(["mask", "--image"]).arg(data.image("s000")).arg("--roi").arg(data.roi("s000"));
        command.args(["--keep", "outside", "--out"]).arg(&out);
        command
    };
    refused(one().arg("--quick"), &["--quick", "--image"]);
    refused(one().args(["--threads", "1"]), &["--threads", "--image"]);
    let plan = |words: &[&str]| {
        let mut command = eyepatch();
        command.args(["mask", "--plan"]).args(words).arg("--out").arg(&out);
        command
    };
    refused(&mut plan(&["quickstart", "--fill", "mean", "--dilate", "5"]), &["--fill", "--dilate"]);
    refused(&mut plan(&["quickstart", "--shape", "box"]), &["--shape"]);
    // The second export would overwrite the first.
    refused(&mut plan(&["quickstart"]), &["fits 2 audits: quickstart/honest, quickstart/planted_marker"]);
    assert!(!out.exists(), "nothing is written where something is wrong");
}

/// One image has no training part. A fill that learns then learns from what it hides, and says so.
#[test]
fn a_fill_that_learns_from_the_image_itself_says_so() {
    let data = Data::new(48);
    let mask = |words: &[&str]| {
        let mut command = eyepatch();
        command.args(["mask", "--image"]).arg(data.image("s000")).arg("--roi").arg(data.roi("s000"));
        command.args(["--keep", "outside", "--out"]).arg(data.path().join("out.png")).args(words);
        fine(&mut command).stderr
    };
    let told = "learns from the image itself, its hidden part included; --training gives it others";
    assert!(mask(&["--fill", "mean"]).contains(told));
    let other = data.image("s001");
    assert_eq!(mask(&["--fill", "mean", "--training", other.to_str().unwrap()]), "");
    assert_eq!(mask(&["--fill", "black"]), "");
}

/// A file's name may hold what a terminal obeys; it is shown instead, in what the command line itself says too.
#[test]
fn names_of_files_do_nothing_to_a_terminal() {
    let ran = refused(eyepatch().args(["report", "a\u{1b}[2Jb"]), &["a␛[2Jb"]);
    assert!(!ran.stderr.contains('\u{1b}'));
    let ran = refused(eyepatch().args(["report", "a", "b\u{1b}[2Jc"]), &["b␛[2Jc"]);
    assert!(!ran.stderr.contains('\u{1b}'));
}

/// Every fill and control of the command line, held against what it promises.
#[test]
fn mask_fills_and_controls() {
    let data = Data::new(48);
    let out = data.path().join("masked.png");
    let (image, roi) = (read(&data.image("s000")), read(&data.roi("s000")));
    let mask = |words: &[&str]| {
        let mut command = eyepatch();
        command.args(["mask", "--image"]).arg(data.image("s000")).arg("--roi").arg(data.roi("s000"));
        command.args(["--keep", "outside", "--out"]).arg(&out).args(words);
        command
    };
    let changed = |words: &[&str]| -> Vec<bool> {
        fine(&mut mask(words));
        read(&out).pixels().zip(image.pixels()).map(|(a, b)| a != b).collect()
    };
    let inside: Vec<bool> = roi.pixels().map(|p| p.0[0] != 0).collect();
    let area = |bits: &[bool]| bits.iter().filter(|b| **b).count();
    let dark = data.path().join("dark.png");
    image::GrayImage::new(image.width(), image.height()).save(&dark).unwrap();
    for fill in [
        "black",
        "mean",
        "local-mean:3",
        "visible-mean",
        "blur:5,5",
        "gaussian:2",
        "noise",
        "own-noise",
        "inpaint",
        "average",
        "donors:1",
    ] {
        let training: &[&str] = match fill {
            "average" | "donors:1" => &["--training", dark.to_str().unwrap()],
            _ => &[],
        };
        let changed = changed(&[&["--fill", fill], training].concat());
        assert!(changed.iter().zip(&inside).all(|(c, i)| *i || !c), "{fill} changes a visible pixel");
        assert!(area(&changed) > area(&inside) / 2, "{fill} leaves the region as it is");
    }
    // No pixel of the test's images is 0, so what is black has been masked.
    let black = |words: &[&str]| {
        fine(&mut mask(words));
        read(&out).pixels().map(|p| p.0[0] == 0).collect::<Vec<bool>>()
    };
    assert_eq!(black(&["--control", "none"]), inside);
    let other = data.roi("s001");
    let swapped = read(&other).pixels().map(|p| p.0[0] != 0).collect::<Vec<bool>>();
    assert_eq!(black(&["--control", &format!("swap:{}", other.display())]), swapped);
    let moved = black(&["--control", "moved"]);
    assert_eq!(area(&moved), area(&inside));
    assert!(moved.iter().zip(&inside).all(|(m, i)| !(*m && *i)));
    assert_eq!(area(&black(&["--control", "blob"])), area(&inside));
    assert_ne!(black(&["--control", "blob", "--seed", "1"]), black(&["--control", "blob", "--seed", "2"]));
    assert_ne!(black(&["--control", "dice:0.8"]), inside);
    let corners = black(&["--control", "corners:0.25"]);
    assert!(area(&corners) > 0 && corners.iter().zip(&inside).all(|(c, i)| !(*c && *i)));
    refused(&mut mask(&["--control", "rim:0.7"]), &["0.7", "below 0.5"]);
    refused(&mut mask(&["--control", "elsewhere"]), &["no control `elsewhere`", "swap:OTHER.png"]);
    refused(&mut mask(&["--fill", "blur:0,3"]), &["kx"]);
    refused(&mut mask(&["--fill", "grey"]), &["grey", "inpaint"]);
    refused(&mut mask(&["--fill", "donors:2"]), &["made of other images", "--training"]);
}

#[test]
fn roi_from_run_lengths() {
    let data = Data::new(48);
    let (table, out) = (data.path().join("rle.csv"), data.path().join("roi.png"));
    let text = "Image Index,Left Lung,Right Lung,Height,Width\na.png,1 2 7 1,12 1,3,4\nb.png,1 99,,3,4\n";
    std::fs::write(&table, text).unwrap();
    let rle = |id: &str, columns: &str| {
        let mut command = eyepatch();
        command
            .args(["roi", "rle", "--csv"])
            .arg(&table)
            .args(["--id", id, "--columns", columns, "--out"])
            .arg(&out);
        command
    };
    fine(&mut rle("a.png", "Left Lung,Right Lung"));
    let bits: Vec<u8> = read(&out).pixels().map(|p| p.0[0]).collect();
    assert_eq!(bits, [255, 255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255]);
    // A row that does not tell its size: CheXmask has some.
    std::fs::write(&table, format!("{text}d.png,1 2,,,\n")).unwrap();
    refused(&mut rle("d.png", "Left Lung"), &["line 4", "`Height`", "--height and --width"]);
    fine(rle("d.png", "Left Lung").args(["--height", "2", "--width", "5"]));
    assert_eq!(read(&out).dimensions(), (5, 2));
    refused(&mut rle("b.png", "Left Lung"), &["line 3", "`Left Lung`"]);
    refused(&mut rle("c.png", "Left Lung"), &["no row whose `Image Index` is `c.png`"]);
    refused(&mut rle("a.png", "Heart"), &["no column `Heart`", "Left Lung"]);
}
