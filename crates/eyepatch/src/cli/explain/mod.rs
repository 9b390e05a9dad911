//! `eyepatch explain`: what a network's answer for one image comes from.

mod args;
mod asked;
mod fill;
mod method;
mod told;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use eyepatch_core::{Ctx, Explained, Image, Mask, Roi, Sample, Seed, Subjects};
use eyepatch_data::npy::encode_npy;
use eyepatch_maps::places::{PlaceRule, PlaceShares, Places};
use eyepatch_maps::{Map, MapsError};
use eyepatch_report::pictures::{Column, Window, panel};

pub(crate) use args::ExplainArgs;
use asked::Asked;

use super::error::CliError;
use super::network::{Network, Preparation};
use super::watch::{Reported, progress_bar, stop_on_interrupt};
use super::{Linked, Outcome, device, files};

/// Columns of a picture that can still be read.
const COLUMNS: usize = 5;

pub(crate) fn explain(args: &ExplainArgs, linked: &Linked) -> Result<Outcome, CliError> {
    let explainer = method::explainer(args, linked)?;
    if args.plot.as_ref() == Some(&args.out) {
        return Err(CliError::usage("--out and --plot are the same file", "name two"));
    }
    for path in std::iter::once(&args.out).chain(&args.plot) {
        files::free(path, args.force)?;
    }
    let Network { net, classes: names, preparation } = args.network.load()?;
    let classes = chosen(&args.chosen, &names)?;
    let sample = sample(args, &preparation)?;
    let (device, runner) = args.network.start(&net)?;
    let path = runner.path();
    let opened = device.open().and_then(|at| Asked::new(net, runner, names, &at));
    let asked = opened.map_err(|e| CliError::usage(e.to_string(), "choose another --device"))?;
    let ctx = context(args)?.with_device(device::of_run(&device));
    let bar = progress_bar("explain", "evaluations", 0);
    let ctx = ctx.with_progress(Arc::new(Reported(bar.clone())));
    let (subjects, budget) = (
        Subjects { sample: &sample, classes: &classes, preprocess: &preparation, others: &[] },
        method::budget(args),
    );
    let start = Instant::now();
    let found = explainer.explain_classes(&asked, subjects, budget, &ctx);
    bar.finish_and_clear();
    let (found, seconds) = (found?, start.elapsed().as_secs_f64());
    found.check(&classes, eyepatch_core::Fitted::classes(&asked).len())?;
    let roi = args.roi.is_some().then(|| sample.roi.union(&[])).transpose()?;
    let shares = roi.as_ref().map(|roi| shares(&found, roi)).transpose();
    let told = told::Told {
        args,
        explainer: &explainer,
        asked: &asked,
        found: &found,
        shares: shares.map_err(|e| CliError::usage(e.to_string(), "leave --roi out"))?,
        roi,
        device: &device,
        path,
        threads: ctx.threads(),
        preprocessing: preparation.describe(),
        seconds,
    };
    let shape = write(args, &found)?;
    if let Some(plot) = &args.plot {
        picture(plot, &sample.image, &told)?;
    }
    told.tell(&shape)
}

/// Indices of the classes asked for, in that order; all where none is named.
fn chosen(wanted: &[String], names: &[String]) -> Result<Vec<usize>, CliError> {
    let index = |text: &String| {
        let named = names.iter().position(|name| name == text);
        let found = named.or_else(|| text.parse().ok().filter(|&i: &usize| i < names.len()));
        found.ok_or_else(|| {
            let remedy = format!("there are: {} (or their numbers from 0)", names.join(", "));
            CliError::usage(format!("no class `{text}`"), remedy)
        })
    };
    let mut classes = Vec::new();
    for text in wanted {
        let class = index(text)?;
        if classes.contains(&class) {
            return Err(CliError::usage(format!("class `{text}` is asked for twice"), "name it once"));
        }
        classes.push(class);
    }
    Ok(if classes.is_empty() { (0..names.len()).collect() } else { classes })
}

