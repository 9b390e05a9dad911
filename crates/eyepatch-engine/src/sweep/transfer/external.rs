//! The shared state of an external data set: the sweep's own, on other rows.

use std::sync::{Arc, Mutex};

use eyepatch_core::{ContentHash, Ctx, Hasher, Keep, Profile, Seed, Table};

use super::{Asked, Transfer};
use crate::data::Splits;
use crate::run::Options;
use crate::sweep::features::Shares;
use crate::sweep::shared::{self, Evaluation, Shared};
use crate::{Error, Result};

/// Whole patients that the quick form keeps.
const QUICK_IMAGES: usize = 120;

/// An external data set in a plan.
pub(in crate::sweep) struct External {
    pub(in crate::sweep) shared: Arc<Shared>,
    pub(in crate::sweep) asked: Asked,
    pub(in crate::sweep) notes: Vec<String>,
    /// Positions in the plan of what prepares it, and of its survey.
    pub(in crate::sweep) cells: [usize; 2],
}

impl External {
    pub(in crate::sweep) fn new(own: &Shared, transfer: &Transfer, options: &Options) -> Result<Self> {
        let dataset = transfer.dataset.clone();
        let wrong = |problem: String, remedy: &str| Error::Declaration {
            audit: own.audit.id.clone(),
            problem: format!("external data set `{}`: {problem}", dataset.spec().id),
            remedy: remedy.into(),
        };
        let seed = Seed::root(own.audit.seed).child(own.audit.stream()).child("external");
        let ctx =
            Ctx::new(seed, options.threads)?.with_cancel(options.cancel.clone()).with_device(options.device);
        let whole = dataset.table(&ctx)?;
        whole.check()?;
        let table = as_own(&whole, &own.table).map_err(|problem| {
            wrong(problem, "give it a class of that name: many loaders let one rename their label")
        })?;
        let all: Vec<usize> = (0..table.rows.len()).collect();
        let sources = if options.quick && all.len() > QUICK_IMAGES {
            crate::data::share_of(&table, QUICK_IMAGES, &seed.child("quick"))
        } else {
            all
        };
        let rows = sources.iter().map(|&r| table.rows[r].clone()).collect();
        let table = Table { classes: table.classes, rows };
        let mut notes = Vec::new();
        let evaluations = evaluations(own, &dataset.unmasked_only(), &mut notes);
        if dataset.brightness_leaks() {
            notes.push(LEAKS.into());
        }
        let content = shared::content(&dataset, &sources, &ctx)?;
        // Every fold's model is asked about all rows. Rows that give or teach a masking something are external, too.
        let splits = Splits::all_tested(table.rows.len(), own.splits.folds.len());
        let shared = Shared {
            audit: own.audit.clone(),
            leaks: own.leaks || dataset.brightness_leaks(),
            dataset,
            model: own.model.clone(),
            table: Arc::new(table),
            sources,
            content,
            splits,
            maskings: own.maskings.clone(),
            evaluations,
            full: own.full,
            pipeline: own.pipeline,
            size: own.size,
            preparation: own.preparation,
            shares: Shares::ask(&own.model, options.cache_precision, &ctx)?,
            set: Mutex::new(None),
        };
        Ok(Self { shared: Arc::new(shared), asked: transfer.asked.clone(), notes, cells: [0; 2] })
    }
}

/// Said of data that were stretched or saved anew before.
const LEAKS: &str = "Hidden pixels of these images had set the brightness of visible ones before they came here, so that no masking of them \
                     hides.";

/// The table with the classes of the audit's own, in their order.
fn as_own(external: &Table, own: &Table) -> Result<Table, String> {
    let place = |class: &String| {
        external
            .classes
            .iter()
            .position(|c| c == class)
            .ok_or_else(|| format!("it has no class `{class}`; it has {}", external.classes.join(", ")))
    };
    let places: Vec<usize> = own.classes.iter().map(place).collect::<Result<_, _>>()?;
    let rows = external
        .rows
        .iter()
        .map(|row| eyepatch_core::Row {
            labels: places.iter().map(|&p| row.labels[p]).collect(),
            ..row.clone()
        })
        .collect();
    Ok(Table { classes: own.classes.clone(), rows })
}

/// The matrix's maskings that can be applied there.
fn evaluations(own: &Shared, unmasked: &Option<String>, notes: &mut Vec<String>) -> Vec<Evaluation> {
    let matrix = own.evaluations.iter().filter(|e| !own.is_beside_matrix(e));
    if let Some(why) = unmasked {
        notes.push(format!("Its images are only shown whole: {why}"));
    }
    let mut kept = Vec::new();
    for e in matrix {
        let full = own.keep(e) == Keep::Full;
        if unmasked.is_some() && !full {
            continue;
        }
        if e.handle.learns() {
            let name = &own.maskings[e.masking].card.name;
            notes.push(format!(
                "Masking {name} learns from the images that it masks, so it is not carried over."
            ));
            continue;
        }
        kept.push(e.clone());
    }
    kept
}

impl Shared {
    /// Hash over all that turns a file into what a model sees under these maskings, and whether hidden pixels had set the brightness
    /// of visible ones before it came here.
    pub(super) fn preparation_hash(&self, names: &[&str]) -> ContentHash {
        let steps = serde_json::to_vec(&(
            self.size,
            self.preparation == Profile::Published,
            &self.model.card().preprocessing,
        ));
        let mut hasher = Hasher::new()
            .part(steps.unwrap_or_default())
            .part(format!("{:?}", self.pipeline))
            .part([u8::from(self.dataset.brightness_leaks())]);
        for name in names {
            let found = self.maskings.iter().find(|m| m.card.name == *name);
            let spec = found.map(|m| serde_json::to_vec(m.handle.spec()).unwrap_or_default());
            hasher = hasher.part(spec.unwrap_or_default());
        }
        hasher.finish()
    }
}
