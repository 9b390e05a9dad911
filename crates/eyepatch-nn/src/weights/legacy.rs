//! What `torch.save` wrote before version 1.6: a few pickles, then the storages one after the other.

use super::error::{Refused, clipped};
use super::pickle::{self, Node, Pickle, Storage, Value};
use super::tree::{Storages, Tree};
use std::collections::HashMap;

/// Begins every such file: protocol 2 and the number 0x1950a86a20f9469cfc6c.
pub(super) const MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// Reads the file at `bytes`, which begins with [`MAGIC`].
pub(super) fn read(bytes: &[u8]) -> Result<Tree<'_>, Refused> {
    let format = |problem: &str| Refused::Format(problem.to_owned());
    let mut at = MAGIC.len();
    let mut next = || {
        let pickle = pickle::run(bytes.get(at..).unwrap_or_default())?;
        at += pickle.length;
        Ok::<_, Refused>(pickle)
    };
    if next()?.root != Value::Int(1001) {
        return Err(format("a file of torch.save with a protocol other than 1001"));
    }
    let system = next()?;
    if let Some(Node::Dict(pairs)) = system.node(system.root)
        && pairs.iter().any(|&(k, v)| system.text(k) == Some("little_endian") && v != Value::Bool(true))
    {
        return Err(format("a file of torch.save whose numbers are not little-endian"));
    }
    let pickle = next()?;
    let keys = next()?;
    let storages = storages(bytes, at, &pickle, &keys)?;
    Ok(Tree::new(pickle, storages))
}

/// The storages in the order of `keys` from byte `at` on: the number of elements, then they themselves.
fn storages<'a>(
    bytes: &'a [u8],
    mut at: usize,
    pickle: &Pickle<'a>,
    keys: &Pickle<'a>,
) -> Result<Storages<'a>, Refused> {
    let mut declared: HashMap<&str, &Storage> = HashMap::new();
    for (key, storage) in pickle.storages() {
        let first = declared.entry(key).or_insert(storage);
        if (first.element, first.count) != (storage.element, storage.count) {
            let problem = "it is declared twice, and not the same".to_owned();
            return Err(Refused::Storage { key: clipped(key), problem });
        }
    }
    let Some(Node::List(order)) = keys.node(keys.root) else {
        return Err(Refused::Format("the list of storages is missing".to_owned()));
    };
    let mut places = Storages::new();
    for &key in order {
        let Some((key, storage)) = keys.text(key).and_then(|key| Some((key, *declared.get(key)?))) else {
            let problem = "it is listed, and no tensor uses it".to_owned();
            return Err(Refused::Storage { key: clipped(keys.text(key).unwrap_or("?")), problem });
        };
        let refuse = |problem| Refused::Storage { key: clipped(key), problem };
        let truncated = Refused::Truncated { what: "a storage", at };
        let held = bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(truncated.clone())?;
        let held = u64::from_le_bytes(*held);
        if held != storage.count as u64 {
            return Err(refuse(format!("it should hold {} elements, and says {held}", storage.count)));
        }
        let start = at + 8;
        let stop = storage.count.checked_mul(storage.element.size()).and_then(|n| start.checked_add(n));
        let stop = stop.filter(|&stop| stop <= bytes.len()).ok_or(truncated)?;
        if places.insert(key, start..stop).is_some() {
            return Err(refuse("it is listed twice".to_owned()));
        }
        at = stop;
    }
    match bytes.len() - at {
        0 => Ok(places),
        more => Err(Refused::Format(format!("{more} bytes follow the last storage"))),
    }
}
