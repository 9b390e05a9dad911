use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use eyepatch_core::{
    ContentHash, Ctx, Device, Epoch, Error as CoreError, Estimate, Examples, Fitted, Handle, InputSpec,
    Model, ModelCard, OutputSpace, Params, Result, Sharing, Step, Task, Workload, plugin,
};
use eyepatch_nn::densenet::{FrozenNorm, Scope};
use eyepatch_nn::estimate::{Speed, flops, parameters};
use eyepatch_nn::train::{self, Kind, Progress, Targets};
use eyepatch_nn::{Device as NnDevice, NnError};

use crate::error::{Error, core};
use crate::fitted::FittedDenseNet;
use crate::params::{Arch, Augment, DenseNet, Order};
use crate::trunk::{DenseNetTrunk, Features};
use crate::{start, text};

/// Images that are asked for at once.
pub(crate) const CHUNK: usize = 64;

/// Validation images an epoch for each training image, where an estimate must guess.
const VALIDATION_SHARE: f64 = 0.25;

/// A DenseNet, trained whole or in part, from random weights or given ones.
#[plugin("eyepatch/densenet", revision = 3)]
impl Model for DenseNet {
    fn card(&self) -> ModelCard {
        let mut preprocessing = match self.order {
            Order::Strict => Step::strict(),
            Order::Published => Step::published(),
        };
        if self.augment != Augment::default() {
            preprocessing.push(Step::Augment(text::augment(self)));
        }
        ModelCard {
            name: text::name(self),
            task: Task::MultiLabel,
            output: OutputSpace::Logits,
            preprocessing,
            trained_here: true,
            parameters: None,
            description: text::description(self),
        }
    }

    fn input(&self) -> InputSpec {
        InputSpec { channels: self.channels, size: (self.size, self.size) }
    }

    fn fit(&self, train: &dyn Examples, validation: &dyn Examples, ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        let classes = train.classes().to_vec();
        both_kinds(train)?;
        let trunk = self.shared(ctx)?;
        let training = self.load(train, trunk.as_ref(), ctx)?;
        let watched = self.load(validation, trunk.as_ref(), ctx)?;
        let training =
            training.ok_or_else(|| core(NnError::Data("the training part has no known label".into())))?;
        let seed = |stream: &str| ctx.seed().child(stream).to_u64();
        let device = device(ctx)?;
        let mut net = start::network(self, classes.len(), seed("densenet weights"), &device)?;
        let mut report = |progress: Progress<'_>| {
            self.report(progress, ctx);
            if ctx.cancel().is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let how = self.training(watched.is_some());
        let seed = seed("densenet training");
        let history = match checkpoint(ctx) {
            Some(file) => {
                train::train_resumable(&mut net, &training, watched.as_ref(), &how, seed, &file, &mut report)
            }
            None => train::train(&mut net, &training, watched.as_ref(), &how, seed, &mut report),
        };
        let history = history.map_err(core)?.epochs.into_iter().map(|e| Epoch {
            epoch: e.epoch + 1,
            train_loss: e.train_loss,
            validation_loss: e.validation_loss,
            learning_rate: Some(e.learning_rate),
        });
        Ok(Box::new(FittedDenseNet::new(self, net, classes, history.collect(), ctx)?))
    }

    fn restore(&self, folder: &Path, ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(FittedDenseNet::open(self, folder, &device(ctx)?, ctx)?))
    }

    fn estimate(&self, work: &Workload, _ctx: &Ctx) -> Option<Estimate> {
        let speed = speed()?;
        let config = self.network(work.classes.max(1));
        let mut cost = flops(&config, (self.size, self.size));
        cost.train = match self.trainable {
            Scope::All => cost.train,
            // The trunk's passes are counted where they are made.
            Scope::LastLayer | Scope::Head if self.frozen_norm == FrozenNorm::Strict => 0.03 * cost.forward,
            // Two thirds of a step are backward passes, of which those of the frozen part are not made.
            Scope::LastBlock => 1.2 * cost.forward,
            Scope::LastLayer | Scope::Head => 1.03 * cost.forward,
        };
        let (images, epochs) = (work.train_images, self.epochs);
        let watching = (images as f64 * epochs as f64 * VALIDATION_SHARE) as usize;
        Some(Estimate {
            fit_seconds: speed.seconds(cost, images, epochs, watching),
            predict_seconds: speed.seconds(cost, 0, 0, work.predict_images),
            // Weights, running statistics and the file's own table of contents.
            disk_bytes: 5 * parameters(&config) as u64 + 64 * 1024,
        })
    }

    fn trunk(&self, ctx: &Ctx) -> Result<Sharing> {
        self.sharing(ctx)
    }

    fn content(&self, _ctx: &Ctx) -> Result<Option<ContentHash>> {
        self.weights.as_deref().map(start::hash).transpose()
    }

    fn quick(&self) -> Option<Handle<dyn Model>> {
        // A network with a name needs 29 pixels and learns little of less than a hundred.
        let size = self.size.min(if self.arch == Arch::Custom { 64 } else { 128 });
        let quick = Self { epochs: self.epochs.min(4), size, ..self.clone() };
        // Smaller images may ask for larger batches.
        let quick = if quick.check().is_err() { Self { batch: quick.batch.max(8), ..quick } } else { quick };
        (quick != *self && quick.check().is_ok()).then(|| quick.into())
    }
}

