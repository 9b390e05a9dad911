use proptest::prelude::*;

use super::*;

mod area;
mod bounds;
mod components;
mod large;
mod levels;
mod rle;
mod sweep;

/// Mostly 0, half and half, mostly 1; any non-zero byte counts as inside.
fn bytes(len: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(prop_oneof![9 => Just(0u8), 1 => 1u8..], len),
        prop::collection::vec(prop_oneof![1 => Just(0u8), 1 => Just(255u8)], len),
        prop::collection::vec(prop_oneof![1 => Just(0u8), 9 => Just(1u8)], len),
    ]
}

/// Side lengths up to 14 keep the slow twins fast and still reach 1xN.
fn masks() -> impl Strategy<Value = (Vec<u8>, usize, usize)> {
    (1usize..14, 1usize..14).prop_flat_map(|(w, h)| (bytes(w * h), Just(w), Just(h)))
}

/// Up to four words wide, with and without a last word in part; noise and a few rectangles, or what they leave.
fn wide_masks() -> impl Strategy<Value = (Vec<u8>, usize, usize)> {
    let widths =
        prop_oneof![3 => 1usize..200, 2 => prop::sample::select(vec![63, 64, 65, 127, 128, 129, 192])];
    (widths, 1usize..9).prop_flat_map(|(w, h)| {
        let rectangles =
            prop::collection::vec((0..w, 0..h, 1..=w, 1..=h), 0..4).prop_map(move |rectangles| {
                let mut mask = vec![0; w * h];
                for (x, y, width, height) in rectangles {
                    for row in mask.chunks_exact_mut(w).skip(y).take(height) {
                        row[x..w.min(x + width)].fill(7);
                    }
                }
                mask
            });
        let content = prop_oneof![bytes(w * h), rectangles.clone(), rectangles.prop_map(|m| complement(&m))];
        (content, Just(w), Just(h))
    })
}

/// The slow twin: one iteration of a plus sign, pixel by pixel.
fn plus_step(mask: &[u8], w: usize, h: usize) -> Vec<u8> {
    let inside = |x: usize, y: usize| x < w && y < h && mask[y * w + x] != 0;
    let at = |i: usize| {
        let (x, y) = (i % w, i / w);
        // Wrapping below 0 lands far outside.
        inside(x, y)
            || inside(x.wrapping_sub(1), y)
            || inside(x + 1, y)
            || inside(x, y.wrapping_sub(1))
            || inside(x, y + 1)
    };
    (0..w * h).map(|i| u8::from(at(i))).collect()
}

fn complement(mask: &[u8]) -> Vec<u8> {
    mask.iter().map(|&b| u8::from(b == 0)).collect()
}

fn dilate_slowly(mask: &[u8], w: usize, h: usize, radius: i32) -> Vec<u8> {
    let start = if radius < 0 { complement(mask) } else { complement(&complement(mask)) };
    let grown = (0..radius.unsigned_abs()).fold(start, |m, _| plus_step(&m, w, h));
    if radius < 0 { complement(&grown) } else { grown }
}

/// Every radius of a sweep, into buffers that hold something else.
fn sweep_of(mask: &[u8], w: usize, h: usize, radii: &[i32], scratch: &mut Scratch) -> Vec<Vec<u8>> {
    let mut swept = vec![vec![9; mask.len()]; radii.len()];
    let mut outs: Vec<&mut [u8]> = swept.iter_mut().map(Vec::as_mut_slice).collect();
    super::sweep(mask, w, h, radii, &mut outs, scratch).unwrap();
    swept
}
