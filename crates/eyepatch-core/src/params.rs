use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::registry::{Kind, Origin};
use crate::{Error, Result};

/// A plugin's parameters: the serde fields of the struct that implements the trait.
///
/// Unknown fields are refused whether or not the struct says `deny_unknown_fields`.
pub trait Params: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Checks ranges and combinations, before any image is read.
    ///
    /// # Errors
    /// A sentence that names the field, its value and what is allowed.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// What `#[plugin]` writes for a type.
pub trait Registered {
    /// Which trait it implements.
    const KIND: Kind;
    /// `namespace/name`.
    const ID: &'static str;
    /// Raised by the author whenever results change; part of every cell's key.
    const REVISION: u32;
    /// Where it is registered.
    const ORIGIN: Origin;
}

/// Parameters from JSON: unknown fields, wrong types and failed checks are errors that name the plugin.
pub(crate) fn parse<T: Params>(kind: Kind, id: &str, params: &Value) -> Result<T> {
    let wrong = |problem: String| Error::Params { kind, id: id.into(), problem };
    let empty = Value::Object(serde_json::Map::new());
    let params = if params.is_null() { &empty } else { params };
    let mut unknown = Vec::new();
    let parsed: T = serde_ignored::deserialize(params, |path| unknown.push(path.to_string()))
        .map_err(|e| wrong(e.to_string()))?;
    if let Some(field) = unknown.first() {
        return Err(wrong(unknown_field(field, &parsed)));
    }
    parsed.check().map_err(wrong)?;
    Ok(parsed)
}

fn unknown_field<T: Serialize>(field: &str, parsed: &T) -> String {
    let known: Vec<String> = match serde_json::to_value(parsed) {
        Ok(Value::Object(map)) => map.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let near = known.iter().map(|k| (strsim::jaro_winkler(k, field), k)).filter(|(s, _)| *s > 0.8);
    match near.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, k)) => format!("unknown parameter `{field}`; did you mean `{k}`?"),
        None => format!("unknown parameter `{field}`; it takes: {}", known.join(", ")),
    }
}
