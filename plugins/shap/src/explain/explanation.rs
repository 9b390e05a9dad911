use eyepatch_core::{Attribution, Device, Explained, OutputSpace};

use crate::{Owen, Segmentation, Shapley};

/// What was found of one image, for one or several classes, under one or several baselines.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Rows, columns and channels of the image.
    pub shape: [usize; 3],
    /// The classes explained, by index.
    pub classes: Vec<usize>,
    /// Scale of the outputs.
    pub space: OutputSpace,
    /// Model evaluations used.
    pub evaluations: usize,
    /// Largest number of images a batch.
    pub batch: usize,
    /// Where it was computed.
    pub device: Device,
    /// Wall-clock seconds, the model's included.
    pub seconds: f64,
    /// Number of baselines; other images are one each.
    pub baselines: usize,
    pub(super) found: Found,
}

/// What numbered players of an image were given.
#[derive(Debug, Clone, PartialEq)]
pub struct PlayerValues<'a> {
    /// Who they are.
    pub segmentation: &'a Segmentation,
    /// One value each, the mean over baselines.
    pub values: Vec<f64>,
    /// One standard error each, the mean over baselines, which is an upper bound of the mean's error; 0 where the values
    /// are exact, `None` where there were too few draws to tell.
    pub errors: Option<Vec<f64>>,
}

/// Values for baselines x classes.
#[derive(Debug, Clone)]
pub(super) enum Found {
    Owen(Box<Owen>),
    Shapley(Segmentation, Shapley),
}

/// `k` below is a place in [`Explanation::classes`]. Values are means over baselines.
impl Explanation {
    /// One value a pixel, added up over channels: height x width.
    ///
    /// # Panics
    /// For a class that was not explained.
    #[must_use]
    pub fn summed(&self, k: usize) -> Vec<f64> {
        self.mean(k, |column| match &self.found {
            Found::Owen(owen) => owen.summed(column),
            Found::Shapley(players, shapley) => players.spread(&shapley.of(column)),
        })
    }

    /// One value a channel and pixel: channels x height x width. Numbered players hold whole pixels; theirs are spread
    /// evenly over channels.
    ///
    /// # Panics
    /// For a class that was not explained.
    #[must_use]
    pub fn values(&self, k: usize) -> Vec<f64> {
        match &self.found {
            Found::Owen(owen) => self.mean(k, |column| owen.values(column)),
            Found::Shapley(..) => {
                let channels = self.shape[2];
                let plane: Vec<f64> = self.summed(k).into_iter().map(|v| v / channels as f64).collect();
                plane.repeat(channels)
            }
        }
    }

    /// The numbered players and theirs; `None` for partition SHAP, whose parts are nested.
    ///
    /// # Panics
    /// For a class that was not explained.
    #[must_use]
    pub fn players(&self, k: usize) -> Option<PlayerValues<'_>> {
        let Found::Shapley(segmentation, shapley) = &self.found else { return None };
        let values = self.mean(k, |column| shapley.of(column));
        let classes = shapley.classes();
        let errors = shapley.errors.as_ref().map(|errors| {
            self.mean(k, |column| errors.iter().skip(column).step_by(classes).copied().collect())
        });
        Some(PlayerValues { segmentation, values, errors })
    }

    /// Output on the baseline.
    ///
    /// # Panics
    /// For a class that was not explained.
    #[must_use]
    pub fn base(&self, k: usize) -> f64 {
        self.mean(k, |column| vec![self.ends().0[column]])[0]
    }

    /// Output on the image.
    ///
    /// # Panics
    /// For a class that was not explained.
    #[must_use]
    pub fn output(&self, k: usize) -> f64 {
        self.ends().1[k]
    }

    /// `output - base - sum of values`, in 64 bits.
    ///
    /// # Panics
    /// For a class that was not explained.
    #[must_use]
    pub fn additivity_error(&self, k: usize) -> f64 {
        let error = |column| match &self.found {
            Found::Owen(owen) => owen.additivity_error(column),
            Found::Shapley(_, shapley) => shapley.additivity_error(column),
        };
        self.mean(k, |column| vec![error(column)])[0]
    }

    /// How far baselines disagree, 0 (the same map) to 1 (nothing in common): the mean over pairs of baselines of
    /// sum |a - b| / sum (|a| + |b|) over pixels. `None` with a single baseline.
    ///
    /// # Panics
    /// For a class that was not explained.
    #[must_use]
    pub fn disagreement(&self, k: usize) -> Option<f64> {
        let map = |column| match &self.found {
            Found::Owen(owen) => owen.summed(column),
            Found::Shapley(players, shapley) => players.spread(&shapley.of(column)),
        };
        let maps: Vec<Vec<f64>> = self.columns(k).map(map).collect();
        let pairs = (0..maps.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        let each: Vec<f64> = pairs.map(|(i, j)| apart(&maps[i], &maps[j])).collect();
        (!each.is_empty()).then(|| each.iter().sum::<f64>() / each.len() as f64)
    }

    /// The map of one class as every explainer of eyepatch states it.
    ///
    /// # Panics
    /// For a class that was not explained.
    #[must_use]
    pub fn attribution(&self, k: usize) -> Attribution {
        Attribution {
            height: self.shape[0],
            width: self.shape[1],
            values: self.summed(k).into_iter().map(|v| v as f32).collect(),
            class: self.classes[k],
            space: self.space,
            base_value: self.base(k),
            output_value: self.output(k),
            additivity_error: Some(self.additivity_error(k)),
            evaluations: self.evaluations,
        }
    }

    /// All classes as every explainer of eyepatch states them; channel by channel where parts are smaller than pixels.
    #[must_use]
    pub fn explained(&self) -> Explained {
        let all = || 0..self.classes.len();
        let channels = |k| self.values(k).into_iter().map(|v| v as f32).collect();
        Explained {
            attributions: all().map(|k| self.attribution(k)).collect(),
            channels: matches!(self.found, Found::Owen(_)).then(|| all().map(channels).collect()),
            disagreement: all().map(|k| self.disagreement(k)).collect(),
            evaluations: self.evaluations,
        }
    }

    fn ends(&self) -> (&[f64], &[f64]) {
        match &self.found {
            Found::Owen(owen) => (&owen.base, &owen.output),
            Found::Shapley(_, shapley) => (&shapley.base, &shapley.output),
        }
    }

    /// The game's outputs that are class `k`, one a baseline.
    fn columns(&self, k: usize) -> impl Iterator<Item = usize> {
        let classes = self.classes.len();
        (0..self.baselines).map(move |baseline| baseline * classes + k)
    }

    fn mean(&self, k: usize, of: impl Fn(usize) -> Vec<f64>) -> Vec<f64> {
        let mut sum: Vec<f64> = Vec::new();
        for values in self.columns(k).map(of) {
            sum.resize(values.len(), 0.0);
            sum.iter_mut().zip(values).for_each(|(sum, v)| *sum += v);
        }
        sum.iter_mut().for_each(|v| *v /= self.baselines as f64);
        sum
    }
}

fn apart(a: &[f64], b: &[f64]) -> f64 {
    let difference: f64 = a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum();
    let size: f64 = a.iter().chain(b).map(|v| v.abs()).sum();
    // Opposite maps may come out above 1 by rounding.
    if size > 0.0 { (difference / size).min(1.0) } else { 0.0 }
}
