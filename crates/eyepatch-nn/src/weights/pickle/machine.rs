//! The stack machine.

use super::call;
use super::value::{Global, Node, Text, Value};
use super::{Pickle, Value as V};
use crate::weights::error::{Refused, clipped};
use crate::weights::limits;
use std::collections::HashMap;

pub(super) type Result<T> = std::result::Result<T, Refused>;

/// Runs the pickle at the beginning of `bytes` up to its end, which need not be the end of `bytes`.
pub(in crate::weights) fn run(bytes: &[u8]) -> Result<Pickle<'_>> {
    let (length, limit) = (bytes.len() as u64, limits::PICKLE);
    let mut machine = Machine::new(&bytes[..length.min(limit) as usize]);
    for _ in 0..limits::STEPS {
        match machine.step() {
            Ok(None) => {}
            Ok(Some(root)) => {
                let Machine { bytes, nodes, at, .. } = machine;
                return Ok(Pickle { bytes, nodes, root, length: at });
            }
            Err(Refused::Truncated { .. }) if length > limit => {
                return Err(Refused::Limit { what: "bytes of the pickle", got: length, limit });
            }
            Err(refused) => return Err(refused),
        }
    }
    let (got, limit) = (limits::STEPS as u64 + 1, limits::STEPS as u64);
    Err(Refused::Limit { what: "opcodes of the pickle", got, limit })
}

pub(super) struct Machine<'a> {
    pub(super) bytes: &'a [u8],
    /// Byte that is read next.
    at: usize,
    /// Byte of the opcode at work.
    opcode: usize,
    stack: Vec<Value>,
    /// Lengths of the stack at open marks.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    pub(super) nodes: Vec<Node>,
}

