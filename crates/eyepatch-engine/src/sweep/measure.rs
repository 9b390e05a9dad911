//! Numbers that are measured in the images for a verdict: the shape of the region, and what the picture looks like outside of it.

use eyepatch_core::{Image, Keep, Mask, OutputSpace, Pixels, ScoreSet, Scores};
use eyepatch_logistic::{Features, LogisticRegression};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::shared::Shared;
use crate::Result;
use crate::cell::CellCtx;
use crate::verdict::SHAPE;

pub(super) const MEASURES_FILE: &str = "measures.json";
/// Raised whenever something else is measured.
pub(super) const REVISION: u32 = 1;

/// One entry a row of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Measures {
    /// Share of the image, place and extent of every structure of the ROI: see [`shape`].
    shapes: Vec<Vec<f64>>,
    /// Mean grey level outside of the ROI, 0 to 1.
    grey: Vec<Option<f64>>,
    /// Standard deviation of the same.
    contrast: Vec<Option<f64>>,
    /// Mean absolute Laplacian outside of the ROI, in the same unit.
    sharpness: Vec<Option<f64>>,
}

pub(super) fn measure(shared: &Shared, cell: &CellCtx) -> Result<()> {
    let whole = shared.training(&cell.inputs[0], 0, Keep::Full)?;
    // A structure that a later row lacks has no area there.
    let names: Vec<String> = whole.roi(0)?.structures().keys().cloned().collect();
    let one = |row: usize| -> Result<(Vec<f64>, Option<[f64; 3]>)> {
        cell.ctx.check()?;
        let roi = whole.roi(row)?;
        let of = |name: &String| roi.structures().get(name).map_or([0.0; 9], shape);
        let shape = names.iter().flat_map(of).collect();
        Ok((shape, outside(&whole.image(row)?, &roi.union(&[])?)))
    };
    let rows: Result<Vec<_>> =
        cell.ctx.install(|| (0..shared.table.rows.len()).into_par_iter().map(one).collect());
    let (shapes, looks): (Vec<_>, Vec<_>) = rows?.into_iter().unzip();
    let of = |i: usize| looks.iter().map(|l| l.map(|l| l[i])).collect();
    cell.write_json(MEASURES_FILE, &Measures { shapes, grey: of(0), contrast: of(1), sharpness: of(2) })
}

/// Share of the image, centroid, standard deviations along both sides and extent of a mask, all in shares of the image's
/// width and height; zeros where it is empty.
fn shape(mask: &Mask) -> [f64; 9] {
    let (w, h) = (mask.width() as f64, mask.height() as f64);
    let (mut n, mut sum, mut squares) = (0.0, [0.0; 2], [0.0; 2]);
    let (mut least, mut most) = ([1.0_f64; 2], [0.0_f64; 2]);
    for (y, row) in mask.bits().chunks_exact(mask.width()).enumerate() {
        for (x, _) in row.iter().enumerate().filter(|(_, bit)| **bit != 0) {
            let at = [(x as f64 + 0.5) / w, (y as f64 + 0.5) / h];
            n += 1.0;
            for i in 0..2 {
                sum[i] += at[i];
                squares[i] += at[i] * at[i];
                least[i] = least[i].min(at[i]);
                most[i] = most[i].max(at[i]);
            }
        }
    }
    if n == 0.0 {
        return [0.0; 9];
    }
    let mean = sum.map(|s| s / n);
    let spread = |i: usize| (squares[i] / n - mean[i] * mean[i]).max(0.0).sqrt();
    [n / (w * h), mean[0], mean[1], spread(0), spread(1), least[0], least[1], most[0], most[1]]
}

/// Mean grey level, its standard deviation and the mean absolute Laplacian outside of a mask; `None` where it leaves nothing.
fn outside(image: &Image, mask: &Mask) -> Option<[f64; 3]> {
    let grey = grey(image);
    let (w, h) = (image.width(), image.height());
    let (mut n, mut sum, mut squares, mut inner, mut edges) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for y in 0..h {
        for x in 0..w {
            let i = y * w + x;
            if mask.contains(i) {
                continue;
            }
            let v = grey[i];
            n += 1.0;
            sum += v;
            squares += v * v;
            let near = |j: usize| !mask.contains(j);
            // Where a neighbour lies inside, the region's own edge would be measured.
            if x > 0 && y > 0 && x + 1 < w && y + 1 < h && [i - 1, i + 1, i - w, i + w].into_iter().all(near)
            {
                inner += 1.0;
                edges += (grey[i - 1] + grey[i + 1] + grey[i - w] + grey[i + w] - 4.0 * v).abs();
            }
        }
    }
    (inner > 0.0).then(|| [sum / n, (squares / n - (sum / n) * (sum / n)).max(0.0).sqrt(), edges / inner])
}

