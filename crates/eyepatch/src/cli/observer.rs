//! What a user sees while a run goes on: bars with time left on a terminal, plain lines where it is piped.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use eyepatch_core::Progress;
use eyepatch_engine::{AuditInfo, Cell, Observer, Options};
use eyepatch_report::escape::terminal;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::args::HowArgs;
use super::error::CliError;
use super::files::complain;
use super::plan::human_time;

/// Options of a run from the command line.
pub(crate) fn options(how: &HowArgs) -> Result<Options, CliError> {
    let mut options = Options { quick: how.quick, ..Options::default() };
    if let Some(threads) = how.threads {
        options.threads = usize::from(threads);
    }
    Ok(options)
}

/// Shows a run to whoever watches standard error.
pub(crate) struct Terminal {
    bars: Option<MultiProgress>,
    threads: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    total: usize,
    done: usize,
    /// Estimated seconds of cells not yet done, and estimated and true seconds of those computed.
    left: f64,
    estimated: f64,
    spent: f64,
    start: Option<Instant>,
    computed: usize,
    overall: Option<ProgressBar>,
    running: BTreeMap<String, ProgressBar>,
}

impl Terminal {
    pub(crate) fn new(threads: usize) -> Self {
        let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
        Self { bars, threads, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Takes the bars away.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        for bar in std::mem::take(&mut state.running).into_values().chain(state.overall.take()) {
            bar.finish_and_clear();
        }
    }

    fn done(&self, cell: &Cell, seconds: Option<f64>) {
        let mut state = self.lock();
        state.done += 1;
        state.left -= cell.seconds;
        if let Some(seconds) = seconds {
            state.computed += 1;
            state.estimated += cell.seconds;
            state.spent += if cell.seconds > 0.0 { seconds } else { 0.0 };
        }
        let left = state
            .time_left(self.threads)
            .map_or(String::new(), |s| format!(", about {} left", human_time(s)));
        let what = format!("{} {}", cell.spec.kind, terminal(&cell.spec.name));
        if let Some(bar) = state.running.remove(&what) {
            bar.finish_and_clear();
        }
        match &state.overall {
            Some(bar) => {
                bar.set_position(state.done as u64);
                bar.set_message(left.trim_start_matches(", ").to_owned());
            }
            None => {
                let how = seconds.map_or("found in the store".to_owned(), |s| format!("{s:.1} s"));
                complain(&format!("[{}/{}] {what}: {how}{left}", state.done, state.total));
            }
        }
    }
}

impl State {
    /// Estimates scaled by how far they were off so far; without estimates, the mean pace.
    fn time_left(&self, threads: usize) -> Option<f64> {
        if self.done == self.total {
            return None;
        }
        if self.estimated > 0.0 {
            return Some((self.left * self.spent / self.estimated / threads as f64).max(0.0));
        }
        let elapsed = self.start?.elapsed().as_secs_f64();
        (self.computed > 0).then(|| elapsed / self.computed as f64 * (self.total - self.done) as f64)
    }
}

impl Observer for Terminal {
    fn audit(&self, info: &AuditInfo, cells: &[Cell]) {
        let mut state = self.lock();
        *state = State {
            total: cells.len(),
            left: cells.iter().map(|c| c.seconds).sum(),
            start: Some(Instant::now()),
            ..State::default()
        };
        let id = terminal(&info.id);
        match &self.bars {
            Some(bars) => {
                let bar = bars.add(ProgressBar::new(cells.len() as u64).with_prefix(id));
                bar.set_style(style("{prefix:.bold} {wide_bar} {pos}/{len} cells {msg}"));
                state.overall = Some(bar);
            }
            None => complain(&format!("{id}: {} cells", cells.len())),
        }
    }

    fn reused(&self, cell: &Cell) {
        self.done(cell, None);
    }

    fn started(&self, cell: &Cell) -> Arc<dyn Progress> {
        let Some(bars) = &self.bars else { return Arc::new(eyepatch_core::Silent) };
        let what = format!("{} {}", cell.spec.kind, terminal(&cell.spec.name));
        let bar = bars.add(ProgressBar::new(1).with_prefix(what.clone()));
        bar.set_style(style("  {prefix} {wide_bar:.dim} {pos}/{len} {msg}"));
        self.lock().running.insert(what, bar.clone());
        Arc::new(Bar(bar))
    }

    fn finished(&self, cell: &Cell, seconds: f64) {
        self.done(cell, Some(seconds));
    }

    fn unneeded(&self, cell: &Cell) {
        let mut state = self.lock();
        state.done += 1;
        state.left -= cell.seconds;
    }

    fn given_up(&self, cell: &Cell) {
        let mut state = self.lock();
        state.done = state.done.saturating_sub(1);
        state.left += cell.seconds;
    }

    fn notice(&self, text: &str) {
        match &self.bars {
            Some(bars) => {
                let _ = bars.println(terminal(text));
            }
            None => complain(text),
        }
    }
}

struct Bar(ProgressBar);

impl Progress for Bar {
    fn report(&self, done: u64, total: u64, note: &str) {
        self.0.set_length(total);
        self.0.set_position(done);
        self.0.set_message(terminal(note));
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