impl<'a> Machine<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let (stack, marks, memo, nodes) = (vec![], vec![], HashMap::new(), vec![]);
        Self { bytes, at: 0, opcode: 0, stack, marks, memo, nodes }
    }

    pub(super) fn broken<T>(&self, problem: &'static str) -> Result<T> {
        Err(Refused::Pickle { at: self.opcode, problem })
    }

    /// One opcode; the value at the end.
    fn step(&mut self) -> Result<Option<Value>> {
        self.opcode = self.at;
        let code = self.take(1)?[0];
        match code {
            b'.' => return self.pop().map(Some),
            0x80 => {
                let version = self.number(1)?;
                if !(2..=5).contains(&version) {
                    return self.broken("its protocol is none of 2 to 5");
                }
            }
            // A frame says how much may be read at once; what is in it is read like the rest.
            0x95 => drop(self.take(8)?),
            b'(' => self.mark()?,
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_mark()?),
            b'2' => self.push(self.top()?),
            b'N' => self.push(V::None),
            0x88 => self.push(V::Bool(true)),
            0x89 => self.push(V::Bool(false)),
            b'K' | b'M' | b'J' | b'G' | 0x8a | b'X' | 0x8c | 0x8d | b'U' | b'T' => self.constant(code)?,
            b'q' | b'r' | b'h' | b'j' | 0x94 => self.remember(code)?,
            b']' | b'}' | b')' | 0x85 | 0x86 | 0x87 | b't' | b'l' | b'd' => self.container(code)?,
            b'a' | b'e' | b's' | b'u' | b'b' => self.fill(code)?,
            b'c' | 0x93 => self.global(code)?,
            b'R' => {
                let (arguments, callable) = (self.pop()?, self.pop()?);
                let result = call::call(self, callable, arguments)?;
                self.push(result);
            }
            b'Q' => {
                let id = self.pop()?;
                let storage = call::storage(self, id)?;
                self.push(storage);
            }
            code => return Err(Refused::Opcode { code, at: self.opcode }),
        }
        Ok(None)
    }

    /// Numbers and strings.
    fn constant(&mut self, code: u8) -> Result<()> {
        let value = match code {
            b'K' => V::Int(self.number(1)? as i64),
            b'M' => V::Int(self.number(2)? as i64),
            b'J' => V::Int(i64::from(self.number(4)? as u32 as i32)),
            b'G' => V::Float(f64::from_bits(self.number(8)?.swap_bytes())),
            0x8a => self.long()?,
            _ => {
                let width = match code {
                    b'X' | b'T' => 4,
                    0x8d => 8,
                    _ => 1,
                };
                let length = self.number(width)?;
                let text = self.text(usize::try_from(length).unwrap_or(usize::MAX))?;
                if std::str::from_utf8(&self.bytes[text.start as usize..][..text.length as usize]).is_err() {
                    return self.broken("a string is not UTF-8");
                }
                V::Text(text)
            }
        };
        self.push(value);
        Ok(())
    }

    fn long(&mut self) -> Result<Value> {
        let length = self.number(1)? as usize;
        let text = self.text(length)?;
        let bytes = &self.bytes[text.start as usize..][..length];
        if length > 8 {
            return Ok(V::Long(text));
        }
        // The last byte carries the sign.
        let fill = if bytes.last().is_some_and(|b| b & 0x80 != 0) { 0xff } else { 0 };
        let mut whole = [fill; 8];
        whole[..length].copy_from_slice(bytes);
        Ok(V::Int(i64::from_le_bytes(whole)))
    }

    /// The memo: values by number.
    fn remember(&mut self, code: u8) -> Result<()> {
        let number = match code {
            b'q' | b'h' => self.number(1)? as u32,
            b'r' | b'j' => self.number(4)? as u32,
            _ => self.memo.len() as u32,
        };
        if matches!(code, b'h' | b'j') {
            let Some(&value) = self.memo.get(&number) else {
                return self.broken("it recalls what is not there");
            };
            self.push(value);
        } else {
            self.memo.insert(number, self.top()?);
        }
        Ok(())
    }

    /// New lists, tuples and dictionaries.
    fn container(&mut self, code: u8) -> Result<()> {
        let node = match code {
            b']' => Node::List(vec![]),
            b'}' => Node::Dict(vec![]),
            b')' => Node::Tuple(vec![]),
            b'l' => Node::List(self.pop_mark()?),
            b'd' => {
                let items = self.pop_mark()?;
                Node::Dict(self.pairs(&items)?)
            }
            b't' => Node::Tuple(self.pop_mark()?),
            code => {
                let count = usize::from(code - 0x84);
                let Some(start) = self.stack.len().checked_sub(count).filter(|s| *s >= self.floor()) else {
                    return self.broken("its stack is empty");
                };
                Node::Tuple(self.stack.split_off(start))
            }
        };
        let value = self.add(node);
        self.push(value);
        Ok(())
    }

    /// Puts values into the container below them.
    fn fill(&mut self, code: u8) -> Result<()> {
        let items = match code {
            b'a' => vec![self.pop()?],
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                vec![key, value]
            }
            b'b' => {
                self.pop()?;
                vec![]
            }
            _ => self.pop_mark()?,
        };
        let pairs = if matches!(code, b's' | b'u') { self.pairs(&items)? } else { vec![] };
        let V::Node(target) = self.top()? else { return self.broken("it fills what is no container") };
        match (self.nodes.get_mut(target as usize), code) {
            (Some(Node::List(list)), b'a' | b'e') => list.extend(items),
            (Some(Node::Dict(dict)), b's' | b'u') => dict.extend(pairs),
            // Attributes of an ordered dictionary: torch keeps the versions of modules there.
            (Some(Node::Dict(_)), b'b') => {}
            _ => return self.broken("it fills a container of another kind"),
        }
        Ok(())
    }

    fn pairs(&self, items: &[Value]) -> Result<Vec<(Value, Value)>> {
        match items.as_chunks::<2>() {
            (pairs, []) => Ok(pairs.iter().map(|&[key, value]| (key, value)).collect()),
            _ => self.broken("a key has no value"),
        }
    }

    fn global(&mut self, code: u8) -> Result<()> {
        let (module, name) = if code == b'c' {
            (self.line()?, self.line()?)
        } else {
            let (name, module) = (self.pop()?, self.pop()?);
            let (V::Text(name), V::Text(module)) = (name, module) else {
                return self.broken("it names something without a string");
            };
            (module.of(self.bytes), name.of(self.bytes))
        };
        match Global::named(module, name) {
            Some(global) => {
                self.push(V::Global(global));
                Ok(())
            }
            None => {
                let name = format!("{}.{}", clipped(module), clipped(name));
                Err(Refused::Global { name, at: self.opcode })
            }
        }
    }

    /// Bytes that follow; an error before anything is allocated where there are fewer.
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..count).ok_or(Refused::Truncated { what: "the pickle", at: self.opcode })?;
        self.at += count;
        Ok(taken)
    }

    /// A little-endian number.
    fn number(&mut self, bytes: usize) -> Result<u64> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b)))
    }

    fn text(&mut self, length: usize) -> Result<Text> {
        let start = self.at;
        self.take(length)?;
        // A pickle is shorter than 2^32.
        Ok(Text { start: start as u32, length: length as u32 })
    }

    fn line(&mut self) -> Result<&'a str> {
        let rest = &self.bytes[self.at..];
        let Some(length) = rest.iter().position(|&b| b == b'\n') else {
            return Err(Refused::Truncated { what: "the pickle", at: self.opcode });
        };
        let line = std::str::from_utf8(&self.take(length + 1)?[..length]);
        line.or_else(|_| self.broken("a name is not UTF-8"))
    }

    fn mark(&mut self) -> Result<()> {
        let (got, limit) = (self.marks.len() as u64 + 1, limits::MARKS as u64);
        if got > limit {
            return Err(Refused::Limit { what: "nested containers of the pickle", got, limit });
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    /// Values below the last mark are out of reach.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or_default()
    }

    pub(super) fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    fn top(&self) -> Result<Value> {
        match self.stack[self.floor()..].last() {
            Some(&value) => Ok(value),
            None => self.broken("its stack is empty"),
        }
    }

    fn pop(&mut self) -> Result<Value> {
        let value = self.top()?;
        self.stack.pop();
        Ok(value)
    }

    fn pop_mark(&mut self) -> Result<Vec<Value>> {
        match self.marks.pop() {
            Some(start) => Ok(self.stack.split_off(start)),
            None => self.broken("it closes what is not open"),
        }
    }

    /// A value for a node; there are fewer nodes than opcodes.
    pub(super) fn add(&mut self, node: Node) -> Value {
        self.nodes.push(node);
        V::Node(self.nodes.len() as u32 - 1)
    }
}
