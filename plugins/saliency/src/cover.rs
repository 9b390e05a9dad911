use eyepatch_core::Image;
use serde::{Deserialize, Serialize};

/// What a patch of the image is covered with, or all of it where it is a baseline.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cover {
    /// The image's own mean, one value a channel.
    Mean,
    /// Black.
    Black,
    /// The image blurred by a Gaussian; `sigma` is a fraction of its larger side, above 0 and at most 1.
    Blur {
        /// Standard deviation.
        sigma: f64,
    },
}

impl Cover {
    pub(crate) fn check(self, parameter: &str) -> Result<(), String> {
        match self {
            Self::Blur { sigma } if !(sigma > 0.0 && sigma <= 1.0) => {
                Err(format!("`{parameter}` blurs with sigma {sigma}: it must be above 0 and at most 1"))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn words(self) -> String {
        match self {
            Self::Mean => "the image's own mean".into(),
            Self::Black => "black".into(),
            Self::Blur { sigma } => {
                format!("the image blurred by a Gaussian of sigma {} % of its larger side", 100.0 * sigma)
            }
        }
    }

    /// The image wholly covered.
    pub(crate) fn of(self, image: &Image) -> Image {
        let (mut out, channels) = (image.clone(), image.channels());
        let values = match self {
            Self::Black => vec![0.0; image.pixels().len()],
            Self::Mean => means(image).into_iter().cycle().take(image.pixels().len()).collect(),
            Self::Blur { sigma } => {
                let sigma = sigma * image.width().max(image.height()) as f64;
                let (width, height) = (image.width(), image.height());
                let rows = blur(&image.to_f32(), height, width, channels, sigma);
                // Columns are blurred as the rows of the transposed image.
                let columns =
                    blur(&transposed(&rows, height, width, channels), width, height, channels, sigma);
                transposed(&columns, width, height, channels)
            }
        };
        values.into_iter().enumerate().for_each(|(index, value)| out.set(index, value));
        out
    }
}

fn means(image: &Image) -> Vec<f32> {
    let (values, channels) = (image.to_f32(), image.channels());
    let n = (values.len() / channels) as f64;
    let mean = |c: usize| values[c..].iter().step_by(channels).map(|&v| f64::from(v)).sum::<f64>() / n;
    (0..channels).map(|c| mean(c) as f32).collect()
}

/// Each row convolved with a Gaussian cut off at 3 sigma; the edge pixel goes on beyond the edge.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most three times the image's side"
)]
fn blur(values: &[f32], height: usize, width: usize, channels: usize, sigma: f64) -> Vec<f32> {
    let radius = (3.0 * sigma).ceil() as usize;
    let weights: Vec<f64> =
        (0..=2 * radius).map(|i| (i as f64 - radius as f64) / sigma).map(|z| (-0.5 * z * z).exp()).collect();
    let total: f64 = weights.iter().sum();
    let mut out = vec![0.0; values.len()];
    for y in 0..height {
        for x in 0..width {
            for c in 0..channels {
                let at = |i: usize| {
                    let column = (x + i).saturating_sub(radius).min(width - 1);
                    f64::from(values[(y * width + column) * channels + c])
                };
                let sum: f64 = weights.iter().enumerate().map(|(i, w)| w * at(i)).sum();
                out[(y * width + x) * channels + c] = (sum / total) as f32;
            }
        }
    }
    out
}

fn transposed(values: &[f32], height: usize, width: usize, channels: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(values.len());
    for x in 0..width {
        for y in 0..height {
            out.extend_from_slice(&values[(y * width + x) * channels..][..channels]);
        }
    }
    out
}
