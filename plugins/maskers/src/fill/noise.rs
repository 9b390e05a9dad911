use std::f64::consts::TAU;

use eyepatch_core::{Ctx, Image};
use rand_core::RngCore;

use super::blend::Blend;
use super::statistics::Channel;

/// Gaussian noise for the pixels that take any of the fill, on the image's scale and clipped to its depth; 0 elsewhere.
///
/// Random numbers are drawn for every value, wanted or not, so that a pixel's noise does not depend on the region.
pub(super) fn noise(image: &Image, channels: &[Channel], blend: &Blend<'_>, ctx: &Ctx) -> Vec<f32> {
    let scale = f64::from(image.full_scale());
    let mut rng = ctx.rng("masker noise");
    let mut values = vec![0.0; image.pixels().len()];
    for (pixel, values) in values.chunks_exact_mut(channels.len()).enumerate() {
        for (value, channel) in values.iter_mut().zip(channels) {
            let draws = (rng.next_u64(), rng.next_u64());
            if blend.touches(pixel) {
                let drawn = channel.mean + channel.deviation * normal(draws);
                *value = (drawn.clamp(0.0, 1.0) * scale) as f32;
            }
        }
    }
    values
}

/// A standard normal number from two random ones (Box and Muller 1958).
fn normal(draws: (u64, u64)) -> f64 {
    let uniform = |draw: u64| (draw >> 11) as f64 / (1u64 << 53) as f64;
    let radius = (-2.0 * (1.0 - uniform(draws.0)).ln()).sqrt();
    radius * (TAU * uniform(draws.1)).cos()
}
