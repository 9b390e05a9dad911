//! Our side of `benches/side-by-side masks`: answers on stdout what is asked on stdin; see `benches/README.md`.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::time::Instant;

use eyepatch_kernels::roi::{Scratch, dilate_into, sweep};

type Anything<T> = Result<T, Box<dyn Error>>;

/// What is run, its input, and the memory that it writes to: all of it there before the clock starts.
struct Job {
    one: bool,
    width: usize,
    height: usize,
    radii: Vec<i32>,
    mask: Vec<u8>,
    outs: Vec<Vec<u8>>,
    scratch: Scratch,
}

impl Job {
    /// `sweep WIDTH HEIGHT RADIUS..`, or `dilate` with one radius.
    fn new(line: &[&str], mask: Vec<u8>) -> Anything<Self> {
        let [what, width, height, radii @ ..] = line else { return Err("too few words".into()) };
        let radii = radii.iter().map(|r| r.parse()).collect::<Result<Vec<i32>, _>>()?;
        Ok(Self {
            one: *what == "dilate",
            width: width.parse()?,
            height: height.parse()?,
            outs: vec![vec![0; mask.len()]; radii.len()],
            radii,
            mask,
            scratch: Scratch::new(),
        })
    }

    fn run(&mut self) -> Anything<()> {
        let Self { one, width, height, radii, mask, outs, scratch } = self;
        if *one {
            dilate_into(mask, *width, *height, radii[0], &mut outs[0], scratch)?;
        } else {
            let mut outs: Vec<&mut [u8]> = outs.iter_mut().map(Vec::as_mut_slice).collect();
            sweep(mask, *width, *height, radii, &mut outs, scratch)?;
        }
        Ok(())
    }

    /// The median of some runs, in seconds.
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
                let mut mask = vec![0; len.parse()?];
                std::io::Read::read_exact(&mut input, &mut mask)?;
                job = Some(Job::new(rest, mask)?);
                writeln!(output, "ok")?;
            }
            (["check"], Some(job)) => {
                job.run()?;
                writeln!(output, "{}", job.outs.iter().map(Vec::len).sum::<usize>())?;
                job.outs.iter().try_for_each(|out| output.write_all(out))?;
            }
            (["time", runs], Some(job)) => writeln!(output, "{:e}", job.time(runs.parse()?)?)?,
            _ => return Err(format!("not understood: {line}").into()),
        }
        output.flush()?;
        line.clear();
    }
    Ok(())
}
