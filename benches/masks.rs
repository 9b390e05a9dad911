//! Masks at several sizes, on one thread unless said otherwise: `cargo bench --bench masks`. Bytes are those read and written, and `copy`
//! is a plain copy of as many.

use divan::Bencher;
use divan::counter::BytesCount;
use eyepatch_kernels::roi::components::{Connectivity, label};
use eyepatch_kernels::roi::{Scratch, box_mask, dilate_into, rle, sweep, sweep_batch};

fn main() {
    divan::main();
}

const SIZES: [usize; 4] = [256, 512, 1024, 2048];
/// The radii of the study's sweep.
const RADII: [i32; 11] = [0, 5, 10, 25, 50, 100, 150, 200, 300, 400, 500];

/// Two upright ellipses, much as lungs lie in an X-ray.
fn lungs(n: usize) -> Vec<u8> {
    let inside = |x: usize, y: usize| {
        let (x, y) = (x as f64 / n as f64, y as f64 / n as f64);
        [0.31, 0.69].iter().any(|centre| ((x - centre) / 0.166).powi(2) + ((y - 0.49) / 0.33).powi(2) < 1.0)
    };
    (0..n * n).map(|i| u8::from(inside(i % n, i / n))).collect()
}

fn noise(n: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40 & 1) as u8
    };
    (0..n * n).map(|_| next()).collect()
}

fn bench_sweep(bencher: Bencher<'_, '_>, mask: &[u8], n: usize) {
    let mut out = vec![0; RADII.len() * n * n];
    let mut scratch = Scratch::new();
    let bytes = BytesCount::new(mask.len() + out.len());
    bencher.counter(bytes).bench_local(|| {
        let mut outs: Vec<&mut [u8]> = out.chunks_exact_mut(n * n).collect();
        sweep(mask, n, n, &RADII, &mut outs, &mut scratch)
    });
}

#[divan::bench(args = SIZES)]
fn sweep_of_11_radii(bencher: Bencher<'_, '_>, n: usize) {
    bench_sweep(bencher, &lungs(n), n);
}

/// Content hardly matters.
#[divan::bench(args = ["lungs", "noise", "empty", "full"])]
fn sweep_512(bencher: Bencher<'_, '_>, content: &str) {
    let mask = match content {
        "lungs" => lungs(512),
        "noise" => noise(512),
        "empty" => vec![0; 512 * 512],
        _ => vec![1; 512 * 512],
    };
    bench_sweep(bencher, &mask, 512);
}

/// On all of rayon's threads.
#[divan::bench]
fn sweep_512_batch_of_16(bencher: Bencher<'_, '_>) {
    let masks = lungs(512).repeat(16);
    let mut out = vec![0; RADII.len() * masks.len()];
    bencher
        .counter(BytesCount::new(masks.len() + out.len()))
        .bench_local(|| sweep_batch(&masks, 512, 512, &RADII, &mut out));
}

/// What the sweep reads and writes, copied from one mask to all outputs.
#[divan::bench(args = SIZES)]
fn sweep_copy(bencher: Bencher<'_, '_>, n: usize) {
    let (mask, mut out) = (lungs(n), vec![0; RADII.len() * n * n]);
    bencher.counter(BytesCount::new(mask.len() + out.len())).bench_local(|| {
        for out in out.chunks_exact_mut(n * n) {
            out.copy_from_slice(divan::black_box(&mask));
        }
    });
}

#[divan::bench(args = [1, 2, 5, 25, 50, 100, 500, -5, -100])]
fn dilate_512(bencher: Bencher<'_, '_>, radius: i32) {
    let (mask, mut out) = (lungs(512), vec![0; 512 * 512]);
    let mut scratch = Scratch::new();
    bencher
        .counter(BytesCount::new(2 * mask.len()))
        .bench_local(|| dilate_into(&mask, 512, 512, radius, &mut out, &mut scratch));
}

#[divan::bench(args = SIZES)]
fn copy(bencher: Bencher<'_, '_>, n: usize) {
    let (mask, mut out) = (lungs(n), vec![0; n * n]);
    bencher
        .counter(BytesCount::new(2 * mask.len()))
        .bench_local(|| divan::black_box(&mut out).copy_from_slice(divan::black_box(&mask)));
}

#[divan::bench(args = SIZES)]
fn filled_box(bencher: Bencher<'_, '_>, n: usize) {
    let mask = lungs(n);
    bencher.counter(BytesCount::new(2 * mask.len())).bench_local(|| box_mask(&mask, n, n));
}

/// Bytes are the code's and the mask's.
#[divan::bench(args = SIZES)]
fn rle_decode(bencher: Bencher<'_, '_>, n: usize) {
    let (code, mut out) = (rle::encode(&lungs(n)), vec![0; n * n]);
    bencher
        .counter(BytesCount::new(code.len() + out.len()))
        .bench_local(|| rle::decode_into(&code, n, n, &mut out));
}

#[divan::bench(args = SIZES)]
fn rle_encode(bencher: Bencher<'_, '_>, n: usize) {
    let mask = lungs(n);
    bencher.counter(BytesCount::new(mask.len())).bench_local(|| rle::encode(&mask));
}

#[divan::bench(args = ["lungs", "noise"])]
fn components_512(bencher: Bencher<'_, '_>, content: &str) {
    let mask = if content == "lungs" { lungs(512) } else { noise(512) };
    bencher.counter(BytesCount::new(mask.len())).bench_local(|| label(&mask, 512, 512, Connectivity::Eight));
}
