//! Resizing with the aspect kept and zeros around, antialiased: a triangle filter scaled to the reduction.
//!
//! Image and ROI go through the same filter. At its outer edge a resized ROI holds every pixel in which any inside pixel
//! has weight, at its inner edge only those in which no outside pixel has. So where the ROI is hidden up to its outer
//! edge, or shown up to its inner edge, no visible grey level comes from a hidden pixel: the resize leaks nothing.

use eyepatch_core::{Error, Image, Mask, Pixels, Result, Roi};
use image::imageops::{self, FilterType};
use image::{ImageBuffer, Pixel};

/// Raised whenever resized values change.
pub(super) const REVISION: u32 = 2;

/// Where an image of one size comes to lie in the working size.
#[derive(Clone, Copy)]
struct Fit {
    width: u32,
    height: u32,
    left: u32,
    top: u32,
}

#[expect(clippy::cast_possible_truncation, reason = "sides are far below 2^32")]
fn fit(from: (usize, usize), to: (usize, usize)) -> Fit {
    let ((height, width), (to_height, to_width)) = (from, to);
    // Integer arithmetic, so that every platform rounds alike.
    let scaled = |side: usize, num: usize, den: usize| ((side * num * 2 + den) / (den * 2)).max(1);
    let (h, w) = if to_height * width <= to_width * height {
        (to_height, scaled(width, to_height, height).min(to_width))
    } else {
        (scaled(height, to_width, width).min(to_height), to_width)
    };
    Fit {
        width: w as u32,
        height: h as u32,
        left: ((to_width - w) / 2) as u32,
        top: ((to_height - h) / 2) as u32,
    }
}

fn resized<P>(from: (usize, usize), to: (usize, usize), values: Vec<P::Subpixel>) -> Option<Vec<P::Subpixel>>
where
    P: Pixel + 'static,
    P::Subpixel: 'static + Default,
{
    let fit = fit(from, to);
    let source: ImageBuffer<P, _> =
        ImageBuffer::from_raw(u32::try_from(from.1).ok()?, u32::try_from(from.0).ok()?, values)?;
    let small = imageops::resize(&source, fit.width, fit.height, FilterType::Triangle);
    let mut canvas: ImageBuffer<P, Vec<P::Subpixel>> =
        ImageBuffer::new(u32::try_from(to.1).ok()?, u32::try_from(to.0).ok()?);
    imageops::replace(&mut canvas, &small, i64::from(fit.left), i64::from(fit.top));
    Some(canvas.into_raw())
}

/// How an image is made smaller or larger; the aspect is kept and zeros are put around either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resampling {
    /// What audits use: a triangle filter as wide as the reduction, at the image's own depth, centred.
    Antialiased,
    /// What the study used, TensorFlow's `resize_with_pad`: bilinear with half-pixel centres, whatever the reduction.
    /// Gives numbers from 0 to 1.
    Bilinear,
}

/// The image at `to` (height, width).
///
/// # Errors
/// [`Error::Shape`] where a side is 0, or beyond what the filter can count.
pub fn resize(source: &Image, to: (usize, usize), how: Resampling) -> Result<Image> {
    if to.0 == 0 || to.1 == 0 {
        return Err(Error::shape("size", "at least 1x1", format!("{}x{}", to.0, to.1)));
    }
    match how {
        Resampling::Antialiased => image(source, to),
        Resampling::Bilinear => super::bilinear::image(source, to),
    }
}

/// The image at `to` (height, width); its depth stays.
pub(super) fn image(source: &Image, to: (usize, usize)) -> Result<Image> {
    use image::{Luma, Rgb};
    let from = (source.height(), source.width());
    if from == to {
        return Ok(source.clone());
    }
    let grey = source.channels() == 1;
    let pixels = match source.pixels().clone() {
        Pixels::U8(v) if grey => resized::<Luma<u8>>(from, to, v).map(Pixels::U8),
        Pixels::U8(v) => resized::<Rgb<u8>>(from, to, v).map(Pixels::U8),
        Pixels::U16(v) if grey => resized::<Luma<u16>>(from, to, v).map(Pixels::U16),
        Pixels::U16(v) => resized::<Rgb<u16>>(from, to, v).map(Pixels::U16),
        Pixels::F32(v) if grey => resized::<Luma<f32>>(from, to, v).map(Pixels::F32),
        Pixels::F32(v) => resized::<Rgb<f32>>(from, to, v).map(Pixels::F32),
    };
    let pixels = pixels.ok_or_else(|| Error::shape("image", "sides below 2^32", format!("{from:?}")))?;
    Image::new(to.1, to.0, source.channels(), pixels)
}

