//! Pixels against pydicom's (`tests/golden/generate.py`).

use std::collections::BTreeMap;
use std::path::Path;

use eyepatch_core::Pixels;
use eyepatch_data::Fault;
use plugin_dicom::{Limits, Window, read_pixels};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    file: String,
    window: Window,
    frame: Option<u32>,
    tolerance: i64,
    channels: usize,
    values: Vec<i64>,
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)).unwrap()
}

#[test]
fn pixels_are_pydicoms() {
    let all: BTreeMap<String, Expected> = serde_json::from_slice(&read("expected.json")).unwrap();
    let mut wrong = Vec::new();
    for (name, e) in &all {
        let image = match read_pixels(&read(&e.file), &Limits::default(), e.window, e.frame) {
            Ok(image) => image,
            Err(bad) => {
                wrong.push(format!("{name}: {}", bad.problem));
                continue;
            }
        };
        assert_eq!((image.width(), image.height(), image.channels()), (12, 10, e.channels), "{name}");
        let found: Vec<i64> = match image.pixels() {
            Pixels::U8(v) => v.iter().map(|&v| v.into()).collect(),
            Pixels::U16(v) => v.iter().map(|&v| v.into()).collect(),
            Pixels::F32(_) => panic!("{name}"),
        };
        let off = found.iter().zip(&e.values).map(|(a, b)| (a - b).abs()).max();
        if found.len() != e.values.len() || off > Some(e.tolerance) {
            wrong.push(format!("{name}: off by {off:?}: {:?} for {:?}", &found[..12], &e.values[..12]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(all.len(), 34);
}

#[test]
fn jpeg_of_12_bits_is_refused_by_name() {
    let bad =
        read_pixels(&read("jpeg_extended_12.dcm"), &Limits::default(), Window::Stored, None).unwrap_err();
    assert_eq!(bad.fault, Fault::Unsupported);
    assert!(bad.problem.contains("SamplePrecision(12)") && bad.remedy.contains("dcmdjpeg"), "{bad:?}");
}
