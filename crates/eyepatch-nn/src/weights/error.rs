//! Why a weight file is refused.

use std::fmt;
use thiserror::Error;

/// Why a weight file is refused, or what of it could not be decided.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// Neither safetensors nor what `torch.save` writes.
    #[error("{0}")]
    Format(String),
    /// The file ends too early.
    #[error("the file ends within {what} at byte {at}")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Where it begins: bytes of the file, or of its pickle.
        at: usize,
    },
    /// More than is read of anything.
    #[error("{what}: {got}, and at most {limit} are read")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much there is, or the first number that is too large.
        got: u64,
        /// How much would do.
        limit: u64,
    },
    /// The pickle would call something that weights do not need.
    #[error(
        "the pickle asks for `{name}` at its byte {at}: only tensors, dictionaries and plain values are read"
    )]
    Global {
        /// Module and name, separated by a dot.
        name: String,
        /// Byte of the pickle.
        at: usize,
    },
    /// The pickle uses an opcode that weights do not need.
    #[error("the pickle has opcode {code:#04x} at its byte {at}, which no file of weights needs")]
    Opcode {
        /// The opcode.
        code: u8,
        /// Byte of the pickle.
        at: usize,
    },
    /// The pickle's opcodes do not fit together.
    #[error("the pickle is broken at its byte {at}: {problem}")]
    Pickle {
        /// Byte of the pickle.
        at: usize,
        /// What does not fit.
        problem: &'static str,
    },
    /// The zip container is broken, or holds what `torch.save` does not write.
    #[error("zip container: {0}")]
    Zip(String),
    /// The header of a safetensors file is broken.
    #[error("safetensors header: {0}")]
    Header(String),
    /// A storage is missing or not as long as it should be.
    #[error("storage `{key}`: {problem}")]
    Storage {
        /// The storage's key.
        key: String,
        /// What is wrong.
        problem: String,
    },
    /// A tensor reaches beyond its storage, or is of a type that is not read.
    #[error("tensor `{name}`: {problem}")]
    Tensor {
        /// The tensor's name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// Two things in the file would do, or none.
    #[error("{0}")]
    Ambiguous(String),
}

/// A name out of a stranger's file, short enough for a message.
pub(crate) fn clipped(name: &str) -> String {
    const MOST: usize = 120;
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// The first few of `all`, and how many more there are.
pub(crate) struct First<I>(pub(crate) I);

impl<I: Iterator<Item = T> + Clone, T: fmt::Display> fmt::Display for First<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 8;
        for (i, item) in self.0.clone().take(MOST).enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { ", " }, clipped(&item.to_string()))?;
        }
        match self.0.clone().count() {
            n if n > MOST => write!(f, " and {} more", n - MOST),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_are_bounded() {
        assert_eq!(First(["a", "b"].iter()).to_string(), "a, b");
        assert_eq!(First(0..11).to_string(), "0, 1, 2, 3, 4, 5, 6, 7 and 3 more");
        assert_eq!(clipped(&"ä".repeat(121)).chars().count(), 121);
        assert_eq!(clipped(&"ä".repeat(120)), "ä".repeat(120));
    }
}
