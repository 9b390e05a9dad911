//! What `torch.save` writes since version 1.6: a zip container of a pickle and its storages.

use super::error::{Refused, clipped};
use super::limits;
use super::pickle;
use super::tree::{Storages, Tree};
use super::zip::Entries;

/// Begins every zip container.
pub(super) const MAGIC: &[u8] = b"PK\x03\x04";

/// Reads the container at `bytes`.
pub(super) fn read(bytes: &[u8]) -> Result<Tree<'_>, Refused> {
    let entries = Entries::read(bytes)?;
    let mut pickles = entries.names().filter(|name| name.ends_with("/data.pkl"));
    let folder = match (pickles.next(), pickles.next()) {
        (Some(one), None) => one.strip_suffix("data.pkl").unwrap_or_default(),
        (None, _) => return Err(Refused::Zip("no data.pkl: torch.save did not write it".to_owned())),
        _ => return Err(Refused::Ambiguous("the zip container has more than one data.pkl".to_owned())),
    };
    if let Some((order, _)) = entries.get(&format!("{folder}byteorder"))
        && order != b"little"
    {
        return Err(Refused::Zip("its numbers are not little-endian".to_owned()));
    }
    let name = format!("{folder}data.pkl");
    let (program, _) = entries.checked(&name)?;
    let (got, limit) = (program.len() as u64, limits::PICKLE);
    if got > limit {
        return Err(Refused::Limit { what: "bytes of the pickle", got, limit });
    }
    let pickle = pickle::run(program)?;
    if pickle.length != program.len() {
        return Err(Refused::Zip("bytes follow the end of data.pkl".to_owned()));
    }
    let mut storages = Storages::new();
    for (key, storage) in pickle.storages() {
        let refuse = |problem| Refused::Storage { key: clipped(key), problem };
        if storage.part.is_some() {
            return Err(refuse("it is a part of another one, as only older files have it".to_owned()));
        }
        let place = match storages.get(key) {
            Some(place) => place,
            None => {
                let (_, place) = entries.checked(&format!("{folder}data/{key}"))?;
                storages.entry(key).or_insert(place)
            }
        };
        let expected = storage.count.checked_mul(storage.element.size());
        if expected != Some(place.len()) {
            let (count, element, held) = (storage.count, storage.element, place.len());
            return Err(refuse(format!(
                "it should hold {count} elements of type {element}, and has {held} bytes"
            )));
        }
    }
    Ok(Tree::new(pickle, storages))
}
