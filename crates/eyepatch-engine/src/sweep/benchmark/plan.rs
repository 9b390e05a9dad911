//! The cells of all cases in one plan.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eyepatch_core::Ctx;

use super::super::plan::SweepPlan;
use super::super::shared::Shared;
use super::{PlantedCase, score};
use crate::Result;
use crate::audit::AuditInfo;
use crate::cell::Cell;
use crate::run::{Assembled, Options, Outcome, Planned};

/// Cases whose images are kept in memory at a time; cells of neighbours run side by side.
const IN_MEMORY: usize = 2;

/// A case with the place of its cells in the plan.
pub(super) struct PlannedCase {
    pub(super) case: PlantedCase,
    pub(super) plan: SweepPlan,
    start: usize,
    end: usize,
}

/// All cases of a benchmark.
pub(super) struct BenchmarkPlan {
    pub(super) audit: AuditInfo,
    pub(super) quick: bool,
    pub(super) cases: Vec<PlannedCase>,
    cells: Vec<Cell>,
}

impl BenchmarkPlan {
    pub(super) fn new(cases: &[PlantedCase], audit: &AuditInfo, options: &Options) -> Result<Self> {
        // The quick form has fewer models, and each as it is in the whole: the numbers of a case are the same in both.
        let each = Options { quick: false, ..options.clone() };
        let memory = Arc::new(Memory::default());
        let mut whole =
            Self { audit: audit.clone(), quick: options.quick, cases: Vec::new(), cells: Vec::new() };
        for case in cases.iter().filter(|c| c.quick || !options.quick) {
            whole.add(case, &each, &memory)?;
        }
        memory.all(whole.cases.iter().map(|c| c.plan.sets()).collect());
        Ok(whole)
    }

    fn add(&mut self, case: &PlantedCase, options: &Options, memory: &Arc<Memory>) -> Result<()> {
        let of_case = AuditInfo { id: format!("{}#{}", self.audit.id, case.name), ..self.audit.clone() };
        let mut plan = SweepPlan::named(&case.sweep, &of_case, options, &format!("{}: ", case.name))?;
        if let Some(broken) = &case.broken {
            let twin = case.sweep.clone().on(broken.clone());
            plan.elsewhere(Arc::new(Shared::new(&twin, &of_case, options)?))?;
        }
        let (start, index) = (self.cells.len(), self.cases.len());
        for mut cell in plan.take_cells() {
            for place in cell.inputs.iter_mut().chain(&mut cell.after) {
                *place += start;
            }
            let (work, memory) = (cell.work, memory.clone());
            cell.work = Box::new(move |ctx| {
                memory.enter(index);
                work(ctx)
            });
            self.cells.push(cell);
        }
        self.cases.push(PlannedCase { case: case.clone(), plan, start, end: self.cells.len() });
        Ok(())
    }
}

/// Gives back the images of cases that are done with: all of them at once would not fit.
#[derive(Default)]
struct Memory {
    latest: AtomicUsize,
    sets: std::sync::OnceLock<Vec<Vec<Arc<Shared>>>>,
}

impl Memory {
    fn all(&self, sets: Vec<Vec<Arc<Shared>>>) {
        let _ = self.sets.set(sets);
    }

    /// A cell of this case starts.
    fn enter(&self, case: usize) {
        let before = self.latest.fetch_max(case, Ordering::Relaxed);
        if let Some(sets) = self.sets.get().filter(|_| case > before) {
            let done = (case + 1).saturating_sub(IN_MEMORY);
            sets[before.saturating_sub(IN_MEMORY)..done].iter().flatten().for_each(|shared| shared.release());
        }
    }
}

impl Planned for BenchmarkPlan {
    fn cells(&self) -> &[Cell] {
        &self.cells
    }

    fn overview(&self) -> Vec<(String, String)> {
        let planted = self.cases.iter().filter(|c| c.case.strength.is_some()).count();
        let mut lines = vec![
            ("models".to_owned(), self.cases.len().to_string()),
            ("with a planted shortcut".to_owned(), planted.to_string()),
            ("without, or with a trap".to_owned(), (self.cases.len() - planted).to_string()),
        ];
        if let Some(first) = self.cases.first() {
            // What all have in common.
            lines.extend(first.plan.overview().into_iter().filter(|(name, _)| name != "data"));
        }
        lines
    }

    fn assemble(&self, folders: &[PathBuf], ctx: &Ctx) -> Result<Assembled> {
        let mut cases = Vec::new();
        for case in &self.cases {
            ctx.check()?;
            cases.push(score::case(case, &folders[case.start..case.end])?);
        }
        let benchmark = score::benchmark(self, cases);
        Ok(Assembled { outcome: Outcome::Benchmark(Box::new(benchmark)), files: Default::default() })
    }
}
