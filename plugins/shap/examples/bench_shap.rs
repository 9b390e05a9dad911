//! Our side of `benches/side-by-side shap`: answers on stdout what is asked on stdin; see `benches/README.md`.
//!
//! What partition SHAP costs beside the model: 1000 evaluations of 512 x 512 x 3 floats in batches of 50, with a model that
//! reads every eighth pixel of every eighth row. And the plain copy of as many images into the same buffer.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::time::{Duration, Instant};

use eyepatch_core::Layout;
use plugin_shap::{Block, Canvas, Game, PartitionSettings, Shown, box_blur, partition};
use rayon::prelude::*;

type Anything<T> = Result<T, Box<dyn Error>>;

const SIDE: usize = 512;
const CHANNELS: usize = 3;
const VALUES: usize = SIDE * SIDE * CHANNELS;
const EVALUATIONS: usize = 1000;
const BATCH: usize = 50;
/// Between the rows, and the columns, that the model reads.
const STEP: usize = 8;
const READ: usize = (SIDE / STEP) * (SIDE / STEP);
/// Hidden units of the model.
const UNITS: usize = 5;

/// tanh(offset + 4 / sqrt(n) * weights . values), five times; then a weighted sum of them and of neighbours' products.
struct Model {
    hidden: Vec<f64>,
    offsets: Vec<f64>,
    output: Vec<f64>,
}

impl Model {
    fn look(&self, image: &[f32]) -> f64 {
        let at = |i: usize| (i / (SIDE / STEP) * SIDE + i % (SIDE / STEP)) * STEP * CHANNELS;
        let seen: Vec<f64> = (0..READ).map(|i| f64::from(image[at(i)])).collect();
        let unit = |(weights, offset): (&[f64], &f64)| {
            let sum: f64 = weights.iter().zip(&seen).map(|(w, v)| w * v).sum();
            (offset + 4.0 / (READ as f64).sqrt() * sum).tanh()
        };
        let units: Vec<f64> = self.hidden.chunks_exact(READ).zip(&self.offsets).map(unit).collect();
        let products = (0..UNITS).map(|k| units[k] * units[(k + 1) % UNITS]);
        units.iter().copied().chain(products).zip(&self.output).map(|(v, w)| v * w).sum()
    }
}

struct Free<'a> {
    canvas: Canvas<'a, f32>,
    images: &'a mut [f32],
    model: &'a Model,
    /// Spent in the model.
    spent: Duration,
}

impl Game<[Shown]> for Free<'_> {
    type Error = plugin_shap::Error;

    fn classes(&self) -> usize {
        1
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn outputs(&mut self, shown: &[Shown]) -> Result<Vec<f64>, plugin_shap::Error> {
        let images = &mut self.images[..shown.len() * VALUES];
        self.canvas.paint_all(shown, images)?;
        let start = Instant::now();
        let outputs = images.chunks_exact(VALUES).map(|image| self.model.look(image)).collect();
        self.spent += start.elapsed();
        Ok(outputs)
    }
}

/// What is run, its input, and the batch that it writes to: all of it there before the clock starts.
struct Job {
    copy: bool,
    blur: bool,
    image: Vec<f32>,
    model: Model,
    batch: Vec<f32>,
    pool: rayon::ThreadPool,
    /// Spent in the model by all runs so far.
    spent: Duration,
}

impl Job {
    /// `copy`, `black` or `blur`; then the image (HWC, 4 bytes a value) and the model's numbers (8 bytes each).
    fn new(words: &[&str], input: &[u8]) -> Anything<Self> {
        let [what @ ("copy" | "black" | "blur")] = words else { return Err("copy, black or blur".into()) };
        let (image, numbers) = input.split_at_checked(4 * VALUES).ok_or("too short")?;
        let (image, []) = image.as_chunks::<4>() else { return Err("not whole".into()) };
        let numbers: Vec<f64> = numbers.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
        let [hidden, rest] = numbers.split_at_checked(UNITS * READ).map(<[_; 2]>::from).ok_or("too short")?;
        let [offsets, output] = rest.split_at_checked(UNITS).map(<[_; 2]>::from).ok_or("too short")?;
        let model = Model { hidden: hidden.into(), offsets: offsets.into(), output: output.into() };
        Ok(Self {
            copy: *what == "copy",
            blur: *what == "blur",
            image: image.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            model,
            batch: vec![1.0; BATCH * VALUES],
            pool: rayon::ThreadPoolBuilder::new().build()?,
            spent: Duration::ZERO,
        })
    }

