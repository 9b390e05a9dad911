use std::sync::Arc;

use eyepatch_core::{
    Activations, Batch, Cancel, Ctx, Error, Examples, Fitted, Handle, HostData, Layout, Model, Place, Scores,
    Seed, Step,
};

use crate::law::parameter_laws;
use crate::trunk::trunk_laws_hold;
use crate::{ToyBuffer, ToyExamples};

/// The laws of a [`Model`], checked after training on a few toy images. Fitting is slow, so
/// [`ModelLaws::fitted_laws_hold`] fits once for all laws of predictions; give it a model of few epochs.
pub struct ModelLaws {
    model: Handle<dyn Model>,
    train: usize,
    classes: usize,
}

/// How far two predictions of one image may lie apart when it comes in batches of different size, relative to 1 + |x|.
const BATCH_TOLERANCE: f32 = 1e-4;

impl ModelLaws {
    /// The laws of this model: two classes, 24 training images.
    pub fn new(model: impl Into<Handle<dyn Model>>) -> Self {
        Self { model: model.into(), train: 24, classes: 2 }
    }

    /// With that many classes, for a model that needs a certain number.
    #[must_use]
    pub fn classes(mut self, classes: usize) -> Self {
        self.classes = classes;
        self
    }

    fn examples(&self, part: &str, n: usize) -> ToyExamples {
        ToyExamples::new(self.model.input(), self.classes, n, part)
    }

    fn fit(&self, ctx: &Ctx) -> Result<Box<dyn Fitted>, Error> {
        self.model.fit(&self.examples("train", self.train), &self.examples("validation", 8), ctx)
    }

    /// Fits, then checks each law that needs a fitted model. A model whose scores come from a file is not fitted and
    /// passes.
    ///
    /// # Panics
    /// Where a law is broken; the message says which.
    pub fn fitted_laws_hold(&self) {
        if self.model.scores().is_some() {
            return;
        }
        let ctx = Ctx::for_tests(1907);
        let (train, validation) = (self.examples("train", self.train), self.examples("validation", 8));
        let fitted = self.fit(&ctx).unwrap_or_else(|e| panic!("the model cannot be fitted: {e}"));
        let examples = self.examples("test", 5);
        let batch = examples.batch(&[0, 1, 2, 3, 4]).expect("toy examples have batches");
        let scores = predict(&*fitted, &batch, &ctx);
        self.predictions_fit(&*fitted, &scores);
        batches_do_not_matter(&*fitted, &examples, &scores, &ctx);
        let restored = self.saved_is_restored(&*fitted, &batch, &scores, &ctx);
        places_and_layouts_do_not_matter(&*fitted, &batch, &scores, &ctx);
        other_channels_are_refused(&*fitted, &batch, &ctx);
        capabilities_fit(&*fitted, &batch, &ctx);
        randomising_forgets(&*fitted, &batch, &scores, &ctx);
        self.threads_do_not_matter(&batch, &scores);
        let parts = [&train, &validation, &examples];
        trunk_laws_hold(&*self.model, &[&*fitted, &*restored], parts, &scores, &ctx);
    }

    /// Predictions are finite, one a class and image, on the card's scale. It protects everything computed from scores.
    fn predictions_fit(&self, fitted: &dyn Fitted, scores: &Scores) {
        assert_eq!(fitted.classes().len(), self.classes, "classes of the fitted model");
        assert_eq!((scores.len(), scores.classes), (5, self.classes), "shape of the scores");
        assert!(scores.values.iter().all(|v| v.is_finite()), "predictions are finite: {:?}", scores.values);
        assert_eq!(scores.space, self.model.card().output, "the scale that the card states");
    }

    /// What was saved predicts the same bits once restored. It protects resumed runs.
    fn saved_is_restored(
        &self,
        fitted: &dyn Fitted,
        batch: &Batch,
        scores: &Scores,
        ctx: &Ctx,
    ) -> Box<dyn Fitted> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fitted.save(folder.path()).unwrap_or_else(|e| panic!("the model cannot be saved: {e}"));
        let restored =
            self.model.restore(folder.path(), ctx).unwrap_or_else(|e| panic!("it cannot be restored: {e}"));
        assert_eq!(restored.classes(), fitted.classes(), "classes after saving and restoring");
        assert_eq!(
            bits(&predict(&*restored, batch, ctx)),
            bits(scores),
            "predictions after saving and restoring"
        );
        restored
    }

    /// Same seed, same bits, at any number of threads. It protects reproducibility.
    fn threads_do_not_matter(&self, batch: &Batch, scores: &Scores) {
        let ctx = Ctx::new(Seed::root(1907), 2).expect("threads can be started");
        let again =
            self.fit(&ctx).unwrap_or_else(|e| panic!("the model cannot be fitted with 2 threads: {e}"));
        assert_eq!(bits(&predict(&*again, batch, &ctx)), bits(scores), "one seed at 1 and at 2 threads");
    }

    /// A fit that is asked to stop stops with [`Error::Cancelled`]. It protects Ctrl-C. A model that arrives trained may
    /// return itself.
    ///
    /// # Panics
    /// Where the law is broken.
    pub fn fitting_can_be_cancelled(&self) {
        if self.model.scores().is_some() || !self.model.card().trained_here {
            return;
        }
        let cancel = Cancel::default();
        cancel.cancel();
        let stopped = self.fit(&Ctx::for_tests(1).with_cancel(cancel));
        assert!(matches!(stopped, Err(Error::Cancelled)), "a cancelled fit must end in Error::Cancelled");
    }

    /// The card states name, description and preprocessing with the masking exactly once, and the input is one that
    /// images can have. It protects the strict order of masking and normalisation.
    ///
    /// # Panics
    /// Where the law is broken.
    pub fn card_is_complete(&self) {
        let card = self.model.card();
        assert!(!card.name.trim().is_empty() && !card.description.trim().is_empty());
        if self.model.scores().is_some() {
            return;
        }
        let masks = card.preprocessing.iter().filter(|s| **s == Step::Mask).count();
        assert_eq!(masks, 1, "steps that mask: {:?}", card.preprocessing);
        let input = self.model.input();
        assert!(matches!(input.channels, 1 | 3) && input.size.0 > 0 && input.size.1 > 0, "{input:?}");
    }

    parameter_laws!(Model, model, |m: &dyn Model| m.card());
}

