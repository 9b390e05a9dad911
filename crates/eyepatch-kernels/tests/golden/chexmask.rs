use std::collections::BTreeMap;
use std::path::PathBuf;

use eyepatch_kernels::roi::{Scratch, area, dilate_into, rle};

use super::{mask_crc, records};

/// Column by column what a reference in NumPy decodes, dilated as OpenCV does; and encoded again, the same code.
#[test]
fn every_row_of_the_excerpt_is_decoded_as_numpy_does() {
    let Some(data) = std::env::var_os("EYEPATCH_DATA").map(PathBuf::from) else {
        println!("skipped: EYEPATCH_DATA is not set");
        return;
    };
    let mut tables: BTreeMap<&str, Vec<BTreeMap<String, String>>> = BTreeMap::new();
    let mut scratch = Scratch::new();
    let mut seen = 0;
    for fields in records(include_str!("chexmask.txt")) {
        let table = tables.entry(fields[0]).or_insert_with(|| {
            let path = data.join("label_tables/chexmask_excerpt").join(fields[0]);
            csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
        });
        let row = &table[fields[1].parse::<usize>().unwrap()];
        assert!(row.values().any(|v| v == fields[2]), "{}", fields[2]);
        let (w, h): (usize, usize) = (fields[3].parse().unwrap(), fields[4].parse().unwrap());
        let check = |mask: &[u8], expected, what: &str| {
            assert_eq!(format!("{}:{}", area(mask), mask_crc(mask)), expected, "{}: {what}", fields[2]);
        };
        for (k, column) in ["Left Lung", "Right Lung", "Heart"].into_iter().enumerate() {
            let mask = rle::decode([row[column].as_str()], w, h).unwrap();
            check(&mask, fields[5 + k], column);
            assert_eq!(rle::encode(&mask), row[column].trim(), "{}: {column}", fields[2]);
        }
        let lungs = rle::decode([row["Left Lung"].as_str(), &row["Right Lung"]], w, h).unwrap();
        check(&lungs, fields[8], "both lungs");
        let mut out = vec![0; w * h];
        for field in &fields[9..] {
            let (radius, expected) = field.split_once(':').unwrap();
            dilate_into(&lungs, w, h, radius.parse().unwrap(), &mut out, &mut scratch).unwrap();
            assert_eq!(mask_crc(&out), expected, "{}, radius {radius}", fields[2]);
        }
        seen += 1;
    }
    assert_eq!(seen, 100);
}
