//! Our side of `benches/side-by-side densenet`: answers on stdout what is asked on stdin; see `benches/README.md`.
#![allow(clippy::print_stdout, reason = "it answers on stdout")]

#[path = "../tests/golden/formula.rs"]
mod formula;

use eyepatch_nn::DenseNetConfig;
use eyepatch_nn::infer::{Engine, Isa, Precision, Profile};
use std::error::Error;
use std::io::{BufRead, Write};
use std::sync::Mutex;
use std::time::Instant;

type Anything<T> = Result<T, Box<dyn Error>>;

/// A network and its images.
struct Job {
    engine: Engine,
    pixels: Vec<f32>,
    n: usize,
    side: usize,
}

impl Job {
    /// `PRECISION ISA N SIDE`: `f32` or `bf16`, `best` or the name of an instruction set, images and their side.
    fn new(line: &[&str]) -> Anything<Self> {
        let [precision, isa, n, side] = line else { return Err("wanted: PRECISION ISA N SIDE".into()) };
        let isa = match *isa {
            "best" => Isa::best(),
            name => Isa::available()
                .into_iter()
                .find(|i| i.name() == name)
                .ok_or_else(|| format!("this CPU has no {name}"))?,
        };
        let graph = formula::network("121", DenseNetConfig::densenet121(3, 14))?.graph()?;
        let logits = graph.find("classifier").ok_or("no classifier")?;
        let engine = match *precision {
            "f32" => Engine::with_isa(&graph, &[logits], isa)?,
            "bf16" => Engine::new(&graph, &[logits], Precision::Bf16)?,
            other => return Err(format!("the engine does not compute in {other}").into()),
        };
        let (n, side) = (n.parse()?, side.parse()?);
        Ok(Self { engine, pixels: formula::images(n, (side, side)), n, side })
    }

    fn run(&self) -> Anything<Vec<f32>> {
        Ok(self.engine.run(&self.pixels, self.n, (self.side, self.side))?.remove(0).values)
    }

    /// The median of some runs, in seconds.
    fn time(&self, runs: usize) -> Anything<f64> {
        let mut seconds = Vec::with_capacity(runs);
        for _ in 0..runs.max(1) {
            let start = Instant::now();
            self.run()?;
            seconds.push(start.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        Ok(seconds[seconds.len() / 2])
    }

    /// Seconds a run by kind of layer, summed over threads, as JSON.
    fn profile(&self, runs: usize) -> Anything<String> {
        let profile = Mutex::new(Profile::new());
        for _ in 0..runs.max(1) {
            self.engine.run_profiled(&self.pixels, self.n, (self.side, self.side), &profile)?;
        }
        let profile = profile.into_inner().map_err(|_| "a run failed")?;
        let seconds = profile.iter().map(|(kind, t)| (*kind, t.as_secs_f64() / runs.max(1) as f64));
        Ok(serde_json::to_string(&seconds.collect::<std::collections::BTreeMap<_, _>>())?)
    }
}

/// The most memory that this process has had, in MiB (Linux).
fn peak_mib() -> Anything<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

fn main() -> Anything<()> {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    writeln!(output, "hello eyepatch {}", env!("CARGO_PKG_VERSION"))?;
    output.flush()?;
    let mut job = None;
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (words.as_slice(), &job) {
            // Images follow from a formula on both sides: nothing is sent.
            (["load", "0", rest @ ..], _) => {
                job = Some(Job::new(rest)?);
                writeln!(output, "ok")?;
            }
            (["check"], Some(job)) => {
                let bytes: Vec<u8> = job.run()?.iter().flat_map(|v| v.to_le_bytes()).collect();
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
