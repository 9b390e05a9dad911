use eyepatch_core::{Budget, Ctx, Error, Fitted, Image, Layout, OutputSpace, Pixels, PixelsMut, Result};
use eyepatch_core::{Preprocess, Sample};
use eyepatch_kernels::coalition::Coalitions;
use rayon::prelude::*;

use super::continuation;
use crate::{Baseline, Block, Canvas, Game, Segmentation, Shown};

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
        let continued = baselines.iter().zip(&hidden).flat_map(continued).collect();
        let hidden = hidden.concat();
        let buffers = Vec::new();
        Ok(Self {
            task,
            hidden,
            continued,
            buffers,
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
            self.predict(images, &mut outputs)?;
        }
        Ok(outputs)
    }

    fn predict(&mut self, images: usize, outputs: &mut Vec<f64>) -> Result<()> {
        let Task { fitted, preprocess, classes, budget, ctx, .. } = self.task;
        let scores = fitted.predict(&preprocess.batch(&self.buffers[..images])?, ctx)?;
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
        self.outputs_of(coalitions.rows(), |row, images, out| {
            compose(images, out, Segments(segmentation, coalitions, row))
        })
    }
}

/// A coalition that can be composed at any depth.
trait Compose {
    fn compose<T: Copy + Send + Sync>(
        &self,
        image: &[T],
        hidden: &[T],
        whole: Block,
        out: &mut [T],
    ) -> Result<()>;
}

struct Boxes<'a>(&'a Shown);

impl Compose for Boxes<'_> {
    fn compose<T: Copy + Send + Sync>(
        &self,
        image: &[T],
        hidden: &[T],
        whole: Block,
        out: &mut [T],
    ) -> Result<()> {
        Ok(Canvas::new(image, hidden, whole, Layout::Nhwc)?.paint(self.0, out)?)
    }
}

struct Segments<'a>(&'a Segmentation, &'a Coalitions, usize);

impl Compose for Segments<'_> {
    fn compose<T: Copy + Send + Sync>(
        &self,
        image: &[T],
        hidden: &[T],
        _: Block,
        out: &mut [T],
    ) -> Result<()> {
        Ok(self.0.paint(image, hidden, (self.1, self.2), out)?)
    }
}

fn compose((image, hidden): (&Image, &Image), out: &mut Image, coalition: impl Compose) -> Result<()> {
    let whole = Block::image(image.height(), image.width(), image.channels())?;
    match (image.pixels(), hidden.pixels(), out.pixels_mut()) {
        (Pixels::U8(a), Pixels::U8(b), PixelsMut::U8(out)) => coalition.compose(a, b, whole, out),
        (Pixels::U16(a), Pixels::U16(b), PixelsMut::U16(out)) => coalition.compose(a, b, whole, out),
        (Pixels::F32(a), Pixels::F32(b), PixelsMut::F32(out)) => coalition.compose(a, b, whole, out),
        _ => Err(Error::shape("baseline", "the image's depth", "another")),
    }
}
