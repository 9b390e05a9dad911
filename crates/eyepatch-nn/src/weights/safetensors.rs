//! The tensors of a safetensors file.

use super::element::Element;
use super::error::{Refused, clipped};
use super::limits;
use super::table::{Place, Table, contiguous};
use safetensors::tensor::{Dtype, Metadata, SafeTensors};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use std::collections::{BTreeMap, HashSet};
use std::fmt;

/// The length of the header, where a file begins like a safetensors file.
pub(super) fn header_length(bytes: &[u8]) -> Option<u64> {
    let length = u64::from_le_bytes(*bytes.first_chunk()?);
    (bytes.get(8) == Some(&b'{')).then_some(length)
}

/// The file as a table.
pub(super) fn read(bytes: &[u8]) -> Result<Table<'_>, Refused> {
    let length = header_length(bytes).unwrap_or_default();
    if length > limits::HEADER {
        return Err(Refused::Limit { what: "bytes of the header", got: length, limit: limits::HEADER });
    }
    let start = 8 + length as usize;
    let header = bytes.get(8..start).ok_or(Refused::Truncated { what: "the header", at: 8 })?;
    let names: Names = serde_json::from_slice(header).map_err(|e| Refused::Header(e.to_string()))?;
    if let Some(name) = names.0 {
        return Err(Refused::Ambiguous(format!("two tensors are named `{name}`")));
    }
    // The library checks that the tensors lie side by side, fill the file, and are as long as shape and type say.
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| Refused::Header(e.to_string()))?;
    let entries = entries(&metadata, start)?;
    let text: BTreeMap<String, String> =
        metadata.metadata().clone().unwrap_or_default().into_iter().collect();
    Ok(Table::new(bytes, String::new(), entries, vec![])?.with_metadata(text))
}

fn entries(metadata: &Metadata, start: usize) -> Result<Vec<(String, Place)>, Refused> {
    let mut entries = Vec::new();
    for name in metadata.offset_keys() {
        let Some(info) = metadata.info(&name) else { continue };
        let refuse = |problem: String| Refused::Tensor { name: clipped(&name), problem };
        let element = element(info.dtype).ok_or_else(|| refuse(format!("its type is {:?}", info.dtype)))?;
        if info.shape.len() > limits::DIMENSIONS {
            return Err(refuse(format!("it has {} dimensions", info.shape.len())));
        }
        let strides = contiguous(&info.shape).ok_or_else(|| refuse("its shape overflows".to_owned()))?;
        let storage = start + info.data_offsets.0..start + info.data_offsets.1;
        entries.push((name, Place { element, shape: info.shape.clone(), strides, offset: 0, storage }));
    }
    Ok(entries)
}

fn element(dtype: Dtype) -> Option<Element> {
    Some(match dtype {
        Dtype::F64 => Element::F64,
        Dtype::F32 => Element::F32,
        Dtype::F16 => Element::F16,
        Dtype::BF16 => Element::Bf16,
        Dtype::I64 => Element::I64,
        Dtype::I32 => Element::I32,
        Dtype::I16 => Element::I16,
        Dtype::I8 => Element::I8,
        Dtype::U8 => Element::U8,
        Dtype::BOOL => Element::Bool,
        _ => return None,
    })
}

/// The first name that stands twice in the header; the library would take the later one.
struct Names(Option<String>);

impl<'de> serde::Deserialize<'de> for Names {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Twice;
        impl<'de> Visitor<'de> for Twice {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a tensor a name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let (mut seen, mut twice) = (HashSet::new(), None);
                while let Some((name, IgnoredAny)) = map.next_entry::<String, _>()? {
                    if !seen.insert(name.clone()) {
                        twice.get_or_insert_with(|| clipped(&name));
                    }
                }
                Ok(Names(twice))
            }
        }
        deserializer.deserialize_map(Twice)
    }
}
