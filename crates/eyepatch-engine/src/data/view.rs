use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use eyepatch_core::{
    Batch, Ctx, Donors, Error, Examples, Handle, Image, InputSpec, Mask, Masker, Normalise, Pixels, Prepared,
    Preprocess, Result, Roi, Row, Sample, Seed, Step, Table, TrainingPart, Trunk, run_trunk,
};
use rayon::prelude::*;

use super::{Edge, Features, PreparedSet};

/// Some rows of a prepared set: a fold's training part, as maskers see it. Whoever masks does it through one of these,
/// so that a model, a picture and an export show the same image.
#[derive(Clone)]
pub(crate) struct RowSet {
    pub(crate) set: Arc<PreparedSet>,
    pub(crate) table: Arc<Table>,
    pub(crate) rows: Vec<usize>,
    pub(crate) pipeline: Pipeline,
    /// Where the masking's region ends.
    pub(crate) edge: Edge,
    /// A masking's random numbers come from this and the sample's id: not from the cell that asks.
    pub(crate) seed: Seed,
    /// The views of a trunk take theirs from this and the sample's id.
    pub(crate) views: Seed,
    /// Set once a masker looks at these rows: what it does then depends on the fold.
    pub(crate) touched: Arc<AtomicBool>,
}

impl RowSet {
    /// Whether a masker has looked at these rows, to learn from them or for a donor.
    pub(crate) fn was_touched(&self) -> bool {
        self.touched.load(Ordering::Relaxed)
    }

    fn touch(&self) {
        self.touched.store(true, Ordering::Relaxed);
    }

    /// Image `row` as a masking is given it.
    pub(crate) fn image(&self, row: usize) -> Result<Image> {
        self.pipeline.prepare(&self.set.image(row).map_err(plain)?)
    }

    /// ROI `row`.
    pub(crate) fn roi(&self, row: usize) -> Result<Roi> {
        self.set.roi(row, self.edge).map_err(plain)
    }

    /// Row `row` with its pixels.
    pub(crate) fn load(&self, row: usize) -> Result<Sample> {
        let r = &self.table.rows[row];
        Ok(Sample {
            id: r.id.clone(),
            patient: r.patient.clone(),
            labels: r.labels.clone(),
            image: self.image(row)?,
            roi: self.roi(row)?,
        })
    }

    /// The masker, after it has seen these rows.
    pub(crate) fn prepare(&self, masker: &Handle<dyn Masker>, ctx: &Ctx) -> Result<Box<dyn Prepared>> {
        masker.prepare(self, &ctx.clone().with_seed(self.seed))
    }

    /// What stays visible of `row`.
    pub(crate) fn visible(&self, row: usize, masking: &dyn Prepared, ctx: &Ctx) -> Result<Mask> {
        let visible = masking.visible(&self.roi(row)?, &self.donors(row), &self.sample_ctx(row, ctx));
        visible.map_err(|e| e.of_row(&self.table.rows[row]))
    }

    /// `row` under a masking: all that an evaluation and a picture need.
    pub(crate) fn masked(&self, row: usize, masking: &dyn Prepared, ctx: &Ctx) -> Result<Image> {
        let (image, roi) = (self.image(row)?, self.roi(row)?);
        let masked = masking.apply(&image, &roi, &self.donors(row), &self.sample_ctx(row, ctx));
        masked.map_err(|e| e.of_row(&self.table.rows[row]))
    }

    fn sample_ctx(&self, row: usize, ctx: &Ctx) -> Ctx {
        ctx.clone().with_seed(self.seed.child(&self.table.rows[row].id))
    }

    fn donors(&self, row: usize) -> OtherPatients<'_> {
        OtherPatients { of: self, masked: &self.table.rows[row], rows: OnceLock::new() }
    }
}

fn plain(error: crate::Error) -> Error {
    match error {
        crate::Error::Plugin(e) => e,
        other => Error::Plugin { plugin: "eyepatch".into(), remedy: other.remedy(), source: Box::new(other) },
    }
}