impl DenseNet {
    /// A part's images that have a known label: in memory, or their features, read when needed; `None` where there is none.
    fn load<'a>(
        &self,
        part: &'a dyn Examples,
        trunk: Option<&'a DenseNetTrunk>,
        ctx: &'a Ctx,
    ) -> Result<Option<train::Examples<'a>>> {
        let known: Vec<usize> =
            (0..part.len()).filter(|&i| part.labels(i).iter().any(Option::is_some)).collect();
        if known.is_empty() {
            return Ok(None);
        }
        let classes = part.classes().len();
        let targets = Targets::Labels { classes, values: labels(part, &known)? };
        let patients: Option<Vec<&str>> = known.iter().map(|&row| part.patient(row)).collect();
        let ids = known.iter().map(|&row| part.seed(row).to_u64()).collect();
        let examples = match trunk {
            Some(trunk) => {
                let (shape, views) = (trunk.feature_shape(), self.trunk_views());
                let source = Features { part, trunk, rows: known, ctx };
                train::Examples::read(Kind::Features, source, shape, views, targets)
            }
            None => train::Examples::new(self.pixels(part, &known, ctx)?, self.shape(), targets),
        };
        let examples = examples.and_then(|e| e.with_ids(ids)).map_err(core)?;
        match patients {
            Some(patients) => examples.with_groups(numbered(&patients)).map(Some).map_err(core),
            None => Ok(Some(examples)),
        }
    }

    /// `(c, h, w)` of an image.
    fn shape(&self) -> (usize, usize, usize) {
        (self.channels, self.size, self.size)
    }

    fn pixels(&self, part: &dyn Examples, rows: &[usize], ctx: &Ctx) -> Result<Vec<f32>> {
        let mut pixels = Vec::with_capacity(rows.len() * self.channels * self.size * self.size);
        for rows in rows.chunks(CHUNK) {
            ctx.check()?;
            let batch = part.batch(rows)?;
            let (got, want) =
                ([batch.channels, batch.height, batch.width], [self.channels, self.size, self.size]);
            if batch.n != rows.len() || got != want {
                let found = format!("{} of {got:?}", batch.n);
                return Err(CoreError::shape("training batch", format!("{} of {want:?}", rows.len()), found));
            }
            pixels.extend_from_slice(&batch.host_f32()?);
        }
        Ok(pixels)
    }

    fn report(&self, progress: Progress<'_>, ctx: &Ctx) {
        let total = |batches: usize| (self.epochs * batches) as u64;
        match progress {
            Progress::Batch { epoch, batch, batches, loss } => {
                let done = (epoch * batches + batch + 1) as u64;
                ctx.progress().report(done, total(batches), &format!("epoch {}, loss {loss:.3}", epoch + 1));
            }
            Progress::Resumed { .. } | Progress::Epoch(_) => {}
        }
    }
}

/// Labels of some rows, one after the other: 0, 1, or NaN where unknown.
fn labels(part: &dyn Examples, rows: &[usize]) -> Result<Vec<f32>> {
    let classes = part.classes().len();
    let mut values = Vec::with_capacity(rows.len() * classes);
    for &row in rows {
        let labels = part.labels(row);
        if labels.len() != classes {
            let (wanted, found) = (classes.to_string(), labels.len().to_string());
            return Err(CoreError::shape(format!("labels of image {row}"), wanted, found));
        }
        values.extend(labels.iter().map(|l| l.map_or(f32::NAN, |l| f32::from(u8::from(l)))));
    }
    Ok(values)
}

/// Speed of this machine, measured once.
pub(crate) fn speed() -> Option<Speed> {
    static SPEED: OnceLock<Option<Speed>> = OnceLock::new();
    *SPEED.get_or_init(|| Speed::measure().ok())
}

/// Every class needs positive and negative training images.
fn both_kinds(train: &dyn Examples) -> Result<()> {
    for (c, class) in train.classes().iter().enumerate() {
        let count = |kind| (0..train.len()).filter(|&i| train.labels(i).get(c) == Some(&Some(kind))).count();
        let (positive, negative) = (count(true), count(false));
        if positive == 0 || negative == 0 {
            return Err(Error::OneClassOnly { class: class.clone(), positive, negative }.into());
        }
    }
    Ok(())
}

/// The device of a context, for the network.
pub(crate) fn device(ctx: &Ctx) -> Result<NnDevice> {
    match ctx.device() {
        Device::Cpu => Ok(NnDevice::Cpu),
        Device::Cuda(index) => NnDevice::new_cuda(index).map_err(|e| core(e.into())),
    }
}

/// Where training keeps its state; nowhere in a context without folders of its own.
fn checkpoint(ctx: &Ctx) -> Option<PathBuf> {
    (ctx.checkpoint() != std::env::temp_dir()).then(|| ctx.checkpoint().join("densenet.training"))
}

/// The same number for the same name.
fn numbered(names: &[&str]) -> Vec<u64> {
    let mut known = BTreeMap::new();
    let number = |name| {
        let next = known.len() as u64;
        *known.entry(name).or_insert(next)
    };
    names.iter().copied().map(number).collect()
}
