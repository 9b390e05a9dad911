//! Tensors by name, still in the bytes of their file.

use super::element::Element;
use super::error::{Refused, clipped};
use super::limits;
use super::names::{self, Renamed};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// Where a tensor lies in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) element: Element,
    pub(super) shape: Vec<usize>,
    /// Elements from one index to the next, a dimension each.
    pub(super) strides: Vec<usize>,
    /// First element in the storage.
    pub(super) offset: usize,
    /// Bytes of the storage in the file.
    pub(super) storage: Range<usize>,
}

impl Place {
    /// Elements, once every one of them is known to lie in the storage.
    ///
    /// A tensor with more elements than its storage (an expanded one) is refused as well: its values would take more
    /// memory than the file.
    fn check(&self) -> Result<usize, String> {
        let overflow = || "its shape overflows".to_owned();
        let count =
            self.shape.iter().try_fold(1usize, |n, &side| n.checked_mul(side)).ok_or_else(overflow)?;
        let held = self.storage.len() / self.element.size();
        if count > held {
            return Err(format!("{count} elements of shape {:?}, and {held} in its storage", self.shape));
        }
        if count == 0 {
            return Ok(0);
        }
        let reach = |end: Option<usize>, (&side, &stride): (&usize, &usize)| {
            end?.checked_add((side - 1).checked_mul(stride)?)
        };
        let end = self.shape.iter().zip(&self.strides).fold(Some(self.offset), reach).ok_or_else(overflow)?;
        if end >= held {
            return Err(format!("it reaches element {end} of a storage of {held}"));
        }
        Ok(count)
    }

    fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        self.shape.iter().zip(&self.strides).rev().all(|(&side, &stride)| {
            let fits = side == 1 || stride == expected;
            expected *= side;
            fits
        })
    }
}

/// Strides of a tensor whose elements follow each other, the last index fastest; `None` where its shape overflows.
pub(super) fn contiguous(shape: &[usize]) -> Option<Vec<usize>> {
    let mut strides = vec![1; shape.len()];
    for i in (1..shape.len()).rev() {
        strides[i - 1] = shape[i].checked_mul(strides[i])?;
    }
    Some(strides)
}

/// The tensors of one dictionary of a weight file, by name and in the file's order.
#[derive(Debug, Clone)]
pub struct Table<'f> {
    bytes: &'f [u8],
    path: String,
    entries: Vec<(String, Place)>,
    index: HashMap<String, usize>,
    others: Vec<String>,
    metadata: BTreeMap<String, String>,
    renamed: Renamed,
}

impl<'f> Table<'f> {
    /// Tensors that lie in `bytes`. `others` are names of what is no tensor.
    pub(super) fn new(
        bytes: &'f [u8],
        path: String,
        entries: Vec<(String, Place)>,
        others: Vec<String>,
    ) -> Result<Self, Refused> {
        let limit = limits::SHARING.saturating_mul(bytes.len() as u64);
        let mut taken = 0u64;
        for (name, place) in &entries {
            let refuse = |problem| Refused::Tensor { name: clipped(name), problem };
            if bytes.get(place.storage.clone()).is_none() {
                return Err(refuse("its storage lies outside the file".to_owned()));
            }
            let count = place.check().map_err(refuse)?;
            taken = taken.saturating_add((count * place.element.size()) as u64);
        }
        if taken > limit {
            return Err(Refused::Limit { what: "bytes of tensors that share storages", got: taken, limit });
        }
        let index = index(&entries)?;
        let (metadata, renamed) = (BTreeMap::new(), Renamed::default());
        Ok(Self { bytes, path, entries, index, others, metadata, renamed })
    }

    pub(super) fn with_metadata(self, metadata: BTreeMap<String, String>) -> Self {
        Self { metadata, ..self }
    }

    /// Where in the file this dictionary was, for instance `state_dict`; empty for the file's own.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Names of what the dictionary holds beside tensors.
    pub fn others(&self) -> &[String] {
        &self.others
    }

    /// The text that a safetensors file carries beside its tensors.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// What [`Table::torchvision`] renamed.
    pub fn renamed(&self) -> &Renamed {
        &self.renamed
    }

    /// How many tensors there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no tensor.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The tensors, in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = Tensor<'_>> + Clone {
        let bytes = self.bytes;
        self.entries.iter().map(move |(name, place)| Tensor { name, place, bytes })
    }

    /// The tensor of this name.
    pub fn get(&self, name: &str) -> Option<Tensor<'_>> {
        let (name, place) = self.entries.get(*self.index.get(name)?)?;
        Some(Tensor { name, place, bytes: self.bytes })
    }

    /// The same tensors under the names that torchvision's DenseNet has today.
    ///
    /// What stands before `features.conv0.weight` is taken off all names that begin with it (`module.`, `_orig_mod.`,
    /// `model.`, `densenet121.`); `denselayer1.norm.1` becomes `denselayer1.norm1`; the single linear layer of a
    /// sequential head (`classifier.1.weight`) becomes `classifier`. Tables without these names stay as they are.
    ///
    /// # Errors
    /// [`Refused::Ambiguous`] where there are two such networks, or two tensors would get one name.
    pub fn torchvision(self) -> Result<Self, Refused> {
        let old: Vec<&str> = self.entries.iter().map(|(name, _)| name.as_str()).collect();
        let (new, renamed) = names::torchvision(&old)?;
        let entries: Vec<_> =
            new.into_iter().zip(self.entries).map(|(name, (_, place))| (name, place)).collect();
        let index = index(&entries)?;
        Ok(Self { entries, index, renamed, ..self })
    }
}

