//! The laws of a trunk that a model shares, and of the head behind it.

use eyepatch_core::{
    Batch, Ctx, Examples, Fitted, Model, Result, Scores, Seed, Sharing, Trunk, View, run_trunk,
};

use crate::ToyExamples;
use crate::model::{bits, predict};

/// Checks the trunk that a model offers, if it offers one, against what was fitted from `train` and `validation` and gave
/// `scores` for `test`.
pub(crate) fn trunk_laws_hold(
    model: &dyn Model,
    fitted: &[&dyn Fitted],
    [train, validation, test]: [&ToyExamples; 3],
    scores: &Scores,
    ctx: &Ctx,
) {
    let trunk = match offered(model, ctx) {
        Sharing::Trunk(trunk) => trunk,
        Sharing::Nothing => return,
        Sharing::Refused(why) => {
            assert!(!why.trim().is_empty(), "a refusal to share a trunk says why");
            return;
        }
    };
    keys_are_stable(model, &*trunk, ctx);
    let plain = features_fit(&*trunk, test, ctx);
    for fitted in fitted {
        head_fits(*fitted, &*trunk, &plain, scores, ctx);
    }
    kept_features_do_not_matter(model, &*trunk, [train, validation, test], scores, ctx);
}

fn offered(model: &dyn Model, ctx: &Ctx) -> Sharing {
    model.trunk(ctx).unwrap_or_else(|e| panic!("the trunk cannot be offered: {e}"))
}

/// A trunk is known by its key, in this process and the next. It protects kept features from being taken for others, and
/// from being computed again.
fn keys_are_stable(model: &dyn Model, trunk: &dyn Trunk, ctx: &Ctx) {
    let Sharing::Trunk(again) = offered(model, &ctx.child("another cell")) else {
        panic!("a trunk was offered once and not again");
    };
    assert_eq!(again.key(), trunk.key(), "the key of the trunk when it is offered again");
    assert_eq!(
        (again.shape(), again.views()),
        (trunk.shape(), trunk.views()),
        "shape and views of the trunk"
    );
}

/// Features have the stated shape, are finite, and depend on the image and its view alone. It protects models from the
/// batches in which features were computed. Gives the features of the plain images.
fn features_fit(trunk: &dyn Trunk, test: &ToyExamples, ctx: &Ctx) -> Vec<f32> {
    assert!(trunk.views() >= 1, "a trunk has at least the plain view");
    let all: Vec<usize> = (0..test.len()).collect();
    let size = trunk.shape().iter().product::<usize>();
    let two = Ctx::new(ctx.seed(), 2).expect("threads can be started");
    let of = |indices: &[usize], view: usize, ctx: &Ctx| {
        run_trunk(test, trunk, indices, view, ctx).unwrap_or_else(|e| panic!("features: {e}"))
    };
    let views: Vec<Vec<f32>> = (0..trunk.views().min(3)).map(|v| of(&all, v, ctx)).collect();
    for (view, features) in views.iter().enumerate() {
        assert_eq!(features.len(), test.len() * size, "number of features");
        assert!(features.iter().all(|v| v.is_finite()), "features must be finite");
        assert!(view == 0 || *features != views[0], "view {view} of all images is the plain one");
        for &i in &all {
            let alone = of(&[i], view, &two);
            assert!(same(&alone, &features[i * size..][..size]), "features of image {i} alone, view {view}");
        }
    }
    // A view is drawn from its seed alone: not from the context, and not by how often it was asked for.
    if views.len() > 1 {
        assert!(
            same(&of(&all, 1, &ctx.child("another cell")), &views[1]),
            "features of one seed, drawn twice"
        );
        let batch = test.batch(&[0, 0]).expect("toy examples have batches");
        let seeds = [Seed::root(1), Seed::root(1)];
        let twice = trunk.features(&batch, View::Augmented(&seeds), ctx);
        let twice = twice.unwrap_or_else(|e| panic!("features: {e}"));
        assert!(same(&twice[..size], &twice[size..]), "features of one image and one seed, twice in a batch");
    }
    views.into_iter().next().unwrap_or_default()
}

/// Scores from features are those from images, bit for bit, before and after saving. It protects results from whether
/// features were kept.
fn head_fits(fitted: &dyn Fitted, trunk: &dyn Trunk, features: &[f32], scores: &Scores, ctx: &Ctx) {
    let head = fitted.head().unwrap_or_else(|| panic!("a model that shares its trunk fits a head"));
    assert_eq!(head.trunk(), trunk.key(), "key of the head's trunk");
    let found = head.scores(features, ctx).unwrap_or_else(|e| panic!("head: {e}"));
    assert_eq!((found.classes, found.space), (scores.classes, scores.space), "scores from features");
    assert_eq!(bits(&found), bits(scores), "scores from features and from images");
    if let Some((_, short)) = features.split_last() {
        assert!(head.scores(short, ctx).is_err(), "a head took features of another shape");
    }
}

/// A fit from features that somebody kept is the fit from images. It protects results from whether features were kept.
fn kept_features_do_not_matter(
    model: &dyn Model,
    trunk: &dyn Trunk,
    [train, validation, test]: [&ToyExamples; 3],
    scores: &Scores,
    ctx: &Ctx,
) {
    let keep = |part| Kept::new(part, trunk, ctx);
    let fitted = model.fit(&keep(train), &keep(validation), ctx);
    let fitted = fitted.unwrap_or_else(|e| panic!("the model cannot be fitted from kept features: {e}"));
    let all: Vec<usize> = (0..test.len()).collect();
    let batch: Batch = test.batch(&all).expect("toy examples have batches");
    assert_eq!(bits(&predict(&*fitted, &batch, ctx)), bits(scores), "a fit from kept features");
}

fn same(a: &[f32], b: &[f32]) -> bool {
    a.iter().map(|v| v.to_bits()).eq(b.iter().map(|v| v.to_bits()))
}

/// Examples with their features in memory, each computed alone.
struct Kept<'a> {
    of: &'a ToyExamples,
    trunk: &'a dyn Trunk,
    /// By view, then sample.
    features: Vec<Vec<Vec<f32>>>,
}

impl<'a> Kept<'a> {
    fn new(of: &'a ToyExamples, trunk: &'a dyn Trunk, ctx: &Ctx) -> Self {
        let one = |i: usize, view: usize| {
            run_trunk(of, trunk, &[i], view, ctx).unwrap_or_else(|e| panic!("features: {e}"))
        };
        let view = |v: usize| (0..of.len()).map(|i| one(i, v)).collect();
        Self { of, trunk, features: (0..trunk.views()).map(view).collect() }
    }
}

impl Examples for Kept<'_> {
    fn len(&self) -> usize {
        self.of.len()
    }

    fn classes(&self) -> &[String] {
        self.of.classes()
    }

    fn batch(&self, indices: &[usize]) -> Result<Batch> {
        self.of.batch(indices)
    }

    fn labels(&self, index: usize) -> &[Option<bool>] {
        self.of.labels(index)
    }

    fn seed(&self, index: usize) -> Seed {
        self.of.seed(index)
    }

    fn features(&self, trunk: &dyn Trunk, indices: &[usize], view: usize, _ctx: &Ctx) -> Result<Vec<f32>> {
        assert_eq!(trunk.key(), self.trunk.key(), "key of the trunk that a fit asks features of");
        assert!(view < self.features.len(), "view {view} of {}", self.features.len());
        Ok(indices.iter().flat_map(|&i| &self.features[view][i]).copied().collect())
    }
}
