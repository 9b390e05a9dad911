use std::collections::BTreeSet;

use eyepatch_core::{
    Ctx, Embeddings, Evidence, Finding, FoldRows, Handle, Keep, MaskingCard, OutputSpace, Probe, ScoreSet,
    Scores, Seed, Table,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::law::{must, parameter_laws, run};
use crate::strategy;

/// The laws of a [`Probe`], checked on random tables and scores of two maskings and two folds. Each method panics where
/// its law is broken.
pub struct ProbeLaws {
    probe: Handle<dyn Probe>,
}

/// Evidence that owns what it shows.
#[derive(Debug, Clone)]
struct Case {
    table: Table,
    maskings: Vec<MaskingCard>,
    scores: Vec<ScoreSet>,
    splits: Vec<FoldRows>,
    embeddings: Vec<Embeddings>,
}

impl Case {
    fn evidence(&self) -> Evidence<'_> {
        Evidence {
            table: &self.table,
            maskings: &self.maskings,
            scores: &self.scores,
            splits: &self.splits,
            embeddings: &self.embeddings,
            attributions: &[],
        }
    }
}

const FOLDS: usize = 2;
const MASKINGS: [(&str, Keep); 2] = [("Full", Keep::Full), ("NoROI", Keep::Outside)];

fn cases() -> BoxedStrategy<Case> {
    let largest = 24 * 3;
    let sets = MASKINGS.len() * MASKINGS.len();
    // Few different scores, so that ties are common.
    let scores = vec(vec((-8i16..8).prop_map(|s| f32::from(s) / 4.0), 2 * largest), sets);
    (strategy::table(2), scores).prop_map(|(table, values)| case(table, &values)).boxed()
}

fn case(table: Table, values: &[Vec<f32>]) -> Case {
    let patients: BTreeSet<&String> = table.rows.iter().map(|r| &r.patient).collect();
    let patients: Vec<&String> = patients.into_iter().collect();
    let fold_of =
        |row: usize| patients.iter().position(|p| **p == table.rows[row].patient).unwrap_or(0) % FOLDS;
    let mut scores = Vec::new();
    for (pair, values) in values.iter().enumerate() {
        for fold in 0..FOLDS {
            let rows: Vec<usize> = (0..table.rows.len()).filter(|&r| fold_of(r) == fold).collect();
            let of_rows = rows.iter().flat_map(|&r| [values[2 * r], values[2 * r + 1]]).collect();
            scores.push(ScoreSet {
                trained: MASKINGS[pair / MASKINGS.len()].0.into(),
                evaluated: MASKINGS[pair % MASKINGS.len()].0.into(),
                dilation: 0,
                fold,
                scores: Scores::new(2, OutputSpace::Logits, of_rows).expect("two finite scores a row"),
                rows,
            });
        }
    }
    let card = |(name, keep): (&str, Keep)| MaskingCard {
        name: name.into(),
        keep,
        fill: "black".into(),
        hides: true,
        description: "a masking of the laws".into(),
        ..MaskingCard::default()
    };
    let rows = |test: bool, fold: usize| -> Vec<usize> {
        (0..table.rows.len()).filter(|&r| (fold_of(r) == fold) == test).collect()
    };
    let split = |fold| FoldRows { train: rows(false, fold), validation: Vec::new(), test: rows(true, fold) };
    let splits: Vec<FoldRows> = (0..FOLDS).map(split).collect();
    let embeddings = embeddings(&splits[0].test, values);
    Case { maskings: MASKINGS.map(card).to_vec(), scores, splits, embeddings, table }
}

/// Of the first fold's tested images under every masking, and of noise, at two layers.
fn embeddings(tested: &[usize], values: &[Vec<f32>]) -> Vec<Embeddings> {
    let mut all = Vec::new();
    for layer in ["first", Embeddings::LAST] {
        for (place, evaluated) in [MASKINGS[0].0, MASKINGS[1].0, Embeddings::NOISE].into_iter().enumerate() {
            let rows = if evaluated == Embeddings::NOISE { Vec::new() } else { tested.to_vec() };
            let images: Vec<usize> = if rows.is_empty() { (0..4).collect() } else { rows.clone() };
            let numbers = |&r: &usize| [values[place][2 * r], values[place][2 * r + 1], 1.0 + r as f32];
            all.push(Embeddings {
                layer: layer.into(),
                trained: MASKINGS[0].0.into(),
                evaluated: evaluated.into(),
                fold: 0,
                rows,
                dim: 3,
                values: images.iter().flat_map(numbers).collect(),
            });
        }
    }
    all
}

impl ProbeLaws {
    /// The laws of this probe.
    pub fn new(probe: impl Into<Handle<dyn Probe>>) -> Self {
        Self { probe: probe.into() }
    }

    fn check(
        &self,
        law: &str,
        test: impl Fn(&Case, &[Finding], &Ctx) -> proptest::test_runner::TestCaseResult,
    ) {
        let ctx = Ctx::for_tests(0);
        run(law, cases(), |case| {
            let found = must(self.probe.examine(&case.evidence(), &ctx))?;
            test(&case, &found, &ctx)
        });
    }