impl TrainingPart for RowSet {
    fn len(&self) -> usize {
        self.touch();
        self.rows.len()
    }

    fn sample(&self, index: usize) -> Result<Sample> {
        self.touch();
        self.load(self.rows[index])
    }
}

/// ROIs of the training part's other patients: a donor must be somebody else. Few maskings ask, so they are looked
/// up when somebody does.
struct OtherPatients<'a> {
    of: &'a RowSet,
    /// The row that is masked.
    masked: &'a Row,
    rows: OnceLock<Vec<usize>>,
}

impl OtherPatients<'_> {
    fn rows(&self) -> &[usize] {
        self.of.touch();
        let other = |r: &usize| self.of.table.rows[*r].patient != self.masked.patient;
        self.rows.get_or_init(|| self.of.rows.iter().copied().filter(other).collect())
    }
}

impl Donors for OtherPatients<'_> {
    fn len(&self) -> usize {
        self.rows().len()
    }

    fn roi(&self, index: usize) -> Result<Roi> {
        self.of.roi(self.rows()[index])
    }

    fn agrees(&self, index: usize, class: usize) -> Option<bool> {
        let donor = &self.of.table.rows[self.rows()[index]];
        Some((*donor.labels.get(class)?)? == (*self.masked.labels.get(class)?)?)
    }
}

/// The part of preprocessing that the engine does after resizing, read off a model card's list of steps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pipeline {
    before: Option<Normalise>,
    after: Option<Normalise>,
    input: InputSpec,
}

impl Pipeline {
    /// Checks the order: decode, resize, then mask and normalise once each, in either order; augment anywhere later.
    pub(crate) fn new(steps: &[Step], input: InputSpec) -> Result<Self, String> {
        let at = |want: fn(&Step) -> bool| {
            let mut found = steps.iter().enumerate().filter(|(_, s)| want(s)).map(|(i, _)| i);
            (found.next(), found.next())
        };
        let (Some(mask), None) = at(|s| matches!(s, Step::Mask)) else {
            return Err("preprocessing must list `mask` exactly once".into());
        };
        let (Some(resize), None) = at(|s| matches!(s, Step::Resize)) else {
            return Err("preprocessing must list `resize` exactly once".into());
        };
        if resize > mask {
            return Err(
                "preprocessing must resize before it masks: regions are given at the working size".into()
            );
        }
        let (normalise, more) = at(|s| matches!(s, Step::Normalise(_)));
        if more.is_some() {
            return Err("preprocessing may normalise once".into());
        }
        let (mut before, mut after) = (None, None);
        if let Some(i) = normalise
            && let Step::Normalise(n) = steps[i]
        {
            if i < resize {
                return Err("preprocessing must resize before it normalises".into());
            }
            *(if i < mask { &mut before } else { &mut after }) = Some(n);
        }
        Ok(Self { before, after, input })
    }

    /// Whether a hidden pixel can change a visible one: normalised by the image's own maximum before it is masked, as
    /// published.
    pub(crate) fn leaks(&self) -> bool {
        matches!(self.before, Some(Normalise::ImageMaximum))
    }

    /// Before masking: with the strict order the image itself, still at its depth.
    fn prepare(&self, image: &Image) -> Result<Image> {
        match self.before {
            None => Ok(image.clone()),
            Some(n) => {
                Image::new(image.width(), image.height(), image.channels(), Pixels::F32(normalised(image, n)))
            }
        }
    }

    /// After masking, into a batch's memory: channel planes, grey repeated where the network wants three.
    fn write(&self, image: &Image, out: &mut Vec<f32>) -> Result<()> {
        let (height, width) = self.input.size;
        if (image.height(), image.width()) != (height, width) {
            return Err(Error::shape(
                "image",
                format!("{height}x{width}"),
                format!("{}x{}", image.height(), image.width()),
            ));
        }
        let values = match (self.before, self.after) {
            (Some(_), _) => image.to_f32(),
            (None, Some(n)) => normalised(image, n),
            (None, None) => image.to_f32(),
        };
        match (image.channels(), self.input.channels) {
            (1, n) => (0..n).for_each(|_| out.extend_from_slice(&values)),
            (3, 3) => (0..3).for_each(|c| out.extend(values.iter().skip(c).step_by(3))),
            (found, expected) => {
                return Err(Error::shape("image channels", expected.to_string(), found.to_string()));
            }
        }
        Ok(())
    }
}