pub(crate) fn predict(fitted: &dyn Fitted, batch: &Batch, ctx: &Ctx) -> Scores {
    fitted.predict(batch, ctx).unwrap_or_else(|e| panic!("prediction failed: {e}"))
}

pub(crate) fn bits(scores: &Scores) -> Vec<u32> {
    scores.values.iter().map(|v| v.to_bits()).collect()
}

/// An image's score does not depend on its batch. It protects against BatchNorm left in training mode.
fn batches_do_not_matter(fitted: &dyn Fitted, examples: &ToyExamples, scores: &Scores, ctx: &Ctx) {
    for indices in [vec![0], vec![3, 1]] {
        let batch = examples.batch(&indices).expect("toy examples have batches");
        let few = predict(fitted, &batch, ctx);
        for (k, &i) in indices.iter().enumerate() {
            for (a, b) in few.row(k).iter().zip(scores.row(i)) {
                assert!(
                    (a - b).abs() <= BATCH_TOLERANCE * (1.0 + b.abs()),
                    "image {i}: {a} in a small batch, {b} in all"
                );
            }
        }
    }
}

/// The same images score the same wherever they lie and in whatever order of axes. It protects hand-overs without
/// copies: a model that looks only for values on the host, or takes every batch for NCHW, would fail or see noise.
fn places_and_layouts_do_not_matter(fitted: &dyn Fitted, batch: &Batch, scores: &Scores, ctx: &Ctx) {
    let nchw = batch.host_f32().expect("toy examples are 32-bit floats").into_owned();
    let nhwc = nchw_to_nhwc(&nchw, batch);
    let forms = [
        ("on a device", Layout::Nchw, on_device(&nchw)),
        ("in NHWC", Layout::Nhwc, Place::Host(Arc::new(HostData::F32(nhwc.clone())))),
        ("in NHWC on a device", Layout::Nhwc, on_device(&nhwc)),
    ];
    for (form, layout, place) in forms {
        let shape = [batch.n, batch.channels, batch.height, batch.width];
        let same = Batch::new(shape, layout, place).expect("the values fit the shape");
        let found =
            fitted.predict(&same, ctx).unwrap_or_else(|e| panic!("a batch {form} was not accepted: {e}"));
        assert_eq!(found.values.len(), scores.values.len(), "scores of a batch {form}");
        for (a, b) in found.values.iter().zip(&scores.values) {
            assert!(
                (a - b).abs() <= BATCH_TOLERANCE * (1.0 + b.abs()),
                "{a} for a batch {form}, {b} for one in NCHW on the host"
            );
        }
    }
}

fn on_device(values: &[f32]) -> Place {
    Place::Device(Arc::new(ToyBuffer(HostData::F32(values.to_vec()))))
}

fn nchw_to_nhwc(values: &[f32], batch: &Batch) -> Vec<f32> {
    let (channels, pixels) = (batch.channels, batch.height * batch.width);
    let images = values.chunks_exact(channels * pixels);
    images
        .flat_map(|image| (0..pixels * channels).map(|i| image[i % channels * pixels + i / channels]))
        .collect()
}

/// Images of the wrong number of channels are an error. It protects against silently dropped colours.
fn other_channels_are_refused(fitted: &dyn Fitted, batch: &Batch, ctx: &Ctx) {
    let channels = 4 - batch.channels;
    let values = vec![0.5; channels * batch.height * batch.width];
    let wrong =
        Batch::nchw(1, channels, batch.height, batch.width, values).expect("the values fit the shape");
    assert!(fitted.predict(&wrong, ctx).is_err(), "{channels} channels were accepted for {}", batch.channels);
}

