use eyepatch_core::{Batch, Budget, Ctx, Error, Fitted, Image, OutputSpace, Preprocess, Result, Sample};
use eyepatch_device::Composer;
use eyepatch_kernels::coalition::Coalitions;
use eyepatch_kernels::cuda::Bounds;
use rayon::prelude::*;

use super::compose::{Boxes, Segments, compose};
use super::continuation;
use super::there::There;
use crate::{Baseline, Game, Segmentation, Shown};

/// What all explainers are told.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) fitted: &'a dyn Fitted,
    pub(super) sample: &'a Sample,
    /// Images of other patients.
    pub(super) others: &'a [Image],
    pub(super) preprocess: &'a dyn Preprocess,
    pub(super) classes: &'a [usize],
    pub(super) budget: Budget,
    pub(super) ctx: &'a Ctx,
}

/// A model on an image under one or several baselines, as one game whose outputs are baselines x classes: all baselines
/// see the same coalitions. Images are composed at their own depth and preprocessed afterwards, as the model would see
/// them; at most `budget.batch` exist at a time, in buffers that are used again.
pub(super) struct Images<'a> {
    task: Task<'a>,
    /// The image wholly hidden, one a baseline.
    hidden: Vec<Image>,
    /// For each of them whether what is shown is continued into it.
    continued: Vec<bool>,
    buffers: Vec<Image>,
    /// Where the model computes on a GPU that can put its images together: one for each of `hidden`.
    there: Option<There>,
    segmentation: Option<&'a Segmentation>,
    pub(super) space: OutputSpace,
    pub(super) evaluations: usize,
}

impl<'a> Images<'a> {
    /// `segmentation` is who plays where players are numbered.
    pub(super) fn new(
        task: Task<'a>,
        baselines: &[Baseline],
        segmentation: Option<&'a Segmentation>,
    ) -> Result<Self> {
        let known = task.fitted.classes().len();
        if let Some(class) = task.classes.iter().find(|&&class| class >= known) {
            return Err(Error::shape("class", format!("below {known}"), class.to_string()));
        }
        if task.classes.is_empty() || baselines.is_empty() {
            return Err(Error::shape("explanation", "a class and a baseline", "none"));
        }
        let image = &task.sample.image;
        let hidden: Result<Vec<Vec<Image>>, _> =
            baselines.iter().map(|b| b.of(image, task.others, task.ctx)).collect();
        let hidden = hidden?;
        let continued = |(b, images): (&Baseline, &Vec<Image>)| vec![*b == Baseline::Inpaint; images.len()];
        let continued: Vec<bool> = baselines.iter().zip(&hidden).flat_map(continued).collect();
        let hidden = hidden.concat();
        let there = if continued.contains(&true) { None } else { There::of(task, &hidden)? };
        let buffers = Vec::new();
        Ok(Self {
            task,
            hidden,
            continued,
            buffers,
            there,
            segmentation,
            space: OutputSpace::Scores,
            evaluations: 0,
        })
    }

    /// Number of baselines; other images are one each.
    pub(super) fn baselines(&self) -> usize {
        self.hidden.len()
    }

    /// Evaluations of the game: the budget's, shared by all baselines.
    pub(super) fn affordable(&self) -> usize {
        self.task.budget.evaluations / self.hidden.len()
    }

