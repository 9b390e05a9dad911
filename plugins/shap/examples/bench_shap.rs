//! What partition SHAP costs beside the model: 1000 evaluations of 512 x 512 x 3 floats in batches of 50, with a model
//! that reads 64 values. Beside it the plain copy of as many images into the same buffer, and the most memory taken.
//!
//! `cargo run --release -p plugin-shap --example bench_shap [ROUNDS]`
#![allow(clippy::print_stdout, reason = "it prints what it measures")]

use std::time::Instant;

use eyepatch_core::Layout;
use plugin_shap::{Block, Canvas, Error, Game, PartitionSettings, Shown, partition};
use rayon::prelude::*;

const SIDE: usize = 512;
const CHANNELS: usize = 3;
const VALUES: usize = SIDE * SIDE * CHANNELS;
const EVALUATIONS: usize = 1000;
const BATCH: usize = 50;

struct Free<'a> {
    canvas: Canvas<'a, f32>,
    images: &'a mut [f32],
}

/// 64 values across the image, weighted.
fn look(image: &[f32]) -> f64 {
    let weighted = |i: usize| f64::from(image[i * (VALUES / 64) + i]) * ((i * 7 % 13) as f64 - 6.0);
    (0..64).map(weighted).sum::<f64>().tanh()
}

impl Game<[Shown]> for Free<'_> {
    type Error = Error;

    fn classes(&self) -> usize {
        1
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn outputs(&mut self, shown: &[Shown]) -> Result<Vec<f64>, Error> {
        let images = &mut self.images[..shown.len() * VALUES];
        self.canvas.paint_all(shown, images)?;
        Ok(images.chunks_exact(VALUES).map(look).collect())
    }
}

/// The most memory that this process had, in MB; Linux only.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

/// Processor seconds that this process has used, which say more than the clock where others compute beside it; Linux
/// only, in steps of 0.01 s.
fn processor() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // User and system time are fields 14 and 15; the second, in parentheses, may hold spaces.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// What `work` took by the clock and of the processor.
fn timed<T>(work: impl FnOnce() -> T) -> (T, String) {
    let (started, used) = (Instant::now(), processor());
    let found = work();
    let seconds = started.elapsed().as_secs_f64();
    let used = used.zip(processor()).map_or("?".into(), |(before, after)| format!("{:.2}", after - before));
    (found, format!("{seconds:.3} s (processor {used} s)"))
}

fn copies(image: &[f32], images: &mut [f32]) {
    for _ in 0..EVALUATIONS / BATCH {
        images.par_chunks_exact_mut(VALUES).for_each(|out| out.copy_from_slice(image));
        std::hint::black_box(&images);
    }
}

fn shap(image: &[f32], background: &[f32], images: &mut [f32]) -> Result<(), Error> {
    let whole = Block::image(SIDE, SIDE, CHANNELS)?;
    let canvas = Canvas::new(image, background, whole, Layout::Nchw)?;
    let settings = PartitionSettings { evaluations: EVALUATIONS, expand: BATCH / 2, target: None };
    let found = partition(&mut Free { canvas, images }, whole, settings)?;
    std::hint::black_box(found.values(0));
    assert_eq!(found.evaluations, EVALUATIONS);
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds = std::env::args().nth(1).map_or(Ok(5), |text| text.parse::<usize>())?;
    let image: Vec<f32> = (0..VALUES).map(|i| (i * 31 % 255) as f32 / 255.0).collect();
    let background = vec![0.0f32; VALUES];
    let mut images = vec![1.0f32; BATCH * VALUES];
    for threads in [1, rayon::current_num_threads()] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        for _ in 0..rounds {
            let ((), copy) = timed(|| pool.install(|| copies(&image, &mut images)));
            let before = peak();
            let (found, shap) = timed(|| pool.install(|| shap(&image, &background, &mut images)));
            found?;
            let grown = before.zip(peak()).map(|(before, after)| format!("{:.1} MB", after - before));
            println!(
                "{threads} threads: plain copy {copy}, partition SHAP {shap}; peak memory grew by {}",
                grown.as_deref().unwrap_or("?")
            );
        }
    }
    Ok(())
}