/// Embeddings, activations and gradients, where offered, have the shapes they state and finite values. It protects
/// explainers and probes.
fn capabilities_fit(fitted: &dyn Fitted, batch: &Batch, ctx: &Ctx) {
    let finite = |what: &str, values: &[f32], expected: usize| {
        assert_eq!(values.len(), expected, "number of {what}");
        assert!(values.iter().all(|v| v.is_finite()), "{what} must be finite");
    };
    if let Some(embed) = fitted.embed() {
        let values = embed.embed(batch, ctx).unwrap_or_else(|e| panic!("embeddings: {e}"));
        finite("embedding values", &values, batch.n * embed.dim());
    }
    if let Some(gradients) = fitted.gradients() {
        let values = gradients.input_gradient(batch, 0, ctx).unwrap_or_else(|e| panic!("gradients: {e}"));
        finite("gradient values", &values, batch.n * batch.channels * batch.height * batch.width);
    }
    if let Some(activations) = fitted.activations() {
        let layers = activations.layers();
        assert!(!layers.is_empty(), "a model with activations names its layers");
        for layer in [&layers[0], &layers[layers.len() - 1]] {
            let (shape, values) =
                activations.activations(layer, batch, ctx).unwrap_or_else(|e| panic!("{layer}: {e}"));
            assert_eq!(shape[0], batch.n, "images in the activations of {layer}");
            finite("activations", &values, shape.iter().product());
            activation_gradients_fit(activations, layer, batch, (shape, &values), ctx);
        }
        assert!(
            activations.activations("no such layer", batch, ctx).is_err(),
            "an unknown layer was accepted"
        );
    }
}

/// With no stage drawn anew a model that can be randomised answers as before, with all of them it does not, and the same seed
/// gives the same answers. It protects the sanity check of attribution maps.
fn randomising_forgets(fitted: &dyn Fitted, batch: &Batch, scores: &Scores, ctx: &Ctx) {
    let Some(randomise) = fitted.randomise() else { return };
    let stages = randomise.stages();
    assert!(!stages.is_empty(), "a model that can be randomised names its stages");
    let answers = |stages: usize| -> Vec<f32> {
        let other = randomise.randomised(stages, ctx);
        let other = other.unwrap_or_else(|e| panic!("{stages} stages cannot be drawn anew: {e}"));
        assert_eq!(other.classes(), fitted.classes(), "classes with {stages} stages drawn anew");
        predict(&*other, batch, ctx).values
    };
    let same = |a: &[f32]| {
        a.iter().zip(&scores.values).all(|(a, b)| (a - b).abs() <= BATCH_TOLERANCE * (1.0 + b.abs()))
    };
    assert!(same(&answers(0)), "a model of which nothing was drawn anew must answer as before");
    for some in 1..=stages.len() {
        assert!(answers(some).iter().all(|v| v.is_finite()), "answers with {some} stages drawn anew");
    }
    assert!(!same(&answers(stages.len())), "a model drawn anew must have forgotten");
    assert_eq!(answers(stages.len()), answers(stages.len()), "one seed, one model");
    assert!(randomise.randomised(stages.len() + 1, ctx).is_err(), "more stages than there are were accepted");
}

/// Gradients with respect to a layer, where offered, come with that layer's activations and have their shape; a class that
/// the model does not have is refused. It protects maps of class activation.
fn activation_gradients_fit(
    layers: &dyn Activations,
    layer: &str,
    batch: &Batch,
    (shape, values): ([usize; 4], &[f32]),
    ctx: &Ctx,
) {
    let found = match layers.activation_gradients(layer, batch, 0, ctx) {
        Err(Error::Unsupported { .. }) => return,
        found => found.unwrap_or_else(|e| panic!("gradients with respect to {layer}: {e}")),
    };
    assert_eq!(found.shape, shape, "shape of the gradients with respect to {layer}");
    assert_eq!(found.gradients.len(), values.len(), "number of gradients with respect to {layer}");
    assert!(
        found.gradients.iter().all(|v| v.is_finite()),
        "gradients with respect to {layer} must be finite"
    );
    assert_eq!(
        found.activations.len(),
        values.len(),
        "number of activations beside the gradients of {layer}"
    );
    for (a, b) in found.activations.iter().zip(values) {
        assert!(
            (a - b).abs() <= BATCH_TOLERANCE * (1.0 + b.abs()),
            "{a} beside gradients of {layer}, {b} without"
        );
    }
    let unknown = layers.activation_gradients(layer, batch, usize::MAX, ctx);
    assert!(unknown.is_err(), "an unknown class was accepted for the gradients of {layer}");
}

/// Writes a test for every law of a model: `model_laws! { small: MyNet { epochs: 1, ..MyNet::default() }; }`.
#[macro_export]
macro_rules! model_laws {
    ($($name:ident: $model:expr;)+) => {$(
        $crate::__laws! { $name, $crate::ModelLaws::new($model);
            fitted_laws_hold
            fitting_can_be_cancelled
            card_is_complete
            parameters_survive_json
            unknown_parameters_are_refused
        }
    )+};
}
