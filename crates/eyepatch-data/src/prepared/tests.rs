use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eyepatch_core::{
    ContentHash, Ctx, DataCard, Dataset, Error as CoreError, Handle, Image, Mask, Meta, Params, Pixels, Roi,
    Row, Sample, Seed, Table, plugin,
};
use serde::{Deserialize, Serialize};

use super::*;
use crate::npy::{Element, Header};
use crate::resize::ResizeMethod;
use crate::{Error, Result};

/// Films of several sizes, drawn from their numbers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Toy {
    rows: usize,
    /// Rows that cannot be read.
    bad: Vec<usize>,
    /// The first 16-bit row; those before it are 8 bit.
    deep_from: Option<usize>,
    /// Changes what every original holds.
    salt: u8,
    /// Asks to stop when this row is loaded.
    stop_at: Option<usize>,
}

impl Params for Toy {}

fn toy(rows: usize) -> Toy {
    Toy { rows, ..Toy::default() }
}

/// For tests.
#[plugin("test/toy")]
impl Dataset for Toy {
    fn card(&self) -> DataCard {
        DataCard {
            name: "toy".into(),
            licence: "none".into(),
            origin: "drawn".into(),
            roi_origin: "drawn".into(),
            biases: Vec::new(),
            notes: vec!["kept".into()],
        }
    }

    fn table(&self, _: &Ctx) -> eyepatch_core::Result<Arc<Table>> {
        let row = |i: usize| Row {
            id: format!("film {i}"),
            patient: format!("p{}", i / 2),
            labels: vec![Some(i.is_multiple_of(2)), (!i.is_multiple_of(3)).then_some(i % 3 == 1)],
            meta: BTreeMap::from([
                ("age".to_owned(), Meta::Number(i as f64 / 3.0)),
                ("note".to_owned(), Meta::Text(format!("=1+{i}, \"x\""))),
                ("id".to_owned(), Meta::Missing),
            ]),
            image: Some(PathBuf::from("/secret/place.png")),
            roi: None,
            line: Some(i + 2),
        };
        Ok(Arc::new(Table { classes: vec!["a".into(), "b".into()], rows: (0..self.rows).map(row).collect() }))
    }

    fn load(&self, i: usize, ctx: &Ctx) -> eyepatch_core::Result<Sample> {
        if self.stop_at == Some(i) {
            ctx.cancel().cancel();
        }
        ctx.check()?;
        let row = &self.table(ctx)?.rows[i];
        if self.bad.contains(&i) {
            return Err(CoreError::Sample {
                sample: row.id.clone(),
                path: None,
                row: row.line,
                problem: "it is torn".into(),
                remedy: "mend it".into(),
            });
        }
        let (height, width) = (30 + i % 7, 40 - i % 5);
        let value = |k: usize| (k * (i + 3) + k / 5 + usize::from(self.salt)) % 251;
        let pixels = if self.deep_from.is_some_and(|from| i >= from) {
            Pixels::U16((0..height * width).map(|k| (value(k) * 200) as u16).collect())
        } else {
            Pixels::U8((0..height * width).map(|k| value(k) as u8).collect())
        };
        let mask = |from: usize| {
            let bits = (0..height * width).map(|k| u8::from(k % width > from && k / width > from)).collect();
            Mask::new(width, height, bits)
        };
        Ok(Sample {
            id: row.id.clone(),
            patient: row.patient.clone(),
            labels: row.labels.clone(),
            image: Image::new(width, height, 1, pixels)?,
            roi: Roi::new([("heart".to_owned(), mask(20)?), ("lung".to_owned(), mask(5)?)])?,
        })
    }

    fn content(&self, i: usize, ctx: &Ctx) -> eyepatch_core::Result<ContentHash> {
        let _ = ctx;
        Ok(ContentHash::of(format!("{i} {:?} {}", self.deep_from, self.salt).as_bytes()))
    }
}

