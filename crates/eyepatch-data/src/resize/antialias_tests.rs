use eyepatch_core::Pixels;
use image::imageops::{self, FilterType};
use image::{ImageBuffer, Luma, Pixel, Rgb};
use proptest::prelude::*;

use super::*;
use crate::resize::{ResizeMethod, image as resized};

/// The same by the `image` crate.
fn slow<P>(values: Vec<P::Subpixel>, from: (usize, usize), to: (usize, usize)) -> Vec<P::Subpixel>
where
    P: Pixel + 'static,
    P::Subpixel: 'static + Default,
{
    let frame = frame(from, to);
    let side = |s: usize| u32::try_from(s).unwrap();
    let source: ImageBuffer<P, _> = ImageBuffer::from_raw(side(from.1), side(from.0), values).unwrap();
    let small = imageops::resize(&source, side(frame.width), side(frame.height), FilterType::Triangle);
    let mut canvas: ImageBuffer<P, Vec<P::Subpixel>> = ImageBuffer::new(side(to.1), side(to.0));
    imageops::replace(&mut canvas, &small, frame.left as i64, frame.top as i64);
    canvas.into_raw()
}

#[test]
fn keeps_aspect_and_pads_evenly() {
    let source = Image::new(40, 20, 1, Pixels::U8(vec![200; 800])).unwrap();
    let small = resized(&source, (16, 16), ResizeMethod::Antialias).unwrap();
    let Pixels::U8(v) = small.pixels() else { panic!("depth changed") };
    assert!(v[..4 * 16].iter().all(|x| *x == 0), "rows above are padding");
    assert!(v[4 * 16..12 * 16].iter().all(|x| *x == 200), "8 rows of image");
    assert!(v[12 * 16..].iter().all(|x| *x == 0), "rows below are padding");
}

proptest! {
    #[test]
    fn equals_the_image_crate_bit_for_bit(
        from in (1usize..40, 1usize..40), to in (1usize..40, 1usize..40), colour in any::<bool>(), kind in 0..3,
        seed in any::<u64>(),
    ) {
        use rand_core::RngCore;
        let mut rng = eyepatch_core::Seed::root(seed).rng();
        let channels = if colour { 3 } else { 1 };
        let n = from.0 * from.1 * channels;
        let (pixels, slow) = match kind {
            0 => {
                let v: Vec<u8> = (0..n).map(|_| (rng.next_u32() >> 24) as u8).collect();
                let slow = if colour { slow::<Rgb<u8>> } else { slow::<Luma<u8>> };
                (Pixels::U8(v.clone()), Pixels::U8(slow(v, from, to)))
            }
            1 => {
                let v: Vec<u16> = (0..n).map(|_| (rng.next_u32() >> 16) as u16).collect();
                let slow = if colour { slow::<Rgb<u16>> } else { slow::<Luma<u16>> };
                (Pixels::U16(v.clone()), Pixels::U16(slow(v, from, to)))
            }
            _ => {
                let v: Vec<f32> = (0..n).map(|_| rng.next_u32() as f32 / u32::MAX as f32).collect();
                let slow = if colour { slow::<Rgb<f32>> } else { slow::<Luma<f32>> };
                (Pixels::F32(v.clone()), Pixels::F32(slow(v, from, to)))
            }
        };
        let source = Image::new(from.1, from.0, channels, pixels).unwrap();
        let fast = resized(&source, to, ResizeMethod::Antialias).unwrap();
        prop_assert_eq!(fast.pixels(), &slow);
    }
}
