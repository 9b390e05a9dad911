//! `eyepatch predict`: a network's scores of images.

mod args;
mod source;
mod table;

use std::sync::mpsc::sync_channel;
use std::time::Instant;

use eyepatch_core::Cancel;
use eyepatch_nn::Runner;
use rayon::prelude::*;
use serde_json::json;

pub(crate) use args::PredictArgs;
use source::Entry;
use table::{Results, Sink};

use super::error::CliError;
use super::network::{Network, Preparation};
use super::watch::{progress_bar, stop_on_interrupt};
use super::{Outcome, files};

/// Broken images that are named; the rest is counted.
const NAMED: usize = 5;

/// A batch, image by image: pixels, or why there are none.
type Decoded = Vec<Result<Vec<f32>, CliError>>;

/// Everything that turns images into results.
struct Prediction<'a> {
    runner: &'a Runner,
    preparation: Preparation,
    entries: &'a [Entry],
    batch: usize,
    classes: usize,
    keep_features: bool,
    pool: &'a rayon::ThreadPool,
    cancel: &'a Cancel,
}

pub(crate) fn predict(args: &PredictArgs) -> Result<Outcome, CliError> {
    let entries = source::entries(args)?;
    let Network { net, classes, preparation } = args.network.load()?;
    let score = (!args.logits).then(|| args.score.unwrap_or_default());
    let sink = Sink { classes: &classes, score, out: &args.out, features: args.features.as_deref() };
    sink.check(args.force)?;
    let (chosen, runner) = args.network.start(&net)?;
    let cancel = Cancel::default();
    stop_on_interrupt(cancel.clone(), "finished scores are kept");
    let threads = args.network.threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let prediction = Prediction {
        runner: &runner,
        preparation,
        entries: &entries,
        batch: args.network.batch.into(),
        classes: classes.len(),
        keep_features: args.features.is_some(),
        pool: &pool.map_err(|e| CliError::usage(e.to_string(), "give fewer --threads"))?,
        cancel: &cancel,
    };
    let start = Instant::now();
    let (results, broken, ended) = prediction.run();
    keep(args, &sink, &results, &broken, ended, entries.len())?;
    let seconds = start.elapsed().as_secs_f64();
    let precision = eyepatch_nn::Precision::from(args.network.precision);
    if args.json {
        return files::print_json(&json!({
            "out": args.out, "features": args.features, "images": results.samples.len(), "classes": classes,
            "device": chosen.to_string(), "device_note": chosen.note, "path": runner.path(),
            "precision": precision, "threads": prediction.pool.current_num_threads(),
            "preprocessing": preparation.describe(), "seconds": seconds,
        }));
    }
    files::print(&format!(
        "{} images, {} classes: {} ({chosen}, {}, {precision}; {:.1} images/s)\n",
        results.samples.len(),
        classes.len(),
        args.out.display(),
        runner.path(),
        results.samples.len() as f64 / seconds.max(1e-9)
    ))
}

/// Writes what there is, under the names asked for where it is all there is to be had, and says what is missing.
fn keep(
    args: &PredictArgs,
    sink: &Sink<'_>,
    results: &Results,
    broken: &[CliError],
    ended: Result<(), CliError>,
    images: usize,
) -> Result<(), CliError> {
    if ended.is_ok() && broken.is_empty() {
        return sink.whole(results);
    }
    let done = results.samples.len();
    let kept = if done == 0 {
        "nothing was written".to_owned()
    } else if ended.is_ok() && args.keep_going {
        sink.whole(results)?;
        format!("the other {done} are in {}", args.out.display())
    } else {
        format!("the scores of {done} images are in {}", sink.partial(results)?.display())
    };
    if let Err(error) = ended {
        files::complain(&kept);
        return Err(error);
    }
    let named: Vec<String> = broken.iter().take(NAMED).map(|e| format!("\n  - {e}")).collect();
    let more = broken.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    let problem = format!("{} of {images} images cannot be used:{}{more}", broken.len(), named.concat());
    let remedy =
        if args.keep_going { "mend or remove them" } else { "mend or remove them, or give --keep-going" };
    Err(CliError::usage(problem, format!("{kept}; {remedy}")))
}

impl Prediction<'_> {
    /// Results of all images that could be used, those that could not, and whether anything ended it early. The next
    /// batch is decoded while one goes through the network, so that at most three are in memory.
    fn run(&self) -> (Results, Vec<CliError>, Result<(), CliError>) {
        let (mut results, mut broken) = (Results::default(), Vec::new());
        let bar = progress_bar("predict", "images", self.entries.len());
        let (sender, receiver) = sync_channel::<Decoded>(1);
        let ended = std::thread::scope(|scope| {
            // Dropped where the work ends, so that whoever decodes stops too.
            let receiver = receiver;
            scope.spawn(move || {
                for entries in self.entries.chunks(self.batch) {
                    let decode = || entries.par_iter().map(|e| self.preparation.pixels(&e.path)).collect();
                    if self.cancel.is_cancelled() || sender.send(self.pool.install(decode)).is_err() {
                        break;
                    }
                }
            });
            for entries in self.entries.chunks(self.batch) {
                if self.cancel.is_cancelled() {
                    return Err(eyepatch_core::Error::Cancelled.into());
                }
                // Decoding ends early only where somebody asked to stop.
                let Ok(decoded) = receiver.recv() else { return Err(eyepatch_core::Error::Cancelled.into()) };
                self.batch(entries, decoded, &mut results, &mut broken)?;
                bar.inc(entries.len() as u64);
            }
            Ok(())
        });
        bar.finish_and_clear();
        (results, broken, ended)
    }

    fn batch(
        &self,
        entries: &[Entry],
        decoded: Decoded,
        results: &mut Results,
        broken: &mut Vec<CliError>,
    ) -> Result<(), CliError> {
        let (mut usable, mut pixels) = (Vec::with_capacity(entries.len()), Vec::new());
        for (entry, image) in entries.iter().zip(decoded) {
            match image {
                Ok(image) => {
                    usable.push(entry);
                    pixels.extend(image);
                }
                Err(e) => broken.push(e),
            }
        }
        if usable.is_empty() {
            return Ok(());
        }
        let side = self.preparation.side;
        let got = self.pool.install(|| self.runner.run(&pixels, usable.len(), (side, side)));
        let got = got.map_err(|e| {
            CliError::usage(format!("the network: {e}"), "where memory was short, give a smaller --batch")
        })?;
        let features = got.features.len() / usable.len();
        for (i, entry) in usable.into_iter().enumerate() {
            let logits = &got.logits[i * self.classes..(i + 1) * self.classes];
            if let Some(logit) = logits.iter().find(|l| !l.is_finite()) {
                let remedy = "the weights hold numbers that are not finite, or do not fit such images";
                broken.push(CliError::file(&entry.path, format!("the network says {logit}"), remedy));
                continue;
            }
            results.samples.push(entry.sample.clone());
            results.logits.extend(logits);
            if self.keep_features {
                results.features.extend(&got.features[i * features..(i + 1) * features]);
            }
        }
        Ok(())
    }
}
