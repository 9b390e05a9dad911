use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use eyepatch_core::{
    Activations, Batch, ContentHash, Ctx, Embed, Error, Examples, Fitted, Gradients, Head, InputSpec,
    LayerGradients, Layout, Model, ModelCard, OutputSpace, Params, Place, Result, Scores, Sharing, Step,
    Task, Trunk, View, plugin,
};
use eyepatch_testkit::{LeftQuarter, ModelLaws};
use serde::{Deserialize, Serialize};

use crate::{Fault, finds, finds_saying, unseeded};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Quarter {
    #[serde(default, skip_serializing_if = "Fault::is_forgotten")]
    fault: Fault,
}
impl Params for Quarter {}

/// The toy model behind the trait, with at most one fault.
#[plugin("test/quarter")]
impl Model for Quarter {
    fn card(&self) -> ModelCard {
        ModelCard {
            name: format!("quarter, {:?}", self.fault),
            task: Task::Softmax,
            output: OutputSpace::Logits,
            preprocessing: if self.fault == Fault::Card { vec![Step::Decode] } else { Step::strict() },
            trained_here: true,
            parameters: Some(0),
            description: "sees the left quarter".into(),
        }
    }

    fn input(&self) -> InputSpec {
        InputSpec { channels: 3, size: (8, 8) }
    }

    fn fit(&self, train: &dyn Examples, _validation: &dyn Examples, ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        if self.fault != Fault::Deaf {
            ctx.check()?;
        }
        let trunk = QuarterTrunk { fault: self.fault, passes: AtomicUsize::new(0) };
        let features = train.features(&trunk, &[0, 1], 1, ctx)?;
        let mut shift = features.iter().sum::<f32>();
        match self.fault {
            Fault::Order => shift += unseeded() as f32,
            Fault::Peeks => shift += trunk.passes.load(Ordering::Relaxed) as f32,
            _ => {}
        }
        Ok(Box::new(FittedQuarter { inner: LeftQuarter::new(), fault: self.fault, shift }))
    }

    fn restore(&self, folder: &Path, _ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        let path = folder.join("shift");
        let saved = std::fs::read(&path).map_err(|e| Error::io(&path, e))?;
        let saved = saved.try_into().map_err(|_| Error::shape("shift", "4 bytes", "others"))?;
        let shift = f32::from_le_bytes(saved) + if self.fault == Fault::Hash { 0.5 } else { 0.0 };
        Ok(Box::new(FittedQuarter { inner: LeftQuarter::new(), fault: self.fault, shift }))
    }

    fn trunk(&self, _ctx: &Ctx) -> Result<Sharing> {
        Ok(match self.fault {
            Fault::Refuses => Sharing::Refused(" ".into()),
            fault => Sharing::Trunk(Box::new(QuarterTrunk { fault, passes: AtomicUsize::new(0) })),
        })
    }
}

struct FittedQuarter {
    inner: LeftQuarter,
    fault: Fault,
    shift: f32,
}

impl Fitted for FittedQuarter {
    fn classes(&self) -> &[String] {
        self.inner.classes()
    }

    fn predict(&self, batch: &Batch, ctx: &Ctx) -> Result<Scores> {
        if batch.channels != 3 && self.fault != Fault::Region {
            return Err(Error::shape("batch", "3 channels", batch.channels.to_string()));
        }
        let shape = [batch.n, batch.channels, batch.height, batch.width];
        let mut scores = match (self.fault, batch.place()) {
            (Fault::Device, Place::Device(_)) => return Err(self.lacks("such a device")),
            (Fault::Layout, place) => {
                self.inner.predict(&Batch::new(shape, Layout::Nchw, place.clone())?, ctx)?
            }
            _ => self.inner.predict(batch, ctx)?,
        };
        let by_batch = if self.fault == Fault::Leak { batch.n as f32 } else { 0.0 };
        scores.values.iter_mut().for_each(|v| *v += self.shift + by_batch);
        match self.fault {
            Fault::Value => scores.values[0] = f32::INFINITY,
            Fault::Shape => scores.values.truncate(2),
            _ => {}
        }
        Ok(scores)
    }

    fn save(&self, folder: &Path) -> Result<()> {
        let path = folder.join("shift");
        std::fs::write(&path, self.shift.to_le_bytes()).map_err(|e| Error::io(path, e))
    }

    fn embed(&self) -> Option<&dyn Embed> {
        Some(self)
    }

    fn activations(&self) -> Option<&dyn Activations> {
        Some(self)
    }

    fn gradients(&self) -> Option<&dyn Gradients> {
        Some(self)
    }

    fn head(&self) -> Option<&dyn Head> {
        (self.fault != Fault::Headless).then_some(self as &dyn Head)
    }
}

impl FittedQuarter {
    fn lacks(&self, capability: &str) -> Error {
        Error::Unsupported { what: "the quarter".into(), capability: capability.into() }
    }
}

impl Embed for FittedQuarter {
    fn dim(&self) -> usize {
        2
    }

    fn embed(&self, batch: &Batch, ctx: &Ctx) -> Result<Vec<f32>> {
        let mut values = self.predict(batch, ctx)?.values;
        if self.fault == Fault::Sum {
            values.pop();
        }
        Ok(values)
    }
}

/// The columns that the model sees are its only layer.
impl Activations for FittedQuarter {
    fn layers(&self) -> Vec<String> {
        vec!["quarter".into()]
    }

