//! Our side of `benches/side-by-side tsne`: answers on stdout what is asked on stdin; see `benches/README.md`.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::time::Instant;

use eyepatch_embedding::tsne::kl_divergence;
use eyepatch_embedding::{Points, Tsne, TsneMap, trustworthiness};

type Anything<T> = Result<T, Box<dyn Error>>;

/// What is run, and its input.
struct Job {
    points: Points,
    tsne: Tsne,
    neighbours: usize,
}

impl Job {
    /// `N COLUMNS PERPLEXITY NEIGHBOURS`: N rows, four bytes a number.
    fn new(words: &[&str], input: &[u8]) -> Anything<Self> {
        let [n, columns, perplexity, neighbours] = words else { return Err("four words are needed".into()) };
        let number = |bytes: &[u8]| Ok(f32::from_le_bytes(bytes.try_into()?));
        let values = input.chunks(4).map(number).collect::<Anything<Vec<f32>>>()?;
        Ok(Self {
            points: Points::from_f32(&values, n.parse()?, columns.parse()?)?,
            tsne: Tsne { perplexity: perplexity.parse()?, seed: 1907, ..Tsne::default() },
            neighbours: neighbours.parse()?,
        })
    }

    fn run(&self) -> Anything<TsneMap> {
        Ok(self.tsne.map(&self.points)?)
    }

    /// Divergence from the exact P, and trustworthiness.
    fn judged(&self) -> Anything<[f64; 2]> {
        let map = self.run()?.points()?;
        let divergence = kl_divergence(&self.points, self.tsne.perplexity, &map)?;
        Ok([divergence, trustworthiness(&self.points, &map, self.neighbours)?])
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
                let bytes: Vec<u8> = job.judged()?.iter().flat_map(|v| v.to_le_bytes()).collect();
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