/// One grey level a pixel, 0 to 1 of the stored scale; the mean of the channels.
fn grey(image: &Image) -> Vec<f64> {
    let scale = 1.0 / (f64::from(image.full_scale()) * image.channels() as f64);
    fn mean<T: Copy + Into<f64>>(values: &[T], channels: usize, scale: f64) -> Vec<f64> {
        values.chunks_exact(channels).map(|p| p.iter().map(|&v| v.into()).sum::<f64>() * scale).collect()
    }
    match image.pixels() {
        Pixels::U8(v) => mean(v, image.channels(), scale),
        Pixels::U16(v) => mean(v, image.channels(), scale),
        Pixels::F32(v) => mean(v, image.channels(), scale),
    }
}

impl Measures {
    /// What causes are looked for in, by name.
    pub(super) fn numbers(&self) -> Vec<(String, Vec<Option<f64>>)> {
        let named =
            [("grey level", &self.grey), ("contrast", &self.contrast), ("sharpness", &self.sharpness)];
        named.map(|(name, values)| (format!("{name} outside of the ROI"), values.clone())).into()
    }

    /// Scores of logistic regressions that see nothing but the shapes of the ROI's structures, each fitted to the training rows of
    /// a fold and asked about its test rows.
    ///
    /// # Errors
    /// Why there are none, in words.
    pub(super) fn shape_scores(&self, shared: &Shared) -> Result<Vec<ScoreSet>, String> {
        let folds = shared.splits.folds.iter().enumerate();
        folds.map(|(k, fold)| self.of_fold(shared, k, &fold.train, &fold.test)).collect()
    }

    fn of_fold(
        &self,
        shared: &Shared,
        fold: usize,
        train: &[usize],
        test: &[usize],
    ) -> Result<ScoreSet, String> {
        let columns = self.shapes.first().map_or(0, Vec::len);
        let gather = |rows: &[usize]| -> Vec<f64> {
            rows.iter().flat_map(|&r| self.shapes[r].iter().copied()).collect()
        };
        let tested = gather(test);
        let tested = Features::new(&tested, columns).map_err(|e| e.to_string())?;
        let classes = shared.table.classes.len();
        let mut values = vec![0.0_f32; test.len() * classes];
        for class in 0..classes {
            let label = |r: &usize| shared.table.rows[*r].labels[class];
            let rows: Vec<usize> = train.iter().copied().filter(|r| label(r).is_some()).collect();
            let labels: Vec<bool> = rows.iter().map(|r| label(r) == Some(true)).collect();
            let known = gather(&rows);
            let known = Features::new(&known, columns).map_err(|e| e.to_string())?;
            let fitted = LogisticRegression::default().fit(known, &labels).map_err(|e| e.to_string())?;
            for (i, logit) in fitted.logits(tested).map_err(|e| e.to_string())?.into_iter().enumerate() {
                #[expect(clippy::cast_possible_truncation, reason = "scores are kept as f32")]
                let logit = logit as f32;
                values[i * classes + class] = logit;
            }
        }
        let scores = Scores::new(classes, OutputSpace::Logits, values).map_err(|e| e.to_string())?;
        let name = || SHAPE.to_owned();
        Ok(ScoreSet { trained: name(), evaluated: name(), dilation: 0, fold, rows: test.to_vec(), scores })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_has_the_shape_that_it_has() {
        let bits =
            (0..80).map(|i| u8::from((2..6).contains(&(i % 10)) && (1..3).contains(&(i / 10)))).collect();
        let found = shape(&Mask::new(10, 8, bits).unwrap());
        let spread = |n: f64| ((n * n - 1.0) / 12.0).sqrt();
        let known = [0.1, 0.4, 0.25, spread(4.0) / 10.0, spread(2.0) / 8.0, 0.25, 0.1875, 0.55, 0.3125];
        assert!(found.iter().zip(known).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        assert_eq!(shape(&Mask::filled(3, 3, false)), [0.0; 9]);
    }

    #[test]
    fn a_ramp_has_its_mean_and_no_edges() {
        let pixels: Vec<u8> = (0..100).map(|i| (i % 10 * 10) as u8).collect();
        let image = Image::new(10, 10, 1, Pixels::U8(pixels.clone())).unwrap();
        let [mean, sd, edges] = outside(&image, &Mask::filled(10, 10, false)).unwrap();
        assert!((mean - 45.0 / 255.0).abs() < 1e-12 && edges.abs() < 1e-12);
        assert!((sd - 825.0_f64.sqrt() / 255.0).abs() < 1e-12);
        assert_eq!(outside(&image, &Mask::filled(10, 10, true)), None);
        // Inside of the mask nothing is seen.
        let mut other = pixels;
        other[55] = 255;
        let hole = Mask::new(10, 10, (0..100).map(|i| u8::from(i == 55)).collect()).unwrap();
        let changed = Image::new(10, 10, 1, Pixels::U8(other)).unwrap();
        assert_eq!(outside(&image, &hole), outside(&changed, &hole));
    }
}