fn options() -> Options {
    Options {
        size: (512, 512),
        method: ResizeMethod::Antialias,
        values: Values::Stored,
        depth: None,
        channels: None,
        limit: None,
        skip_bad: false,
        cell: |text| if text.starts_with('=') { format!("'{text}") } else { text.to_owned() },
    }
}

fn ctx(threads: usize) -> Ctx {
    Ctx::new(Seed::root(1), threads).unwrap()
}

fn run(toy: &Toy, out: &Path, options: &Options) -> Result<Outcome> {
    prepare(&Handle::from(toy.clone()), out, options, &ctx(2))
}

/// All files by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    entries.map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), fs::read(p).unwrap())).collect()
}

/// 150 rows in blocks of 64, small.
fn small() -> Options {
    Options { size: (24, 20), ..options() }
}

#[test]
fn a_set_holds_what_the_engine_s_resize_gives() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("set");
    let toy = toy(5);
    let outcome = run(&toy, &out, &small()).unwrap();
    assert_eq!((outcome.images, outcome.skipped, outcome.reused, outcome.remade), (5, 0, 0, 0));
    let set = PreparedSet::open(&out).unwrap();
    let (ctx, original) = (ctx(1), toy.table(&ctx(1)).unwrap());
    for i in 0..5 {
        let sample = toy.load(i, &ctx).unwrap();
        let image = crate::resize::image(&sample.image, (24, 20), ResizeMethod::Antialias).unwrap();
        assert_eq!(set.image(i).unwrap(), image);
        let edges = crate::resize::roi(&sample.roi, (24, 20), ResizeMethod::Antialias).unwrap();
        assert_eq!(set.edges(i).unwrap(), edges);
        let (row, of) = (&set.table().rows[i], &original.rows[i]);
        assert_eq!(
            (&row.id, &row.patient, &row.labels, &row.meta),
            (&of.id, &of.patient, &of.labels, &of.meta)
        );
        assert_eq!(row.image, None, "paths of the originals stay where they are");
    }
    assert_eq!(set.card().notes[0], "kept");
    let names: Vec<String> = files(&out).into_keys().collect();
    assert_eq!(
        names,
        ["images.npy", "journal.txt", "manifest.csv", "prepared.json", "rois.npy", "rows.jsonl", "table.csv"]
    );
    let table = String::from_utf8(files(&out).remove("table.csv").unwrap()).unwrap();
    assert!(table.starts_with("id,patient,a,b,age,id_,note\nfilm 0,p0,1,,0,,"), "{table}");
    assert!(table.contains("\"'=1+0, \"\"x\"\"\""), "formulas are text: {table}");
}

#[test]
fn headers_are_numpy_s() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("set");
    run(&toy(3), &out, &small()).unwrap();
    let files = files(&out);
    let (images, rois) = (&files["images.npy"], &files["rois.npy"]);
    let header = |bytes: &[u8]| Header::parse(bytes).unwrap();
    assert_eq!(header(images), Header { element: Element::U8, shape: vec![3, 24, 20], start: 192 });
    assert_eq!(header(rois), Header { element: Element::U8, shape: vec![3, 2, 2, 24, 3], start: 192 });
    assert_eq!(images.len(), 192 + 3 * 24 * 20);
    // Version 1.0 and 182 bytes of header, the last one a line feed: what `numpy.load` asks for.
    assert!(images.starts_with(
        b"\x93NUMPY\x01\x00\xb6\x00{'descr': '|u1', 'fortran_order': False, 'shape': (3,24,20,), }"
    ));
    assert_eq!(images[191], b'\n');
}

#[test]
fn threads_do_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    let sets: Vec<_> = [1, 2, 3]
        .iter()
        .map(|&threads| {
            let out = dir.path().join(threads.to_string());
            prepare(&Handle::from(toy(150)), &out, &small(), &ctx(threads)).unwrap();
            files(&out)
        })
        .collect();
    assert!(sets[0] == sets[1] && sets[0] == sets[2]);
}

