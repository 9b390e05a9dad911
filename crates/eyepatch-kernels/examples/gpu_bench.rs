//! On a machine with a GPU: checks the CUDA kernels against the CPU's, then measures the bytes that they move each second
//! against a device-to-device copy. `benches/gpu/run.sh` builds and runs it. One JSON line a case on standard output, a
//! table on standard error. With `--quick` small cases run, once, and nothing is measured.
//!
//! `bytes` is what must move whatever the method: masks in and regions out for thresholds; pixels, masks and the batch
//! for compositing; image, background, ids and the batch for coalitions. What a kernel moves besides counts against it.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    dead_code,
    reason = "a program that prints, with the tests' cases, which may panic and of which it needs some"
)]

#[path = "../tests/cuda/cases.rs"]
mod cases;
#[path = "../tests/cuda/device.rs"]
mod device;

use candle_core::CudaDevice;
use candle_core::backend::BackendDevice;
use candle_core::cuda_backend::cudarc::driver::sys::CUevent_flags;
use eyepatch_kernels::KernelError;
use eyepatch_kernels::coalition::Coalitions;
use eyepatch_kernels::compose::{Normalise, Shape};
use eyepatch_kernels::cuda::{Candle, Depth, DeviceFill, Gpu, Kernels, Masks, Output};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Medians of so many rounds, each of so many launches in a row.
const ROUNDS: usize = 15;
const LAUNCHES: usize = 10;
const RADII: [i32; 11] = [0, 5, 10, 25, 50, 100, 150, 200, 300, 400, 500];
/// The share of the copy's speed that is wanted.
const WANTED: f64 = 0.6;

struct Bench {
    kernels: Kernels<Candle>,
    name: String,
    /// Whether each case runs but once, with nothing measured.
    quick: bool,
    /// Sides of images are divided by it.
    shrink: usize,
    rows: Vec<(String, f64, f64)>,
}

impl Bench {
    /// Seconds a launch, by the device's own clock.
    fn time(&self, mut run: impl FnMut() -> Outcome) -> Outcome<f64> {
        let stream = self.kernels.gpu().device().cuda_stream();
        let flags = Some(CUevent_flags::CU_EVENT_DEFAULT);
        let start = stream.record_event(flags)?;
        for _ in 0..LAUNCHES {
            run()?;
        }
        let end = stream.record_event(flags)?;
        end.synchronize()?;
        Ok(f64::from(start.elapsed_ms(&end)?) / 1e3 / LAUNCHES as f64)
    }

    /// Ours and a copy that reads and writes as many bytes together, in turn.
    fn case(
        &mut self,
        case: &str,
        bytes: usize,
        mut run: impl FnMut(&Kernels<Candle>) -> Result<(), KernelError>,
    ) -> Outcome {
        if self.quick {
            run(&self.kernels)?;
            eprintln!("ran {case}");
            return Ok(());
        }
        let stream = self.kernels.gpu().device().cuda_stream();
        let from = self.kernels.gpu().upload(&vec![1u8; bytes / 2])?;
        let mut to = self.kernels.gpu().alloc::<u8>(bytes / 2)?;
        let (mut ours, mut copies) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let own = self.time(|| Ok(run(&self.kernels)?))?;
            let copy = self.time(|| Ok(stream.memcpy_dtod(&from, &mut to)?))?;
            // The first round compiles and warms up.
            if round > 0 {
                ours.push(own);
                copies.push(copy);
            }
        }
        let median = |times: &mut Vec<f64>| {
            times.sort_by(f64::total_cmp);
            (bytes as f64 / times[ROUNDS / 2] / 1e9, times[ROUNDS - 1] / times[0])
        };
        let ((ours, spread), (copy, _)) = (median(&mut ours), median(&mut copies));
        println!(
            "{{\"bench\":\"gpu\",\"case\":\"{case}\",\"bytes\":{bytes},\"ours\":{ours:.1},\"copy\":{copy:.1},\"unit\":\"GB/s\",\"share\":{:.3},\"spread\":{spread:.2},\"gpu\":\"{}\"}}",
            ours / copy,
            self.name,
        );
        self.rows.push((case.to_owned(), ours, copy));
        Ok(())
    }

    fn regions(&mut self, images: usize, side: usize) -> Outcome {
        let side = side / self.shrink;
        let size = Masks { images, height: side, width: side };
        let masks = self.kernels.gpu().upload(&cases::masks(size, &mut cases::Numbers::new(1)))?;
        let pixels = size.len();
        for radii in [&RADII[..], &RADII[3..4]] {
            let number = radii.len();
            let (mut out, radii) = (self.kernels.gpu().alloc(pixels * number)?, self.kernels.radii(radii)?);
            let name = format!("sweep {images}x{side}x{side}, {number} radii");
            self.case(&name, pixels * (1 + number), |k| k.sweep_into(&masks, size, &radii, &mut out))?;
        }
        let mut levels = self.kernels.gpu().alloc(pixels)?;
        let name = format!("levels {images}x{side}x{side}");
        self.case(&name, pixels * 5, |k| k.levels_into(&masks, size, &mut levels))?;
        let number = RADII.len();
        let (mut out, radii) = (self.kernels.gpu().alloc(pixels * number)?, self.kernels.radii(&RADII)?);
        let name = format!("thresholds {images}x{side}x{side}, {number} radii");
        self.case(&name, pixels * (4 + number), |k| k.thresholds_into(&levels, &radii, &mut out))
    }

    fn compose<T: Depth, O: Output>(
        &mut self,
        name: &str,
        images: usize,
        shape: Shape,
        cover: bool,
        value: impl Fn(usize) -> T,
    ) -> Outcome {
        let shape = Shape { height: shape.height / self.shrink, width: shape.width / self.shrink, ..shape };
        let gpu = self.kernels.gpu();
        let (pixels, values) = (images * shape.pixels(), images * shape.pixels() * shape.channels);
        let stored: Vec<T> = (0..values).map(value).collect();
        let (own, covers) = (gpu.upload(&stored)?, gpu.upload(&stored[..if cover { values } else { 1 }])?);
        let shown: Vec<u8> = (0..pixels).map(|p| u8::from(p % shape.width > shape.width / 3)).collect();
        let (visible, constants) = (gpu.upload(&shown)?, gpu.upload(&vec![0.5f32; images * shape.channels])?);
        let mut out = gpu.alloc::<O>(images * shape.out_len())?;
        let normalise = Normalise { scale: [1.0 / 255.0; 3], offset: [-0.485, -0.456, -0.406] };
        let bytes = pixels
            + values * size_of::<T>() * (1 + usize::from(cover))
            + images * shape.out_len() * size_of::<O>();
        self.case(name, bytes, |k| {
            let fill = if cover { DeviceFill::Images(&covers) } else { DeviceFill::Constants(&constants) };
            k.compose_into(&own, &visible, &fill, images, shape, &normalise, &mut out)
        })
    }

    fn coalitions(&mut self, side: usize, planes: usize, rows: usize, players: usize) -> Outcome {
        let side = side / self.shrink;
        let gpu = self.kernels.gpu();
        let pixels = side * side;
        let c = Coalitions::from_fn(rows, players, |i, j| (i * 31 + j * 17) % 5 < 2);
        let c = self.kernels.coalitions(&c)?;
        let grid = (players as f64).sqrt() as usize;
        let ids: Vec<u16> =
            (0..pixels).map(|p| (p / side * grid / side * grid + p % side * grid / side) as u16).collect();
        let ids = gpu.upload(&ids)?;
        let (image, back) =
            (gpu.upload(&vec![1f32; planes * pixels])?, gpu.upload(&vec![0f32; planes * pixels])?);
        let mut out = gpu.alloc::<f32>(rows * planes * pixels)?;
        let name = format!("coalitions {rows} of {planes}x{side}x{side}, {players} players");
        let bytes = 4 * planes * pixels * (2 + rows) + 2 * pixels;
        self.case(&name, bytes, |k| k.composite_into(&image, &back, &ids, &c, &mut out))
    }
}

