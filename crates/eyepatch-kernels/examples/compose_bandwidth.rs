//! Region + fill + normalise of a batch of 64 at 512 x 512, and images of coalitions, against a copy that moves the same
//! bytes, on the CPU:
//! `cargo run --release -p eyepatch-kernels --example compose_bandwidth`, `RAYON_NUM_THREADS=1` for one thread.
//! One JSON line a case. `ratio` is our time over the copy's; at most 2 is wanted for constant fills.

use std::time::Instant;

use eyepatch_kernels::coalition::{Coalitions, Ids, Segments, composite};
use eyepatch_kernels::compose::{Fill, Masked, Normalise, Out, Pixels, Shape, compose};
use rayon::prelude::*;

const IMAGES: usize = 64;
const SIDE: usize = 512;
const ROUNDS: usize = 15;

/// Median time of both, measured in turn so that a busy machine slows both.
fn medians(mut ours: impl FnMut(), mut copy: impl FnMut()) -> (f64, f64) {
    let time = |f: &mut dyn FnMut()| {
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64()
    };
    ours();
    copy();
    let (mut a, mut b): (Vec<f64>, Vec<f64>) =
        (0..ROUNDS).map(|_| (time(&mut ours), time(&mut copy))).unzip();
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    (a[ROUNDS / 2], b[ROUNDS / 2])
}

/// Times `ours` against a copy that reads and writes `moved` bytes together, one thread a block of it.
#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn against_copy(bench: &str, name: &str, moved: usize, ours: impl FnMut()) {
    let (from, mut to) = (vec![1u8; moved / 2], vec![2u8; moved / 2]);
    let block = (moved / 2).div_ceil(IMAGES);
    let copy = || {
        let blocks = to.par_chunks_mut(block).zip(from.par_chunks(block));
        blocks.for_each(|(to, from)| to.copy_from_slice(from));
    };
    let (ours, copy) = medians(ours, copy);
    println!(
        "{{\"bench\":\"{bench}\",\"case\":\"{name}\",\"ours_ms\":{:.2},\"copy_ms\":{:.2},\"ratio\":{:.2},\"gb_per_s\":{:.2},\"threads\":{}}}",
        ours * 1e3,
        copy * 1e3,
        ours / copy,
        moved as f64 / ours / 1e9,
        rayon::current_num_threads(),
    );
}

fn case(
    name: &str,
    shape: Shape,
    depth: usize,
    half: bool,
    cover: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let values = shape.pixels() * shape.channels;
    let bytes: Vec<u8> = (0..IMAGES * values).map(|i| (i * 31 % 251) as u8).collect();
    let words: Vec<u16> = bytes.iter().map(|&b| u16::from(b) * 200).collect();
    let floats: Vec<f32> = bytes.iter().map(|&b| f32::from(b) / 255.0).collect();
    // A region of half the image, with an edge in every row.
    let visible: Vec<u8> =
        (0..shape.pixels()).map(|p| u8::from(p % SIDE > SIDE / 4 + p / SIDE / 4)).collect();
    let visible: Vec<u8> = (0..IMAGES).flat_map(|_| visible.iter().copied()).collect();
    let (fill8, fill16, fill32) = (bytes.clone(), words.clone(), floats.clone());
    let part = |i: usize, n: usize| i * n..(i + 1) * n;
    let images: Vec<Masked<'_>> = (0..IMAGES)
        .map(|i| {
            let r = part(i, values);
            let (pixels, fill) = match depth {
                1 => (Pixels::U8(&bytes[r.clone()]), Pixels::U8(&fill8[r])),
                2 => (Pixels::U16(&words[r.clone()]), Pixels::U16(&fill16[r])),
                _ => (Pixels::F32(&floats[r.clone()]), Pixels::F32(&fill32[r])),
            };
            let fill = if cover { Fill::Image(fill) } else { Fill::Constant([127.0; 3]) };
            Masked { pixels, visible: &visible[part(i, shape.pixels())], fill }
        })
        .collect();
    let normalise = Normalise { scale: [1.0 / 255.0; 3], offset: [-0.485, -0.456, -0.406] };
    let len = IMAGES * shape.out_len();
    let (mut full, mut bits) = if half { (vec![], vec![1u16; len]) } else { (vec![1f32; len], vec![]) };

    // What must move: pixels, masks, fill pixels in; the batch out.
    let moved = IMAGES * (shape.pixels() + values * depth * (1 + usize::from(cover)))
        + len * if half { 2 } else { 4 };
    let mut wrong = Ok(());
    against_copy("compose", name, moved, || {
        let out = if half { Out::F16(&mut bits) } else { Out::F32(&mut full) };
        wrong = wrong.clone().and(compose(&images, shape, &normalise, out));
    });
    Ok(wrong?)
}

/// 256 coalitions of 14 x 14 square segments of a 3 x 224 x 224 image.
fn coalitions() -> Result<(), Box<dyn std::error::Error>> {
    let (side, planes, rows, grid) = (224, 3, 256, 14);
    let ids: Vec<u16> =
        (0..side * side).map(|p| (p / side * grid / side * grid + p % side * grid / side) as u16).collect();
    let segments = Segments::new(Ids::U16(&ids));
    let coalitions = Coalitions::from_fn(rows, grid * grid, |i, j| (i * 31 + j * 17) % 5 < 2);
    let (image, background) = (vec![1f32; planes * side * side], vec![0f32; planes * side * side]);
    let mut out = vec![2f32; rows * image.len()];
    let moved = 4 * (out.len() + 2 * image.len()) + 2 * ids.len();
    let mut wrong = Ok(());
    against_copy("coalitions", "256 of 3x224x224, 196 players", moved, || {
        wrong = wrong.clone().and(composite(&image, &background, &segments, &coalitions, &mut out));
    });
    Ok(wrong?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let grey = Shape { height: SIDE, width: SIDE, channels: 1, out_channels: 1 };
    let repeated = Shape { out_channels: 3, ..grey };
    let colour = Shape { channels: 3, out_channels: 3, ..grey };
    case("u8 1->1 f32 constant", grey, 1, false, false)?;
    case("u8 1->3 f32 constant", repeated, 1, false, false)?;
    case("u8 3->3 f32 constant", colour, 1, false, false)?;
    case("u16 1->1 f32 constant", grey, 2, false, false)?;
    case("u16 3->3 f32 constant", colour, 2, false, false)?;
    case("f32 1->1 f32 constant", grey, 4, false, false)?;
    case("f32 3->3 f32 constant", colour, 4, false, false)?;
    case("u8 1->1 f16 constant", grey, 1, true, false)?;
    case("u8 3->3 f16 constant", colour, 1, true, false)?;
    case("u8 1->1 f32 image", grey, 1, false, true)?;
    case("u8 3->3 f32 image", colour, 1, false, true)?;
    coalitions()
}