    /// Estimates are finite and inside their intervals, p-values from 0 to 1, counts possible, and something that cannot
    /// be estimated says why. It protects verdicts.
    pub fn numbers_are_possible(&self) {
        self.check("numbers are possible", |case, found, _| {
            for f in found {
                prop_assert!(f.estimate.is_some() || f.note.is_some(), "no estimate and no reason: {:?}", f);
                prop_assert!(f.estimate.is_none_or(f64::is_finite) && f.reference.is_finite());
                prop_assert!(f.p.is_none_or(|p| (0.0..=1.0).contains(&p)), "{:?}", f);
                if let (Some(i), Some(estimate)) = (f.interval, f.estimate) {
                    prop_assert!(i.level > 0.0 && i.level < 1.0, "{:?}", f);
                    prop_assert!(i.lower <= estimate && estimate <= i.upper, "{:?}", f);
                }
                let patients = case.table.rows.iter().map(|r| &r.patient).collect::<BTreeSet<_>>().len();
                let sides = [f.n_patients_positive, f.n_patients_negative];
                prop_assert!(sides.iter().all(|n| *n <= f.n_patients) && f.n_patients <= patients, "{:?}", f);
                prop_assert!(f.n_patients <= f.n_images || f.n_images == 0, "{:?}", f);
            }
            Ok(())
        });
    }

    /// No two findings answer the same question. It protects tables and multiplicity.
    pub fn findings_are_unique(&self) {
        self.check("findings are unique", |_, found, _| {
            let keys: BTreeSet<_> = found.iter().map(|f| (&f.contrast, &f.at)).collect();
            prop_assert_eq!(keys.len(), found.len());
            Ok(())
        });
    }

    /// The same evidence and seed give the same findings and figures in the same order, at any number of threads; a figure fits the
    /// table.
    pub fn depends_on_the_evidence_alone(&self) {
        let two = Ctx::new(Seed::root(0), 2).expect("threads can be started");
        self.check("depends on the evidence alone", |case, found, ctx| {
            prop_assert_eq!(must(self.probe.examine(&case.evidence(), &two))?, found);
            let drawn = must(self.probe.figures(&case.evidence(), found, ctx))?;
            for figure in &drawn {
                must(figure.check(case.table.rows.len()))?;
            }
            prop_assert_eq!(must(self.probe.figures(&case.evidence(), found, &two))?, drawn);
            Ok(())
        });
    }

    /// The order of images within a set of scores is of no matter. It protects resumed runs and foreign score files.
    pub fn order_of_images_does_not_matter(&self) {
        self.check("the order of images does not matter", |case, found, ctx| {
            let mut turned = case.clone();
            for set in &mut turned.scores {
                set.rows.reverse();
                let classes = set.scores.classes;
                set.scores.values = set.scores.values.rchunks_exact(classes).flatten().copied().collect();
            }
            for set in turned.embeddings.iter_mut().filter(|e| !e.rows.is_empty()) {
                set.rows.reverse();
                set.values = set.values.rchunks_exact(set.dim).flatten().copied().collect();
            }
            let again = must(self.probe.examine(&turned.evidence(), ctx))?;
            prop_assert_eq!(again.len(), found.len());
            for (a, b) in again.iter().zip(found) {
                prop_assert_eq!((&a.contrast, &a.at), (&b.contrast, &b.at));
                let close = match (a.estimate, b.estimate) {
                    (Some(a), Some(b)) => (a - b).abs() < 1e-9,
                    (None, None) => true,
                    _ => false,
                };
                prop_assert!(close, "{:?} and {:?}", a.estimate, b.estimate);
            }
            Ok(())
        });
    }

    /// A class that is all positive, or without any label, is no error: at most a finding that says so. It protects the
    /// other classes' results.
    pub fn one_class_is_no_error(&self) {
        self.check("one class is no error", |case, _, ctx| {
            for label in [Some(true), Some(false), None] {
                let mut same = case.clone();
                same.table.rows.iter_mut().for_each(|row| row.labels.fill(label));
                let found = must(self.probe.examine(&same.evidence(), ctx))?;
                for f in found {
                    prop_assert!(
                        f.estimate.is_some() || f.note.is_some(),
                        "no estimate and no reason: {:?}",
                        f
                    );
                }
            }
            Ok(())
        });
    }

    /// The card names and describes the probe. It protects readers of the report.
    ///
    /// # Panics
    /// Where the law is broken.
    pub fn card_is_complete(&self) {
        let card = self.probe.card();
        assert!(!card.name.trim().is_empty() && !card.description.trim().is_empty());
    }

    parameter_laws!(Probe, probe, |p: &dyn Probe| p.card());
}

/// Writes a test for every law of a probe: `probe_laws! { matrix: MyProbe::default(); }`.
#[macro_export]
macro_rules! probe_laws {
    ($($name:ident: $probe:expr;)+) => {$(
        $crate::__laws! { $name, $crate::ProbeLaws::new($probe);
            numbers_are_possible
            findings_are_unique
            depends_on_the_evidence_alone
            order_of_images_does_not_matter
            one_class_is_no_error
            card_is_complete
            parameters_survive_json
            unknown_parameters_are_refused
        }
    )+};
}
