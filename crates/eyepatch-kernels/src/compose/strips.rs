//! The inner loops: an image is read in strips that stay in the nearest cache, so that select and normalise vectorise.

use super::stream::{Value, Writer};
use super::{Fill, Masked, Normalise, Pixels, f16_bits};
use crate::dispatch::dispatched;

/// Pixels a strip: three channels of it, deinterleaved, take at most 6 KiB.
const STRIP: usize = 512;

dispatched! {
    /// Writes one image, already checked, as 32-bit floats.
    pub fn write_f32(image: &Masked<'_>, normalise: &Normalise, out: &mut [f32], writer: Writer) {
        by_depth(image, normalise, out, writer, |x| x);
    }

    /// Writes one image, already checked, as half bits.
    pub fn write_f16(image: &Masked<'_>, normalise: &Normalise, out: &mut [u16], writer: Writer) {
        by_depth(image, normalise, out, writer, f16_bits);
    }
}

#[inline(always)]
fn by_depth<O: Value>(
    image: &Masked<'_>,
    normalise: &Normalise,
    out: &mut [O],
    writer: Writer,
    to: impl Fn(f32) -> O + Copy,
) {
    let shown = image.visible;
    match (image.pixels, image.fill) {
        (Pixels::U8(p), Fill::Constant(c)) => {
            by_channels(p, shown, Cover::One(c), normalise, out, writer, to)
        }
        (Pixels::U16(p), Fill::Constant(c)) => {
            by_channels(p, shown, Cover::One(c), normalise, out, writer, to)
        }
        (Pixels::F32(p), Fill::Constant(c)) => {
            by_channels(p, shown, Cover::One(c), normalise, out, writer, to)
        }
        (Pixels::U8(p), Fill::Image(Pixels::U8(f))) => {
            by_channels(p, shown, Cover::Each(f), normalise, out, writer, to);
        }
        (Pixels::U16(p), Fill::Image(Pixels::U16(f))) => {
            by_channels(p, shown, Cover::Each(f), normalise, out, writer, to);
        }
        (Pixels::F32(p), Fill::Image(Pixels::F32(f))) => {
            by_channels(p, shown, Cover::Each(f), normalise, out, writer, to);
        }
        // `compose` has refused a fill of another depth.
        _ => {}
    }
    writer.finish();
}

/// A fill whose depth is known.
#[derive(Clone, Copy)]
enum Cover<'a, T> {
    One([f32; 3]),
    Each(&'a [T]),
}

#[inline(always)]
fn by_channels<T: Stored, O: Value>(
    pixels: &[T],
    visible: &[u8],
    fill: Cover<'_, T>,
    normalise: &Normalise,
    out: &mut [O],
    writer: Writer,
    to: impl Fn(f32) -> O + Copy,
) {
    let total = visible.len();
    let colour = pixels.len() > total;
    let mut written = [O::default(); STRIP];
    let (mut own, mut cover) = ([[T::default(); STRIP]; 3], [[T::default(); STRIP]; 3]);
    for start in (0..total).step_by(STRIP) {
        let strip = start..total.min(start + STRIP);
        if colour {
            let values = 3 * strip.start..3 * strip.end;
            deinterleave(&pixels[values.clone()], &mut own);
            if let Cover::Each(fill) = fill {
                deinterleave(&fill[values], &mut cover);
            }
        }
        let visible = &visible[strip.clone()];
        for (o, out) in out.chunks_exact_mut(total).enumerate() {
            // A grey image is its own only plane.
            let pixels = if colour { &own[o][..strip.len()] } else { &pixels[strip.clone()] };
            let out = &mut out[strip.clone()];
            // What goes past the caches is made ready in one.
            let ready = if writer.past_caches { &mut written[..strip.len()] } else { &mut *out };
            let (scale, offset) = (normalise.scale[o], normalise.offset[o]);
            match fill {
                Cover::Each(fill) => {
                    let fill = if colour { &cover[o][..strip.len()] } else { &fill[strip.clone()] };
                    for (((out, &own), &cover), &shown) in ready.iter_mut().zip(pixels).zip(fill).zip(visible)
                    {
                        // Both converted, so that nothing stands in the way of a vector select.
                        let (own, cover): (f32, f32) = (own.into(), cover.into());
                        let value = if shown != 0 { own } else { cover };
                        *out = to(value * scale + offset);
                    }
                }
                Cover::One(fill) => {
                    let fill = fill[if colour { o } else { 0 }];
                    for ((out, &own), &shown) in ready.iter_mut().zip(pixels).zip(visible) {
                        let value = if shown != 0 { own.into() } else { fill };
                        *out = to(value * scale + offset);
                    }
                }
            }
            if writer.past_caches {
                writer.put(out, &written[..strip.len()]);
            }
        }
    }
}

trait Stored: Copy + Default + Into<f32> {}
impl<T: Copy + Default + Into<f32>> Stored for T {}

/// All three channels in one loop: that is the form the compiler has shuffles for.
#[inline(always)]
fn deinterleave<T: Copy>(values: &[T], [a, b, c]: &mut [[T; STRIP]; 3]) {
    for (((v, a), b), c) in values.chunks_exact(3).zip(a).zip(b).zip(c) {
        (*a, *b, *c) = (v[0], v[1], v[2]);
    }
}
