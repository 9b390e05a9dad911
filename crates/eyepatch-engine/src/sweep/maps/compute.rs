//! The cell that makes maps and checks them.

use eyepatch_core::{
    Attribution, Budget, Ctx, Explainer, Fitted, Handle, Image, Keep, Mask, Sample, Seed, Subject,
};
use eyepatch_maps::agreement::{on_one_grid, spearman};
use eyepatch_maps::curves::{AgainstOrders, CurveKind, CurveRule, OrderNull, against_orders};
use eyepatch_maps::{Map, MapsError, outcome};
use rand_core::RngCore as _;

use super::asked::Asked;
use super::donors::{chosen, donors};
use super::found::{Checked, Found, FoundImage};
use super::game::RoiGame;
use super::{MapRule, Region, rows};
use crate::cell::CellCtx;
use crate::data::RowSet;
use crate::sweep::shared::Shared;
use crate::sweep::work;
use crate::{Error, Result};

/// Where the cell leaves what it found.
pub(in crate::sweep) const MAPS_FILE: &str = "maps.json";
/// Raised whenever something else is found.
pub(in crate::sweep) const REVISION: u32 = 4;

/// Images that go through a model at once.
const BATCH: usize = 32;
/// Training images whose mean takes the place of what deletion and insertion hide.
const AVERAGED: usize = 64;
/// Steps of a curve, and orders that a map's is held against.
const STEPS: usize = 16;
const ORDERS: usize = 4;
/// Standard deviation of the noise that a map must withstand, as a share of full scale.
const NOISE: f32 = 0.01;

/// What judges maps: the audit's explainer, further ones to agree with, the rule.
pub(in crate::sweep) struct Judge {
    pub(in crate::sweep) explainer: Handle<dyn Explainer>,
    pub(in crate::sweep) others: Vec<Handle<dyn Explainer>>,
    pub(in crate::sweep) rule: MapRule,
}

/// Explains and checks. Inputs: the prepared images, the full-image model and, where there is one, that of permuted labels.
pub(in crate::sweep) fn judge(shared: &Shared, judge: &Judge, cell: &CellCtx) -> Result<()> {
    let fitted = work::restore(shared, &cell.inputs[1], cell.ctx)?;
    let permuted = cell.inputs.get(2).map(|folder| work::restore(shared, folder, cell.ctx)).transpose()?;
    let training = shared.training(&cell.inputs[0], 0, Keep::Outside)?;
    let outputs = shared.outputs(fitted.classes())?;
    let randomised = randomised(fitted.as_ref(), cell.ctx)?;
    let average = average(&training, cell.ctx)?;
    let mut all = Vec::new();
    for (class, &output) in outputs.iter().enumerate() {
        let work = ClassWork {
            shared,
            judge,
            training: &training,
            average: &average,
            fitted: fitted.as_ref(),
            permuted: permuted.as_deref(),
            randomised: &randomised,
            class,
            region: Region::of(shared, class),
            output,
            others: &donors(&training, class, judge.rule.donors, cell.ctx)?,
        };
        let stages = fitted.randomise().map(|r| r.stages()).unwrap_or_default();
        let same_method = judge.others.iter().map(|e| e.spec().id == judge.explainer.spec().id).collect();
        all.push(Found { class, images: work.images(cell)?, stages, same_method });
    }
    cell.write_json(MAPS_FILE, &all)
}

/// The model with one stage drawn anew, two, and so on.
fn randomised(fitted: &dyn Fitted, ctx: &Ctx) -> Result<Vec<Box<dyn Fitted>>> {
    let Some(randomise) = fitted.randomise() else { return Ok(Vec::new()) };
    let ctx = ctx.child("randomised");
    (1..=randomise.stages().len()).map(|n| Ok(randomise.randomised(n, &ctx)?)).collect()
}

/// Pixel by pixel the mean of training images, at their depth.
fn average(training: &RowSet, ctx: &Ctx) -> Result<Image> {
    let chosen = chosen(&training.rows, AVERAGED, ctx.seed().child("average"));
    let mut mean: Option<(Image, Vec<f64>)> = None;
    for &row in &chosen {
        let image = training.image(row)?;
        let (_, sums) = mean.get_or_insert_with(|| (image.clone(), vec![0.0; image.pixels().len()]));
        sums.iter_mut().enumerate().for_each(|(i, sum)| *sum += f64::from(image.value(i)));
    }
    let Some((mut image, sums)) = mean else {
        return Err(eyepatch_core::Error::EmptyRegion { what: "the training part".into() }.into());
    };
    let n = chosen.len() as f64;
    sums.iter().enumerate().for_each(|(i, sum)| image.set(i, (sum / n) as f32));
    Ok(image)
}

/// All that is done for one class.
struct ClassWork<'a> {
    shared: &'a Shared,
    judge: &'a Judge,
    training: &'a RowSet,
    average: &'a Image,
    fitted: &'a dyn Fitted,
    permuted: Option<&'a dyn Fitted>,
    randomised: &'a [Box<dyn Fitted>],
    class: usize,
    region: Region,
    output: usize,
    /// Training images that take the place of what is hidden.
    others: &'a [Image],
}