    /// Values of the image's channels, rows and columns, or the last image that was copied.
    fn run(&mut self) -> Anything<Vec<f64>> {
        let Self { copy, blur, image, model, batch, pool, spent } = self;
        if *copy {
            pool.install(|| {
                for _ in 0..EVALUATIONS / BATCH {
                    batch.par_chunks_exact_mut(VALUES).for_each(|out| out.copy_from_slice(image));
                    std::hint::black_box(&mut *batch);
                }
            });
            return Ok(Vec::new());
        }
        let background: Vec<f32> = if *blur {
            let values: Vec<f64> = image.iter().map(|v| f64::from(*v)).collect();
            box_blur(&values, [SIDE, SIDE, CHANNELS], 51, 51).into_iter().map(|v| v as f32).collect()
        } else {
            vec![0.0; VALUES]
        };
        let whole = Block::image(SIDE, SIDE, CHANNELS)?;
        let canvas = Canvas::new(image, &background, whole, Layout::Nhwc)?;
        let settings = PartitionSettings { evaluations: EVALUATIONS, expand: BATCH / 2, target: None };
        let mut game = Free { canvas, images: batch, model, spent: Duration::ZERO };
        let found = pool.install(|| partition(&mut game, whole, settings))?;
        *spent += game.spent;
        Ok(found.values(0))
    }

    fn output(&mut self) -> Anything<Vec<u8>> {
        if self.copy {
            self.run()?;
            let last = &self.batch[(BATCH - 1) * VALUES..];
            return Ok(last.iter().flat_map(|v| v.to_le_bytes()).collect());
        }
        Ok(self.run()?.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    /// Seconds a run in the model and in the rest, as JSON.
    fn profile(&mut self, runs: usize) -> Anything<String> {
        let (start, before) = (Instant::now(), self.spent);
        for _ in 0..runs.max(1) {
            std::hint::black_box(self.run()?);
        }
        let model = (self.spent - before).as_secs_f64();
        let rest = start.elapsed().as_secs_f64() - model;
        Ok(format!("{{\"model\": {:e}, \"rest\": {:e}}}", model / runs as f64, rest / runs as f64))
    }

    /// The median of some runs, in seconds.
    fn time(&mut self, runs: usize) -> Anything<f64> {
        let mut seconds = Vec::with_capacity(runs);
        for _ in 0..runs.max(1) {
            let start = Instant::now();
            std::hint::black_box(self.run()?);
            seconds.push(start.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        Ok(seconds[seconds.len() / 2])
    }
}

/// The most memory that this process has had, in MiB (Linux).
fn peak_mib() -> Anything<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

fn main() -> Anything<()> {
    let mut input = BufReader::new(std::io::stdin().lock());
    let mut output = std::io::stdout().lock();
    writeln!(output, "hello eyepatch {}", env!("CARGO_PKG_VERSION"))?;
    output.flush()?;
    let mut job = None;
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (words.as_slice(), &mut job) {
            (["load", len, rest @ ..], _) => {
                let mut bytes = vec![0; len.parse()?];
                input.read_exact(&mut bytes)?;
                job = Some(Job::new(rest, &bytes)?);
                writeln!(output, "ok")?;
            }
            (["check"], Some(job)) => {
                let bytes = job.output()?;
                writeln!(output, "{}", bytes.len())?;
                output.write_all(&bytes)?;
            }
            (["time", runs], Some(job)) => writeln!(output, "{:e}", job.time(runs.parse()?)?)?,
            (["profile", runs], Some(job)) => writeln!(output, "{}", job.profile(runs.parse()?)?)?,
            (["peak"], _) => writeln!(output, "{}", peak_mib()?)?,
            _ => return Err(format!("not understood: {line}").into()),
        }
        output.flush()?;
        line.clear();
    }
    Ok(())
}