/// Stopped at any row, with the journal and the numbers cut anywhere, as a power cut may leave them.
#[test]
fn a_killed_run_goes_on_and_ends_in_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let (out, part) = (dir.path().join("set"), dir.path().join("set.part"));
    let whole = dir.path().join("whole");
    run(&toy(150), &whole, &small()).unwrap();
    let whole = files(&whole);
    for (stop_at, cut_journal, cut_images) in
        [(1, 0, 0), (70, 0, 0), (149, 0, 0), (149, 9, 0), (149, 0, 500), (140, 2000, 30_000)]
    {
        let stopped = Toy { stop_at: Some(stop_at), ..toy(150) };
        let error = run(&stopped, &out, &small()).unwrap_err();
        assert!(matches!(error, Error::Core(CoreError::Cancelled)), "{error}");
        assert!(!out.exists(), "a set has its name only when it is whole");
        for (name, cut) in [("journal.txt", cut_journal), ("images.npy", cut_images)] {
            let bytes = fs::read(part.join(name)).unwrap();
            fs::write(part.join(name), &bytes[..bytes.len().saturating_sub(cut)]).unwrap();
        }
        let outcome = run(&toy(150), &out, &small()).unwrap();
        let blocks_before = if cut_journal + cut_images == 0 { stop_at / 64 } else { 0 };
        assert!(outcome.reused >= blocks_before * 64, "{stop_at}: {outcome:?}");
        assert!(files(&out) == whole, "stopped at {stop_at}");
        assert!(!part.exists());
        fs::remove_dir_all(&out).unwrap();
    }
}

#[test]
fn damage_is_found_and_mended() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("set");
    run(&toy(150), &out, &small()).unwrap();
    let whole = files(&out);
    for (name, at) in
        [("images.npy", 192 + 70 * 480), ("rois.npy", 192 + 3), ("images.npy", 20), ("rows.jsonl", 5)]
    {
        let mut bytes = whole[name].clone();
        bytes[at] ^= 1;
        fs::write(out.join(name), bytes).unwrap();
        match PreparedSet::open(&out) {
            Ok(set) => {
                let broken = if name == "images.npy" { 70 } else { 0 };
                let error = set.image(broken).unwrap_err().to_string();
                assert!(error.contains("not what was written"), "{error}");
                assert!(set.edges(149).is_ok(), "others can be read");
            }
            Err(e) => assert!(matches!(e, Error::Damaged { .. }), "{e}"),
        }
        let outcome = run(&toy(150), &out, &small()).unwrap();
        assert_eq!(outcome.remade, usize::from(at > 192), "{name}: {outcome:?}");
        assert!(files(&out) == whole, "{name} at {at}");
    }
    let outcome = run(&toy(150), &out, &small()).unwrap();
    assert_eq!((outcome.reused, outcome.remade), (150, 0), "nothing is left to do");
}

#[test]
fn changed_originals_are_prepared_again() {
    let dir = tempfile::tempdir().unwrap();
    let (out, other) = (dir.path().join("set"), dir.path().join("other"));
    run(&toy(70), &out, &small()).unwrap();
    let changed = Toy { salt: 9, ..toy(70) };
    let outcome = run(&changed, &out, &small()).unwrap();
    assert_eq!((outcome.reused, outcome.remade), (0, 2));
    run(&changed, &other, &small()).unwrap();
    assert!(files(&out)["images.npy"] == files(&other)["images.npy"]);
}

