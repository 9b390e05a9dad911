//! Linearity and symmetry, which not every method promises: call the laws where yours does.

use std::path::Path;

use eyepatch_core::{
    Attribution, Batch, Ctx, Error, Fitted, Gradients, Image, OutputSpace, Pixels, Result, Roi, Sample,
    Scores, Seed, Subject,
};
use proptest::prelude::*;

use crate::ExplainerLaws;
use crate::FullScale;
use crate::law::{must, run};

/// Height and width of the images.
const SIDE: usize = 12;

/// With `l` and `r` the means of an image's left and right half: `l^2`, `l r`, and the first less twice the second.
struct Halves {
    classes: Vec<String>,
}

impl Halves {
    fn new() -> Self {
        Self { classes: ["square", "product", "both"].map(String::from).to_vec() }
    }

    fn means(batch: &Batch) -> Result<Vec<[f32; 2]>> {
        let (values, width) = (batch.host_f32()?, batch.width);
        let size = batch.channels * batch.height * width;
        let mean = |image: &[f32], right: bool| {
            let half = |row: &[f32]| {
                if right { row[width / 2..].iter().sum() } else { row[..width / 2].iter().sum::<f32>() }
            };
            image.chunks_exact(width).map(half).sum::<f32>() / (size / 2) as f32
        };
        Ok(values.chunks_exact(size).map(|image| [mean(image, false), mean(image, true)]).collect())
    }
}

impl Fitted for Halves {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn predict(&self, batch: &Batch, _ctx: &Ctx) -> Result<Scores> {
        let outputs = |[l, r]: [f32; 2]| [l * l, l * r, l * l - 2.0 * l * r];
        let values = Self::means(batch)?.into_iter().flat_map(outputs).collect();
        Scores::new(3, OutputSpace::Logits, values)
    }

    fn save(&self, folder: &Path) -> Result<()> {
        Err(Error::Unsupported {
            what: "a toy".into(),
            capability: format!("saving to {}", folder.display()),
        })
    }

    fn gradients(&self) -> Option<&dyn Gradients> {
        Some(self)
    }
}

impl Gradients for Halves {
    fn input_gradient(&self, batch: &Batch, class: usize, _ctx: &Ctx) -> Result<Vec<f32>> {
        let size = batch.channels * batch.height * batch.width;
        let mut all = Vec::with_capacity(batch.n * size);
        for [l, r] in Self::means(batch)? {
            let [square, product] = [[2.0 * l, 0.0], [r, l]];
            let by_half = match class {
                0 => square,
                1 => product,
                _ => [square[0] - 2.0 * product[0], square[1] - 2.0 * product[1]],
            };
            let half = |i: usize| usize::from(i % batch.width >= batch.width / 2);
            all.extend((0..size).map(|i| by_half[half(i)] / (size / 2) as f32));
        }
        Ok(all)
    }
}

/// Images, and the seeds of their explanations.
fn cases() -> BoxedStrategy<(Vec<u8>, u64)> {
    (prop::collection::vec(any::<u8>(), SIDE * SIDE), any::<u64>()).boxed()
}

fn sample(values: Vec<u8>) -> Result<Sample> {
    let inside = (0..SIDE * SIDE).map(|i| u8::from(i % SIDE < SIDE / 2)).collect();
    Ok(Sample {
        id: "s".into(),
        patient: "p".into(),
        labels: vec![Some(true); 3],
        image: Image::new(SIDE, SIDE, 1, Pixels::U8(values))?,
        roi: Roi::single(eyepatch_core::Mask::new(SIDE, SIDE, inside)?)?,
    })
}

impl ExplainerLaws {
    fn halves(&self, sample: &Sample, class: usize, seed: u64) -> Result<Attribution> {
        let ctx = Ctx::for_tests(0).with_seed(Seed::root(seed));
        let subject = Subject { sample, class, preprocess: &FullScale, others: &[] };
        self.explainer().explain(&Halves::new(), subject, self.budget_of(), &ctx)
    }

    /// Linearity: of a weighted sum of two outputs each place gets the weighted sum of what it gets of the two. Not among the laws of
    /// [`explainer_laws!`](crate::explainer_laws): methods that cut negative values off, square gradients or spend evaluations where an
    /// output gains most do not promise it.
    pub fn sums_of_outputs_get_sums_of_values(&self) {
        run("sums of outputs get sums of values", cases(), |(values, seed)| {
            let sample = must(sample(values))?;
            let [square, product, both] = [0, 1, 2].map(|class| self.halves(&sample, class, seed));
            let (square, product, both) = (must(square)?, must(product)?, must(both)?);
            let scale = both.values.iter().fold(1e-3f32, |m, v| m.max(v.abs()));
            for ((a, b), sum) in square.values.iter().zip(&product.values).zip(&both.values) {
                let expected = a - 2.0 * b;
                prop_assert!((sum - expected).abs() < 1e-3 * scale.max(1.0), "{} and {}", sum, expected);
            }
            Ok(())
        });
    }

    /// Symmetry: where upper and lower half of an image are mirror images, and the model makes no difference between them, they get
    /// the same values. Not among the laws of [`explainer_laws!`](crate::explainer_laws): sampled players are equal on average only.
    pub fn equal_parts_get_equal_values(&self) {
        run("equal parts get equal values", cases(), |(mut values, seed)| {
            for i in SIDE * SIDE / 2..SIDE * SIDE {
                values[i] = values[(SIDE - 1 - i / SIDE) * SIDE + i % SIDE];
            }
            let found = must(self.halves(&must(sample(values))?, 2, seed))?;
            let scale = found.values.iter().fold(1e-3f32, |m, v| m.max(v.abs()));
            for (y, row) in found.values.chunks_exact(found.width).enumerate() {
                let mirrored = &found.values[(found.height - 1 - y) * found.width..][..found.width];
                for (a, b) in row.iter().zip(mirrored) {
                    prop_assert!((a - b).abs() < 1e-3 * scale, "{} and {}", a, b);
                }
            }
            Ok(())
        });
    }
}
