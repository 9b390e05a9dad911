//! The few calls that are understood. None of them runs anything: they describe a tensor or make a dictionary.

use super::machine::{Machine, Result};
use super::value::{Global, Node, Storage, TensorNode, Value};
use crate::weights::limits;

/// What `callable(*arguments)` describes.
pub(super) fn call(machine: &mut Machine<'_>, callable: Value, arguments: Value) -> Result<Value> {
    let Value::Global(global) = callable else { return machine.broken("it calls what is no function") };
    let arguments = tuple(machine, arguments)?;
    match (global, arguments.as_slice()) {
        (Global::OrderedDict, []) => Ok(machine.add(Node::Dict(vec![]))),
        (Global::OrderedDict, [items]) => {
            let items = pairs(machine, *items)?;
            Ok(machine.add(Node::Dict(items)))
        }
        (Global::RebuildTensor, [storage, offset, shape, strides])
        | (
            Global::RebuildTensorV2,
            [storage, offset, shape, strides, _, _] | [storage, offset, shape, strides, _, _, _],
        ) => tensor(machine, [*storage, *offset, *shape, *strides]),
        // A parameter is its tensor with a flag and hooks.
        (Global::RebuildParameter, [tensor, _, _]) => match node(machine, *tensor) {
            Some(Node::Tensor(_)) => Ok(*tensor),
            _ => machine.broken("a parameter is no tensor"),
        },
        _ => machine.broken("it calls a function with arguments that it does not take"),
    }
}

/// The storage of a persistent id: `("storage", class, key, place, count)`, in the legacy format with a view.
pub(super) fn storage(machine: &mut Machine<'_>, id: Value) -> Result<Value> {
    let id = tuple(machine, id)?;
    let (kind, class, key, count, view) = match *id.as_slice() {
        [kind, class, key, _, count] => (kind, class, key, count, Value::None),
        [kind, class, key, _, count, view] => (kind, class, key, count, view),
        _ => return machine.broken("a persistent id is no storage"),
    };
    let named = matches!(kind, Value::Text(text) if text.of(machine.bytes) == "storage");
    let (Value::Global(Global::Storage(element)), Value::Text(key), true) = (class, key, named) else {
        return machine.broken("a persistent id is no storage");
    };
    if key.length as usize > limits::NAME {
        return machine.broken("the key of a storage is too long");
    }
    let part = match view {
        Value::None => None,
        view => match *tuple(machine, view)?.as_slice() {
            [_, offset, count] => Some((size(machine, offset)?, size(machine, count)?)),
            _ => return machine.broken("a part of a storage is not of three numbers"),
        },
    };
    let count = size(machine, count)?;
    Ok(machine.add(Node::Storage(Box::new(Storage { element, key, count, part }))))
}

fn tensor(machine: &mut Machine<'_>, [storage, offset, shape, strides]: [Value; 4]) -> Result<Value> {
    if !matches!(node(machine, storage), Some(Node::Storage(_))) {
        return machine.broken("a tensor has no storage");
    }
    let offset = size(machine, offset)?;
    let (shape, strides) = (sizes(machine, shape)?, sizes(machine, strides)?);
    if shape.len() != strides.len() {
        return machine.broken("a tensor's shape and strides have different lengths");
    }
    Ok(machine.add(Node::Tensor(Box::new(TensorNode { storage, offset, shape, strides }))))
}

fn node<'m>(machine: &'m Machine<'_>, value: Value) -> Option<&'m Node> {
    match value {
        Value::Node(i) => machine.nodes.get(i as usize),
        _ => None,
    }
}

/// The values of a short tuple. All that is called takes a handful of arguments.
fn tuple(machine: &Machine<'_>, value: Value) -> Result<Vec<Value>> {
    match node(machine, value) {
        Some(Node::Tuple(values)) if values.len() <= limits::DIMENSIONS => Ok(values.clone()),
        Some(Node::Tuple(_)) => machine.broken("a tuple of sizes or arguments is too long"),
        _ => machine.broken("arguments or sizes are no tuple"),
    }
}

fn sizes(machine: &Machine<'_>, value: Value) -> Result<Vec<usize>> {
    tuple(machine, value)?.into_iter().map(|v| size(machine, v)).collect()
}

fn size(machine: &Machine<'_>, value: Value) -> Result<usize> {
    match value {
        Value::Int(n) => usize::try_from(n).or_else(|_| machine.broken("a size is negative")),
        _ => machine.broken("a size is no integer"),
    }
}

/// The items that Python 2 gives to an ordered dictionary: a list of lists or tuples of two. The list is used up: a
/// pickle that hands it out again could ask for more memory than it has bytes.
fn pairs(machine: &mut Machine<'_>, value: Value) -> Result<Vec<(Value, Value)>> {
    let used_up = Node::Tuple(vec![]);
    let list = match value {
        Value::Node(i) => machine.nodes.get_mut(i as usize).map(|node| std::mem::replace(node, used_up)),
        _ => None,
    };
    let Some(Node::List(items)) = list else {
        return machine.broken("the items of a dictionary are no list");
    };
    let pair = |&item: &Value| match node(machine, item) {
        Some(Node::List(pair) | Node::Tuple(pair)) if pair.len() == 2 => Ok((pair[0], pair[1])),
        _ => machine.broken("an item of a dictionary is no pair"),
    };
    items.iter().map(pair).collect()
}
