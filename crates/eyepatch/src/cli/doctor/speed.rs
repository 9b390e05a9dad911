//! About five seconds of the work that audits do.

use std::fmt;
use std::time::{Duration, Instant};

use eyepatch_kernels::gemm::{Layout, gemm};
use eyepatch_kernels::roi::{Scratch, sweep};
use eyepatch_nn::device::Chosen;
use eyepatch_nn::{DenseNet, DenseNetConfig, Device, Precision, Runner};
use serde::Serialize;

/// Time for each figure.
const EACH: Duration = Duration::from_millis(900);
/// The study's radii.
const RADII: [i32; 11] = [0, 5, 10, 25, 50, 100, 150, 200, 300, 400, 500];
/// Side of the images that are shown to the network.
const SIDE: usize = 224;

/// A figure; more is better.
#[derive(Serialize)]
pub(super) struct Measured {
    what: String,
    value: f64,
    unit: &'static str,
    threads: usize,
    device: String,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, value, unit, threads, device } = self;
        let threads = if device == "cpu" { format!(", {threads} thread(s)") } else { String::new() };
        write!(f, "{what} on {device}{threads}: {value:.1} {unit}")
    }
}

/// Runs of `work` a second, the first of them not counted: the median within [`EACH`].
fn per_second<E>(mut work: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    work()?;
    let (begin, mut seconds) = (Instant::now(), Vec::new());
    while seconds.is_empty() || begin.elapsed() < EACH {
        let start = Instant::now();
        work()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(1.0 / seconds[seconds.len() / 2].max(1e-9))
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// DenseNet-121's forward pass on the processor with one thread and with all, the dilations of one mask, and a product
/// of matrices; the forward pass on the GPU where `chosen` is one.
pub(super) fn measure(threads: usize, chosen: &Chosen) -> Result<Vec<Measured>, Failed> {
    let net = DenseNet::new(DenseNetConfig::densenet121(3, 5), 1907, &Device::Cpu)?;
    let runner = Runner::of(&net, &Device::Cpu, Precision::F32)?;
    let mut figures = vec![forward(&runner, 1, 1, "cpu".into(), Precision::F32)?];
    if threads > 1 {
        figures.push(forward(&runner, threads, threads, "cpu".into(), Precision::F32)?);
    }
    figures.push(dilations()?);
    figures.push(product()?);
    if chosen.cuda.is_some() {
        let device = chosen.open()?;
        for precision in [Precision::F32, Precision::Bf16] {
            let runner = Runner::of(&net, &device, precision)?;
            figures.push(forward(&runner, 16, 1, chosen.to_string(), precision)?);
        }
    }
    Ok(figures)
}

fn forward(
    runner: &Runner,
    batch: usize,
    threads: usize,
    device: String,
    precision: Precision,
) -> Result<Measured, Failed> {
    let pixels: Vec<f32> = (0..batch * 3 * SIDE * SIDE).map(|i| (i % 251) as f32 / 250.0).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let run = || pool.install(|| runner.run(&pixels, batch, (SIDE, SIDE))).map(drop);
    let value = per_second(run)? * batch as f64;
    let what = format!("DenseNet-121 forward, {SIDE} px, batch {batch}, {precision}");
    Ok(Measured { what, value, unit: "images/s", threads, device })
}

fn dilations() -> Result<Measured, Failed> {
    let side = 512usize;
    let inside = |i: usize| {
        let (y, x) = ((i / side) as f64 - 256.0, (i % side) as f64);
        let lung = |centre: f64| ((x - centre) / 90.0).powi(2) + (y / 170.0).powi(2) < 1.0;
        u8::from(lung(140.0) || lung(372.0))
    };
    let mask: Vec<u8> = (0..side * side).map(inside).collect();
    let mut outs = vec![vec![0u8; mask.len()]; RADII.len()];
    let mut scratch = Scratch::new();
    let value = per_second(|| {
        let mut outs: Vec<&mut [u8]> = outs.iter_mut().map(Vec::as_mut_slice).collect();
        sweep(&mask, side, side, &RADII, &mut outs, &mut scratch)
    })?;
    let what = format!("{} dilations of a mask, {side} px", RADII.len());
    Ok(Measured { what, value, unit: "masks/s", threads: 1, device: "cpu".into() })
}

fn product() -> Result<Measured, Failed> {
    let n = 512;
    let matrix: Vec<f32> = (0..n * n).map(|i| (i % 17) as f32 / 16.0).collect();
    let (mut c, rows) = (vec![0f32; n * n], Layout::row_major(n));
    let value = per_second(|| gemm((n, n, n), (&matrix, rows), (&matrix, rows), 0.0, (&mut c, rows)))?;
    let what = format!("f32 product, {n} x {n}");
    let flops = 2.0 * (n as f64).powi(3);
    Ok(Measured { what, value: value * flops * 1e-9, unit: "GFLOP/s", threads: 1, device: "cpu".into() })
}
