use std::collections::BTreeSet;

use eyepatch_core::{Ctx, Dataset, Handle, Meta, Sample, Seed, Table};

use crate::law::parameter_laws;

/// The laws of a [`Dataset`], checked on its table and on a few of its samples. Each method panics where its law is
/// broken.
pub struct DatasetLaws {
    dataset: Handle<dyn Dataset>,
    loads: usize,
}

impl DatasetLaws {
    /// The laws of this data set, loading at most six samples.
    pub fn new(dataset: impl Into<Handle<dyn Dataset>>) -> Self {
        Self { dataset: dataset.into(), loads: 6 }
    }

    /// Loading at most `n` samples, spread over the table.
    #[must_use]
    pub fn loading(mut self, n: usize) -> Self {
        self.loads = n.max(1);
        self
    }

    fn table(&self, ctx: &Ctx) -> std::sync::Arc<Table> {
        let table = self.dataset.table(ctx).unwrap_or_else(|e| panic!("the table cannot be read: {e}"));
        assert!(!table.rows.is_empty(), "the laws need a table with rows");
        table
    }

    /// Rows to load: the first, the last and some between.
    fn some_rows(&self, table: &Table) -> Vec<usize> {
        let n = self.loads.min(table.rows.len());
        let last = table.rows.len() - 1;
        (0..n).map(|i| if n == 1 { 0 } else { i * last / (n - 1) }).collect()
    }

    fn load(&self, row: usize, ctx: &Ctx) -> Sample {
        self.dataset.load(row, ctx).unwrap_or_else(|e| panic!("row {row} cannot be loaded: {e}"))
    }

    /// Ids are there and unique, every row has a patient and one label a class, numbers are finite. It protects splits
    /// and joins with foreign score files.
    pub fn rows_are_whole(&self) {
        let table = self.table(&Ctx::for_tests(1));
        let mut ids = BTreeSet::new();
        let classes: BTreeSet<&String> = table.classes.iter().collect();
        assert!(classes.len() == table.classes.len() && !classes.is_empty(), "classes: {:?}", table.classes);
        for row in &table.rows {
            assert!(!row.id.is_empty() && ids.insert(&row.id), "id `{}` is empty or given twice", row.id);
            assert!(!row.patient.is_empty(), "sample `{}` has no patient", row.id);
            assert_eq!(row.labels.len(), table.classes.len(), "labels of sample `{}`", row.id);
            for (name, value) in &row.meta {
                assert!(
                    !matches!(value, Meta::Number(x) if !x.is_finite()),
                    "sample `{}`: {name} is not finite",
                    row.id
                );
            }
        }
    }

    /// The table is the same at every call, seed and number of threads. It protects row numbers, which scores carry.
    pub fn the_table_stays(&self) {
        let first = self.table(&Ctx::for_tests(1));
        let again = self.table(&Ctx::new(Seed::root(2), 3).expect("threads can be started"));
        assert!(first == again, "the table differs from call to call");
    }

    /// A sample has its row's id, patient and labels, and a ROI of its image's size with the structures that all ROIs
    /// of the set have. It protects every masking.
    pub fn samples_match_their_rows(&self) {
        let ctx = Ctx::for_tests(1);
        let table = self.table(&ctx);
        let mut structures: Option<Vec<String>> = None;
        for row in self.some_rows(&table) {
            let (sample, expected) = (self.load(row, &ctx), &table.rows[row]);
            assert_eq!((&sample.id, &sample.patient), (&expected.id, &expected.patient), "row {row}");
            assert_eq!(sample.labels, expected.labels, "row {row}");
            let (image, roi) = (&sample.image, &sample.roi);
            assert_eq!((image.width(), image.height()), (roi.width(), roi.height()), "sizes of row {row}");
            let names: Vec<String> = roi.structures().keys().cloned().collect();
            assert_eq!(structures.get_or_insert_with(|| names.clone()), &names, "structures of row {row}");
        }
    }