/// A ROI's two edges at the working size; without resizing they are one.
pub(super) struct Edges {
    /// Every pixel in which an inside pixel has weight.
    pub(super) outer: Roi,
    /// Those of them in which no outside pixel has weight.
    pub(super) inner: Roi,
}

/// The ROI at `to`.
pub(super) fn roi(source: &Roi, to: (usize, usize)) -> Result<Edges> {
    let from = (source.height(), source.width());
    if from == to {
        return Ok(Edges { outer: source.clone(), inner: source.clone() });
    }
    let touched = |mask: &Mask| -> Result<Vec<bool>> {
        let values = mask.bits().iter().map(|&b| f32::from(b)).collect();
        let values = resized::<image::Luma<f32>>(from, to, values);
        let values = values.ok_or_else(|| Error::shape("ROI", "sides below 2^32", format!("{from:?}")))?;
        Ok(values.iter().map(|&v| v > 0.0).collect())
    };
    let (mut outer, mut inner) = (Vec::new(), Vec::new());
    for (name, mask) in source.structures() {
        let (inside, outside) = (touched(mask)?, touched(&mask.complement())?);
        let whole = inside.iter().zip(&outside).map(|(i, o)| u8::from(*i && !o)).collect();
        outer.push((name.clone(), Mask::new(to.1, to.0, inside.into_iter().map(u8::from).collect())?));
        inner.push((name.clone(), Mask::new(to.1, to.0, whole)?));
    }
    Ok(Edges { outer: Roi::new(outer)?, inner: Roi::new(inner)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_aspect_and_pads_evenly() {
        let source = Image::new(40, 20, 1, Pixels::U8(vec![200; 800])).unwrap();
        let small = image(&source, (16, 16)).unwrap();
        let Pixels::U8(v) = small.pixels() else { panic!("depth changed") };
        assert!(v[..4 * 16].iter().all(|x| *x == 0), "rows above are padding");
        assert!(v[4 * 16..12 * 16].iter().all(|x| *x == 200), "8 rows of image");
        assert!(v[12 * 16..].iter().all(|x| *x == 0), "rows below are padding");
    }

    proptest! {
        /// Whatever lies inside the ROI, pixels outside its outer edge stay bit for bit the same; whatever lies outside
        /// it, pixels inside its inner edge do.
        #[test]
        fn nothing_leaks_across_the_roi_s_edges(
            (h, w) in (4usize..40, 4usize..40), to in (3usize..24, 3usize..24),
            seed in any::<u64>(),
        ) {
            use rand_core::RngCore;
            let mut rng = eyepatch_core::Seed::root(seed).rng();
            let mut byte = || (rng.next_u32() >> 24) as u8;
            let bits: Vec<u8> = (0..h * w).map(|i| u8::from((i / w) * 3 > h && (i % w) * 2 > w && byte() > 40)).collect();
            let a: Vec<u8> = (0..h * w).map(|_| byte()).collect();
            let edges = roi(&Roi::single(Mask::new(w, h, bits.clone()).unwrap()).unwrap(), to).unwrap();
            let small = |v: &[u8]| image(&Image::new(w, h, 1, Pixels::U8(v.to_vec())).unwrap(), to).unwrap();
            let mut changed = |side: u8| {
                let other: Vec<u8> = a.iter().zip(&bits).map(|(&x, &m)| if m == side { byte() } else { x }).collect();
                small(&other)
            };
            let (inside_changed, outside_changed, small) = (changed(1), changed(0), small(&a));
            let (outer, inner) = (edges.outer.union(&[]).unwrap(), edges.inner.union(&[]).unwrap());
            for i in 0..to.0 * to.1 {
                prop_assert!(outer.contains(i) || small.value(i) == inside_changed.value(i));
                prop_assert!(!inner.contains(i) || small.value(i) == outside_changed.value(i));
                prop_assert!(outer.contains(i) || !inner.contains(i));
            }
        }
    }
}
