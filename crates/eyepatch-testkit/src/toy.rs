//! Small things that laws and plugins' own tests feed to a plugin.

use std::any::Any;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use eyepatch_core::{
    Activations, Batch, Ctx, DType, Device, DeviceBuffer, Donors, Error, Examples, Fitted, Gradients,
    HostData, Image, InputSpec, LayerGradients, OutputSpace, Preprocess, Result, Roi, Sample, Scores,
    TrainingPart,
};

/// Samples in memory, as a training part and as donors.
#[derive(Debug, Clone, Default)]
pub struct Memory(pub Vec<Sample>);

impl Memory {
    fn get(&self, index: usize) -> Result<&Sample> {
        let missing =
            || Error::shape("index of a sample", format!("below {}", self.0.len()), index.to_string());
        self.0.get(index).ok_or_else(missing)
    }
}

impl TrainingPart for Memory {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn sample(&self, index: usize) -> Result<Sample> {
        self.get(index).cloned()
    }
}

impl Donors for Memory {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn roi(&self, index: usize) -> Result<Roi> {
        Ok(self.get(index)?.roi.clone())
    }

    /// As if the sample that is masked were positive.
    fn agrees(&self, index: usize, class: usize) -> Option<bool> {
        *self.0.get(index)?.labels.get(class)?
    }
}

/// Images to NCHW floats from 0 to 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct FullScale;

impl Preprocess for FullScale {
    fn batch(&self, images: &[Image]) -> Result<Batch> {
        let Some(first) = images.first() else {
            return Err(Error::shape("batch", "at least one image", "none"));
        };
        let (channels, pixels) = (first.channels(), first.width() * first.height());
        let mut values = Vec::with_capacity(images.len() * channels * pixels);
        for image in images {
            for channel in 0..channels {
                let of = |p: usize| image.value(p * channels + channel) / image.full_scale();
                values.extend((0..pixels).map(of));
            }
        }
        Batch::nchw(images.len(), channels, first.height(), first.width(), values)
    }

    fn is_pointwise(&self) -> bool {
        true
    }
}

/// A device's buffer that is none of the model's own: there is nothing to downcast it to, so it must be brought to the
/// host. Its values lie in the host's memory, because that is the only device that every machine has.
#[derive(Debug, Clone)]
pub struct ToyBuffer(pub HostData);

impl DeviceBuffer for ToyBuffer {
    fn device(&self) -> Device {
        Device::Cpu
    }

