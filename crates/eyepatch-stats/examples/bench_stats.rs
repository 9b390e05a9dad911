//! Our side of `benches/side-by-side stats`: answers on stdout what is asked on stdin; see `benches/README.md`.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::time::Instant;

use eyepatch_stats::{DeLong, auc};

type Anything<T> = Result<T, Box<dyn Error>>;

/// What is run, and its input.
struct Job {
    delong: bool,
    labels: Vec<bool>,
    scores: Vec<f64>,
}

impl Job {
    /// `auc N` or `delong N`: N labels, a byte each, then N scores, eight bytes each.
    fn new(words: &[&str], input: &[u8]) -> Anything<Self> {
        let [what, n] = words else { return Err("too few words".into()) };
        let (labels, scores) = input.split_at_checked(n.parse()?).ok_or("too short")?;
        let number = |bytes: &[u8]| Ok(f64::from_le_bytes(bytes.try_into()?));
        Ok(Self {
            delong: *what == "delong",
            labels: labels.iter().map(|b| *b == 1).collect(),
            scores: scores.chunks(8).map(number).collect::<Anything<_>>()?,
        })
    }

    /// The AUC and, for `delong`, its variance.
    fn run(&self) -> Anything<Vec<f64>> {
        if !self.delong {
            return Ok(vec![auc(&self.labels, &self.scores)?]);
        }
        let delong = DeLong::new(&self.labels, &[&self.scores])?;
        Ok(vec![delong.aucs()[0], delong.covariance(0, 0).ok_or("no variance")?])
    }

    /// The median of some runs, in seconds.
    fn time(&self, runs: usize) -> Anything<f64> {
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

fn main() -> Anything<()> {
    let mut input = BufReader::new(std::io::stdin().lock());
    let mut output = std::io::stdout().lock();
    writeln!(output, "hello eyepatch {}", env!("CARGO_PKG_VERSION"))?;
    output.flush()?;
    let mut job = None;
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (words.as_slice(), &job) {
            (["load", len, rest @ ..], _) => {
                let mut bytes = vec![0; len.parse()?];
                input.read_exact(&mut bytes)?;
                job = Some(Job::new(rest, &bytes)?);
                writeln!(output, "ok")?;
            }
            (["check"], Some(job)) => {
                let bytes: Vec<u8> = job.run()?.iter().flat_map(|v| v.to_le_bytes()).collect();
                writeln!(output, "{}", bytes.len())?;
                output.write_all(&bytes)?;
            }
            (["time", runs], Some(job)) => writeln!(output, "{:e}", job.time(runs.parse()?)?)?,
            _ => return Err(format!("not understood: {line}").into()),
        }
        output.flush()?;
        line.clear();
    }
    Ok(())
}
