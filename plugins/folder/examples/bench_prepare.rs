//! Our side of `benches/side-by-side prepare`: answers on stdout what is asked on stdin; see `benches/README.md`.
#![allow(clippy::print_stdout, reason = "it answers on stdout")]

use std::error::Error;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use eyepatch_core::{Ctx, Dataset, Handle, Seed};
use eyepatch_data::mapped::Mapped;
use eyepatch_data::prepared::{Options, Values, prepare};
use eyepatch_data::resize::ResizeMethod;
use plugin_folder::folder;
use rayon::prelude::*;

type Anything<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What is prepared, how and where.
struct Job {
    data: PathBuf,
    out: PathBuf,
    method: ResizeMethod,
    size: usize,
    threads: usize,
}

impl Job {
    fn new(words: &[&str], threads: usize) -> Anything<Self> {
        let &[method, size] = words else { return Err(format!("no case {words:?}").into()) };
        let data = std::env::var_os("EYEPATCH_DATA").ok_or("EYEPATCH_DATA is not set")?;
        let method = match method {
            "antialias" => ResizeMethod::Antialias,
            _ => ResizeMethod::Study,
        };
        let out = tempfile::tempdir()?.keep();
        Ok(Self {
            data: Path::new(&data).join("nih_pneumonia_1000"),
            out,
            method,
            size: size.parse()?,
            threads,
        })
    }

    fn dataset(&self) -> Handle<dyn Dataset> {
        let home = &self.data;
        let data = folder(home.join("labels.csv"), home.join("images"), home.join("masks_lung_pred"));
        data.patient("patient_id").label("label").into()
    }

    fn ctx(&self) -> Anything<Ctx> {
        Ok(Ctx::new(Seed::root(1), self.threads)?)
    }

    /// All of `eyepatch prepare`, reading the table and making all durable included.
    fn run(&self) -> Anything<()> {
        let set = self.set();
        if set.exists() {
            std::fs::remove_dir_all(&set)?;
        }
        let options = Options {
            size: (self.size, self.size),
            method: self.method,
            values: Values::Stored,
            depth: None,
            channels: None,
            limit: None,
            skip_bad: false,
            cell: str::to_owned,
        };
        prepare(&self.dataset(), &set, &options, &self.ctx()?)?;
        Ok(())
    }

    /// Images and ROIs decoded and checked, and nothing done with them: what `run` cannot be faster than.
    fn decode(&self) -> Anything<()> {
        let (data, ctx) = (self.dataset(), self.ctx()?);
        let rows = data.table(&ctx)?.rows.len();
        let load = |row: usize| data.load(row, &ctx).map(|_| ());
        Ok(ctx.install(|| (0..rows).into_par_iter().with_max_len(1).map(load).collect::<Result<(), _>>())?)
    }

    fn set(&self) -> PathBuf {
        self.out.join("set")
    }

    /// Every eighth row of every twentieth image.
    fn sample(&self) -> Anything<Vec<u8>> {
        let images = Mapped::open(&self.set().join("images.npy"))?;
        let mut bytes = Vec::new();
        for index in (0..images.header().shape[0]).step_by(20) {
            let rows = images.entry(index)?.chunks_exact(self.size);
            bytes.extend(rows.step_by(8).flatten());
        }
        Ok(bytes)
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.out);
    }
}

fn median(runs: usize, mut work: impl FnMut() -> Anything<()>) -> Anything<f64> {
    let mut seconds = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        work()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[seconds.len() / 2])
}

/// The most memory that this process has had, in MiB.
fn peak() -> Anything<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

fn main() -> Anything<()> {
    let threads: usize = std::env::var("EYEPATCH_BENCH_THREADS")?.parse()?;
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    writeln!(output, "hello eyepatch {}", env!("CARGO_PKG_VERSION"))?;
    output.flush()?;
    let (mut job, mut line) = (None, String::new());
    while input.read_line(&mut line)? > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (words.as_slice(), &job) {
            (["load", "0", words @ ..], _) => {
                job = Some(Job::new(words, threads)?);
                writeln!(output, "ok")?;
            }
            (["check"], Some(job)) => {
                job.run()?;
                let bytes = job.sample()?;
                writeln!(output, "{}", bytes.len())?;
                output.write_all(&bytes)?;
            }
            (["time", runs], Some(job)) => writeln!(output, "{:e}", median(runs.parse()?, || job.run())?)?,
            (["peak"], _) => writeln!(output, "{}", peak()?)?,
            (["profile", runs], Some(job)) => {
                let runs: usize = runs.parse()?;
                // By turns, so that both meet the same machine.
                let (mut alone, mut all) = (Vec::new(), Vec::new());
                for _ in 0..runs.max(5) {
                    alone.push(median(1, || job.decode())?);
                    all.push(median(1, || job.run())?);
                }
                alone.sort_by(f64::total_cmp);
                all.sort_by(f64::total_cmp);
                let middle = alone.len() / 2;
                writeln!(output, "{{\"decode\": {}, \"prepare\": {}}}", alone[middle], all[middle])?;
            }
            _ => return Err(format!("not understood: {line}").into()),
        }
        output.flush()?;
        line.clear();
    }
    Ok(())
}
