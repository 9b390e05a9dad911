use std::path::{Path, PathBuf};

use eyepatch_core::{ContentHash, Ctx, Hasher};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Error, Result};

/// Raised whenever the engine's own work on cells changes what they hold.
const ENGINE_REVISION: u32 = 2;

/// What makes a cell the cell that it is. Equal specifications give equal content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellSpec {
    /// What kind of work: `prepare`, `fit`, `predict`, ...
    pub kind: String,
    /// A name that people read, unique within an audit and kind.
    pub name: String,
    /// Everything else that its content depends on, except its inputs: parameters, revisions, seeds, device.
    pub body: Value,
}

/// One unit of work. It writes files into an empty folder; the store keeps the folder under the cell's key.
pub struct Cell {
    /// Its specification.
    pub spec: CellSpec,
    /// Indices of earlier cells of the plan that it reads.
    pub inputs: Vec<usize>,
    /// Indices of earlier cells that must have succeeded before it starts, though it reads nothing of theirs; they do
    /// not enter its key.
    pub after: Vec<usize>,
    /// Hash over specification, inputs' keys and the engine's revision.
    pub key: ContentHash,
    /// Whether it is a cache: what reads it would make the same without it, only later. It is computed when a cell that is
    /// missing reads it, and given up for others when the budget is spent; a later run may find it or not. It reads no cache.
    pub cache: bool,
    /// Whether it spreads over all threads; else it is given one, and several such cells run side by side.
    pub parallel: bool,
    /// CPU seconds it may take, 0 where nobody knows.
    pub seconds: f64,
    /// Bytes it may leave.
    pub bytes: u64,
    /// The work.
    pub work: Work,
}

type Work = Box<dyn Fn(&CellCtx) -> Result<()> + Send + Sync>;

impl Cell {
    /// A cell after the `earlier` ones, of which it reads `inputs`.
    pub fn new(
        spec: CellSpec,
        inputs: Vec<usize>,
        earlier: &[Cell],
        work: impl Fn(&CellCtx) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        let mut hasher = Hasher::new().part(ENGINE_REVISION.to_le_bytes()).part(canonical(&spec));
        for &input in &inputs {
            hasher = hasher.part(earlier[input].key.0);
        }
        Self {
            key: hasher.finish(),
            spec,
            inputs,
            after: Vec::new(),
            cache: false,
            parallel: false,
            seconds: 0.0,
            bytes: 0,
            work: Box::new(work),
        }
    }
}

/// JSON with sorted keys (serde_json's map is sorted), so that equal values give equal bytes.
fn canonical(spec: &CellSpec) -> Vec<u8> {
    serde_json::to_value(spec).map(|v| v.to_string().into_bytes()).unwrap_or_default()
}

/// What a cell's work is given.
pub struct CellCtx<'a> {
    /// Seeded for this cell; its threads are those the cell may use.
    pub ctx: &'a Ctx,
    /// An empty folder for its files.
    pub out: &'a Path,
    /// Folders of its inputs that are no caches, verified.
    pub inputs: Vec<PathBuf>,
    /// Folders of its inputs that are caches, verified; `None` where one is not kept.
    pub caches: Vec<Option<PathBuf>>,
}

impl CellCtx<'_> {
    /// Writes a file of the cell.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.out.join(name);
        std::fs::write(&path, bytes).map_err(Error::io(path))
    }

    /// Writes a JSON file of the cell.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let path = self.out.join(name);
        let bytes = serde_json::to_vec(value).map_err(|e| Error::io(&path)(e.into()))?;
        self.write(name, &bytes)
    }
}

/// Reads a JSON file of a cell.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    serde_json::from_slice(&bytes).map_err(|e| Error::Damaged { path: path.into(), problem: e.to_string() })
}

/// An id where it can be a file's name, else a hash of it.
pub(crate) fn file_name(id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !id.is_empty() && id.len() <= 100 && id.chars().all(plain) && !id.starts_with('.') {
        id.to_owned()
    } else {
        format!("sample-{}", ContentHash::of(id.as_bytes()).short())
    }
}

/// An audit's id as the name of its files: `quickstart/honest` becomes `quickstart-honest`, a variant's `a/b@strict`
/// `a-b-strict`.
pub(crate) fn audit_name(id: &str) -> String {
    file_name(&id.replace(['/', '@'], "-"))
}
