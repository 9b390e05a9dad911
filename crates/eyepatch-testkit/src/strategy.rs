//! Small random images, ROIs, samples and tables, with the odd ones among them: one pixel wide, empty, full, constant.

use std::collections::BTreeMap;

use eyepatch_core::{Image, Mask, Meta, Pixels, Roi, Row, Sample, Table};
use proptest::collection::vec;
use proptest::prelude::*;

/// How an image's values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// 8 bit.
    U8,
    /// 16 bit.
    U16,
    /// Floating point from 0 to 1.
    F32,
}

/// Width and height from 1 to 16, often 1.
pub fn size() -> BoxedStrategy<(usize, usize)> {
    prop_oneof![
        6 => (1usize..=16, 1usize..=16),
        1 => (Just(1usize), 1usize..=16),
        1 => (1usize..=16, Just(1usize)),
        1 => Just((1usize, 1usize)),
    ]
    .boxed()
}

/// Any depth.
pub fn depth() -> BoxedStrategy<Depth> {
    prop_oneof![Just(Depth::U8), Just(Depth::U16), Just(Depth::F32)].boxed()
}

/// 1 or 3.
pub fn channels() -> BoxedStrategy<usize> {
    prop_oneof![Just(1usize), Just(3usize)].boxed()
}

/// An image of this shape and depth.
pub fn image(width: usize, height: usize, channels: usize, depth: Depth) -> BoxedStrategy<Image> {
    let n = width * height * channels;
    let pixels = match depth {
        Depth::U8 => values(n, any::<u8>().boxed()).prop_map(Pixels::U8).boxed(),
        Depth::U16 => values(n, any::<u16>().boxed()).prop_map(Pixels::U16).boxed(),
        Depth::F32 => values(n, (0.0f32..=1.0).boxed()).prop_map(Pixels::F32).boxed(),
    };
    pixels
        .prop_map(move |p| Image::new(width, height, channels, p).expect("the values fit the shape"))
        .boxed()
}

/// Mostly different values, sometimes all the same.
fn values<T: Clone + std::fmt::Debug + 'static>(n: usize, value: BoxedStrategy<T>) -> BoxedStrategy<Vec<T>> {
    prop_oneof![5 => vec(value.clone(), n), 1 => value.prop_map(move |v| vec![v; n])].boxed()
}

/// A mask of any kind: blobs, scattered pixels, one pixel, empty, full.
pub fn mask(width: usize, height: usize) -> BoxedStrategy<Mask> {
    prop_oneof![
        6 => blobs(width, height),
        2 => vec(any::<bool>(), width * height).prop_map(move |bits| from_bits(width, height, bits)),
        1 => (0..width * height).prop_map(move |i| {
            from_bits(width, height, (0..width * height).map(|j| i == j).collect())
        }),
        1 => Just(Mask::filled(width, height, false)),
        1 => Just(Mask::filled(width, height, true)),
    ]
    .boxed()
}

fn from_bits(width: usize, height: usize, bits: Vec<bool>) -> Mask {
    let bytes = bits.into_iter().map(u8::from).collect();
    Mask::new(width, height, bytes).expect("the bits fit the size")
}

/// One to three discs, which may touch each other and the border.
fn blobs(width: usize, height: usize) -> BoxedStrategy<Mask> {
    let largest = width.max(height) / 2;
    vec((0..width, 0..height, 0..=largest), 1..=3)
        .prop_map(move |discs| {
            let inside = |x: usize, y: usize| {
                discs.iter().any(|&(cx, cy, r)| x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2) <= r * r)
            };
            let bits = (0..width * height).map(|i| inside(i % width, i / width)).collect();
            from_bits(width, height, bits)
        })
        .boxed()
}

/// A ROI with these structures, each any [`mask`]; now and then without a pixel.
pub fn roi(width: usize, height: usize, structures: &[String]) -> BoxedStrategy<Roi> {
    let names = structures.to_vec();
    let empty = vec![Mask::filled(width, height, false); names.len()];
    prop_oneof![12 => vec(mask(width, height), names.len()), 1 => Just(empty)]
        .prop_map(move |masks| {
            Roi::new(names.iter().cloned().zip(masks)).expect("at least one structure, one size")
        })
        .boxed()
}

/// A sample of this size and number of channels, of any depth, with one label that may be missing.
pub fn sample(width: usize, height: usize, channels: usize, structures: &[String]) -> BoxedStrategy<Sample> {
    let roi = roi(width, height, structures);
    let image = depth().prop_flat_map(move |d| image(width, height, channels, d));
    (image, roi, 0u32..1000, any::<Option<bool>>())
        .prop_map(|(image, roi, id, label)| Sample {
            id: format!("sample-{id}"),
            patient: format!("patient-{}", id / 2),
            labels: vec![label],
            image,
            roi,
        })
        .boxed()
}

/// A table of 8 to 24 patients with 1 to 3 rows each, of `classes` labels that may be missing, an age and a site. The
/// rows come shuffled.
pub fn table(classes: usize) -> BoxedStrategy<Table> {
    let label = prop_oneof![4 => Just(Some(false)), 3 => Just(Some(true)), 1 => Just(None)];
    let age =
        prop_oneof![4 => (18u32..95).prop_map(|a| Meta::Number(f64::from(a))), 1 => Just(Meta::Missing)];
    let row = (vec(label, classes), age, 0u8..3);
    vec(vec(row, 1..=3), 8..=24)
        .prop_map(|patients| {
            let rows = patients.into_iter().enumerate().flat_map(|(p, rows)| {
                rows.into_iter().enumerate().map(move |(i, (labels, age, site))| Row {
                    id: format!("image-{p}-{i}"),
                    patient: format!("patient-{p}"),
                    labels,
                    meta: BTreeMap::from([
                        ("age".to_owned(), age),
                        ("site".to_owned(), Meta::Text(format!("site {site}"))),
                    ]),
                    image: None,
                    roi: None,
                    line: None,
                })
            });
            rows.collect::<Vec<Row>>()
        })
        .prop_shuffle()
        .prop_map(move |rows| Table { classes: (0..classes).map(|c| format!("class {c}")).collect(), rows })
        .boxed()
}
