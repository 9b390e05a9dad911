use std::ops::ControlFlow;
use std::path::Path;
use std::sync::OnceLock;

use eyepatch_core::{
    Ctx, Device, Epoch, Error as CoreError, Estimate, Examples, Fitted, Handle, InputSpec, Model, ModelCard,
    OutputSpace, Result, Step, Task, Workload, plugin,
};
use eyepatch_nn::estimate::{Speed, flops};
use eyepatch_nn::train::{self, Progress, Targets};
use eyepatch_nn::{Device as NnDevice, NnError};

use crate::error::{Error, core};
use crate::fitted::FittedDenseNet;
use crate::params::{Augment, DenseNet, Order};

/// Images that are asked for at once.
pub(crate) const CHUNK: usize = 64;

/// Validation images an epoch for each training image, where an estimate must guess.
const VALIDATION_SHARE: f64 = 0.25;

/// A DenseNet trained from random weights: small enough to train many of them on a CPU.
#[plugin("eyepatch/densenet", revision = 2)]
impl Model for DenseNet {
    fn card(&self) -> ModelCard {
        let mut preprocessing = match self.order {
            Order::Strict => Step::strict(),
            Order::Published => Step::published(),
        };
        if self.augment != Augment::default() {
            preprocessing.push(Step::Augment(augment_text(&self.augment)));
        }
        ModelCard {
            name: format!("DenseNet {}, growth {}", list(&self.blocks), self.growth),
            task: Task::MultiLabel,
            output: OutputSpace::Logits,
            preprocessing,
            trained_here: true,
            parameters: None,
            description: format!(
                "DenseNet (Huang et al. 2017) with dense blocks of {} layers, growth {}, {} first features and \
                 torchvision's stem, on {size} x {size} pixels with {} channel(s). Trained from random weights (He et al. \
                 2015) by Adam, step size {}, weight decay {}, batches of {}, at most {} epochs, on binary cross-entropy \
                 over the known labels{}; the epoch with the least validation loss is kept.",
                list(&self.blocks),
                self.growth,
                self.init_features,
                self.channels,
                self.learning_rate,
                self.weight_decay,
                self.batch,
                self.epochs,
                match self.patience {
                    0 => String::new(),
                    n => format!(", stopped after {n} epochs without an improvement by {}", self.min_delta),
                },
                size = self.size,
            ),
        }
    }

    fn input(&self) -> InputSpec {
        InputSpec { channels: self.channels, size: (self.size, self.size) }
    }

    fn fit(&self, train: &dyn Examples, validation: &dyn Examples, ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        let classes = train.classes().to_vec();
        both_kinds(train)?;
        let training = self.load(train, ctx)?;
        let watched = self.load(validation, ctx)?;
        let training =
            training.ok_or_else(|| core(NnError::Data("the training part has no known label".into())))?;
        let seed = |stream: &str| ctx.seed().child(stream).to_u64();
        let device = device(ctx)?;
        let mut net =
            eyepatch_nn::DenseNet::new(self.network(classes.len()), seed("densenet weights"), &device)
                .map_err(core)?;
        let mut report = |progress: Progress<'_>| {
            self.report(progress, ctx);
            if ctx.cancel().is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let how = self.training(watched.is_some());
        let seed = seed("densenet training");
        let history =
            train::train(&mut net, &training, watched.as_ref(), &how, seed, &mut report).map_err(core)?;
        let history = history.epochs.iter().map(|e| Epoch {
            epoch: e.epoch + 1,
            train_loss: e.train_loss,
            validation_loss: e.validation_loss,
        });
        Ok(Box::new(FittedDenseNet::new(net, classes, self.size, history.collect())))
    }

    fn restore(&self, folder: &Path, ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(FittedDenseNet::open(self, folder, &device(ctx)?)?))
    }

    fn estimate(&self, work: &Workload, _ctx: &Ctx) -> Option<Estimate> {
        static SPEED: OnceLock<Option<Speed>> = OnceLock::new();
        let speed = (*SPEED.get_or_init(|| Speed::measure().ok()))?;
        let config = self.network(work.classes.max(1));
        let cost = flops(&config, (self.size, self.size));
        let (images, epochs) = (work.train_images, self.epochs);
        let watching = (images as f64 * epochs as f64 * VALIDATION_SHARE) as usize;
        let parameters = eyepatch_nn::DenseNet::new(config, 0, &NnDevice::Cpu).ok()?.parameter_count();
        Some(Estimate {
            fit_seconds: speed.seconds(cost, images, epochs, watching),
            predict_seconds: speed.seconds(cost, 0, 0, work.predict_images),
            // Weights, running statistics and the file's own table of contents.
            disk_bytes: 5 * parameters as u64 + 64 * 1024,
        })
    }

    fn quick(&self) -> Option<Handle<dyn Model>> {
        let quick = Self { epochs: self.epochs.min(4), size: self.size.min(64), ..self.clone() };
        (quick != *self && quick.size >= quick.network(1).min_side()).then(|| quick.into())
    }
}

impl DenseNet {
    /// A part's images that have a known label, in memory; `None` where there is none.
    fn load(&self, part: &dyn Examples, ctx: &Ctx) -> Result<Option<train::Examples>> {
        let known: Vec<usize> =
            (0..part.len()).filter(|&i| part.labels(i).iter().any(Option::is_some)).collect();
        if known.is_empty() {
            return Ok(None);
        }
        let classes = part.classes().len();
        let mut pixels = Vec::with_capacity(known.len() * self.channels * self.size * self.size);
        let mut values = Vec::with_capacity(known.len() * classes);
        for rows in known.chunks(CHUNK) {
            ctx.check()?;
            let batch = part.batch(rows)?;
            let (got, want) =
                ([batch.channels, batch.height, batch.width], [self.channels, self.size, self.size]);
            if batch.n != rows.len() || got != want {
                let found = format!("{} of {got:?}", batch.n);
                return Err(CoreError::shape("training batch", format!("{} of {want:?}", rows.len()), found));
            }
            pixels.extend_from_slice(&batch.host_f32()?);
            for &row in rows {
                let labels = part.labels(row);
                if labels.len() != classes {
                    let found = labels.len().to_string();
                    return Err(CoreError::shape(
                        format!("labels of image {row}"),
                        classes.to_string(),
                        found,
                    ));
                }
                values.extend(labels.iter().map(|l| l.map_or(f32::NAN, |l| f32::from(u8::from(l)))));
            }
        }
        let shape = (self.channels, self.size, self.size);
        train::Examples::new(pixels, shape, Targets::Labels { classes, values }).map(Some).map_err(core)
    }

    fn report(&self, progress: Progress<'_>, ctx: &Ctx) {
        let total = |batches: usize| (self.epochs * batches) as u64;
        match progress {
            Progress::Batch { epoch, batch, batches, loss } => {
                let done = (epoch * batches + batch + 1) as u64;
                ctx.progress().report(done, total(batches), &format!("epoch {}, loss {loss:.3}", epoch + 1));
            }
            Progress::Epoch(_) => {}
        }
    }
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

fn list(blocks: &[usize]) -> String {
    blocks.iter().map(usize::to_string).collect::<Vec<_>>().join("/")
}

fn augment_text(augment: &Augment) -> String {
    let mut parts = Vec::new();
    if augment.flip {
        parts.push("mirrored left and right with probability 0.5".to_owned());
    }
    if augment.shift > 0 {
        parts.push(format!("moved by up to {} pixels", augment.shift));
    }
    if augment.brightness > 0.0 {
        parts.push(format!("multiplied by 1 +- {}", augment.brightness));
    }
    parts.join(", ")
}