/// Place of each name; two of one name are refused.
fn index(entries: &[(String, Place)]) -> Result<HashMap<String, usize>, Refused> {
    if entries.len() > limits::ENTRIES {
        let (got, limit) = (entries.len() as u64, limits::ENTRIES as u64);
        return Err(Refused::Limit { what: "tensors", got, limit });
    }
    let mut index = HashMap::with_capacity(entries.len());
    for (i, (name, _)) in entries.iter().enumerate() {
        if index.insert(name.clone(), i).is_some() {
            return Err(Refused::Ambiguous(format!("two tensors are named `{}`", clipped(name))));
        }
    }
    Ok(index)
}

/// One tensor of a [`Table`]. Its values are read when they are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Tensor<'t> {
    name: &'t str,
    place: &'t Place,
    bytes: &'t [u8],
}

impl<'t> Tensor<'t> {
    /// Its name.
    pub fn name(&self) -> &'t str {
        self.name
    }

    /// Type of its elements.
    pub fn element(&self) -> Element {
        self.place.element
    }

    /// Its shape; empty for a scalar.
    pub fn shape(&self) -> &'t [usize] {
        &self.place.shape
    }

    /// Elements from one index to the next in its storage, a dimension each.
    pub fn strides(&self) -> &'t [usize] {
        &self.place.strides
    }

    /// How many elements it has.
    pub fn count(&self) -> usize {
        self.place.shape.iter().product()
    }

    /// Its values, the last index fastest. Integers beyond 2^53 lose their last digits.
    pub fn values(&self) -> impl Iterator<Item = f64> + use<'t> {
        let element = self.place.element;
        let storage = self.bytes.get(self.place.storage.clone()).unwrap_or_default();
        self.offsets().map(move |i| element.value(storage.get(i * element.size()..).unwrap_or_default()))
    }

    /// Its values as f32, the last index fastest: exact from f16 and bf16, rounded from f64 and wide integers.
    pub fn to_f32(&self) -> Vec<f32> {
        let storage = self.bytes.get(self.place.storage.clone()).unwrap_or_default();
        if self.element() == Element::F32 && self.place.is_contiguous() {
            let (numbers, _) = storage.as_chunks::<4>();
            let numbers = numbers.iter().skip(self.place.offset).take(self.count());
            return numbers.map(|b| f32::from_le_bytes(*b)).collect();
        }
        if self.element() == Element::F32 {
            let (numbers, _) = storage.as_chunks::<4>();
            return self.offsets().filter_map(|i| numbers.get(i)).map(|b| f32::from_le_bytes(*b)).collect();
        }
        self.values().map(|v| v as f32).collect()
    }

    /// A scalar integer's value.
    pub fn to_i64(&self) -> Option<i64> {
        if self.count() != 1 || self.element().is_float() {
            return None;
        }
        let storage = self.bytes.get(self.place.storage.clone())?;
        let bytes = storage.get(self.place.offset * self.element().size()..)?;
        match self.element() {
            Element::I64 => Some(i64::from_le_bytes(*bytes.first_chunk()?)),
            narrow => Some(narrow.value(bytes) as i64),
        }
    }

    /// Elements of the storage in the tensor's order.
    fn offsets(&self) -> impl Iterator<Item = usize> + use<'t> {
        let place = self.place;
        let mut at = vec![0usize; place.shape.len()];
        let mut next = place.offset;
        (0..self.count()).map(move |_| {
            let here = next;
            for d in (0..at.len()).rev() {
                at[d] += 1;
                next += place.strides[d];
                if at[d] < place.shape[d] {
                    break;
                }
                next -= at[d] * place.strides[d];
                at[d] = 0;
            }
            here
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(shape: &[usize], strides: &[usize], offset: usize, held: usize) -> Place {
        let (shape, strides) = (shape.to_vec(), strides.to_vec());
        Place { element: Element::U8, shape, strides, offset, storage: 0..held }
    }

    #[test]
    fn strides_outside_the_storage_are_refused() {
        assert_eq!(place(&[2, 3], &[3, 1], 0, 6).check(), Ok(6));
        assert_eq!(place(&[3, 2], &[1, 3], 0, 6).check(), Ok(6));
        assert_eq!(place(&[], &[], 5, 6).check(), Ok(1));
        assert_eq!(place(&[0, 9], &[1, 1], 99, 6).check(), Ok(0));
        for bad in [
            place(&[2, 3], &[3, 1], 1, 6),
            place(&[2, 3], &[4, 1], 0, 6),
            place(&[], &[], 6, 6),
            place(&[7], &[0], 0, 6),
            place(&[2, usize::MAX], &[1, 1], 0, 6),
            place(&[2], &[usize::MAX], 1, 6),
            place(&[1], &[1], usize::MAX, 6),
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn values_are_those_of_the_definition(
            shape in prop::collection::vec(1usize..4, 0..4),
            strides in prop::collection::vec(0usize..7, 4),
            offset in 0usize..5,
            bytes in prop::collection::vec(any::<u8>(), 96),
        ) {
            let place = Place { element: Element::F16, ..place(&shape, &strides[..shape.len()], offset, 96) };
            prop_assume!(place.check().is_ok());
            let tensor = Tensor { name: "t", place: &place, bytes: &bytes };
            // Every index by division from its number.
            let slow = (0..tensor.count()).map(|i| {
                let (mut rest, mut at) = (i, offset);
                for (side, stride) in shape.iter().zip(&strides).rev() {
                    at += rest % side * stride;
                    rest /= side;
                }
                f32::from(half::f16::from_le_bytes([bytes[2 * at], bytes[2 * at + 1]]))
            });
            // Any NaN is as good as another.
            let bits = |v: f32| if v.is_nan() { f32::NAN.to_bits() } else { v.to_bits() };
            prop_assert!(tensor.to_f32().into_iter().map(bits).eq(slow.map(bits)));
        }
    }
}
