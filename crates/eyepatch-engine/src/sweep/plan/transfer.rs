//! Cells of external data.

use std::sync::Arc;

use serde_json::{Value, json};

use super::data::preparation;
use super::models::FitCell;
use super::{Role, SURVEY, SweepPlan, dilated_name, identity};
use crate::Result;
use crate::cell::CellCtx;
use crate::run::Options;
use crate::sweep::shared::Shared;
use crate::sweep::transfer::{External, Transfer};
use crate::sweep::work;

impl SweepPlan {
    /// Prepares each external data set and looks for empty regions in it, before anything is trained.
    pub(super) fn externals(&mut self, transfers: &[Transfer], options: &Options) -> Result<()> {
        for (i, transfer) in transfers.iter().enumerate() {
            let external = External::new(&self.shared, transfer, options)?;
            let of = external.shared.clone();
            self.others.push(of.clone());
            let body = preparation(&of);
            let name = of.dataset.card().name;
            let from = of.clone();
            let prepare = move |_: &_, cell: &CellCtx| work::prepare(&from, cell);
            let cell = self.push(Role::External { transfer: i }, name.clone(), body, vec![], prepare);
            cell.parallel = true;
            let prepared = self.cells.len() - 1;
            let maskings: Vec<Value> = of.evaluations.iter().map(|e| identity(e.handle.spec())).collect();
            let body = json!({ "maskings": maskings, "audit": of.audit.stream(), "seed": of.audit.seed });
            let from = of.clone();
            let survey = move |_: &_, cell: &CellCtx| work::survey(&from, cell);
            let name = format!("{name}: visible parts");
            let cell = self.push(Role::ExternalSurvey, name, body, vec![prepared], survey);
            cell.parallel = true;
            self.externals.push(External { cells: [prepared, self.cells.len() - 1], ..external });
        }
        Ok(())
    }

    /// What training waits for: the survey of all maskings, here and abroad.
    pub(super) fn surveys(&self) -> Vec<usize> {
        std::iter::once(SURVEY).chain(self.externals.iter().map(|e| e.cells[1])).collect()
    }

    /// Asks every model about all external images under every masking. What is planned for the audit's own data keeps its keys.
    pub(super) fn abroad(&mut self, common: &Value, fits: &[FitCell]) {
        for transfer in 0..self.externals.len() {
            let (of, prepared) = (self.externals[transfer].shared.clone(), self.externals[transfer].cells[0]);
            for &fit in fits {
                self.ask_abroad(&of, common, fit, (transfer, prepared));
            }
        }
    }

    fn ask_abroad(
        &mut self,
        of: &Arc<Shared>,
        common: &Value,
        fit: FitCell,
        (transfer, prepared): (usize, usize),
    ) {
        let FitCell { trained, fold, cell: fit } = fit;
        for (evaluation, e) in of.evaluations.iter().enumerate() {
            let body = json!({ "common": common, "masking": identity(e.handle.spec()), "external": true });
            let name = format!(
                "{} on {} of {} fold {fold}",
                of.trained_name(trained),
                dilated_name(&of.maskings[e.masking].card.name, e.dilation),
                of.dataset.card().name
            );
            let from = of.clone();
            let predict = move |_: &_, cell: &CellCtx| work::predict(&from, (evaluation, fold), &[], cell);
            let role = Role::Abroad { transfer, trained, evaluation, fold };
            self.push(role, name, body, vec![prepared, fit], predict);
        }
    }
}
