//! Cells that look at the data before anything is trained.

use eyepatch_core::Profile;
use serde_json::{Value, json};

use super::{PREPARE, Role, SweepPlan, identity};
use crate::data::PREPARE_REVISION;
use crate::sweep::shared::Shared;
use crate::sweep::{check, measure, work};

/// All that prepared images depend on.
pub(super) fn preparation(s: &Shared) -> Value {
    let mut body = json!({
        "dataset": identity(s.dataset.spec()), "content": s.content, "size": s.size, "revision": PREPARE_REVISION,
    });
    if s.preparation == Profile::Published {
        body["preparation"] = json!(s.preparation);
    }
    body
}

impl SweepPlan {
    pub(super) fn prepare(&mut self) {
        let s = self.shared.clone();
        let body = preparation(&s);
        let name = s.dataset.card().name;
        let cell = self.push(Role::Prepare, name, body, vec![], work::prepare);
        cell.parallel = true;
        // Up to 16 bits a pixel and channel, and a byte a pixel for the ROI; the set is held in memory, too.
        let pixels = s.table.rows.len() * s.size.0 * s.size.1;
        cell.bytes = (pixels * (2 * s.model.input().channels + 1)) as u64;
    }

    /// Masks everything once before anything is trained, so that an empty ROI is found in the first minute.
    pub(super) fn survey(&mut self) {
        let s = self.shared.clone();
        let maskings: Vec<Value> = s.evaluations.iter().map(|e| identity(e.handle.spec())).collect();
        let body = json!({ "maskings": maskings, "split": s.splits.hash(0), "seed": s.audit.seed });
        self.push(Role::Survey, "maskings".into(), body, vec![PREPARE], work::survey).parallel = true;
    }

    /// Looks for what gives the answer away before anything is trained.
    pub(super) fn check(&mut self) {
        let s = self.shared.clone();
        let splits: Vec<_> = (0..s.splits.folds.len()).map(|k| s.splits.hash(k)).collect();
        let body = json!({
            "dataset": identity(s.dataset.spec()), "content": s.content, "table": check::table_hash(&s),
            "splits": splits, "revision": eyepatch_check::REVISION,
        });
        let cell = self.push(Role::Check, s.dataset.card().name, body, vec![], check::check);
        // A data set that cannot be used is told by `prepare`, with all that is wrong.
        cell.after = vec![PREPARE];
        cell.parallel = true;
    }

    /// Measures in the images what a verdict compares models with, and looks for causes in.
    pub(super) fn measure(&mut self) {
        let body = json!({ "revision": measure::REVISION });
        self.push(Role::Measure, "shapes and looks".into(), body, vec![PREPARE], measure::measure).parallel =
            true;
    }

    /// Keeps the folds that every model of the audit is trained and tested on.
    pub(super) fn split(&mut self) {
        let s = self.shared.clone();
        let folds: Vec<_> = (0..s.splits.folds.len()).map(|k| s.splits.hash(k)).collect();
        let body = json!({ "folds": folds, "rows": s.splits.names_hash(&s.table) });
        self.push(Role::Split, "folds".into(), body, vec![], work::split);
    }
}