    /// A row is the same sample each time, in any order, at any seed and from several threads at once. It protects
    /// resumed runs and runs at another number of threads.
    pub fn loading_is_deterministic(&self) {
        let ctx = Ctx::for_tests(1);
        let rows = self.some_rows(&self.table(&ctx));
        let first: Vec<Sample> = rows.iter().map(|&row| self.load(row, &ctx)).collect();
        let other = Ctx::for_tests(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for (&row, sample) in rows.iter().zip(&first).rev() {
                        assert!(self.load(row, &other) == *sample, "row {row} differs from load to load");
                    }
                });
            }
        });
    }

    /// The content hash is the same each time, and samples of one hash have the same pixels. It protects the run store,
    /// which takes equal hashes for equal inputs.
    pub fn content_tells_samples_apart(&self) {
        let ctx = Ctx::for_tests(1);
        let rows = self.some_rows(&self.table(&ctx));
        let hash = |row, ctx: &Ctx| {
            self.dataset.content(row, ctx).unwrap_or_else(|e| panic!("content of row {row}: {e}"))
        };
        let all: Vec<_> = rows.iter().map(|&row| (hash(row, &ctx), self.load(row, &ctx))).collect();
        for (i, (row, (first, sample))) in rows.iter().zip(&all).enumerate() {
            assert!(
                *first == hash(*row, &Ctx::for_tests(2)),
                "the hash of row {row} differs from call to call"
            );
            for (other_hash, other) in &all[..i] {
                let same_pixels = sample.image == other.image && sample.roi == other.roi;
                assert!(
                    first != other_hash || same_pixels,
                    "`{}` and `{}` share a hash",
                    sample.id,
                    other.id
                );
            }
        }
    }

    /// A row that does not exist is an error, not a panic.
    pub fn rows_outside_are_refused(&self) {
        let ctx = Ctx::for_tests(1);
        let n = self.table(&ctx).rows.len();
        for row in [n, usize::MAX] {
            assert!(self.dataset.load(row, &ctx).is_err(), "row {row} of {n} was loaded");
            assert!(self.dataset.content(row, &ctx).is_err(), "row {row} of {n} has a content");
        }
    }

    /// Legitimate regions belong to classes there are, name structures there are and say why. It protects verdicts.
    pub fn legitimate_regions_exist(&self) {
        let ctx = Ctx::for_tests(1);
        let table = self.table(&ctx);
        let roi = self.load(0, &ctx).roi;
        for (class, region) in self.dataset.legitimate() {
            assert!(table.classes.contains(&class), "legitimate region of an unknown class `{class}`");
            assert!(
                roi.union(&region.structures).is_ok(),
                "class `{class}` names unknown structures: {region:?}"
            );
            assert!(
                region.margin >= 0.0 && region.margin.is_finite(),
                "class `{class}`: margin {}",
                region.margin
            );
            assert!(!region.reason.trim().is_empty(), "class `{class}`: no reason is given");
        }
    }

    /// The card says name, licence, origin and where ROIs come from. It protects readers of the report.
    pub fn card_is_complete(&self) {
        let card = self.dataset.card();
        for (name, text) in [
            ("name", &card.name),
            ("licence", &card.licence),
            ("origin", &card.origin),
            ("roi_origin", &card.roi_origin),
        ] {
            assert!(!text.trim().is_empty(), "the card has no {name}");
        }
    }

    parameter_laws!(Dataset, dataset, |d: &dyn Dataset| d.card());
}

/// Writes a test for every law of a data set: `dataset_laws! { mine: MyTable { .. }; }`.
#[macro_export]
macro_rules! dataset_laws {
    ($($name:ident: $dataset:expr;)+) => {$(
        $crate::__laws! { $name, $crate::DatasetLaws::new($dataset);
            rows_are_whole
            the_table_stays
            samples_match_their_rows
            loading_is_deterministic
            content_tells_samples_apart
            rows_outside_are_refused
            legitimate_regions_exist
            card_is_complete
            parameters_survive_json
            unknown_parameters_are_refused
        }
    )+};
}