fn main() -> Outcome {
    let device = CudaDevice::new(0)?;
    let name = device.cuda_stream().context().name()?;
    let kernels = Kernels::new(Candle::new(&device)?);
    eprintln!("{name}: checking every kernel against the CPU");
    cases::small(&kernels);
    let quick = std::env::args().any(|a| a == "--quick");
    if !quick {
        cases::large(&kernels);
    }
    eprintln!("all agree, bit for bit");

    let shrink = if quick { 16 } else { 1 };
    let mut bench = Bench { kernels, name, quick, shrink, rows: Vec::new() };
    bench.regions(64, 512)?;
    bench.regions(16, 1024)?;
    bench.regions(4, 2048)?;
    let grey = Shape { height: 512, width: 512, channels: 1, out_channels: 1 };
    let repeated = Shape { out_channels: 3, ..grey };
    let colour = Shape { channels: 3, out_channels: 3, ..grey };
    bench.compose::<u8, f32>("compose 64x512x512 u8 1->1 f32, constant", 64, grey, false, |i| i as u8)?;
    bench.compose::<u8, f32>("compose 64x512x512 u8 1->3 f32, constant", 64, repeated, false, |i| i as u8)?;
    bench.compose::<u8, f32>("compose 64x512x512 u8 3->3 f32, constant", 64, colour, false, |i| i as u8)?;
    bench.compose::<u8, f32>("compose 64x512x512 u8 3->3 f32, image", 64, colour, true, |i| i as u8)?;
    bench.compose::<u16, f32>("compose 64x512x512 u16 1->1 f32, constant", 64, grey, false, |i| i as u16)?;
    bench.compose::<f32, f32>("compose 64x512x512 f32 1->1 f32, constant", 64, grey, false, |i| i as f32)?;
    bench
        .compose::<u8, half::f16>("compose 64x512x512 u8 1->1 f16, constant", 64, grey, false, |i| i as u8)?;
    bench.compose::<u8, half::f16>("compose 64x512x512 u8 3->3 f16, constant", 64, colour, false, |i| {
        i as u8
    })?;
    bench.coalitions(224, 3, 512, 196)?;
    bench.coalitions(512, 1, 256, 64)?;

    if quick {
        return Ok(());
    }
    eprintln!("\n{:<52} {:>9} {:>9} {:>6}", "case", "GB/s", "copy", "share");
    for (case, ours, copy) in &bench.rows {
        let mark = if ours / copy < WANTED { "  below 0.6" } else { "" };
        eprintln!("{case:<52} {ours:>9.1} {copy:>9.1} {:>6.2}{mark}", ours / copy);
    }
    Ok(())
}