impl Preprocess for Pipeline {
    fn batch(&self, images: &[Image]) -> Result<Batch> {
        let InputSpec { channels, size: (height, width) } = self.input;
        let mut values = Vec::with_capacity(images.len() * channels * height * width);
        for image in images {
            self.write(image, &mut values)?;
        }
        Batch::nchw(images.len(), channels, height, width, values)
    }

    fn is_pointwise(&self) -> bool {
        self.before.is_some() || self.after != Some(Normalise::ImageMaximum)
    }
}

fn normalised(image: &Image, how: Normalise) -> Vec<f32> {
    let mut values = image.to_f32();
    let (offset, scale) = match how {
        Normalise::FullScale => (0.0, image.full_scale()),
        // An all-black image stays black instead of turning to NaN.
        Normalise::ImageMaximum => {
            (0.0, values.iter().copied().fold(0.0f32, f32::max).max(f32::MIN_POSITIVE))
        }
        Normalise::Standardise { mean, std } => (mean * image.full_scale(), std * image.full_scale()),
    };
    values.iter_mut().for_each(|v| *v = (*v - offset) / scale);
    values
}

/// Rows under a masking, as a model sees them.
pub(crate) struct Masked<'a> {
    /// The fold's training part, for donors.
    pub(crate) training: &'a RowSet,
    /// The rows shown.
    pub(crate) rows: &'a [usize],
    pub(crate) masking: &'a dyn Prepared,
    /// Features of the trunk that all models share, where there is one.
    pub(crate) features: Option<&'a Features>,
    pub(crate) ctx: &'a Ctx,
}

impl Examples for Masked<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn patient(&self, index: usize) -> Option<&str> {
        Some(&self.training.table.rows[self.rows[index]].patient)
    }

    fn classes(&self) -> &[String] {
        &self.training.table.classes
    }

    fn batch(&self, indices: &[usize]) -> Result<Batch> {
        let one = |&i: &usize| self.training.masked(self.rows[i], self.masking, self.ctx);
        let images: Result<Vec<_>> = self.ctx.install(|| indices.par_iter().map(one).collect());
        self.training.pipeline.batch(&images?)
    }

    fn labels(&self, index: usize) -> &[Option<bool>] {
        &self.training.table.rows[self.rows[index]].labels
    }

    fn seed(&self, index: usize) -> Seed {
        self.training.views.child(&self.training.table.rows[self.rows[index]].id)
    }

    /// Those that are kept, or computed and rounded as if they had been.
    fn features(&self, trunk: &dyn Trunk, indices: &[usize], view: usize, ctx: &Ctx) -> Result<Vec<f32>> {
        let Some(shared) = self.features.filter(|f| f.key == trunk.key()) else {
            return run_trunk(self, trunk, indices, view, ctx);
        };
        let Some(file) = shared.files.get(view) else {
            let expected = format!("below {}", shared.files.len());
            return Err(Error::shape("view of a trunk", expected, view.to_string()));
        };
        if let Some(file) = file
            && let Some(kept) = file.read(indices.iter().map(|&i| self.rows[i])).map_err(plain)?
        {
            return Ok(kept);
        }
        let mut values = run_trunk(self, trunk, indices, view, ctx)?;
        let size = trunk.shape().iter().product::<usize>();
        if values.len() != indices.len() * size {
            let expected = format!("{} of {size} values", indices.len());
            return Err(Error::shape("features of a trunk", expected, format!("{} values", values.len())));
        }
        for (&i, values) in indices.iter().zip(values.chunks_exact_mut(size)) {
            let of_row = |e: Error| e.of_row(&self.training.table.rows[self.rows[i]]);
            shared.precision.round(values).map_err(of_row)?;
        }
        Ok(values)
    }
}
