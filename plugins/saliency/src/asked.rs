//! Asking a model about one class of one image: some images at a time, counted, until it is cancelled.

use eyepatch_core::{
    Activations, Attribution, Batch, Budget, Ctx, Error as CoreError, Fitted, Gradients, Image,
    LayerGradients, OutputSpace, Result, Subject,
};

use crate::Error;

/// A model that is asked about a subject. Each image that it is shown counts one evaluation, whether it answers with an
/// output or with a gradient.
pub(crate) struct Asked<'a> {
    fitted: &'a dyn Fitted,
    subject: Subject<'a>,
    at_once: usize,
    ctx: &'a Ctx,
    /// Id of the plugin that asks.
    id: &'static str,
    space: OutputSpace,
    evaluations: usize,
}

/// One image as the network sees it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Input {
    /// Channels, rows, columns.
    pub(crate) shape: [usize; 3],
    /// Values in that order.
    pub(crate) values: Vec<f32>,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(
        fitted: &'a dyn Fitted,
        subject: Subject<'a>,
        budget: Budget,
        ctx: &'a Ctx,
        id: &'static str,
    ) -> Result<Self> {
        ctx.check()?;
        let classes = fitted.classes().len();
        if subject.class >= classes {
            return Err(CoreError::shape("class", format!("below {classes}"), subject.class.to_string()));
        }
        let at_once = budget.batch.max(1);
        Ok(Self { fitted, subject, at_once, ctx, id, space: OutputSpace::Scores, evaluations: 0 })
    }

    /// The image as the network sees it.
    pub(crate) fn input(&self, image: &Image) -> Result<Input> {
        let batch = self.subject.preprocess.batch(std::slice::from_ref(image))?;
        if batch.n != 1 {
            return Err(CoreError::shape("network input", "one image", batch.n.to_string()));
        }
        let shape = [batch.channels, batch.height, batch.width];
        Ok(Input { shape, values: batch.host_f32()?.into_owned() })
    }

    /// The subject's image as the network sees it.
    pub(crate) fn image(&self) -> Result<Input> {
        self.input(&self.subject.sample.image)
    }

    /// Outputs for `n` images, made when they are asked about.
    pub(crate) fn outputs(&mut self, n: usize, image: impl Fn(usize) -> Image) -> Result<Vec<f64>> {
        let mut outputs = Vec::new();
        while outputs.len() < n {
            let end = n.min(outputs.len() + self.at_once);
            let images: Vec<Image> = (outputs.len()..end).map(&image).collect();
            outputs.extend(self.predict(&self.subject.preprocess.batch(&images)?)?);
            self.ctx.progress().report(outputs.len() as u64, n as u64, self.id);
        }
        Ok(outputs)
    }

    /// Output for one input.
    pub(crate) fn output(&mut self, input: &Input) -> Result<f64> {
        let outputs = self.predict(&input.batch(1, input.values.clone())?)?;
        Ok(outputs.into_iter().sum())
    }

    /// One output an image, as many as there are images.
    fn predict(&mut self, batch: &Batch) -> Result<Vec<f64>> {
        self.ctx.check()?;
        let scores = self.fitted.predict(batch, self.ctx)?;
        self.evaluations += batch.n;
        if scores.len() != batch.n || scores.classes <= self.subject.class {
            let expected = format!("{} x {}", batch.n, self.fitted.classes().len());
            return Err(CoreError::shape(
                "scores",
                expected,
                format!("{} x {}", scores.len(), scores.classes),
            ));
        }
        self.space = scores.space;
        Ok((0..scores.len()).map(|i| f64::from(scores.row(i)[self.subject.class])).collect())
    }

    /// Gradients at `n` inputs of one shape: `make` appends the values of the next one, `take` is given its number and its
    /// gradient. Both are called in order, whatever the size of a batch.
    pub(crate) fn gradients(
        &mut self,
        like: &Input,
        n: usize,
        mut make: impl FnMut(usize, &mut Vec<f32>),
        mut take: impl FnMut(usize, &[f32]),
    ) -> Result<()> {
        let model = self.differentiable()?;
        let mut done = 0;
        while done < n {
            self.ctx.check()?;
            let some = self.at_once.min(n - done);
            let mut values = Vec::with_capacity(some * like.values.len());
            (done..done + some).for_each(|i| make(i, &mut values));
            let found = model.input_gradient(&like.batch(some, values)?, self.subject.class, self.ctx)?;
            self.evaluations += some;
            checked("gradients", &found, some * like.values.len())?;
            found.chunks_exact(like.values.len()).enumerate().for_each(|(i, g)| take(done + i, g));
            done += some;
            self.ctx.progress().report(done as u64, n as u64, self.id);
        }
        Ok(())
    }

    fn differentiable(&self) -> Result<&'a dyn Gradients> {
        self.fitted.gradients().ok_or_else(|| self.lacks("gradients with respect to its input"))
    }

    fn lacks(&self, capability: &str) -> CoreError {
        let capability = format!("{capability}, which {} needs", self.id);
        CoreError::Unsupported { what: "the model".into(), capability }
    }

    /// The image's activations in a layer and the gradients with respect to them: of the named layer, or of the last one
    /// that has more than one place.
    pub(crate) fn layer(
        &mut self,
        input: &Input,
        named: Option<&str>,
        budget: Budget,
    ) -> Result<(String, LayerGradients)> {
        let layers = self.fitted.activations().ok_or_else(|| self.lacks("activations"))?;
        let known = layers.layers();
        let asked_for = match named {
            Some(layer) => vec![layer.to_owned()],
            None => known.iter().rev().cloned().collect(),
        };
        for layer in &asked_for {
            if self.evaluations >= budget.evaluations {
                return Err(self.short(
                    budget,
                    self.evaluations + 1,
                    "outputs, and each layer that is looked at",
                ));
            }
            let found = self.at(layers, layer, input)?;
            let [_, _, height, width] = found.shape;
            if height * width > 1 {
                return Ok((layer.clone(), found));
            }
        }
        let layer = asked_for.last().cloned().unwrap_or_default();
        Err(self.own(Error::NoMap { layer, known }))
    }

    fn at(&mut self, layers: &dyn Activations, layer: &str, input: &Input) -> Result<LayerGradients> {
        self.ctx.check()?;
        let batch = input.batch(1, input.values.clone())?;
        let found = layers.activation_gradients(layer, &batch, self.subject.class, self.ctx)?;
        self.evaluations += 1;
        let size = found.shape.iter().product();
        if found.shape[0] != 1 || size == 0 {
            let shape = format!("{:?}", found.shape);
            return Err(CoreError::shape("activations", "of one image, not empty", shape));
        }
        checked("activations", &found.activations, size)?;
        checked("gradients with respect to activations", &found.gradients, size)?;
        Ok(found)
    }

    /// How many passes the budget leaves beside `others` evaluations, at most as many as are asked for.
    pub(crate) fn passes(
        &self,
        budget: Budget,
        others: usize,
        (least, asked_for): (usize, usize),
        parts: &'static str,
    ) -> Result<usize> {
        let left = budget.evaluations.saturating_sub(others);
        if left < least {
            return Err(self.short(budget, others + least, parts));
        }
        if left < asked_for {
            tracing::warn!(
                evaluations = budget.evaluations,
                asked_for,
                taken = left,
                "{}: the budget is too small for the passes asked for; fewer are taken",
                self.id
            );
        }
        Ok(asked_for.min(left))
    }

    fn short(&self, budget: Budget, least: usize, parts: &'static str) -> CoreError {
        let evaluations = budget.evaluations;
        self.own(Error::Budget { evaluations, least, parts })
    }

    /// An error of this crate's.
    pub(crate) fn own(&self, error: Error) -> CoreError {
        CoreError::plugin(self.id, error)
    }

    /// The attribution on a grid of rows and columns, from the outputs on the image and on the baseline.
    pub(crate) fn attribution(
        &self,
        [height, width]: [usize; 2],
        values: Vec<f32>,
        (output_value, base_value): (f64, f64),
    ) -> Attribution {
        Attribution {
            height,
            width,
            values,
            class: self.subject.class,
            space: self.space,
            base_value,
            output_value,
            additivity_error: None,
            evaluations: self.evaluations,
        }
    }
}

