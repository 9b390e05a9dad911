//! What probes say, for the report.

use std::collections::BTreeSet;
use std::path::Path;

use eyepatch_core::{Ctx, Evidence, Figure, Finding, Keep, Layers};
use eyepatch_report::pictures::{self, Window};
use eyepatch_report::schema::{ProbeSection, Thumbnails};

use super::examine::Examined;
use crate::Result;
use crate::sweep::gallery::Drawer;
use crate::sweep::plan::SweepPlan;
use crate::sweep::shared::Shared;

/// Width and height of a thumbnail in pixels, how many stand in a row, and how many a picture holds at most.
const THUMBNAIL: usize = 40;
const IN_A_ROW: usize = 25;
const MOST: usize = 1_500;

/// All findings, and a section for each probe that has more to say than the AUC matrix.
#[derive(Default)]
pub(in crate::sweep) struct Answers {
    pub(in crate::sweep) findings: Vec<Finding>,
    pub(in crate::sweep) sections: Vec<ProbeSection>,
}

/// Takes what cells left of the probes that have one, and asks the others.
pub(in crate::sweep) fn answers(
    plan: &SweepPlan,
    cells: &[(usize, Examined)],
    evidence: &Evidence<'_>,
    ctx: &Ctx,
) -> Result<Answers> {
    let mut all = Answers::default();
    for (i, probe) in plan.probes.iter().enumerate() {
        let left = cells.iter().find(|(of, _)| *of == i).map(|(_, e)| e.clone());
        let said = match left {
            Some(said) => said,
            None if probe.reads() == Layers::None => Examined::of(probe, evidence, ctx)?,
            None => Examined::default(),
        };
        let matrix = said.findings.iter().all(|f| f.contrast == "auc");
        if !(matrix && said.figures.is_empty()) {
            let card = probe.card();
            let first = all.findings.len();
            all.sections.push(ProbeSection {
                plugin: probe.spec().clone(),
                name: card.name,
                description: card.description,
                findings: (first, first + said.findings.len()),
                figures: said.figures,
                samples: Vec::new(),
                thumbnails: None,
            });
        }
        all.findings.extend(said.findings);
    }
    Ok(all)
}

impl Answers {
    /// Adds a small picture of every image that a figure shows as a point.
    pub(in crate::sweep) fn draw(
        &mut self,
        shared: &Shared,
        prepared: &Path,
        drawer: &mut Drawer,
    ) -> Result<()> {
        for (i, section) in self.sections.iter_mut().enumerate() {
            let scatters = section.figures.iter_mut().filter_map(|f| match f {
                Figure::Scatter(s) => Some(s),
                Figure::Profile(_) => None,
            });
            let mut scatters: Vec<_> = scatters.collect();
            let rows: BTreeSet<usize> = scatters.iter().flat_map(|s| s.rows.iter().copied()).collect();
            if rows.is_empty() {
                continue;
            }
            let rows: Vec<usize> = rows.into_iter().collect();
            // From rows of the table to places in the list of samples that goes with the figures.
            for scatter in &mut scatters {
                for row in &mut scatter.rows {
                    *row = rows.binary_search(row).unwrap_or_default();
                }
            }
            section.samples = rows.iter().map(|&r| shared.table.rows[r].id.clone()).collect();
            if rows.len() <= MOST {
                section.thumbnails = Some(thumbnails(shared, prepared, &rows, i, drawer)?);
            }
        }
        Ok(())
    }
}

fn thumbnails(
    shared: &Shared,
    prepared: &Path,
    rows: &[usize],
    section: usize,
    drawer: &mut Drawer,
) -> Result<Thumbnails> {
    let whole = shared.training(prepared, 0, Keep::Full)?;
    let mut sheet = pictures::Contacts::new(rows.len(), IN_A_ROW, THUMBNAIL);
    for (place, &row) in rows.iter().enumerate() {
        let image = whole.image(row)?;
        sheet.put(place, &image, Window::of(&image));
    }
    let alt = format!("{} tested images, small, for pointing at points of the figures", rows.len());
    Ok(Thumbnails {
        picture: drawer.keep(&format!("thumbnails-{section}"), sheet.encode()?, &alt),
        size: THUMBNAIL,
        in_a_row: IN_A_ROW,
    })
}
