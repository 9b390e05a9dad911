//! An interpreter of pickles that can only build plain data and descriptions of tensors.
//!
//! Opcodes and their meaning: `pickletools` of the Python standard library. A value is 16 bytes and refers to what it
//! holds by number, so nothing is copied, nested or freed recursively, and every opcode adds at most one value.

mod call;
mod machine;
mod value;

pub(super) use machine::run;
pub(super) use value::{Node, Storage, TensorNode, Value};

/// What a pickle describes.
#[derive(Debug)]
pub(super) struct Pickle<'a> {
    bytes: &'a [u8],
    nodes: Vec<Node>,
    pub(super) root: Value,
    /// Bytes up to and with the last opcode.
    pub(super) length: usize,
}

impl<'a> Pickle<'a> {
    /// What a value refers to.
    pub(super) fn node(&self, value: Value) -> Option<&Node> {
        match value {
            Value::Node(i) => self.nodes.get(i as usize),
            _ => None,
        }
    }

    /// The text of a string.
    pub(super) fn text(&self, value: Value) -> Option<&'a str> {
        match value {
            Value::Text(text) => Some(text.of(self.bytes)),
            _ => None,
        }
    }

    /// The key of a storage.
    pub(super) fn key(&self, storage: &Storage) -> &'a str {
        storage.key.of(self.bytes)
    }

    /// All storages that the pickle refers to.
    pub(super) fn storages(&self) -> impl Iterator<Item = (&'a str, &Storage)> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Storage(storage) => Some((storage.key.of(self.bytes), &**storage)),
            _ => None,
        })
    }
}