    fn outputs_of(
        &mut self,
        n: usize,
        paint: impl Fn(usize, (&Image, &Image), &mut Image) -> Result<()> + Sync,
    ) -> Result<Vec<f64>> {
        let (all, batch) = (n * self.hidden.len(), self.task.budget.batch.max(1));
        let mut outputs = Vec::with_capacity(all * self.task.classes.len());
        for start in (0..all).step_by(batch) {
            self.task.ctx.check()?;
            let images = batch.min(all - start);
            while self.buffers.len() < images {
                self.buffers.push(self.task.sample.image.clone());
            }
            let (image, hidden, continued) = (&self.task.sample.image, &self.hidden, &self.continued);
            let buffers = &mut self.buffers[..images];
            let one = |(i, out): (usize, &mut Image)| -> Result<()> {
                let (index, baseline) = ((start + i) / hidden.len(), (start + i) % hidden.len());
                paint(index, (image, &hidden[baseline]), out)?;
                if continued[baseline] {
                    continuation::continue_into(out, |marks, known| paint(index, marks, known))?;
                }
                Ok(())
            };
            self.task.ctx.install(|| buffers.par_iter_mut().enumerate().try_for_each(one))?;
            let batch = self.task.preprocess.batch(&self.buffers[..images])?;
            self.predict(&batch, &mut outputs)?;
        }
        Ok(outputs)
    }

    /// The same for batches that are put together on the GPU, one baseline after the other.
    fn outputs_there(&mut self, n: usize, compose: impl Fn(&Composer) -> Result<Batch>) -> Result<Vec<f64>> {
        let (baselines, classes) = (self.hidden.len(), self.task.classes.len());
        let mut outputs = vec![0.0; n * baselines * classes];
        for baseline in 0..baselines {
            self.task.ctx.check()?;
            let Some(there) = &self.there else { continue };
            let batch = compose(&there.composers[baseline])?;
            let mut some = Vec::with_capacity(n * classes);
            self.predict(&batch, &mut some)?;
            for (row, some) in some.chunks_exact(classes).enumerate() {
                outputs[(row * baselines + baseline) * classes..][..classes].copy_from_slice(some);
            }
        }
        Ok(outputs)
    }

    fn predict(&mut self, batch: &Batch, outputs: &mut Vec<f64>) -> Result<()> {
        let Task { fitted, classes, budget, ctx, .. } = self.task;
        let (scores, images) = (fitted.predict(batch, ctx)?, batch.n);
        if scores.len() != images || scores.classes != fitted.classes().len() {
            let found = format!("{} x {}", scores.len(), scores.classes);
            let expected = format!("{images} x {}", fitted.classes().len());
            return Err(Error::shape("scores", expected, found));
        }
        self.space = scores.space;
        self.evaluations += images;
        for i in 0..images {
            outputs.extend(classes.iter().map(|&class| f64::from(scores.row(i)[class])));
        }
        ctx.progress().report(self.evaluations as u64, budget.evaluations as u64, "shap");
        Ok(())
    }

    fn most(&self) -> usize {
        (self.task.budget.batch / self.hidden.len()).max(1)
    }
}

impl Game<[Shown]> for Images<'_> {
    type Error = Error;

    fn classes(&self) -> usize {
        self.hidden.len() * self.task.classes.len()
    }

    fn batch(&self) -> usize {
        self.most()
    }

    fn outputs(&mut self, shown: &[Shown]) -> Result<Vec<f64>> {
        if let Some(there) = &self.there {
            let boxes: Vec<Vec<Bounds>> = shown.iter().map(|shown| there.boxes(shown)).collect();
            return self.outputs_there(shown.len(), |composer| composer.boxes(&boxes));
        }
        self.outputs_of(shown.len(), |index, images, out| compose(images, out, Boxes(&shown[index])))
    }
}

impl Game<Coalitions> for Images<'_> {
    type Error = Error;

    fn classes(&self) -> usize {
        self.hidden.len() * self.task.classes.len()
    }

    fn batch(&self) -> usize {
        self.most()
    }

    fn outputs(&mut self, coalitions: &Coalitions) -> Result<Vec<f64>> {
        let Some(segmentation) = self.segmentation else {
            return Err(Error::shape("players", "a segmentation", "none"));
        };
        if self.there.is_some() {
            let ids: Vec<u32> = segmentation.map().into_iter().map(|player| player as u32).collect();
            return self.outputs_there(coalitions.rows(), |composer| composer.segments(&ids, coalitions));
        }
        self.outputs_of(coalitions.rows(), |row, images, out| {
            compose(images, out, Segments(segmentation, coalitions, row))
        })
    }
}
