use std::collections::BTreeMap;
use std::path::Path;

use eyepatch_core::{Image, Origin};

use crate::run::{Observer, Options, Planned};
use crate::store::Store;
use crate::sweep::{Export, Shown};
use crate::{Error, Result};

/// Something that can be declared as an audit: it plans cells and turns what they leave into a result.
///
/// [`MaskingSweep`](crate::MaskingSweep) is one; anybody can add another.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no experiment",
    label = "an audit returns an experiment, for instance `MaskingSweep`",
    note = "an audit is declared as `#[audit(seed = 1907)] fn name() -> MaskingSweep`"
)]
pub trait Experiment: Send + Sync {
    /// What kind of experiment, for lists: `masking-sweep`.
    fn kind(&self) -> &'static str;

    /// Plans the cells. Parameters are checked here, before any pixel is read.
    ///
    /// # Errors
    /// [`Error::Declaration`], or what the plugins say of their parameters and tables.
    fn plan(&self, audit: &AuditInfo, options: &Options) -> Result<Box<dyn Planned>>;

    /// All that is declared, as JSON from which the same experiment can be made again.
    fn describe(&self) -> serde_json::Value;

    /// Where one declaration stands for several experiments that are held against each other: these, by name. Such an
    /// experiment is never planned itself; see [`expanded`](crate::expanded).
    fn variants(&self) -> Vec<(String, Box<dyn Experiment>)> {
        Vec::new()
    }

    /// Writes every masked image and the manifest, for a model that lives elsewhere; `None` where the experiment
    /// masks nothing.
    ///
    /// # Errors
    /// As [`Experiment::plan`] and [`crate::execute`], and [`Error::Io`].
    fn export(
        &self,
        audit: &AuditInfo,
        options: &Options,
        folder: &Path,
        observer: &dyn Observer,
    ) -> Result<Option<Export>> {
        let _ = (audit, options, folder, observer);
        Ok(None)
    }

    /// Masked images of a finished run, in the order asked for, as a model saw them before it normalised them; `None` where
    /// the experiment masks nothing. Nothing is trained.
    ///
    /// # Errors
    /// As [`Experiment::plan`] and [`crate::execute`]; [`Error::Declaration`](crate::Error::Declaration) where the run's
    /// data, folds or maskings are others than this experiment's, or it has no such image.
    fn shown(
        &self,
        audit: &AuditInfo,
        options: &Options,
        store: &Store,
        wanted: &Shown<'_>,
        observer: &dyn Observer,
    ) -> Result<Option<Vec<Image>>> {
        let _ = (audit, options, store, wanted, observer);
        Ok(None)
    }
}

/// What `#[audit]` writes for a function.
#[derive(Clone, Copy)]
pub struct AuditEntry {
    /// The function's name.
    pub name: &'static str,
    /// Its doc comment.
    pub question: &'static str,
    /// Its root seed.
    pub seed: u64,
    /// Its tags.
    pub tags: &'static [&'static str],
    /// Where it is declared.
    pub origin: Origin,
    /// Calls it.
    pub build: fn() -> Box<dyn Experiment>,
}

inventory::collect!(AuditEntry);

impl AuditEntry {
    /// `crate/function`, where the crate's name loses a leading `audit-`.
    #[must_use]
    pub fn id(&self) -> String {
        let krate = self.origin.crate_name;
        format!("{}/{}", krate.strip_prefix("audit-").unwrap_or(krate), self.name)
    }

    /// What is known of it without building it.
    #[must_use]
    pub fn info(&self) -> AuditInfo {
        AuditInfo {
            id: self.id(),
            question: self.question.into(),
            seed: self.seed,
            tags: self.tags.iter().map(|t| (*t).to_owned()).collect(),
            declared_in: self.origin.to_string(),
            variant: None,
        }
    }
}

/// An audit's name and question.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AuditInfo {
    /// `crate/function`.
    pub id: String,
    /// The question it asks.
    pub question: String,
    /// Root seed; every random number of the run comes from it.
    pub seed: u64,
    /// Its tags.
    pub tags: Vec<String>,
    /// Where it is declared.
    pub declared_in: String,
    /// Where it is one of several that one declaration stands for: which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<Variant>,
}

/// One of the experiments that a declaration stands for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Variant {
    /// The declared audit's id.
    pub of: String,
    /// The experiment's name: `published`.
    pub name: String,
}

impl AuditInfo {
    /// What random streams and cells are named after. Variants of one audit share it, so that they differ in what they
    /// declare and in nothing else, and share the cells in which they do not differ.
    #[must_use]
    pub fn stream(&self) -> &str {
        self.variant.as_ref().map_or(&self.id, |v| &v.of)
    }

    fn of_variant(&self, name: String) -> Self {
        let id = format!("{}@{name}", self.id);
        Self { id, variant: Some(Variant { of: self.id.clone(), name }), ..self.clone() }
    }
}

/// Puts the variants of each audit in its place: `crate/function@published`.
#[must_use]
pub fn expanded(audits: Vec<(AuditInfo, Box<dyn Experiment>)>) -> Vec<(AuditInfo, Box<dyn Experiment>)> {
    let one = |(info, experiment): (AuditInfo, Box<dyn Experiment>)| {
        let variants = experiment.variants();
        if variants.is_empty() {
            return vec![(info, experiment)];
        }
        variants.into_iter().map(|(name, e)| (info.of_variant(name), e)).collect()
    };
    audits.into_iter().flat_map(one).collect()
}

/// All linked audits, sorted by id.
pub struct Audits(BTreeMap<String, AuditEntry>);

impl Audits {
    /// Collects what is linked into this program.
    ///
    /// # Errors
    /// [`Error::DuplicateAudit`].
    pub fn collect() -> Result<Self> {
        Self::from_entries(inventory::iter::<AuditEntry>.into_iter().copied())
    }

    /// Of given entries.
    ///
    /// # Errors
    /// [`Error::DuplicateAudit`].
    pub fn from_entries(entries: impl IntoIterator<Item = AuditEntry>) -> Result<Self> {
        let mut entries: Vec<AuditEntry> = entries.into_iter().collect();
        entries.sort_by_key(|e| (e.id(), e.origin.file, e.origin.line));
        let mut map = BTreeMap::new();
        for entry in entries {
            if let Some(first) = map.insert(entry.id(), entry) {
                let first: AuditEntry = first;
                return Err(Error::DuplicateAudit {
                    id: entry.id(),
                    first: first.origin.to_string(),
                    second: entry.origin.to_string(),
                });
            }
        }
        Ok(Self(map))
    }

    /// The audits, sorted by id.
    pub fn entries(&self) -> impl Iterator<Item = &AuditEntry> {
        self.0.values()
    }

    /// The one whose id is `filter`, or else those whose id holds it or one of whose tags is it.
    ///
    /// # Errors
    /// [`Error::NoAudit`] where none does.
    pub fn matching(&self, filter: &str) -> Result<Vec<&AuditEntry>> {
        if let Some(exact) = self.0.get(filter) {
            return Ok(vec![exact]);
        }
        let fits = |e: &&AuditEntry| e.id().contains(filter) || e.tags.contains(&filter);
        let found: Vec<_> = self.0.values().filter(fits).collect();
        if found.is_empty() {
            return Err(Error::NoAudit { filter: filter.into(), known: self.0.keys().cloned().collect() });
        }
        Ok(found)
    }
}