    fn dtype(&self) -> DType {
        self.0.dtype()
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn to_host(&self) -> Result<HostData> {
        Ok(self.0.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A classifier whose two logits are plus and minus four times the mean of the image's left quarter, and that sees
/// nothing of the rest. It counts the images it was shown.
///
/// Between image and logits lies the layer `quarter` of the image's size: for each channel a bright plane (the values) and
/// then for each a dark one (2 less the values), both 0 where the model does not look. One logit sums the bright planes,
/// the other one the dark planes and a constant.
#[derive(Debug, Default)]
pub struct LeftQuarter {
    seen: AtomicUsize,
    classes: Vec<String>,
}

impl LeftQuarter {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        Self { seen: AtomicUsize::new(0), classes: vec!["bright left".into(), "dark left".into()] }
    }

    /// Number of images predicted so far.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }

    /// Columns that it sees of an image this wide.
    #[must_use]
    pub fn columns(width: usize) -> usize {
        width.div_ceil(4)
    }

    /// By how much a logit grows with a value that the model sees.
    fn slope(batch: &Batch) -> f32 {
        4.0 / (batch.channels * batch.height * Self::columns(batch.width)) as f32
    }

    fn known(&self, class: usize) -> Result<()> {
        if class < self.classes.len() {
            return Ok(());
        }
        Err(Error::shape("class", format!("below {}", self.classes.len()), class.to_string()))
    }
}

impl Fitted for LeftQuarter {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn predict(&self, batch: &Batch, _ctx: &Ctx) -> Result<Scores> {
        self.seen.fetch_add(batch.n, Ordering::Relaxed);
        let values = batch.host_f32()?;
        let columns = Self::columns(batch.width);
        let one = |image: &[f32]| {
            let seen = image.chunks_exact(batch.width).flat_map(|row| &row[..columns]);
            let (sum, n) = seen.fold((0.0f32, 0.0f32), |(sum, n), v| (sum + v, n + 1.0));
            let logit = 4.0 * sum / n;
            [logit, -logit]
        };
        let size = batch.channels * batch.height * batch.width;
        Scores::new(2, OutputSpace::Logits, values.chunks_exact(size).flat_map(one).collect())
    }

    fn save(&self, folder: &Path) -> Result<()> {
        let path = folder.join("left-quarter");
        std::fs::write(&path, "").map_err(|e| Error::io(path, e))
    }

    fn activations(&self) -> Option<&dyn Activations> {
        Some(self)
    }

    fn gradients(&self) -> Option<&dyn Gradients> {
        Some(self)
    }
}

impl Activations for LeftQuarter {
    fn layers(&self) -> Vec<String> {
        vec!["quarter".into()]
    }

    fn activations(&self, layer: &str, batch: &Batch, _ctx: &Ctx) -> Result<([usize; 4], Vec<f32>)> {
        if layer != "quarter" {
            let capability = format!("layer `{layer}`; it has: quarter");
            return Err(Error::Unsupported { what: "the left quarter".into(), capability });
        }
        self.seen.fetch_add(batch.n, Ordering::Relaxed);
        let columns = Self::columns(batch.width);
        let mut planes = Vec::new();
        for image in batch.host_f32()?.chunks_exact(batch.channels * batch.height * batch.width) {
            for dark in [false, true] {
                let seen = |(i, v): (usize, &f32)| match i % batch.width < columns {
                    true if dark => 2.0 - v,
                    true => *v,
                    false => 0.0,
                };
                planes.extend(image.iter().enumerate().map(seen));
            }
        }
        Ok(([batch.n, 2 * batch.channels, batch.height, batch.width], planes))
    }

    fn activation_gradients(
        &self,
        layer: &str,
        batch: &Batch,
        class: usize,
        ctx: &Ctx,
    ) -> Result<LayerGradients> {
        self.known(class)?;
        let (shape, activations) = Activations::activations(self, layer, batch, ctx)?;
        let half = batch.channels * batch.height * batch.width;
        let slope = |i: usize| if i / half % 2 == class { Self::slope(batch) } else { 0.0 };
        let gradients = (0..activations.len()).map(slope).collect();
        Ok(LayerGradients { shape, activations, gradients })
    }
}

impl Gradients for LeftQuarter {
    fn input_gradient(&self, batch: &Batch, class: usize, _ctx: &Ctx) -> Result<Vec<f32>> {
        self.known(class)?;
        self.seen.fetch_add(batch.n, Ordering::Relaxed);
        let (columns, each) = (Self::columns(batch.width), Self::slope(batch));
        let signed = if class == 0 { each } else { -each };
        let values = batch.n * batch.channels * batch.height * batch.width;
        Ok((0..values).map(|i| if i % batch.width < columns { signed } else { 0.0 }).collect())
    }
}

/// Images of a model's input size in memory: noise with a bright or dark middle, which is the first label; the other
/// classes have random labels, some missing. Enough to train on for a law, not to learn much.
#[derive(Debug, Clone)]
pub struct ToyExamples {
    input: InputSpec,
    classes: Vec<String>,
    images: Vec<Vec<f32>>,
    labels: Vec<Vec<Option<bool>>>,
}

impl ToyExamples {
    /// `n` examples of a named part.
    #[must_use]
    pub fn new(input: InputSpec, classes: usize, n: usize, part: &str) -> Self {
        let (height, width) = input.size;
        let in_middle = |p: usize| {
            let (y, x) = (p / width, p % width);
            (height / 4..height - height / 4).contains(&y) && (width / 4..width - width / 4).contains(&x)
        };
        // A small hash stands in for a random stream: the examples must never change.
        let noise = |i: usize, p: usize| {
            let seed = part.bytes().fold(0u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b)));
            let mut h = seed ^ (i as u32).wrapping_mul(0x9e37_79b9) ^ (p as u32).wrapping_mul(0x85eb_ca6b);
            h = (h ^ (h >> 16)).wrapping_mul(0x7feb_352d);
            h = (h ^ (h >> 15)).wrapping_mul(0x846c_a68b);
            (h >> 16) as f32 / 65536.0
        };
        let image = |i: usize| {
            let bright = if i % 2 == 1 { 0.5 } else { 0.0 };
            let value =
                |v: usize| 0.5 * noise(i, v) + if in_middle(v % (height * width)) { bright } else { 0.25 };
            (0..input.channels * height * width).map(value).collect()
        };
        let label = |i: usize, class: usize| match (class, (i / 2 + class) % 3) {
            (0, _) => Some(i % 2 == 1),
            (_, 0) => None,
            (_, r) => Some(r == 1),
        };
        Self {
            input,
            classes: (0..classes).map(|c| format!("class {c}")).collect(),
            images: (0..n).map(image).collect(),
            labels: (0..n).map(|i| (0..classes).map(|c| label(i, c)).collect()).collect(),
        }
    }
}

impl Examples for ToyExamples {
    fn len(&self) -> usize {
        self.images.len()
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn batch(&self, indices: &[usize]) -> Result<Batch> {
        let (height, width) = self.input.size;
        let values = indices.iter().flat_map(|&i| self.images[i].iter().copied()).collect();
        Batch::nchw(indices.len(), self.input.channels, height, width, values)
    }

    fn labels(&self, index: usize) -> &[Option<bool>] {
        &self.labels[index]
    }
}
