//! `eyepatch prepare`: images to a set that is mapped into memory and shared between runs.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::ValueEnum;
use eyepatch_core::{Ctx, Progress, Seed};
use eyepatch_data::npy::Element;
use eyepatch_data::prepared::{self, Options, Outcome as Prepared, Values};
use eyepatch_data::resize::ResizeMethod;
use eyepatch_report::escape::csv_cell;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::dataset::{DatasetArgs, dataset};
use super::error::CliError;
use super::{Linked, Outcome, bytes, files};

/// What `eyepatch prepare` is asked for.
#[derive(clap::Args)]
pub(crate) struct PrepareArgs {
    /// Height and width in pixels; the aspect is kept and zeros are put around.
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u16).range(16..=4096))]
    size: u16,
    /// How images are resized.
    #[arg(long, value_enum, default_value_t = MethodArg::Antialias)]
    method: MethodArg,
    /// What becomes of their values.
    #[arg(long, value_enum, default_value_t = ValuesArg::Stored)]
    values: ValuesArg,
    /// Depth of all images [default: the first one's; a deeper one is then an error].
    #[arg(long, value_enum)]
    depth: Option<DepthArg>,
    /// Channels of all images; grey is repeated for 3 [default: the first one's].
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
    channels: Option<u8>,
    /// Only the first N rows of the table, in its order.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// What becomes of a row whose image or ROI cannot be used.
    #[arg(long, value_enum, default_value_t = OnBadArg::Refuse)]
    on_bad: OnBadArg,
    /// Threads in all; the set does not depend on it [default: all cores].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Folder for the set. A run that was stopped goes on; a set that is there is verified, and mended where damaged.
    #[arg(long)]
    out: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DatasetArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum MethodArg {
    /// As in audits: a triangle filter as wide as the reduction.
    Antialias,
    /// As in the study: bilinear with half-pixel centres, not antialiased (TensorFlow's resize_with_pad).
    Study,
}

#[derive(Clone, Copy, ValueEnum)]
enum ValuesArg {
    /// As they are stored.
    Stored,
    /// As the study saved its films: divided by the original's maximum, stretched (least to 0, largest to 255), cut to 8
    /// bit. Hidden pixels set the brightness of visible ones.
    Study,
    /// As the study treated external images: divided by the original's maximum, kept as 32-bit floats.
    StudyExternal,
}

#[derive(Clone, Copy, ValueEnum)]
enum DepthArg {
    /// 8 bit.
    U8,
    /// 16 bit.
    U16,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnBadArg {
    /// Stop and say what is wrong with it.
    Refuse,
    /// Leave it out; manifest.csv says why.
    Skip,
}

impl PrepareArgs {
    fn options(&self) -> Options {
        Options {
            size: (self.size.into(), self.size.into()),
            method: match self.method {
                MethodArg::Antialias => ResizeMethod::Antialias,
                MethodArg::Study => ResizeMethod::Study,
            },
            values: match self.values {
                ValuesArg::Stored => Values::Stored,
                ValuesArg::Study => Values::Study,
                ValuesArg::StudyExternal => Values::StudyExternal,
            },
            depth: self.depth.map(|depth| match depth {
                DepthArg::U8 => Element::U8,
                DepthArg::U16 => Element::U16,
            }),
            channels: self.channels.map(usize::from),
            limit: self.limit.map(|n| n as usize),
            skip_bad: self.on_bad == OnBadArg::Skip,
            cell: csv_cell,
        }
    }
}

/// Prepares a set, or goes on with one.
pub(crate) fn prepare(args: &PrepareArgs, linked: &Linked) -> Result<Outcome, CliError> {
    let data = dataset(&args.data, linked)?;
    let threads = args
        .threads
        .map_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get), usize::from);
    let bar = Arc::new(Bar::new());
    let ctx = Ctx::new(Seed::root(0), threads)?.with_progress(bar.clone());
    let cancel = ctx.cancel().clone();
    // A second Ctrl-C ends the program at once; what is on the disk is safe either way.
    let _ = ctrlc::set_handler(move || {
        if cancel.is_cancelled() {
            std::process::exit(130);
        }
        cancel.cancel();
        files::complain("stopping; finished blocks are kept (press again to stop at once)");
    });
    let start = Instant::now();
    let done = prepared::prepare(&data, &args.out, &args.options(), &ctx);
    bar.end();
    told(args, &done?, start.elapsed().as_secs_f64())
}

fn told(args: &PrepareArgs, done: &Prepared, seconds: f64) -> Result<Outcome, CliError> {
    let Prepared { images, skipped, reused, remade, bytes } = *done;
    if args.json {
        return files::print_json(&json!({
            "out": args.out, "images": images, "skipped": skipped, "reused": reused, "blocks_remade": remade,
            "bytes": bytes, "seconds": seconds,
        }));
    }
    let mut text = format!("{}: {images} images, {}\n", args.out.display(), bytes::human(bytes));
    if skipped > 0 {
        text.push_str(&format!("left out: {skipped} rows; manifest.csv says why\n"));
    }
    if reused > 0 {
        text.push_str(&format!("of an earlier run: {reused} images, verified\n"));
    }
    if remade > 0 {
        text.push_str(&format!(
            "made again: {remade} blocks that were damaged or whose originals have changed\n"
        ));
    }
    files::print(&text)
}

/// A bar on a terminal, nothing elsewhere.
struct Bar(Option<ProgressBar>);

impl Bar {
    fn new() -> Self {
        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} images {per_sec} about {eta} left");
        Self(
            std::io::stderr().is_terminal().then(|| {
                ProgressBar::new(1).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
            }),
        )
    }

    fn end(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bar {
    fn report(&self, done: u64, total: u64, _: &str) {
        if let Some(bar) = &self.0 {
            bar.set_length(total);
            bar.set_position(done);
        }
    }
}
