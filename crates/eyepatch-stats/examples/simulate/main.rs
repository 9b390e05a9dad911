//! Error rates of the tests and intervals of AUCs on made-up studies whose truth is known, as CSV.
//!
//! ```text
//! cargo run --release -p eyepatch-stats --example simulate -- [--runs N] [--quick] [--continue FILE]
//!     [--only single|verdict|stress] [--smaller PATIENTS]
//! ```
//!
//! 10,000 runs a condition by default, 200 with `--quick`. What FILE holds (the output of an earlier call) is not run again: its runs
//! are the first of those asked for. `benches/simulations/README.md` says what is simulated and what was found.
#![allow(clippy::print_stdout, reason = "it answers on stdout")]

mod cohort;
mod single;
mod stress;
mod verdict;

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;

use eyepatch_stats::StatsError;
use rayon::prelude::*;

use cohort::{Cohort, Design};

const ALPHA: f64 = 0.05;

/// What was asked of a rate where the smaller class has at least 60 patients.
#[derive(Clone, Copy)]
struct Rate(f64, f64);

impl Rate {
    const TYPE_ONE: Self = Self(0.035, 0.06);
    const COVERAGE: Self = Self(0.93, 0.965);
    const FAMILYWISE: Self = Self(0.0, 0.055);
}

#[derive(Clone, Copy, PartialEq)]
enum Study {
    Single,
    Verdict,
    Stress,
}

impl Study {
    fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Verdict => "verdict",
            Self::Stress => "stress",
        }
    }
}

/// A study of one kind and size.
struct Condition {
    study: Study,
    design: Design,
    /// The true AUC of single AUCs and cells; of a verdict's hidden contrast 0.55.
    auc: f64,
}

fn conditions() -> Vec<Condition> {
    let mut all = Vec::new();
    for study in [Study::Single, Study::Verdict, Study::Stress] {
        let (clusters, aucs) = match study {
            // With one image a patient neither rho nor mixed labels have a meaning.
            Study::Single => {
                (grid(&[(2, 0.0), (2, 0.5), (2, 0.8), (5, 0.0), (5, 0.5), (5, 0.8)]), vec![0.7, 0.95])
            }
            Study::Verdict => (grid(&[(2, 0.5), (5, 0.8)]), vec![0.55]),
            Study::Stress => (vec![(1, 0.0, false), (2, 0.5, false)], vec![0.5]),
        };
        for &auc in &aucs {
            for &(images, rho, mixed) in &clusters {
                for smaller in [10, 30, 60, 200] {
                    all.push(Condition { study, design: Design { smaller, images, rho, mixed }, auc });
                }
            }
        }
    }
    all
}

/// One image a patient, and each of these numbers of images and rho with constant and with mixed labels.
fn grid(several: &[(usize, f64)]) -> Vec<(usize, f64, bool)> {
    let both = several.iter().flat_map(|&(images, rho)| [false, true].map(|mixed| (images, rho, mixed)));
    std::iter::once((1, 0.0, false)).chain(both).collect()
}

impl Condition {
    /// Each rate's name, and the number of these runs in which it happened.
    fn counts(
        &self,
        number: usize,
        runs: Range<usize>,
    ) -> Result<Vec<(&'static str, Rate, usize)>, StatsError> {
        let cohort = Cohort::new(self.design);
        match self.study {
            Study::Single => {
                let found = count(runs, |run| single::run(&cohort, self.auc, number, run))?;
                let names = single::NAMES.into_iter().zip(single::ASKED);
                Ok(names.zip(found).map(|((name, asked), found)| (name, asked, found)).collect())
            }
            Study::Verdict => {
                let effect = verdict::effect(&cohort);
                let [found] = count(runs, |run| verdict::run(&cohort, effect, number, run))?;
                Ok(vec![("familywise", Rate::FAMILYWISE, found)])
            }
            Study::Stress => {
                let [found] = count(runs, |run| stress::run(&cohort, self.auc, number, run))?;
                Ok(vec![("familywise", Rate::FAMILYWISE, found)])
            }
        }
    }

    fn key(&self) -> String {
        let Design { smaller, images, rho, mixed } = self.design;
        let labels = if mixed { "mixed" } else { "constant" };
        format!("{},{images},{rho},{labels},{},{smaller}", self.study.name(), self.auc)
    }
}

/// In how many runs each of `N` things happened.
fn count<const N: usize>(
    runs: Range<usize>,
    one: impl Fn(usize) -> Result<[bool; N], StatsError> + Sync,
) -> Result<[usize; N], StatsError> {
    let add = |a: [usize; N], b: [usize; N]| std::array::from_fn(|i| a[i] + b[i]);
    runs.into_par_iter()
        .map(|run| one(run).map(|found| found.map(usize::from)))
        .try_reduce(|| [0; N], |a, b| Ok(add(a, b)))
}

struct Options {
    runs: usize,
    only: Option<String>,
    /// Patients in the smaller class.
    smaller: Option<usize>,
    known: Known,
}

/// Of an earlier call, by condition: how many runs, and in how many of them each rate's event happened.
type Known = BTreeMap<String, (usize, BTreeMap<String, usize>)>;

const HEADER: &str = "study,images,rho,labels,auc,smaller,runs,rate,found,share,asked_low,asked_high";
/// Columns that tell conditions apart.
const KEY: usize = 6;

fn known(path: &str) -> Result<Known, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return Err(format!("{path}: its first line is not {HEADER}").into());
    }
    let mut known = Known::new();
    for line in lines {
        let words: Vec<&str> = line.split(',').collect();
        let [runs, rate, found, ..] = words.get(KEY..).unwrap_or_default() else {
            return Err(format!("{path}: {line} lacks columns").into());
        };
        let of = known.entry(words[..KEY].join(",")).or_default();
        of.0 = runs.parse()?;
        of.1.insert((*rate).to_owned(), found.parse()?);
    }
    Ok(known)
}

fn options() -> Result<Options, Box<dyn std::error::Error>> {
    let mut options = Options { runs: 10_000, only: None, smaller: None, known: Known::new() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} asks for a value"));
        match word.as_str() {
            "--quick" => options.runs = 200,
            "--runs" => options.runs = value()?.parse()?,
            "--only" => options.only = Some(value()?),
            "--smaller" => options.smaller = Some(value()?.parse()?),
            "--continue" => options.known = known(&value()?)?,
            _ => return Err(format!("{word} is not understood").into()),
        }
    }
    Ok(options)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = options()?;
    println!("{HEADER}");
    for (number, condition) in conditions().iter().enumerate() {
        let key = condition.key();
        let (done, before) = options.known.get(&key).cloned().unwrap_or_default();
        let wanted = options.only.as_ref().is_none_or(|only| only == condition.study.name())
            && options.smaller.is_none_or(|smaller| smaller == condition.design.smaller);
        let runs = if wanted { options.runs.max(done) } else { done };
        if runs == 0 {
            continue;
        }
        for (name, Rate(low, high), found) in condition.counts(number, done..runs)? {
            let found = found + before.get(name).unwrap_or(&0);
            println!("{key},{runs},{name},{found},{:.4},{low},{high}", found as f64 / runs as f64);
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}
