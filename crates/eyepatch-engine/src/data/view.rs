use std::sync::{Arc, OnceLock};

use eyepatch_core::{
    Batch, Ctx, Donors, Error, Examples, Image, InputSpec, Normalise, Pixels, Prepared, Preprocess, Result,
    Roi, Sample, Step, Table, TrainingPart,
};

use super::PreparedSet;

/// Some rows of a prepared set: a fold's training part, as maskers see it.
#[derive(Clone)]
pub(crate) struct RowSet {
    pub(crate) set: Arc<PreparedSet>,
    pub(crate) table: Arc<Table>,
    pub(crate) rows: Vec<usize>,
}

fn plain(error: crate::Error) -> Error {
    match error {
        crate::Error::Plugin(e) => e,
        other => Error::Plugin { plugin: "eyepatch".into(), remedy: other.remedy(), source: Box::new(other) },
    }
}

impl TrainingPart for RowSet {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn sample(&self, index: usize) -> Result<Sample> {
        self.set.sample(&self.table, self.rows[index]).map_err(plain)
    }
}

/// ROIs of the training part's other patients: a donor must be somebody else. Few maskings ask, so they are looked
/// up when somebody does.
struct OtherPatients<'a> {
    of: &'a RowSet,
    patient: &'a str,
    rows: OnceLock<Vec<usize>>,
}

impl OtherPatients<'_> {
    fn rows(&self) -> &[usize] {
        let other = |r: &usize| self.of.table.rows[*r].patient != self.patient;
        self.rows.get_or_init(|| self.of.rows.iter().copied().filter(other).collect())
    }
}

impl Donors for OtherPatients<'_> {
    fn len(&self) -> usize {
        self.rows().len()
    }

    fn roi(&self, index: usize) -> Result<Roi> {
        self.of.set.roi(self.rows()[index]).map_err(plain)
    }
}

/// The part of preprocessing that the engine does after resizing, read off a model card's list of steps.
#[derive(Clone, Copy)]
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

/// One sample under a masking: all that an evaluation and a picture need.
pub(crate) fn mask_one(
    set: &RowSet,
    row: usize,
    masking: &dyn Prepared,
    pipeline: &Pipeline,
    ctx: &Ctx,
) -> Result<Image> {
    let id = &set.table.rows[row].id;
    let donors = OtherPatients { of: set, patient: &set.table.rows[row].patient, rows: OnceLock::new() };
    let image = pipeline.prepare(&set.set.image(row).map_err(plain)?)?;
    let roi = set.set.roi(row).map_err(plain)?;
    masking.apply(&image, &roi, &donors, &ctx.child(id)).map_err(|e| e.of_sample(id))
}

/// Rows under a masking, as a model sees them.
pub(crate) struct Masked<'a> {
    /// The fold's training part, for donors.
    pub(crate) training: &'a RowSet,
    /// The rows shown.
    pub(crate) rows: &'a [usize],
    pub(crate) masking: &'a dyn Prepared,
    pub(crate) pipeline: Pipeline,
    pub(crate) ctx: &'a Ctx,
}

impl Examples for Masked<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn classes(&self) -> &[String] {
        &self.training.table.classes
    }

    fn batch(&self, indices: &[usize]) -> Result<Batch> {
        let images = indices
            .iter()
            .map(|&i| mask_one(self.training, self.rows[i], self.masking, &self.pipeline, self.ctx))
            .collect::<Result<Vec<_>>>()?;
        self.pipeline.batch(&images)
    }

    fn labels(&self, index: usize) -> &[Option<bool>] {
        &self.training.table.rows[self.rows[index]].labels
    }
}
