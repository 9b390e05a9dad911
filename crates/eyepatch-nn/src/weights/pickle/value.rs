//! What a pickle may hold.

use crate::weights::element::Element;

/// A string: where it stands in the pickle, checked to be UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::weights) struct Text {
    pub(super) start: u32,
    pub(super) length: u32,
}

impl Text {
    pub(super) fn of(self, pickle: &[u8]) -> &str {
        let (start, length) = (self.start as usize, self.length as usize);
        let bytes = pickle.get(start..start + length).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// Something that a pickle may call or name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::weights) enum Global {
    /// `collections.OrderedDict`
    OrderedDict,
    /// `torch._utils._rebuild_tensor`, of before 2018.
    RebuildTensor,
    /// `torch._utils._rebuild_tensor_v2`
    RebuildTensorV2,
    /// `torch._utils._rebuild_parameter`
    RebuildParameter,
    /// `torch.FloatStorage` and its like: a name, never called.
    Storage(Element),
}

impl Global {
    pub(super) fn named(module: &str, name: &str) -> Option<Self> {
        match (module, name) {
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch._utils", "_rebuild_tensor") => Some(Self::RebuildTensor),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Self::RebuildTensorV2),
            ("torch._utils", "_rebuild_parameter") => Some(Self::RebuildParameter),
            ("torch" | "torch.cuda", class) => Element::of_storage(class).map(Self::Storage),
            _ => None,
        }
    }
}

/// A value on the stack, in the memo or in a container.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::weights) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Text),
    Global(Global),
    /// An integer of more than eight bytes: where its bytes stand. Only the legacy format's magic number is one.
    Long(Text),
    /// Number of a [`Node`].
    Node(u32),
}

/// A value that holds others.
#[derive(Debug)]
pub(in crate::weights) enum Node {
    List(Vec<Value>),
    Tuple(Vec<Value>),
    /// Keys and values in order; a key that comes twice is here twice.
    Dict(Vec<(Value, Value)>),
    Storage(Box<Storage>),
    Tensor(Box<TensorNode>),
}

/// A storage: one piece of memory that tensors look into.
#[derive(Debug, Clone, Copy)]
pub(in crate::weights) struct Storage {
    pub(in crate::weights) element: Element,
    pub(super) key: Text,
    /// Elements of the whole storage.
    pub(in crate::weights) count: usize,
    /// First element and number of elements, where this is a part of the storage of that key (files of before 2017).
    pub(in crate::weights) part: Option<(usize, usize)>,
}

/// A tensor as a view of a storage.
#[derive(Debug, Clone)]
pub(in crate::weights) struct TensorNode {
    pub(in crate::weights) storage: Value,
    pub(in crate::weights) offset: usize,
    pub(in crate::weights) shape: Vec<usize>,
    pub(in crate::weights) strides: Vec<usize>,
}
