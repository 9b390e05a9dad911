//! Our side of `benches/gpu/densenet.py`: DenseNet-121's forward pass and training step on a device, asked on stdin and
//! answered on stdout as `benches/README.md` says.
//!
//! `device_densenet weights DEVICE FILE` writes weights whose normalisations have seen data; `device_densenet serve DEVICE`
//! answers. Jobs: `forward N SIDE PRECISION WEIGHTS` and `train N SIDE f32 WEIGHTS`, with N x 3 x SIDE x SIDE floats.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::time::Instant;

use eyepatch_nn::device::choose;
use eyepatch_nn::train::{Optimizer, OptimizerConfig, bce_with_logits};
use eyepatch_nn::{DenseNet, DenseNetConfig, Device, Precision, Runner, Tensor};

type Anything<T> = Result<T, Box<dyn Error>>;

const CLASSES: usize = 5;
/// Steps that `check` takes, from the weights as they were loaded.
const STEPS: usize = 4;

enum Job {
    Forward { runner: Runner, pixels: Vec<f32>, n: usize, side: usize },
    Train { net: Box<DenseNet>, optimizer: Optimizer, x: Tensor, labels: Vec<f32> },
}

impl Job {
    fn new(words: &[&str], payload: &[u8], device: &Device) -> Anything<Self> {
        let &[what, n, side, precision, weights] = words else { return Err("five words are wanted".into()) };
        let (n, side): (usize, usize) = (n.parse()?, side.parse()?);
        let pixels: Vec<f32> = payload.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        if what == "forward" {
            let net = DenseNet::open(weights.as_ref(), &Device::Cpu)?;
            let precision = if precision == "bf16" { Precision::Bf16 } else { Precision::F32 };
            return Ok(Self::Forward { runner: Runner::of(&net, device, precision)?, pixels, n, side });
        }
        let net = Box::new(DenseNet::open(weights.as_ref(), device)?);
        let optimizer = Optimizer::new(OptimizerConfig::adam(0.0), 1e-4)?;
        let x = Tensor::from_vec(pixels, (n, 3, side, side), device)?;
        let labels = (0..n * CLASSES).map(|i| ((i * 7) % 3 % 2) as f32).collect();
        Ok(Self::Train { net, optimizer, x, labels })
    }

    /// Logits, or the loss before the step.
    fn run(&mut self) -> Anything<Vec<f32>> {
        match self {
            Self::Forward { runner, pixels, n, side } => Ok(runner.run(pixels, *n, (*side, *side))?.logits),
            Self::Train { net, optimizer, x, labels } => {
                let logits = net.forward_train(x)?;
                let loss = bce_with_logits(&logits.flatten_all()?.to_vec1::<f32>()?, labels)?;
                let grads = loss.backward_from(&logits)?.backward()?;
                optimizer.step(net, &grads)?;
                x.device().synchronize()?;
                Ok(vec![loss.mean() as f32])
            }
        }
    }

    fn check(&mut self) -> Anything<Vec<f32>> {
        let steps = if matches!(self, Self::Train { .. }) { STEPS } else { 1 };
        Ok((0..steps).map(|_| self.run()).collect::<Anything<Vec<_>>>()?.concat())
    }

    fn time(&mut self, runs: usize) -> Anything<f64> {
        let mut seconds = Vec::with_capacity(runs);
        for _ in 0..runs.max(1) {
            let start = Instant::now();
            self.run()?;
            seconds.push(start.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        Ok(seconds[seconds.len() / 2])
    }
}

/// Weights as random as at the start of training, with running statistics of four batches of noise.
fn write_weights(device: &Device, path: &str) -> Anything<()> {
    let mut net = DenseNet::new(DenseNetConfig::densenet121(3, CLASSES), 1907, device)?;
    for batch in 0..4u32 {
        let noise = |i: u32| ((i + batch).wrapping_mul(2_654_435_761) >> 8) as f32 / 16_777_216.0;
        let pixels: Vec<f32> = (0..4 * 3 * 96 * 96).map(noise).collect();
        net.forward_train(&Tensor::from_vec(pixels, (4, 3, 96, 96), device)?)?;
    }
    Ok(net.save(path.as_ref())?)
}

fn serve(device: &Device) -> Anything<()> {
    let (mut input, mut output) = (BufReader::new(std::io::stdin().lock()), std::io::stdout().lock());
    writeln!(output, "hello eyepatch {}", env!("CARGO_PKG_VERSION"))?;
    output.flush()?;
    let (mut job, mut line) = (None, String::new());
    while input.read_line(&mut line)? > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (words.as_slice(), job.as_mut()) {
            (["load", length, words @ ..], _) => {
                let mut payload = vec![0; length.parse()?];
                std::io::Read::read_exact(&mut input, &mut payload)?;
                job = Some(Job::new(words, &payload, device)?);
                writeln!(output, "ok")?;
            }
            (["check"], Some(job)) => {
                let bytes: Vec<u8> = job.check()?.iter().flat_map(|v| v.to_le_bytes()).collect();
                writeln!(output, "{}", bytes.len())?;
                output.write_all(&bytes)?;
            }
            (["time", runs], Some(job)) => writeln!(output, "{:?}", job.time(runs.parse()?)?)?,
            _ => return Err(format!("not understood: {line}").into()),
        }
        output.flush()?;
        line.clear();
    }
    Ok(())
}

fn main() -> Anything<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let open = |device: &str| -> Anything<Device> {
        Ok(choose(device.parse::<eyepatch_nn::device::DeviceChoice>()?)?.open()?)
    };
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["weights", device, path] => write_weights(&open(device)?, path),
        ["serve", device] => serve(&open(device)?),
        _ => Err("weights DEVICE FILE, or serve DEVICE".into()),
    }
}
