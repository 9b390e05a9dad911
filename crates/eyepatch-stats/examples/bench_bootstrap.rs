//! Times the patient bootstrap of many cells, and says how much memory it took at most (Linux).
//!
//! ```text
//! cargo run --release -p eyepatch-stats --example bench_bootstrap -- [REPLICATES] [CELLS] [IMAGES] [FOLDS]
//! ```
//!
//! 10,000 replicates of 125 cells x 20,000 images by default, two images a patient, one common test set.
#![allow(clippy::print_stdout, reason = "it answers on stdout")]

use std::time::Instant;

use eyepatch_stats::{BootstrapMethod, FoldScores, bootstrap};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sizes = [10_000, 125, 20_000, 1];
    for (size, given) in sizes.iter_mut().zip(std::env::args().skip(1)) {
        *size = given.parse()?;
    }
    let [replicates, cells, images, folds] = sizes;
    let mut rng = ChaCha8Rng::seed_from_u64(1907);
    let patients: Vec<u32> = (0..images as u32).map(|i| i / 2).collect();
    let labels: Vec<bool> = patients.iter().map(|p| p % 10 == 0).collect();
    let shift = |label: bool| if label { 0.4 } else { 0.0 };
    let scores: Vec<Vec<f64>> = (0..cells * folds)
        .map(|_| {
            labels.iter().map(|l| (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 + shift(*l)).collect()
        })
        .collect();
    let cells: Vec<Vec<FoldScores<'_, u32>>> = scores
        .chunks(folds)
        .map(|models| {
            let fold = |(fold, scores)| FoldScores { fold, labels: &labels, scores, patients: &patients };
            models.iter().map(Vec::as_slice).enumerate().map(fold).collect()
        })
        .collect();
    let start = Instant::now();
    let found = bootstrap(&cells, replicates, 1907)?;
    let drawn = start.elapsed();
    let difference = found.interval(&[(1.0, 0), (-1.0, cells.len() - 1)], 0.95, BootstrapMethod::Bca)?;
    println!(
        "{replicates} replicates of {} cells x {images} images in {folds} folds: {:.1} s on {} threads",
        cells.len(),
        drawn.as_secs_f64(),
        std::thread::available_parallelism()?,
    );
    println!(
        "first less last cell {:.4} [{:.4}, {:.4}]",
        difference.estimate, difference.lower, difference.upper
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("{peak}");
    }
    Ok(())
}
