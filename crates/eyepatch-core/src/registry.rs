use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::handle::{Handle, PluginSpec};
use crate::params::{Params, Registered, parse};
use crate::{Dataset, Error, Explainer, Masker, Model, Probe, Result};

/// Which of the five traits a plugin implements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// [`Dataset`].
    Dataset,
    /// [`Masker`].
    Masker,
    /// [`Model`].
    Model,
    /// [`Explainer`].
    Explainer,
    /// [`Probe`].
    Probe,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dataset => "dataset",
            Self::Masker => "masker",
            Self::Model => "model",
            Self::Explainer => "explainer",
            Self::Probe => "probe",
        })
    }
}

/// Where a plugin or an audit is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The crate, as in its Cargo.toml.
    pub crate_name: &'static str,
    /// The crate's version.
    pub version: &'static str,
    /// Source file.
    pub file: &'static str,
    /// Line in that file.
    pub line: u32,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({}:{})", self.crate_name, self.version, self.file, self.line)
    }
}

/// How a registered plugin is made from parameters.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum Make {
    Dataset(fn(&Value) -> Result<Made<dyn Dataset>>),
    Masker(fn(&Value) -> Result<Made<dyn Masker>>),
    Model(fn(&Value) -> Result<Made<dyn Model>>),
    Explainer(fn(&Value) -> Result<Made<dyn Explainer>>),
    Probe(fn(&Value) -> Result<Made<dyn Probe>>),
}

/// A plugin and all its parameters, defaults included: what it really runs with, whatever was left out.
#[doc(hidden)]
pub struct Made<T: ?Sized> {
    params: Value,
    plugin: Arc<T>,
}

macro_rules! makers {
    ($($make:ident $kind:ident),*) => {$(
        #[doc(hidden)]
        pub fn $make<T: $kind + Params + Registered>(params: &Value) -> Result<Made<dyn $kind>> {
            let plugin = parse::<T>(Kind::$kind, T::ID, params)?;
            let params = serde_json::to_value(&plugin).map_err(|e| Error::Params {
                kind: Kind::$kind,
                id: T::ID.into(),
                problem: format!("cannot be written as JSON: {e}"),
            })?;
            Ok(Made { params, plugin: Arc::new(plugin) })
        }

        impl Lookup for dyn $kind {
            const KIND: Kind = Kind::$kind;
            fn make(entry: &Entry, params: &Value) -> Option<Result<Made<Self>>> {
                match entry.make {
                    Make::$kind(make) => Some(make(params)),
                    _ => None,
                }
            }
        }
    )*};
}
makers!(make_dataset Dataset, make_masker Masker, make_model Model, make_explainer Explainer, make_probe Probe);

/// One of the five trait objects that the registry hands out.
pub trait Lookup {
    /// Its kind.
    const KIND: Kind;
    /// Makes one from an entry of that kind.
    #[doc(hidden)]
    fn make(entry: &Entry, params: &Value) -> Option<Result<Made<Self>>>;
}

/// A registered plugin.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Which trait it implements.
    pub kind: Kind,
    /// `namespace/name`.
    pub id: &'static str,
    /// See [`Registered::REVISION`].
    pub revision: u32,
    /// The doc comment it was registered with.
    pub doc: &'static str,
    /// Where it is registered.
    pub origin: Origin,
    #[doc(hidden)]
    pub make: Make,
}

inventory::collect!(Entry);

/// All linked plugins, sorted by kind and id.
#[derive(Clone)]
pub struct Registry(BTreeMap<(Kind, &'static str), Entry>);

impl Registry {
    /// Collects what is linked into this program.
    ///
    /// # Errors
    /// [`Error::DuplicatePlugin`] where two plugins of one kind share an id.
    pub fn collect() -> Result<Self> {
        Self::from_entries(inventory::iter::<Entry>.into_iter().copied())
    }

    /// A registry of given entries.
    ///
    /// # Errors
    /// As [`Registry::collect`].
    pub fn from_entries(entries: impl IntoIterator<Item = Entry>) -> Result<Self> {
        let mut entries: Vec<Entry> = entries.into_iter().collect();
        // Link order must not decide which of two origins is called the first.
        entries.sort_by_key(|e| (e.kind, e.id, e.origin.crate_name, e.origin.file, e.origin.line));
        let mut map: BTreeMap<(Kind, &'static str), Entry> = BTreeMap::new();
        for entry in entries {
            if let Some(first) = map.insert((entry.kind, entry.id), entry) {
                return Err(Error::DuplicatePlugin {
                    kind: entry.kind,
                    id: entry.id.into(),
                    first: first.origin,
                    second: entry.origin,
                });
            }
        }
        Ok(Self(map))
    }

    /// The plugins, sorted by kind and id.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.values()
    }

    /// A plugin by id, with parameters (null or `{}` for its defaults).
    ///
    /// # Errors
    /// [`Error::UnknownPlugin`], [`Error::Params`].
    pub fn make<T: Lookup + ?Sized>(&self, id: &str, params: &Value) -> Result<Handle<T>> {
        let entry = self.0.iter().find(|((kind, name), _)| *kind == T::KIND && *name == id).map(|(_, e)| e);
        let unknown = || Error::UnknownPlugin {
            kind: T::KIND,
            id: id.into(),
            linked: self.0.keys().filter(|(k, _)| *k == T::KIND).map(|(_, id)| (*id).to_owned()).collect(),
        };
        let entry = entry.ok_or_else(unknown)?;
        let Made { params, plugin } = T::make(entry, params).ok_or_else(unknown)??;
        Ok(Handle::from_parts(PluginSpec::new(entry.id, entry.revision, entry.origin, params), plugin))
    }
}
