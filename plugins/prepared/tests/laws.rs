//! The laws of a data set on a prepared set of drawn films, and what must not change between originals and set.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use eyepatch_core::{
    ContentHash, Ctx, DataCard, Dataset, Handle, Image, LegitimateRegion, Mask, Meta, Params, Pixels, Result,
    Roi, Row, Sample, Table, plugin,
};
use eyepatch_data::prepared::{Options, Values, prepare};
use eyepatch_data::resize::{self, ResizeMethod};
use plugin_prepared::{Prepared, prepared};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// Twelve films of several sizes, with two structures.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Drawn {}

impl Params for Drawn {}

/// For tests.
#[plugin("test/drawn")]
impl Dataset for Drawn {
    fn card(&self) -> DataCard {
        DataCard {
            name: "drawn".into(),
            licence: "none".into(),
            origin: "a formula".into(),
            roi_origin: "another one".into(),
            biases: vec!["none".into()],
            notes: Vec::new(),
        }
    }

    fn table(&self, _: &Ctx) -> Result<Arc<Table>> {
        let row = |i: usize| Row {
            id: format!("f{i}"),
            patient: format!("p{}", i / 2),
            labels: vec![Some(i.is_multiple_of(2))],
            meta: BTreeMap::from([("age".to_owned(), Meta::Number(40.0 + i as f64 / 7.0))]),
            image: Some(PathBuf::from(format!("{i}.png"))),
            roi: None,
            line: Some(i + 2),
        };
        Ok(Arc::new(Table { classes: vec!["ill".into()], rows: (0..12).map(row).collect() }))
    }

    fn load(&self, i: usize, ctx: &Ctx) -> Result<Sample> {
        let (height, width) = (50 + i, 60 - i);
        let pixels = (0..height * width).map(|k| (k * (i + 3) % 253) as u8).collect();
        let disc = |cy: usize, cx: usize, r: usize| {
            let inside = |k: usize| {
                let (y, x) = (k / width, k % width);
                y.abs_diff(cy).pow(2) + x.abs_diff(cx).pow(2) < r * r
            };
            Mask::new(width, height, (0..height * width).map(|k| u8::from(inside(k))).collect())
        };
        let row = &self.table(ctx)?.rows[i];
        Ok(Sample {
            id: row.id.clone(),
            patient: row.patient.clone(),
            labels: row.labels.clone(),
            image: Image::new(width, height, 1, Pixels::U8(pixels))?,
            roi: Roi::new([("left".to_owned(), disc(20, 20, 9)?), ("right".to_owned(), disc(30, 40, 7)?)])?,
        })
    }

    fn content(&self, i: usize, _: &Ctx) -> Result<ContentHash> {
        Ok(ContentHash::of(&i.to_le_bytes()))
    }

    fn legitimate(&self) -> BTreeMap<String, LegitimateRegion> {
        let region =
            LegitimateRegion { structures: vec!["left".into()], margin: 0.1, reason: "there".into() };
        BTreeMap::from([("ill".to_owned(), region)])
    }
}

const SIZE: (usize, usize) = (32, 32);

static SET: LazyLock<TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("set"));
    dir
});

fn write(out: &Path) {
    let options = Options {
        size: SIZE,
        method: ResizeMethod::Antialias,
        values: Values::Stored,
        depth: None,
        channels: None,
        limit: None,
        skip_bad: false,
        cell: str::to_owned,
    };
    prepare(&Handle::from(Drawn {}), out, &options, &Ctx::for_tests(1)).unwrap();
}

fn set() -> Prepared {
    prepared(SET.path().join("set"))
}

eyepatch_testkit::dataset_laws! {
    of_a_prepared_set: crate::set();
}

/// What the engine makes of a sample: the image, and the edges at which maskings end.
fn at(data: &dyn Dataset, row: usize, size: (usize, usize)) -> (Image, resize::Edges) {
    let ctx = Ctx::for_tests(1);
    let sample = data.load(row, &ctx).unwrap();
    let inner = data.inner_roi(row, &ctx).unwrap();
    let method = ResizeMethod::Antialias;
    let edges = resize::edges(&sample.roi, inner.as_ref().unwrap_or(&sample.roi), size, method).unwrap();
    (resize::image(&sample.image, size, method).unwrap(), edges)
}

#[test]
fn at_its_own_size_a_set_is_what_the_originals_become() {
    for row in 0..12 {
        assert!(at(&Drawn {}, row, SIZE) == at(&set(), row, SIZE), "row {row}");
    }
    let (of_set, of_originals) =
        (set().table(&Ctx::for_tests(1)).unwrap(), Drawn {}.table(&Ctx::for_tests(1)).unwrap());
    for (a, b) in of_set.rows.iter().zip(&of_originals.rows) {
        assert_eq!((&a.id, &a.patient, &a.labels, &a.meta), (&b.id, &b.patient, &b.labels, &b.meta));
    }
    assert_eq!(set().legitimate(), Drawn {}.legitimate());
}

/// A set that is resized once more hides no less: its edges lie outside and inside of those of the originals' pixels.
#[test]
fn edges_of_a_set_differ_and_hold_the_rim_between_them() {
    let (_, edges) = at(&set(), 3, SIZE);
    let (outer, inner) = (edges.outer.union(&[]).unwrap(), edges.inner.union(&[]).unwrap());
    assert!(outer.area() > inner.area() && inner.area() > 0);
    assert!((0..SIZE.0 * SIZE.1).all(|i| outer.contains(i) || !inner.contains(i)));
    let sample = set().load(3, &Ctx::for_tests(1)).unwrap();
    assert_eq!(sample.roi, edges.outer, "who knows of one edge only gets the one that hides");
}

#[test]
fn content_is_of_what_is_kept() {
    let ctx = Ctx::for_tests(1);
    let other = tempfile::tempdir().unwrap();
    write(&other.path().join("again"));
    let again = prepared(other.path().join("again"));
    assert_eq!(set().content(5, &ctx).unwrap(), again.content(5, &ctx).unwrap(), "wherever the set lies");
}

#[test]
fn what_is_wrong_with_a_folder_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let table = |folder: &Path| prepared(folder).table(&Ctx::for_tests(1)).unwrap_err();
    assert!(table(dir.path()).to_string().contains("prepared.json"));
    write(&dir.path().join("set"));
    let set = dir.path().join("set");
    std::fs::write(set.join("rows.jsonl"), "{}").unwrap();
    let error = table(&set);
    assert!(error.to_string().contains("rows.jsonl: it is not what was written"), "{error}");
    assert!(error.remedy().unwrap().contains("eyepatch prepare"));
    let text = std::fs::read_to_string(set.join("prepared.json")).unwrap();
    std::fs::write(set.join("prepared.json"), text.replace("prepared/1", "prepared/9")).unwrap();
    assert!(table(&set).to_string().contains("this version reads `eyepatch-prepared/1`"));
}