impl ClassWork<'_> {
    fn images(&self, cell: &CellCtx) -> Result<Vec<FoundImage>> {
        let rows = rows(self.shared, self.class, self.judge.rule.images);
        let checked = checked(&rows, self.judge.rule.checked);
        let asked = self.asked(self.fitted, cell.ctx);
        let plain = asked.outputs(self.others.len(), |i| Ok(self.others[i].clone()))?;
        let mut all = Vec::with_capacity(rows.len());
        for (i, &row) in rows.iter().enumerate() {
            let ctx = cell.ctx.child(&self.shared.table.rows[row].id);
            all.push(self.image(row, checked.contains(&row), &plain, &ctx)?);
            cell.ctx.progress().report(i as u64 + 1, rows.len() as u64, "maps");
        }
        Ok(all)
    }

    fn image(&self, row: usize, check: bool, plain: &[f64], ctx: &Ctx) -> Result<FoundImage> {
        let sample = self.training.load(row)?;
        let roi = self.region.mask(&sample.roi)?;
        let map = self.map(&self.judge.explainer, self.fitted, &sample, ctx)?;
        let two_players = !roi.is_empty() && roi.area() < roi.width() * roi.height();
        let play = || RoiGame::play(self.asked(self.fitted, ctx), &sample.image, &roi, (self.others, plain));
        let game = two_players.then(play).transpose()?;
        let checked = check.then(|| self.check(&sample, &map, ctx)).transpose()?;
        Ok(FoundImage { row, map, game, checked })
    }

    fn asked<'a>(&'a self, fitted: &'a dyn Fitted, ctx: &'a Ctx) -> Asked<'a> {
        Asked { fitted, output: self.output, preprocess: &self.shared.pipeline, ctx }
    }

    fn map(
        &self,
        explainer: &Handle<dyn Explainer>,
        fitted: &dyn Fitted,
        sample: &Sample,
        ctx: &Ctx,
    ) -> Result<Attribution> {
        let (preprocess, others) = (&self.shared.pipeline, self.others);
        let subject = Subject { sample, class: self.output, preprocess, others };
        let budget = Budget { evaluations: self.judge.rule.evaluations, batch: BATCH };
        let mut map = explainer.explain(fitted, subject, budget, ctx)?;
        // From the model's order of classes to the table's.
        map.class = self.class;
        map.check(self.shared.table.classes.len())?;
        Ok(map)
    }

    fn check(&self, sample: &Sample, map: &Attribution, ctx: &Ctx) -> Result<Checked> {
        let own = Map::try_from(map)?;
        let alike = |explainer: &Handle<dyn Explainer>, fitted: &dyn Fitted, sample: &Sample, ctx: &Ctx| {
            like(&own, &self.map(explainer, fitted, sample, ctx)?)
        };
        let main = &self.judge.explainer;
        let noisy = Sample { image: with_noise(&sample.image, ctx.seed().child("noise")), ..sample.clone() };
        let others = self.judge.others.iter().map(|e| alike(e, self.fitted, sample, ctx));
        let cascade = self.randomised.iter().map(|model| alike(main, model.as_ref(), sample, ctx));
        let permuted = self.permuted.map(|model| alike(main, model, sample, ctx));
        let curve = |kind| self.curve(kind, sample, &own, ctx);
        Ok(Checked {
            reseeded: alike(main, self.fitted, sample, &ctx.child("again"))?,
            noisy: alike(main, self.fitted, &noisy, ctx)?,
            others: others.collect::<Result<_>>()?,
            permuted: permuted.transpose()?.flatten(),
            cascade: cascade.collect::<Result<_>>()?,
            deletion: curve(CurveKind::Deletion)?,
            insertion: curve(CurveKind::Insertion)?,
        })
    }

    /// Hidden pixels become the average training image's.
    fn curve(&self, kind: CurveKind, sample: &Sample, map: &Map, ctx: &Ctx) -> Result<Option<AgainstOrders>> {
        let image = &sample.image;
        let (height, width) = (image.height(), image.width());
        let rule = CurveRule { steps: STEPS, batch: BATCH, height, width };
        let asked = self.asked(self.fitted, ctx);
        let ask = |masks: &[Mask]| asked.shown(image, self.average, masks);
        let null = (OrderNull::Moved, ORDERS);
        estimable(against_orders(map, kind, rule, null, ctx.seed().child("orders"), ask))
    }
}

/// As many of the first half, which are positive, as of the second.
fn checked(rows: &[usize], count: usize) -> Vec<usize> {
    let half = rows.len() / 2;
    let first = rows[..half].iter().take(count.div_ceil(2));
    first.chain(rows[half..].iter().take(count / 2)).copied().collect()
}

/// Spearman's correlation of absolute values; `None` where a map does not vary.
fn like(own: &Map, other: &Attribution) -> Result<Option<f64>> {
    let (own, other) = on_one_grid(own, &Map::try_from(other)?)?;
    Ok(outcome(spearman(&own.absolute(), &other.absolute()))?.value().copied())
}

/// What cannot be measured is left out.
fn estimable<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(Error::Maps(MapsError::NotEstimable(_))) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The image with a little normal noise, clamped to its scale.
fn with_noise(image: &Image, seed: Seed) -> Image {
    let (mut rng, mut noisy, full) = (seed.rng(), image.clone(), image.full_scale());
    for i in 0..image.pixels().len() {
        // The sum of twelve uniform numbers is close enough to normal.
        let sum: f32 = (0..12).map(|_| rng.next_u32() as f32 / u32::MAX as f32).sum();
        noisy.set(i, (image.value(i) + (sum - 6.0) * NOISE * full).clamp(0.0, full));
    }
    noisy
}
