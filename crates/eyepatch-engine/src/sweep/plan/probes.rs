//! Cells of probes that read embeddings.

use eyepatch_core::Layers;
use serde_json::{Value, json};

use super::models::FitCell;
use super::{PREPARE, Role, SweepPlan, identity};
use crate::sweep::{check, probes};

impl SweepPlan {
    /// What the first fold's full-image model makes of its tested images, where a probe asks.
    pub(super) fn embed(&mut self, common: &Value, full: FitCell) {
        let layers = probes::layers(&self.probes);
        if layers == Layers::None {
            return;
        }
        let s = self.shared.clone();
        let maskings: Vec<Value> = s
            .evaluations
            .iter()
            .filter(|e| !s.is_beside_matrix(e))
            .map(|e| identity(e.handle.spec()))
            .collect();
        let body = json!({
            "common": common, "layers": layers, "maskings": maskings, "split": s.splits.hash(0),
            "revision": probes::REVISION,
        });
        let name = format!("{} fold 0", s.trained_name(s.full));
        let cell = self.push(Role::Embed, name, body, vec![PREPARE, full.cell], move |s, cell| {
            probes::embed(s, layers, cell)
        });
        cell.parallel = true;
    }

    /// Asks the probes that read it, after all that is measured.
    pub(super) fn examine(&mut self) {
        let s = self.shared.clone();
        let wanted = |role: &Role| matches!(role, Role::Predict { .. } | Role::Scores | Role::Embed);
        let inputs: Vec<usize> = (0..self.roles.len()).filter(|&i| wanted(&self.roles[i])).collect();
        let roles: Vec<Role> = inputs.iter().map(|&i| self.roles[i]).collect();
        let cards: Vec<_> = s.maskings.iter().map(|m| m.card.clone()).collect();
        for (i, probe) in self.probes.clone().into_iter().enumerate() {
            if probe.reads() == Layers::None {
                continue;
            }
            let body = json!({
                "probe": identity(probe.spec()), "maskings": cards, "table": check::table_hash(&s),
                "splits": (0..s.splits.folds.len()).map(|k| s.splits.hash(k)).collect::<Vec<_>>(),
                "audit": s.audit.stream(), "seed": s.audit.seed,
            });
            let (name, roles) = (probe.card().name, roles.clone());
            let role = Role::Examine { probe: i };
            let cell = self.push(role, name, body, inputs.clone(), move |s, cell| {
                probes::examine(s, &probe, &roles, cell)
            });
            cell.parallel = true;
        }
    }
}