    fn activations(&self, layer: &str, batch: &Batch, _ctx: &Ctx) -> Result<([usize; 4], Vec<f32>)> {
        if layer != "quarter" && self.fault != Fault::Layers {
            return Err(self.lacks(&format!("layer `{layer}`")));
        }
        let columns = LeftQuarter::columns(batch.width);
        let values = batch.host_f32()?;
        let seen = values.chunks_exact(batch.width).flat_map(|row| &row[..columns]).copied().collect();
        let planes = if self.fault == Fault::Planes { 1 } else { batch.channels };
        Ok(([batch.n, planes, batch.height, columns], seen))
    }

    fn activation_gradients(
        &self,
        layer: &str,
        batch: &Batch,
        class: usize,
        ctx: &Ctx,
    ) -> Result<LayerGradients> {
        let class = if self.fault == Fault::Anyone { class % 2 } else { class };
        if class >= 2 {
            return Err(self.lacks(&format!("class {class}")));
        }
        let (shape, mut activations) = Activations::activations(self, layer, batch, ctx)?;
        let slope = 4.0 / shape[1..].iter().product::<usize>() as f32;
        let mut gradients = vec![if class == 0 { slope } else { -slope }; activations.len()];
        match self.fault {
            Fault::Slopes => gradients.truncate(1),
            Fault::Stale => activations[0] += 1.0,
            Fault::Steep => gradients[0] = f32::INFINITY,
            _ => {}
        }
        Ok(LayerGradients { shape, activations, gradients })
    }
}

impl Gradients for FittedQuarter {
    fn input_gradient(&self, batch: &Batch, class: usize, ctx: &Ctx) -> Result<Vec<f32>> {
        let mut values = self.inner.input_gradient(batch, class, ctx)?;
        if self.fault == Fault::Gradient {
            values[0] = f32::NAN;
        }
        Ok(values)
    }
}

/// Its features are the logits, in a view times a factor of the seed's.
struct QuarterTrunk {
    fault: Fault,
    passes: AtomicUsize,
}

impl Trunk for QuarterTrunk {
    fn key(&self) -> ContentHash {
        let changes = if self.fault == Fault::Key { unseeded() } else { 0 };
        ContentHash::of(&changes.to_le_bytes())
    }

    fn shape(&self) -> Vec<usize> {
        vec![2, 1]
    }

    fn views(&self) -> usize {
        2
    }

    fn features(&self, batch: &Batch, view: View<'_>, ctx: &Ctx) -> Result<Vec<f32>> {
        self.passes.fetch_add(batch.n, Ordering::Relaxed);
        let mut values = LeftQuarter::new().predict(batch, ctx)?.values;
        if let (View::Augmented(seeds), true) = (view, self.fault != Fault::Views) {
            let factor = |i: usize| 1.0 + (seeds[i / 2].to_u64() % 8) as f32;
            values.iter_mut().enumerate().for_each(|(i, v)| *v *= factor(i));
        }
        match self.fault {
            Fault::Features => values.truncate(2),
            Fault::Bits => values[0] += batch.n as f32,
            _ => {}
        }
        Ok(values)
    }
}

/// The head does all that may be wrong with scores.
impl Head for FittedQuarter {
    fn trunk(&self) -> ContentHash {
        QuarterTrunk { fault: Fault::None, passes: AtomicUsize::new(0) }.key()
    }

    fn scores(&self, features: &[f32], _ctx: &Ctx) -> Result<Scores> {
        let wrong = if self.fault == Fault::Head { 1.0 } else { 0.0 };
        Scores::new(2, OutputSpace::Logits, features.iter().map(|f| f + self.shift + wrong).collect())
    }
}

#[test]
fn model_laws_find_faults() {
    let of = |fault| ModelLaws::new(Quarter { fault });
    let faults = [
        (Fault::Value, "predictions are finite"),
        (Fault::Shape, "shape of the scores"),
        (Fault::Leak, "in a small batch"),
        (Fault::Hash, "predictions after saving and restoring"),
        (Fault::Device, "a batch on a device was not accepted"),
        (Fault::Layout, "for a batch in NHWC, "),
        (Fault::Region, "channels were accepted"),
        (Fault::Sum, "number of embedding values"),
        (Fault::Gradient, "gradient values must be finite"),
        (Fault::Planes, "number of activations"),
        (Fault::Layers, "an unknown layer was accepted"),
        (Fault::Slopes, "number of gradients with respect to quarter"),
        (Fault::Stale, "beside gradients of quarter"),
        (Fault::Steep, "gradients with respect to quarter must be finite"),
        (Fault::Anyone, "an unknown class was accepted for the gradients of quarter"),
        (Fault::Features, "number of features"),
        (Fault::Head, "scores from features and from images"),
        (Fault::Bits, "features of image 0 alone, view 0"),
        (Fault::Key, "the key of the trunk when it is offered again"),
        (Fault::Headless, "fits a head"),
        (Fault::Peeks, "a fit from kept features"),
        (Fault::Views, "view 1 of all images is the plain one"),
        (Fault::Refuses, "says why"),
        (Fault::Order, "one seed at 1 and at 2 threads"),
    ];
    finds_saying(|f| of(f).fitted_laws_hold(), &faults);
    finds(|f| of(f).fitting_can_be_cancelled(), &[Fault::Deaf]);
    finds(|f| of(f).card_is_complete(), &[Fault::Card]);
    finds(|f| of(f).parameters_survive_json(), &[Fault::Forgets]);
    of(Fault::None).unknown_parameters_are_refused();
}
