use eyepatch_core::{
    Attribution, Budget, Cancel, Ctx, Error, Explained, Explainer, Fitted, Handle, Result, Sample, Seed,
    Subject, Subjects,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use crate::law::{must, parameter_laws, run};
use crate::{FullScale, LeftQuarter, strategy};

/// The laws of an [`Explainer`], checked on a model that sees only an image's left quarter ([`LeftQuarter`]). Each method
/// panics where its law is broken.
pub struct ExplainerLaws {
    explainer: Handle<dyn Explainer>,
    budget: Budget,
}

/// One input of a law.
#[derive(Debug)]
struct Case {
    sample: Sample,
    class: usize,
    seed: u64,
}

fn cases() -> BoxedStrategy<Case> {
    let sample = (8usize..=24, 8usize..=24, strategy::channels())
        .prop_flat_map(|(w, h, channels)| strategy::sample(w, h, channels, &["roi".to_owned()]));
    (sample, 0usize..2, any::<u64>()).prop_map(|(sample, class, seed)| Case { sample, class, seed }).boxed()
}

/// The case with its image in the upper half of the scale where [`LeftQuarter`] looks and in the lower quarter elsewhere:
/// whatever a method compares with (black, the image's mean, a blur), what the model sees differs from it.
fn bright_left(mut case: Case) -> Case {
    let image = &mut case.sample.image;
    let (width, channels, full) = (image.width(), image.channels(), image.full_scale());
    for i in 0..image.pixels().len() {
        let (value, seen) = (image.value(i), i / channels % width < LeftQuarter::columns(width));
        image.set(i, if seen { (full + value) / 2.0 } else { value / 4.0 });
    }
    case
}

impl ExplainerLaws {
    /// The laws of this explainer, with 500 evaluations in batches of 16.
    pub fn new(explainer: impl Into<Handle<dyn Explainer>>) -> Self {
        Self { explainer: explainer.into(), budget: Budget { evaluations: 500, batch: 16 } }
    }

    /// With this budget.
    #[must_use]
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    pub(crate) fn explainer(&self) -> &Handle<dyn Explainer> {
        &self.explainer
    }

    pub(crate) fn budget_of(&self) -> Budget {
        self.budget
    }

    fn explain(&self, model: &LeftQuarter, case: &Case, budget: Budget, ctx: &Ctx) -> Result<Attribution> {
        let subject =
            Subject { sample: &case.sample, class: case.class, preprocess: &FullScale, others: &[] };
        let ctx = ctx.clone().with_seed(Seed::root(case.seed));
        self.explainer.explain(model, subject, budget, &ctx)
    }

    fn explain_classes(
        &self,
        model: &LeftQuarter,
        (case, classes): (&Case, &[usize]),
        ctx: &Ctx,
    ) -> Result<Explained> {
        let subjects = Subjects { sample: &case.sample, classes, preprocess: &FullScale, others: &[] };
        let ctx = ctx.clone().with_seed(Seed::root(case.seed));
        self.explainer.explain_classes(model, subjects, self.budget, &ctx)
    }

    fn check(&self, law: &str, test: impl Fn(&Case, &LeftQuarter, &Attribution, &Ctx) -> TestCaseResult) {
        let ctx = Ctx::for_tests(0);
        run(law, cases(), |case| {
            let model = LeftQuarter::new();
            let found = must(self.explain(&model, &case, self.budget, &ctx))?;
            test(&case, &model, &found, &ctx)
        });
    }

    /// One finite value for each cell of the grid, for the class asked. It protects figures and attribution mass.
    pub fn values_fill_the_grid(&self) {
        self.check("values fill the grid", |case, _, found, _| {
            prop_assert!(found.height > 0 && found.width > 0);
            prop_assert_eq!(found.values.len(), found.height * found.width);
            prop_assert!(found.values.iter().all(|v| v.is_finite()));
            prop_assert_eq!(found.class, case.class);
            Ok(())
        });
    }

    /// The evaluations stated are those the model was asked for, and within the budget. It protects estimates of time.
    pub fn evaluations_are_counted(&self) {
        self.check("evaluations are counted", |_, model, found, _| {
            prop_assert_eq!(found.evaluations, model.seen());
            prop_assert!(found.evaluations <= self.budget.evaluations);
            Ok(())
        });
    }

    /// `output_value` is the model's output on the image. It protects the report's statement of what was explained.
    pub fn output_is_the_models(&self) {
        self.check("the output is the model's", |case, model, found, ctx| {
            use eyepatch_core::Preprocess;
            let batch = must(FullScale.batch(std::slice::from_ref(&case.sample.image)))?;
            let output = f64::from(must(model.predict(&batch, ctx))?.row(0)[case.class]);
            prop_assert!((found.output_value - output).abs() < 1e-5, "{} and {}", found.output_value, output);
            prop_assert!(found.base_value.is_finite());
            Ok(())
        });
    }

    /// The additivity error stated is output - base - sum of values, and it is small where the card says `additive`. It
    /// protects readers from attributions that explain something else.
    pub fn additivity_is_stated(&self) {
        let additive = self.explainer.card().additive;
        self.check("additivity is stated", |_, _, found, _| {
            let sum: f64 = found.values.iter().map(|&v| f64::from(v)).sum();
            let gap = found.output_value - found.base_value - sum;
            prop_assert!(
                !additive || found.additivity_error.is_some(),
                "an additive method must state its error"
            );
            if let Some(stated) = found.additivity_error {
                prop_assert!((stated - gap).abs() < 1e-3, "stated {}, found {}", stated, gap);
            }
            prop_assert!(!additive || gap.abs() < 1e-2 * (1.0 + found.output_value.abs()), "gap {}", gap);
            Ok(())
        });
    }

    /// Cells that lie wholly in the right quarter, which the model cannot see, get nothing. It protects against
    /// transposed or shifted maps.
    pub fn unseen_parts_get_nothing(&self) {
        self.check("unseen parts get nothing", |_, _, found, _| {
            let first = (3 * found.width).div_ceil(4);
            // A grid of fewer than four columns has no cell that is sure to be unseen.
            let unseen = (first..found.width).filter(|_| found.width >= 4);
            let largest = found.values.iter().fold(0.0f32, |m, v| m.max(v.abs()));
            for x in unseen {
                for row in found.values.chunks_exact(found.width) {
                    prop_assert!(row[x].abs() <= 1e-4 * (1.0 + largest), "column {}: {}", x, row[x]);
                }
            }
            Ok(())
        });
    }

    /// Where the left of the image is bright and the right is dark, some cell that reaches into the left quarter, which
    /// is all that the model sees, gets a value other than 0. It protects against a method that finds nothing anywhere,
    /// of which all other laws are true.
    pub fn seen_parts_get_something(&self) {
        let ctx = Ctx::for_tests(0);
        run("seen parts get something", cases().prop_map(bright_left), |case| {
            let found = must(self.explain(&LeftQuarter::new(), &case, self.budget, &ctx))?;
            let width = case.sample.image.width();
            // Cell `x` of the grid begins at `x / found.width` of the image.
            let seen = |x: usize| x * width < LeftQuarter::columns(width) * found.width;
            let something = found.values.iter().enumerate().any(|(i, v)| seen(i % found.width) && *v != 0.0);
            prop_assert!(something, "every value is 0 where the model looks");
            Ok(())
        });
    }

    /// One seed, one attribution to the bit, at any number of threads. It protects reproducibility.
    pub fn depends_on_the_seed_alone(&self) {
        let two = Ctx::new(Seed::root(0), 2).expect("threads can be started");
        self.check("depends on the seed alone", |case, model, found, _| {
            prop_assert_eq!(&must(self.explain(model, case, self.budget, &two))?, found);
            Ok(())
        });
    }

    /// The batch size bounds memory and changes nothing else. It protects results from the machine they came from.
    pub fn batch_size_does_not_matter(&self) {
        self.check("the batch size does not matter", |case, model, found, ctx| {
            let small = must(self.explain(model, case, Budget { batch: 1, ..self.budget }, ctx))?;
            for (a, b) in small.values.iter().zip(&found.values) {
                prop_assert!((a - b).abs() <= 1e-5 * (1.0 + b.abs()), "{} and {}", a, b);
            }
            prop_assert_eq!(small.evaluations, found.evaluations);
            Ok(())
        });
    }

    /// A class that the model does not have is an error, not a panic.
    pub fn unknown_classes_are_refused(&self) {
        let ctx = Ctx::for_tests(0);
        run("unknown classes are refused", cases(), |mut case| {
            case.class = 2;
            prop_assert!(self.explain(&LeftQuarter::new(), &case, self.budget, &ctx).is_err());
            Ok(())
        });
    }

    /// Several classes at once: one attribution each, in the order asked, and as many evaluations as the model saw; values by
    /// channel add up to values; a class alone is what [`Explainer::explain`] finds. It protects whoever tells classes apart.
    pub fn classes_keep_their_order(&self) {
        self.check("classes keep their order", |case, _, alone, ctx| {
            let model = LeftQuarter::new();
            let both = must(self.explain_classes(&model, (case, &[1, 0]), ctx))?;
            must(both.check(&[1, 0], 2))?;
            prop_assert_eq!(both.evaluations, model.seen());
            for (channels, found) in both.channels.iter().flatten().zip(&both.attributions) {
                let size = found.values.len();
                for (i, value) in found.values.iter().enumerate() {
                    let sum: f32 = channels.iter().skip(i).step_by(size).sum();
                    prop_assert!((sum - value).abs() < 1e-4 * (1.0 + value.abs()), "{} and {}", sum, value);
                }
            }
            let own = must(self.explain_classes(&LeftQuarter::new(), (case, &[case.class]), ctx))?;
            prop_assert_eq!(&own.attributions[0], alone);
            prop_assert_eq!((own.attributions.len(), own.evaluations), (1, alone.evaluations));
            Ok(())
        });
    }

    /// Together classes get what each gets alone. Not among the laws of [`explainer_laws!`](crate::explainer_laws): a method
    /// that spends a shared budget where any class gains most, such as partition SHAP, does not promise it.
    pub fn classes_do_not_matter_to_each_other(&self) {
        self.check("classes do not matter to each other", |case, _, alone, ctx| {
            let both = must(self.explain_classes(&LeftQuarter::new(), (case, &[1, 0]), ctx))?;
            let found = both.attributions.get(1 - case.class);
            prop_assert_eq!(found.map(|f| &f.values), Some(&alone.values));
            Ok(())
        });
    }

    /// An explanation that is asked to stop stops with [`Error::Cancelled`]. It protects Ctrl-C.
    pub fn explaining_can_be_cancelled(&self) {
        let cancel = Cancel::default();
        cancel.cancel();
        let ctx = Ctx::for_tests(0).with_cancel(cancel);
        run("explaining can be cancelled", cases(), |case| {
            let stopped = self.explain(&LeftQuarter::new(), &case, self.budget, &ctx);
            prop_assert!(matches!(stopped, Err(Error::Cancelled)), "not Error::Cancelled");
            Ok(())
        });
    }

    /// The card names and describes the method. It protects readers of the report.
    ///
    /// # Panics
    /// Where the law is broken.
    pub fn card_is_complete(&self) {
        let card = self.explainer.card();
        assert!(!card.name.trim().is_empty() && !card.description.trim().is_empty());
    }

    parameter_laws!(Explainer, explainer, |e: &dyn Explainer| e.card());
}

/// Writes a test for every law of an explainer: `explainer_laws! { occlusion: Occlusion::default(); }`.
#[macro_export]
macro_rules! explainer_laws {
    ($($name:ident: $explainer:expr;)+) => {$(
        $crate::__laws! { $name, $crate::ExplainerLaws::new($explainer);
            values_fill_the_grid
            evaluations_are_counted
            output_is_the_models
            additivity_is_stated
            unseen_parts_get_nothing
            seen_parts_get_something
            depends_on_the_seed_alone
            batch_size_does_not_matter
            unknown_classes_are_refused
            classes_keep_their_order
            explaining_can_be_cancelled
            card_is_complete
            parameters_survive_json
            unknown_parameters_are_refused
        }
    )+};
}
