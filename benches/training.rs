//! Our side of `benches/side-by-side training`: answers on stdout what is asked on stdin; see `benches/README.md`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it answers on stdout and tells where time went"
)]

use eyepatch_engine::{AuditInfo, Experiment, MaskingSweep, Options, Quiet, Store, run_audits};
use eyepatch_nn::train::{Examples, OptimizerConfig, Targets, TrainConfig, train};
use eyepatch_nn::{DenseNet, DenseNetConfig, Device};
use plugin_auc::AucMatrix;
use plugin_densenet::{Augment, DenseNet as Model, densenet121_study};
use plugin_maskers::published;
use plugin_phantom::phantom_chest;
use std::error::Error;
use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::time::Instant;

type Anything<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Steps of a training of the small network.
const STEPS: usize = 8;

/// The study's schedule: 5 maskings, 5 folds, 200 images of 224 px, 10 epochs; the last dense layer and the head learn.
fn schedule(threads: usize) -> Anything<()> {
    let model = Model {
        size: 224,
        epochs: 10,
        patience: 0,
        augment: Augment::default(),
        views: 0,
        ..densenet121_study()
    };
    let films = phantom_chest().with_patients(200).with_visits(1, 1).with_size(224);
    let sweep = MaskingSweep::new(model, films)
        .maskers(published())
        .folds(5)
        .validation(0.2)
        .examples(0)
        .probe(AucMatrix::default());
    let info = AuditInfo {
        id: "bench/schedule".into(),
        question: "How long does the study's schedule take?".into(),
        seed: 1907,
        tags: vec![],
        declared_in: "benches/training.rs".into(),
        variant: None,
    };
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path())?;
    let options = Options { threads, ..Options::default() };
    let audit: Box<dyn Experiment> = Box::new(sweep);
    let (result, _, timings) = run_audits(&[(info, audit)], &store, &options, &Quiet)?;
    if result.audits.len() != 1 {
        return Err("no result".into());
    }
    let mut kinds = std::collections::BTreeMap::<&str, f64>::new();
    timings.cells.iter().for_each(|c| *kinds.entry(&c.kind).or_default() += c.seconds);
    eprintln!(
        "eyepatch: seconds by kind of cell {kinds:.1?}, peaks in bytes: {:?}",
        (timings.peak_disk_bytes, timings.peak_memory_bytes)
    );
    Ok(())
}

/// One small network a thread, trained from scratch on 128 px, batch 32.
fn small(threads: usize) -> Anything<()> {
    let one = |seed: u64| -> Anything<()> {
        let mut net = DenseNet::new(DenseNetConfig::small(1, 1), seed, &Device::Cpu)?;
        let n = 32 * STEPS;
        let pixels = (0..n * 128 * 128).map(|i| ((i * 7919 + 3) % 1009) as f32 / 1009.0).collect();
        let values = (0..n).map(|i| (i % 2) as f32).collect();
        let data = Examples::new(pixels, (1, 128, 128), Targets::Labels { classes: 1, values })?;
        let how = TrainConfig::new(1, 32, 1e-3, OptimizerConfig::adam(0.0));
        train(&mut net, &data, None, &how, seed, &mut |_| ControlFlow::Continue(()))?;
        Ok(())
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads as u64).map(|seed| scope.spawn(move || one(seed))).collect();
        all.into_iter().try_for_each(|t| t.join().map_err(|_| "a training panicked")?)
    })
}

fn main() -> Anything<()> {
    let threads: usize = std::env::var("EYEPATCH_BENCH_THREADS")?.parse()?;
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    writeln!(output, "hello eyepatch {}", env!("CARGO_PKG_VERSION"))?;
    output.flush()?;
    let mut case = String::new();
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["load", "0", name] => {
                case = (*name).to_owned();
                writeln!(output, "ok")?;
            }
            ["time", runs] => {
                let mut seconds = Vec::new();
                for _ in 0..runs.parse()? {
                    let start = Instant::now();
                    match case.as_str() {
                        "schedule" => schedule(threads)?,
                        "small" => small(threads)?,
                        other => return Err(format!("no case {other}").into()),
                    }
                    seconds.push(start.elapsed().as_secs_f64());
                }
                seconds.sort_by(f64::total_cmp);
                writeln!(output, "{:e}", seconds[seconds.len() / 2])?;
            }
            _ => return Err(format!("not understood: {line}").into()),
        }
        output.flush()?;
        line.clear();
    }
    Ok(())
}
