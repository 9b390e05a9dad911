//! Dictionaries of tensors within a checkpoint.

use super::error::{Refused, clipped};
use super::limits;
use super::pickle::{Node, Pickle, Storage, TensorNode, Value};
use super::table::Place;
use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

/// Bytes in the file of each storage.
pub(super) type Storages<'a> = HashMap<&'a str, Range<usize>>;

/// Entries of a dictionary: its tensors, and the names of what is none.
pub(super) type Entries = (Vec<(String, Place)>, Vec<String>);

/// A pickle with the data that it refers to.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) pickle: Pickle<'a>,
    pub(super) storages: Storages<'a>,
    /// How each container was reached: from which other one, and by what key.
    trail: Vec<(Option<usize>, Key)>,
    /// Dictionaries that hold a tensor: the end of their trail, and themselves.
    found: Vec<(usize, Value)>,
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Root,
    Value(Value),
    Place(usize),
}

impl<'a> Tree<'a> {
    /// Finds every dictionary that holds a tensor under a string, from the outside in.
    pub(super) fn new(pickle: Pickle<'a>, storages: Storages<'a>) -> Self {
        let mut trail = vec![(None, Key::Root)];
        let (mut found, mut seen) = (vec![], HashSet::new());
        let mut todo = VecDeque::from([(0, pickle.root, 0)]);
        while let Some((end, value, depth)) = todo.pop_front() {
            let Value::Node(number) = value else { continue };
            if depth > limits::DEPTH || !seen.insert(number) {
                continue;
            }
            let mut visit = |key, value| {
                if let Some(Node::Dict(_) | Node::List(_) | Node::Tuple(_)) = pickle.node(value) {
                    trail.push((Some(end), key));
                    todo.push_back((trail.len() - 1, value, depth + 1));
                }
            };
            match pickle.node(value) {
                Some(Node::Dict(pairs)) => {
                    let tensor = |&(key, value): &(Value, Value)| {
                        matches!(key, Value::Text(_)) && matches!(pickle.node(value), Some(Node::Tensor(_)))
                    };
                    if pairs.iter().any(tensor) {
                        found.push((end, value));
                    }
                    pairs.iter().for_each(|&(key, value)| visit(Key::Value(key), value));
                }
                Some(Node::List(values) | Node::Tuple(values)) => {
                    values.iter().enumerate().for_each(|(i, &value)| visit(Key::Place(i), value));
                }
                _ => {}
            }
        }
        Self { pickle, storages, trail, found }
    }

    /// How many dictionaries there are.
    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    /// Where a dictionary is: keys separated by dots, empty for the outermost one.
    pub(super) fn path(&self, dictionary: usize) -> String {
        let mut keys = vec![];
        let mut end = self.found.get(dictionary).map(|&(end, _)| end);
        while let Some(&(before, key)) = end.and_then(|end| self.trail.get(end)) {
            match key {
                Key::Root => {}
                Key::Place(i) => keys.push(i.to_string()),
                Key::Value(Value::Int(i)) => keys.push(i.to_string()),
                Key::Value(value) => keys.push(clipped(self.pickle.text(value).unwrap_or("?"))),
            }
            end = before;
        }
        keys.reverse();
        keys.join(".")
    }

    /// The entries of a dictionary.
    pub(super) fn entries(&self, dictionary: usize) -> Result<Entries, Refused> {
        let node = self.found.get(dictionary).and_then(|&(_, value)| self.pickle.node(value));
        let Some(Node::Dict(pairs)) = node else { return Ok(Entries::default()) };
        if pairs.len() > limits::ENTRIES {
            let (got, limit) = (pairs.len() as u64, limits::ENTRIES as u64);
            return Err(Refused::Limit { what: "entries of a dictionary", got, limit });
        }
        let (mut tensors, mut others, mut names) = (vec![], vec![], HashSet::with_capacity(pairs.len()));
        for &(key, value) in pairs {
            let name = match (key, self.pickle.text(key)) {
                (_, Some(name)) if name.len() <= limits::NAME => name,
                (_, Some(name)) => {
                    let (got, limit) = (name.len() as u64, limits::NAME as u64);
                    return Err(Refused::Limit { what: "bytes of a name", got, limit });
                }
                _ => continue,
            };
            if !names.insert(name) {
                return Err(Refused::Ambiguous(format!("`{}` is in the dictionary twice", clipped(name))));
            }
            match self.pickle.node(value) {
                Some(Node::Tensor(tensor)) => tensors.push((name.to_owned(), self.place(name, tensor)?)),
                _ => others.push(name.to_owned()),
            }
        }
        Ok((tensors, others))
    }

    fn place(&self, name: &str, tensor: &TensorNode) -> Result<Place, Refused> {
        let refuse = |problem: &str| Refused::Tensor { name: clipped(name), problem: problem.to_owned() };
        let Some(Node::Storage(storage)) = self.pickle.node(tensor.storage) else {
            return Err(refuse("it has no storage"));
        };
        let whole =
            self.storages.get(self.pickle.key(storage)).ok_or_else(|| refuse("its storage is missing"))?;
        let range = part(storage, whole).ok_or_else(|| refuse("its part of a storage lies outside of it"))?;
        Ok(Place {
            element: storage.element,
            shape: tensor.shape.clone(),
            strides: tensor.strides.clone(),
            offset: tensor.offset,
            storage: range,
        })
    }
}

/// Bytes of a storage that is a part of another one.
fn part(storage: &Storage, whole: &Range<usize>) -> Option<Range<usize>> {
    let Some((offset, count)) = storage.part else { return Some(whole.clone()) };
    let size = storage.element.size();
    let start = whole.start.checked_add(offset.checked_mul(size)?)?;
    let stop = start.checked_add(count.checked_mul(size)?)?;
    (stop <= whole.end).then_some(start..stop)
}