#[test]
fn bad_rows_are_told_or_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("set");
    let toy = Toy { bad: vec![0, 66, 67], ..toy(150) };
    let error = run(&toy, &out, &small()).unwrap_err();
    assert!(error.to_string().contains("film 0") && error.remedy().unwrap() == "mend it", "{error}");
    let outcome = run(&toy, &out, &Options { skip_bad: true, ..small() }).unwrap();
    assert_eq!((outcome.images, outcome.skipped), (147, 3));
    let set = PreparedSet::open(&out).unwrap();
    assert_eq!(set.table().rows[65].id, "film 68");
    let original = toy.load(68, &ctx(1)).unwrap().image;
    let wanted = crate::resize::image(&original, (24, 20), ResizeMethod::Antialias).unwrap();
    assert_eq!(set.image(65).unwrap(), wanted);
    let manifest = String::from_utf8(files(&out).remove("manifest.csv").unwrap()).unwrap();
    assert!(manifest.contains("\n66,film 66,,"), "{manifest}");
    assert!(manifest.lines().nth(67).unwrap().ends_with(",1,\"sample `film 66`, line 68: it is torn\""));
    let all = Toy { bad: (0..150).collect(), ..toy };
    let error = run(&all, &dir.path().join("none"), &Options { skip_bad: true, ..small() }).unwrap_err();
    assert!(error.to_string().contains("it is torn"), "{error}");
}

#[test]
fn a_deeper_image_is_refused_unless_a_depth_was_given() {
    let dir = tempfile::tempdir().unwrap();
    let toy = Toy { deep_from: Some(3), ..toy(6) };
    let error = run(&toy, &dir.path().join("a"), &small()).unwrap_err().to_string();
    assert!(error.contains("film 3") && error.contains("--depth"), "{error}");
    let out = dir.path().join("b");
    run(&toy, &out, &Options { depth: Some(Element::U16), ..small() }).unwrap();
    let set = PreparedSet::open(&out).unwrap();
    assert!(matches!(set.image(0).unwrap().pixels(), Pixels::U16(v) if v.iter().all(|v| v % 257 == 0)));
    let study = Options { values: Values::Study, depth: Some(Element::U16), ..small() };
    assert!(run(&toy, &dir.path().join("c"), &study).unwrap_err().to_string().contains("not kept as <u2"));
}

#[test]
fn a_limit_takes_the_first_rows() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("set");
    run(&toy(10), &out, &Options { limit: Some(3), ..small() }).unwrap();
    let set = PreparedSet::open(&out).unwrap();
    assert_eq!(
        set.table().rows.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(),
        ["film 0", "film 1", "film 2"]
    );
    assert!(set.card().notes.iter().any(|n| n.contains("first 3 of 10 rows")), "{:?}", set.card().notes);
}

#[test]
fn what_is_there_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("set");
    run(&toy(3), &out, &small()).unwrap();
    let other = Options { size: (10, 10), method: ResizeMethod::Study, ..small() };
    let error = run(&toy(3), &out, &other).unwrap_err().to_string();
    assert!(error.contains("method, size") || error.contains("size, method"), "{error}");
    let folder = dir.path().join("mine");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("thesis.tex"), "x").unwrap();
    assert!(run(&toy(3), &folder, &small()).unwrap_err().to_string().contains("no prepared set"));
    fs::rename(&folder, dir.path().join("x.part")).unwrap();
    assert!(run(&toy(3), &dir.path().join("x"), &small()).unwrap_err().to_string().contains("thesis.tex"));
    // While somebody has it mapped, damage is not mended under their feet.
    fs::write(out.join("rows.jsonl"), "").unwrap();
    let reader = crate::mapped::Mapped::open(&out.join("images.npy")).unwrap();
    assert!(matches!(run(&toy(3), &out, &small()), Err(Error::Busy { .. })));
    drop(reader);
    run(&toy(3), &out, &small()).unwrap();
}

#[test]
fn a_set_too_large_for_the_disk_is_refused_with_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let huge = Options { size: (2_000_000, 1_000_000), ..options() };
    let error = run(&toy(150), &dir.path().join("set"), &huge).unwrap_err();
    assert!(matches!(error, Error::Space { needed, .. } if needed > 300_000_000_000_000), "{error}");
    assert!(!dir.path().join("set.part").exists(), "nothing was written");
    let absurd = Options { size: (1 << 40, 1 << 40), ..options() };
    assert!(run(&toy(150), &dir.path().join("set"), &absurd).unwrap_err().to_string().contains("any memory"));
}
