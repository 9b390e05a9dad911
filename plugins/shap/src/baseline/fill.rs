use std::f64::consts::TAU;
use std::str::FromStr;

use eyepatch_core::{Ctx, Image};
use rand_core::RngCore;
use serde::{Deserialize, Serialize};

use super::box_blur;
use crate::Error;

/// The widest box, in pixels.
const WIDEST: u32 = 4096;
/// The most images of others.
const MOST_OTHERS: u32 = 64;

/// What hidden players become: an image of the same size and depth. None of them but `Black` is independent of what it
/// hides, so a map made with the others shows what the model does with more than a hidden part's absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// 0.
    Black,
    /// The image's own mean, one value a channel.
    Mean,
    /// The image under OpenCV's `blur`; shap's `blur(kx,ky)`. See [`box_blur`].
    Blur {
        /// Width of the box in pixels, 1 to 4096.
        kx: u32,
        /// Height of the box in pixels, 1 to 4096.
        ky: u32,
    },
    /// Gaussian noise of the image's own mean and standard deviation a channel, clipped to the depth.
    Noise,
    /// What is shown, continued smoothly into what is hidden (harmonic inpainting, [`eyepatch_kernels::inpaint`]), anew for each
    /// coalition; the image's own mean where nothing is shown. Many times dearer than the others.
    Inpaint,
    /// Images of other patients, each a baseline of its own: where they are, hidden parts look like parts of such images.
    Others {
        /// How many, 1 to 64.
        count: u32,
    },
}

impl Baseline {
    /// Its name: `black`, `blur(51,51)`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Black => "black".into(),
            Self::Mean => "mean".into(),
            Self::Blur { kx, ky } => format!("blur({kx},{ky})"),
            Self::Noise => "noise".into(),
            Self::Inpaint => "inpaint".into(),
            Self::Others { count: 1 } => "another patient's image".into(),
            Self::Others { count } => format!("{count} other patients' images"),
        }
    }

    /// Checks ranges.
    ///
    /// # Errors
    /// A sentence that names the field, its value and what is allowed.
    pub fn check(self) -> Result<(), String> {
        if let Self::Others { count } = self
            && !(1..=MOST_OTHERS).contains(&count)
        {
            return Err(format!("others: count = {count}: 1 to {MOST_OTHERS} are allowed"));
        }
        let Self::Blur { kx, ky } = self else { return Ok(()) };
        for (name, side) in [("kx", kx), ("ky", ky)] {
            if !(1..=WIDEST).contains(&side) {
                return Err(format!("blur: {name} = {side}: 1 to {WIDEST} pixels are allowed"));
            }
        }
        if kx == 1 && ky == 1 {
            return Err("blur: kx = ky = 1 changes nothing; give a wider box".into());
        }
        Ok(())
    }

    /// The image wholly hidden: one image, but of `Others` as many as asked for, the first of `others`. Noise comes from
    /// `ctx`; whoever asks with the same seed gets the same.
    ///
    /// # Errors
    /// [`Error::Others`] where there are too few, or one is of another size or depth.
    pub fn of(self, image: &Image, others: &[Image], ctx: &Ctx) -> Result<Vec<Image>, Error> {
        let values = match self {
            Self::Others { count } => return shown(image, others, count as usize),
            Self::Black => vec![0.0; image.pixels().len()],
            // What is shown is continued into it where something is.
            Self::Mean | Self::Inpaint => {
                let means = moments(image).into_iter().map(|(mean, _)| mean);
                means.cycle().take(image.pixels().len()).collect()
            }
            Self::Blur { kx, ky } => {
                let values: Vec<f64> = image.to_f32().into_iter().map(f64::from).collect();
                let shape = [image.height(), image.width(), image.channels()];
                box_blur(&values, shape, kx as usize, ky as usize)
            }
            Self::Noise => noise(image, ctx),
        };
        let mut hidden = image.clone();
        values.into_iter().enumerate().for_each(|(i, value)| hidden.set(i, value as f32));
        Ok(vec![hidden])
    }
}

/// The first `count` of the others, if they are like the image.
fn shown(image: &Image, others: &[Image], count: usize) -> Result<Vec<Image>, Error> {
    let wrong = |problem: String| Err(Error::Others { needed: count, problem });
    let Some(chosen) = others.get(..count) else {
        return wrong(format!("there are {}", others.len()));
    };
    let like = |other: &Image| (other.width(), other.height(), other.channels(), other.full_scale());
    match chosen.iter().find(|other| like(other) != like(image)) {
        Some(other) => wrong(format!(
            "one is {}x{}x{} with a full scale of {}, and the explained image {}x{}x{} with {}",
            other.height(),
            other.width(),
            other.channels(),
            other.full_scale(),
            image.height(),
            image.width(),
            image.channels(),
            image.full_scale()
        )),
        None => Ok(chosen.to_vec()),
    }
}

impl FromStr for Baseline {
    type Err = Error;

    /// `black`, `mean`, `noise`, `inpaint` or `blur:KX,KY`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let unknown = || Error::Baseline(text.chars().take(40).collect());
        match text {
            "black" => Ok(Self::Black),
            "mean" => Ok(Self::Mean),
            "noise" => Ok(Self::Noise),
            "inpaint" => Ok(Self::Inpaint),
            _ => {
                let sides = text.strip_prefix("blur:").and_then(|sides| sides.split_once(','));
                let (kx, ky) = sides.ok_or_else(unknown)?;
                let side = |text: &str| text.trim().parse().map_err(|_| unknown());
                let blur = Self::Blur { kx: side(kx)?, ky: side(ky)? };
                blur.check().map(|()| blur).map_err(|_| unknown())
            }
        }
    }
}

/// Mean and standard deviation of each channel, on the stored scale.
fn moments(image: &Image) -> Vec<(f64, f64)> {
    let (values, channels) = (image.to_f32(), image.channels());
    let n = (values.len() / channels) as f64;
    let of = |c: usize| values[c..].iter().step_by(channels).map(|&v| f64::from(v));
    let one = |c: usize| {
        let mean = of(c).sum::<f64>() / n;
        (mean, (of(c).map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
    };
    (0..channels).map(one).collect()
}

fn noise(image: &Image, ctx: &Ctx) -> Vec<f64> {
    let (moments, full) = (moments(image), f64::from(image.full_scale()));
    let mut rng = ctx.rng("shap noise");
    let draw = |i: usize| {
        let (mean, deviation) = moments[i % moments.len()];
        (mean + deviation * normal(&mut rng)).clamp(0.0, full)
    };
    (0..image.pixels().len()).map(draw).collect()
}

/// A standard normal number (Box and Muller 1958).
fn normal(rng: &mut impl RngCore) -> f64 {
    let mut uniform = || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let radius = (-2.0 * (1.0 - uniform()).ln()).sqrt();
    radius * (TAU * uniform()).cos()
}