fn checked(what: &str, values: &[f32], expected: usize) -> Result<()> {
    if values.len() != expected {
        return Err(CoreError::shape(what, expected.to_string(), values.len().to_string()));
    }
    match values.iter().find(|v| !v.is_finite()) {
        Some(value) => Err(CoreError::shape(what, "finite numbers", value.to_string())),
        None => Ok(()),
    }
}

impl Input {
    /// `n` inputs of this one's shape.
    fn batch(&self, n: usize, values: Vec<f32>) -> Result<Batch> {
        let [channels, height, width] = self.shape;
        Batch::nchw(n, channels, height, width, values)
    }

    /// Zero everywhere.
    pub(crate) fn zeros(&self) -> Self {
        Self { shape: self.shape, values: vec![0.0; self.values.len()] }
    }

    /// Rows and columns.
    pub(crate) fn grid(&self) -> [usize; 2] {
        [self.shape[1], self.shape[2]]
    }

    /// One number a value of the input, summed over its channels.
    pub(crate) fn over_channels(&self, each: impl Fn(usize) -> f64) -> Vec<f32> {
        let pixels = self.shape[1] * self.shape[2];
        (0..pixels).map(|p| (0..self.shape[0]).map(|c| each(c * pixels + p)).sum::<f64>() as f32).collect()
    }
}