/// The image and its ROI as the network is to see them.
fn sample(args: &ExplainArgs, preparation: &Preparation) -> Result<Sample, CliError> {
    let source = preparation.read(&args.image)?;
    let levels =
        preparation.levels(&source).map_err(|e| CliError::file(&args.image, e, "export it again"))?;
    let side = preparation.side;
    let roi = match &args.roi {
        None => Roi::single(Mask::filled(side, side, false))?,
        Some(path) => resized(path, &source, preparation)?,
    };
    let id = args.image.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Sample { patient: id.clone(), id, labels: Vec::new(), image: levels, roi })
}

fn resized(path: &Path, source: &Image, preparation: &Preparation) -> Result<Roi, CliError> {
    let mask = files::read_roi(path)?;
    let size = |h: usize, w: usize| format!("{h}x{w}");
    if (mask.height(), mask.width()) != (source.height(), source.width()) {
        let (own, image) = (size(mask.height(), mask.width()), size(source.height(), source.width()));
        let problem = format!("the ROI has {own} pixels, its image {image}");
        return Err(CliError::file(path, problem, "give the ROI at its image's size"));
    }
    if mask.is_empty() {
        return Err(CliError::file(path, "there is nothing inside the ROI", "mend it, or leave --roi out"));
    }
    let (side, method) = (preparation.side, preparation.method());
    Ok(eyepatch_data::resize::roi(&Roi::single(mask)?, (side, side), method)?.outer)
}

/// How each class's attribution spreads over the places of the image.
fn shares(found: &Explained, roi: &Mask) -> Result<Vec<PlaceShares>, MapsError> {
    let places = Places::new(roi, PlaceRule::default())?;
    let one = |a| {
        let map = Map::try_from(a)?;
        places.on_grid(map.height(), map.width())?.shares(&map)
    };
    found.attributions.iter().map(one).collect()
}

fn context(args: &ExplainArgs) -> Result<Ctx, CliError> {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = args.network.threads.map_or_else(cores, usize::from);
    let ctx = Ctx::new(Seed::root(args.seed), threads)?;
    stop_on_interrupt(ctx.cancel().clone(), "nothing is written");
    Ok(ctx)
}

/// Writes the values and returns their shape.
fn write(args: &ExplainArgs, found: &Explained) -> Result<Vec<usize>, CliError> {
    let (first, classes) = (&found.attributions[0], found.attributions.len());
    let plane = first.height * first.width;
    let (shape, values) = match (&found.channels, args.channels) {
        (Some(channels), true) => {
            (vec![classes, channels[0].len() / plane, first.height, first.width], channels.concat())
        }
        (None, true) => {
            let problem = "this method does not tell the image's channels apart";
            return Err(CliError::usage(problem, "leave --channels out"));
        }
        (_, false) => {
            let values = found.attributions.iter().flat_map(|a| a.values.iter().copied()).collect();
            (vec![classes, first.height, first.width], values)
        }
    };
    files::write_bytes(&args.out, &encode_npy(&shape, &values))?;
    Ok(shape)
}

/// The panel of the classes, of too many those with the largest outputs.
fn picture(path: &Path, image: &Image, told: &told::Told<'_>) -> Result<(), CliError> {
    let attributions = &told.found.attributions;
    let mut shown: Vec<usize> = (0..attributions.len()).collect();
    shown.sort_by(|&a, &b| attributions[b].output_value.total_cmp(&attributions[a].output_value));
    shown.truncate(COLUMNS);
    shown.sort_unstable();
    let column = |&k: &usize| Column { name: told.name(&attributions[k]), attribution: &attributions[k] };
    let columns: Vec<Column<'_>> = shown.iter().map(column).collect();
    let png = panel(image, told.roi.as_ref(), &columns, &told.below_picture(), Window::of(image))?;
    files::write_bytes(path, &png.bytes)
}
