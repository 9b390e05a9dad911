//! Cameras: gain, gamma, blur, grain, and JPEG really encoded and decoded.

use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::{ExtendedColorType, ImageDecoder};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::canvas::{LEAST_BLUR, Plane};
use crate::scene::Scene;
use crate::stream::Stream;

/// A camera with its own way of turning light into numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Camera {
    /// Its name, as in the metadata column `camera`.
    pub name: String,
    /// Factor on brightness, 0.5 to 2.
    pub gain: f32,
    /// Exponent on brightness, 0.5 to 2; above 1 darkens the middle tones.
    pub gamma: f32,
    /// Standard deviation of its Gaussian blur in thousandths of the image's width, 0 to 30.
    pub blur: f32,
    /// Standard deviation of its quantum noise at mid grey in grey levels, 0 to 50.
    pub noise: f32,
    /// JPEG quality, 1 to 100; `None` stores losslessly.
    pub jpeg: Option<u8>,
}

impl Default for Camera {
    fn default() -> Self {
        Self { name: "A".into(), gain: 1.0, gamma: 1.0, blur: 1.0, noise: 1.6, jpeg: Some(92) }
    }
}

impl Camera {
    /// A camera by name, otherwise as by default.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Checks the ranges given at the fields.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let within = |field: &'static str, value: f32, lo: f32, hi: f32| {
            if (lo..=hi).contains(&value) {
                return Ok(());
            }
            let name = &self.name;
            Err(Error::range(format!("camera `{name}`: {field}"), value, format!("{lo} to {hi}")))
        };
        within("gain", self.gain, 0.5, 2.0)?;
        within("gamma", self.gamma, 0.5, 2.0)?;
        within("blur", self.blur, 0.0, 30.0)?;
        within("noise", self.noise, 0.0, 50.0)?;
        within("jpeg", f32::from(self.jpeg.unwrap_or(100)), 1.0, 100.0)
    }

    /// Takes pictures: interleaved 8-bit values of each scene, all with the same grain. Scenes of one size that differ
    /// little cost little more than one.
    pub(crate) fn expose(&self, scenes: &[&Scene], grain: Stream) -> Result<Vec<Vec<u8>>, Error> {
        let Some(first) = scenes.first() else { return Ok(Vec::new()) };
        let n = first.size();
        let channels = first.planes.len();
        let grain = Grain::new(grain, n * n * channels);
        let mut light: Vec<Vec<Plane>> = Vec::with_capacity(scenes.len());
        let mut films: Vec<Vec<u8>> = Vec::with_capacity(scenes.len());
        for scene in scenes {
            let developed = self.develop(scene, first, light.first());
            let film = self.digitise(&developed, &grain, light.first().zip(films.first()));
            light.push(developed);
            films.push(film);
        }
        match self.jpeg {
            Some(quality) => films.iter().map(|film| through_jpeg(film, n, channels, quality)).collect(),
            None => Ok(films),
        }
    }

    /// Light behind the lens. Where a scene equals the `first`, of which `known` is the light, it is taken from there.
    fn develop(&self, scene: &Scene, first: &Scene, known: Option<&Vec<Plane>>) -> Vec<Plane> {
        let sigma = self.blur * 1e-3 * scene.size() as f32;
        let known = known.filter(|_| sigma < LEAST_BLUR);
        let mut planes = scene.planes.clone();
        for (c, plane) in planes.iter_mut().enumerate() {
            if scene.planes.len() == 1 {
                for (i, v) in plane.at.iter_mut().enumerate() {
                    *v = match known {
                        Some(light) if *v == first.planes[c].at[i] => light[c].at[i],
                        _ => film_curve(*v),
                    };
                }
            }
            plane.blur(sigma);
        }
        planes
    }

    /// Gain, gamma and noise. `known` are the light and the film of another scene with the same grain.
    fn digitise(&self, light: &[Plane], grain: &Grain, known: Option<(&Vec<Plane>, &Vec<u8>)>) -> Vec<u8> {
        let n = light[0].size;
        let channels = light.len();
        // Fewer, larger pixels collect more light each.
        let noise = self.noise * (n as f32 / 256.0).sqrt().min(1.5);
        let mut pixels = Vec::with_capacity(n * n * channels);
        for i in 0..n * n {
            for (c, plane) in light.iter().enumerate() {
                let at = plane.at[i];
                if let Some((_, film)) = known.filter(|(light, _)| light[c].at[i] == at) {
                    pixels.push(film[i * channels + c]);
                    continue;
                }
                let linear = self.gain * at.max(0.0);
                let light = if self.gamma == 1.0 { linear } else { linear.powf(self.gamma) };
                // Quantum noise grows with the square root of the signal; a floor stands for the electronics.
                let sigma = noise * (0.15 + 1.7 * light.min(1.0)).sqrt();
                let grain = grain.0[i * channels + c];
                pixels.push((255.0 * light + sigma * grain + 0.5).clamp(0.0, 255.0) as u8);
            }
        }
        pixels
    }
}

/// The grain of one film, value by value.
struct Grain(Vec<f32>);

impl Grain {
    fn new(mut stream: Stream, values: usize) -> Self {
        Self((0..values).map(|_| stream.grain()).collect())
    }
}

/// A chest film's characteristic curve: attenuation to brightness (0 black, 1 white), with toe and shoulder.
fn film_curve(attenuation: f32) -> f32 {
    let x = 1.55 * attenuation.max(0.0);
    0.02 + 0.96 * (1.0 - (-(x.powf(1.35))).exp())
}

fn through_jpeg(pixels: &[u8], n: usize, channels: usize, quality: u8) -> Result<Vec<u8>, Error> {
    let colour = if channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let side = u32::try_from(n).map_err(|_| Error::range("size", n as f32, "48 to 1024"))?;
    let mut file = Vec::with_capacity(pixels.len() / 2);
    JpegEncoder::new_with_quality(&mut file, quality).encode(pixels, side, side, colour)?;
    let decoder = JpegDecoder::new(std::io::Cursor::new(file))?;
    let mut back = vec![0; pixels.len()];
    decoder.read_image(&mut back)?;
    Ok(back)
}
