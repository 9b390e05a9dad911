//! A small data set in memory, as changeable as a test needs it.

use std::collections::BTreeMap;
use std::sync::Arc;

use eyepatch_check::{Input, SplitPart, check};
use eyepatch_core::{
    ContentHash, Ctx, DataCard, Dataset, Error, Image, LegitimateRegion, Mask, Meta, Pixels, Result, Roi,
    Row, Sample, Seed, Table,
};
use eyepatch_report::schema::{Check, CheckFinding, Severity};

/// Rows with their images and ROIs. A ROI of `None` cannot be loaded.
#[derive(Clone)]
pub(crate) struct Toy {
    pub(crate) table: Table,
    pub(crate) images: Vec<Image>,
    pub(crate) rois: Vec<Option<Mask>>,
    pub(crate) legitimate: BTreeMap<String, LegitimateRegion>,
}

pub(crate) const SIDE: usize = 32;

/// A number from 0 to 1 that depends on its place alone.
pub(crate) fn noise(a: usize, b: usize) -> f64 {
    (Seed::root(a as u64).child(&b.to_string()).to_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

impl Toy {
    /// `n` images of as many patients; every other one is positive, in an order that knows nothing. Each image is smooth noise
    /// of its own, each ROI the middle quarter.
    pub(crate) fn new(n: usize) -> Self {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| noise(*a, 77).total_cmp(&noise(*b, 77)));
        let row = |i: usize| Row {
            id: format!("image{i:04}"),
            patient: format!("person{i:04}"),
            labels: vec![Some(order[i].is_multiple_of(2))],
            meta: BTreeMap::new(),
            image: None,
            roi: None,
            line: None,
        };
        let table = Table { classes: vec!["pneumonia".into()], rows: (0..n).map(row).collect() };
        Self {
            table,
            images: (0..n).map(|i| picture(i, 100.0)).collect(),
            rois: (0..n).map(|_| Some(middle())).collect(),
            legitimate: BTreeMap::new(),
        }
    }

    /// Gives every row a value of a column.
    pub(crate) fn with(mut self, column: &str, value: impl Fn(usize, &Row) -> Meta) -> Self {
        for (i, row) in self.table.rows.iter_mut().enumerate() {
            let value = value(i, row);
            row.meta.insert(column.into(), value);
        }
        self
    }

    pub(crate) fn positive(&self, row: usize) -> bool {
        self.table.rows[row].labels[0] == Some(true)
    }

    pub(crate) fn check(&self) -> Check {
        self.check_split(&[])
    }

    pub(crate) fn check_split(&self, splits: &[SplitPart]) -> Check {
        let input = Input { dataset: self, table: &self.table, sources: &[], splits };
        check(&input, &Ctx::for_tests(1)).unwrap()
    }
}

/// Waves and specks of image `i`, around a level.
pub(crate) fn picture(i: usize, level: f64) -> Image {
    let wave = |k: usize| (noise(i, k) * 12.0 - 6.0, noise(i, k + 50) * 12.0 - 6.0, noise(i, k + 100) * 6.3);
    let waves: Vec<_> = (0..12).map(wave).collect();
    let at = |p: usize| {
        let (x, y) = ((p % SIDE) as f64 / SIDE as f64, (p / SIDE) as f64 / SIDE as f64);
        let sum: f64 = waves.iter().map(|(u, v, phase)| (6.3 * (u * x + v * y) + phase).sin()).sum();
        (level + 8.0 * sum).clamp(1.0, 254.0) as u8
    };
    Image::new(SIDE, SIDE, 1, Pixels::U8((0..SIDE * SIDE).map(at).collect())).unwrap()
}

/// The middle quarter of the image.
pub(crate) fn middle() -> Mask {
    rectangle(SIDE / 4, SIDE / 2)
}

/// A square ROI.
pub(crate) fn rectangle(start: usize, side: usize) -> Mask {
    let inside = |p: usize| {
        let (x, y) = (p % SIDE, p / SIDE);
        u8::from((start..start + side).contains(&x) && (start..start + side).contains(&y))
    };
    Mask::new(SIDE, SIDE, (0..SIDE * SIDE).map(inside).collect()).unwrap()
}

pub(crate) fn text(value: &str) -> Meta {
    Meta::Text(value.into())
}

/// The findings of one check of this severity or graver.
pub(crate) fn of<'a>(check: &'a Check, name: &str, least: Severity) -> Vec<&'a CheckFinding> {
    check.findings.iter().filter(|f| f.check == name && f.severity <= least).collect()
}

/// The first finding of a check whose sentence holds a text.
pub(crate) fn finding<'a>(check: &'a Check, name: &str, holds: &str) -> &'a CheckFinding {
    let found = check.findings.iter().find(|f| f.check == name && f.sentence.contains(holds));
    found.unwrap_or_else(|| panic!("no `{holds}` of {name} in {:#?}", check.findings))
}

impl Dataset for Toy {
    fn card(&self) -> DataCard {
        let none = String::new;
        DataCard {
            name: "toy".into(),
            licence: none(),
            origin: none(),
            roi_origin: none(),
            biases: vec![],
            notes: vec![],
        }
    }

    fn table(&self, _: &Ctx) -> Result<Arc<Table>> {
        Ok(Arc::new(self.table.clone()))
    }

    fn load(&self, row: usize, _: &Ctx) -> Result<Sample> {
        let entry = &self.table.rows[row];
        let Some(mask) = self.rois[row].clone() else {
            return Err(Error::EmptyRegion { what: "the ROI".into() });
        };
        Ok(Sample {
            id: entry.id.clone(),
            patient: entry.patient.clone(),
            labels: entry.labels.clone(),
            image: self.images[row].clone(),
            roi: Roi::single(mask)?,
        })
    }

    fn content(&self, _: usize, _: &Ctx) -> Result<ContentHash> {
        Ok(ContentHash::of(b"toy"))
    }

    fn legitimate(&self) -> BTreeMap<String, LegitimateRegion> {
        self.legitimate.clone()
    }
}
