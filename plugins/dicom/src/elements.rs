//! From a file's bytes to the places of the few elements that are used.
//!
//! Headers are decoded by `dicom-encoding`; the walk over them is ours. It copies no value, takes nothing for true that a
//! length declares before it is held against the bytes that are there, and keeps nesting on a list of its own: readers
//! that build whole objects recurse, and a file of sequences within sequences would end the program.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::Range;

use dicom_core::header::{DataElementHeader, SequenceItemHeader};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_encoding::Decode as _;
use dicom_encoding::decode::explicit_be::ExplicitVRBigEndianDecoder;
use dicom_encoding::decode::explicit_le::ExplicitVRLittleEndianDecoder;
use dicom_encoding::decode::implicit_le::StandardImplicitVRLittleEndianDecoder;
use eyepatch_data::{Bad, Fault};

use crate::limits::Limits;
use crate::syntax::{Packing, Syntax};
use crate::tags::is_used;

/// Sequences within sequences, items counted too.
const MAX_DEPTH: usize = 64;
/// Of an image kept in so many pieces nothing good is to be expected.
const MAX_FRAGMENTS: usize = 1 << 16;
const UNDEFINED: u32 = u32::MAX;
const ITEM: Tag = Tag(0xfffe, 0xe000);
const ITEM_END: Tag = Tag(0xfffe, 0xe00d);

/// Where the pixels lie.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stored {
    /// In one piece; whether it is made of 16-bit words.
    Native(Range<usize>, bool),
    /// In fragments, after a table of where frames begin.
    Fragments(Range<usize>, Vec<Range<usize>>),
}

/// The elements of a file that are used.
pub(crate) struct Elements<'a> {
    pub(crate) syntax: Syntax,
    /// The data set, inflated where it was deflated.
    data: Cow<'a, [u8]>,
    values: BTreeMap<Tag, Range<usize>>,
    pub(crate) stored: Option<Stored>,
}

/// Whether pixels are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// Up to the pixels, which need not be there.
    Pixels,
    /// All.
    End,
}

impl<'a> Elements<'a> {
    /// Reads a file.
    pub(crate) fn read(bytes: &'a [u8], limits: &Limits, until: Until) -> Result<Self, Bad> {
        if !has_mark(bytes) {
            return Err(Bad::new(
                Fault::Unreadable,
                "it is no DICOM file: `DICM` does not stand at byte 128",
                "give files of DICOM part 10 (`dcmconv +F` writes them from bare data sets)",
            ));
        }
        let (uid, start) = meta(bytes)?;
        let syntax = Syntax::of(&uid)?;
        let data = if syntax.deflated {
            Cow::Owned(inflate(&bytes[start..], limits.max_bytes)?)
        } else {
            Cow::Borrowed(&bytes[start..])
        };
        let mut elements = Self { syntax, data, values: BTreeMap::new(), stored: None };
        elements.walk(until)?;
        Ok(elements)
    }

    fn walk(&mut self, until: Until) -> Result<(), Bad> {
        let decoder = Decoder::of(self.syntax);
        let data: &[u8] = &self.data;
        let mut at = 0;
        while at < data.len() {
            let header = decoder.header(data, &mut at)?;
            let (tag, len) = (header.tag, header.len.0);
            if tag == tags::PIXEL_DATA {
                self.stored = match (until, len) {
                    (Until::Pixels, _) => Some(Stored::Native(at..at, false)),
                    (_, UNDEFINED) => Some(fragments(&decoder, data, at)?),
                    _ => Some(Stored::Native(within(data, at, len, tag)?, header.vr == VR::OW)),
                };
                return Ok(());
            }
            let range = match len {
                UNDEFINED => skip_sequence(&decoder, data, at, &header)?,
                _ => within(data, at, len, tag)?,
            };
            at = range.end;
            if is_used(tag) && self.values.insert(tag, range).is_some() {
                return Err(Bad::corrupt(format!("element {tag} stands in it twice")));
            }
        }
        Ok(())
    }

    /// An element's bytes.
    pub(crate) fn bytes(&self, tag: Tag) -> Option<&[u8]> {
        self.values.get(&tag).map(|range| &self.data[range.clone()])
    }

    /// Bytes of the data set.
    pub(crate) fn slice(&self, range: &Range<usize>) -> &[u8] {
        &self.data[range.clone()]
    }
}

/// Whether a file begins as DICOM files do.
pub(crate) fn has_mark(bytes: &[u8]) -> bool {
    bytes.get(128..132) == Some(b"DICM")
}

/// The meta group's transfer syntax, and where the data set begins.
fn meta(bytes: &[u8]) -> Result<(String, usize), Bad> {
    let decoder = Decoder::Explicit(ExplicitVRLittleEndianDecoder::default());
    let mut at = 132;
    let mut uid = None;
    while bytes.get(at..at + 2) == Some(&[2, 0]) {
        let header = decoder.header(bytes, &mut at)?;
        let range = within(bytes, at, header.len.0, header.tag)?;
        at = range.end;
        if header.tag == tags::TRANSFER_SYNTAX_UID {
            uid = Some(String::from_utf8_lossy(&bytes[range]).trim_matches([' ', '\0']).to_owned());
        }
    }
    let uid = uid.ok_or_else(|| Bad::corrupt("its meta group names no transfer syntax"))?;
    Ok((uid, at))
}

fn inflate(bytes: &[u8], max_bytes: u64) -> Result<Vec<u8>, Bad> {
    let mut data = Vec::new();
    flate2::read::DeflateDecoder::new(bytes)
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut data)
        .map_err(|e| Bad::corrupt(format!("its deflated data set cannot be inflated: {e}")))?;
    if data.len() as u64 > max_bytes {
        return Err(Bad::new(
            Fault::Unreadable,
            format!("its data set inflates to more than `max_bytes` = {max_bytes}"),
            "check that it is an image, or raise `max_bytes`",
        ));
    }
    Ok(data)
}

enum Decoder {
    Implicit(StandardImplicitVRLittleEndianDecoder),
    Explicit(ExplicitVRLittleEndianDecoder),
    Big(ExplicitVRBigEndianDecoder),
}

impl Decoder {
    fn of(syntax: Syntax) -> Self {
        match (syntax.explicit, syntax.big_endian) {
            (false, _) => Self::Implicit(StandardImplicitVRLittleEndianDecoder::default()),
            (true, false) => Self::Explicit(ExplicitVRLittleEndianDecoder::default()),
            (true, true) => Self::Big(ExplicitVRBigEndianDecoder::default()),
        }
    }

    /// The header at `at`, which moves behind it.
    fn header(&self, data: &[u8], at: &mut usize) -> Result<DataElementHeader, Bad> {
        let mut rest = &data[(*at).min(data.len())..];
        let header = match self {
            Self::Implicit(d) => d.decode_header(&mut rest),
            Self::Explicit(d) => d.decode_header(&mut rest),
            Self::Big(d) => d.decode_header(&mut rest),
        };
        let (header, _) = header.map_err(|_| cut_off(*at))?;
        *at = data.len() - rest.len();
        Ok(header)
    }

    fn item(&self, data: &[u8], at: &mut usize) -> Result<SequenceItemHeader, Bad> {
        let mut rest = &data[(*at).min(data.len())..];
        if rest.len() < 8 {
            return Err(cut_off(*at));
        }
        let item = match self {
            Self::Implicit(d) => d.decode_item_header(&mut rest),
            Self::Explicit(d) => d.decode_item_header(&mut rest),
            Self::Big(d) => d.decode_item_header(&mut rest),
        };
        let item = item.map_err(|_| {
            Bad::corrupt(format!("what stands at byte {at} of its data set is no item of a sequence"))
        })?;
        *at = data.len() - rest.len();
        Ok(item)
    }
}

fn cut_off(at: usize) -> Bad {
    Bad::corrupt(format!("it ends within an element (byte {at} of its data set)"))
}

/// The bytes that an element claims, where they are there.
fn within(data: &[u8], at: usize, len: u32, tag: Tag) -> Result<Range<usize>, Bad> {
    let left = data.len() - at.min(data.len());
    if len as usize > left {
        let claim = if len == UNDEFINED { "no end".into() } else { format!("{len} bytes") };
        return Err(Bad::corrupt(format!("element {tag} claims {claim} and {left} are left")));
    }
    Ok(at..at + len as usize)
}

/// Passes over a sequence without a length, whatever is nested in it.
fn skip_sequence(
    decoder: &Decoder,
    data: &[u8],
    start: usize,
    header: &DataElementHeader,
) -> Result<Range<usize>, Bad> {
    // What is unknown and has no length is a sequence of implicit elements (PS3.5 6.2.2).
    let implicit = Decoder::Implicit(StandardImplicitVRLittleEndianDecoder::default());
    let decoder = if header.vr == VR::UN { &implicit } else { decoder };
    let mut at = start;
    // Whether each open level is an item (of elements) or a sequence (of items).
    let mut open = vec![false];
    while let Some(&in_item) = open.last() {
        if open.len() > MAX_DEPTH {
            return Err(Bad::corrupt(format!("sequences are nested more than {} deep", MAX_DEPTH / 2)));
        }
        if in_item {
            let header = decoder.header(data, &mut at)?;
            match (header.tag, header.len.0) {
                (ITEM_END, _) => drop(open.pop()),
                (_, UNDEFINED) => open.push(false),
                (tag, len) => at = within(data, at, len, tag)?.end,
            }
        } else {
            match decoder.item(data, &mut at)? {
                SequenceItemHeader::Item { len } if len.0 == UNDEFINED => open.push(true),
                SequenceItemHeader::Item { len } => at = within(data, at, len.0, ITEM)?.end,
                SequenceItemHeader::SequenceDelimiter => drop(open.pop()),
                SequenceItemHeader::ItemDelimiter => {
                    return Err(Bad::corrupt("an item of a sequence ends that never began"));
                }
            }
        }
    }
    Ok(start..at)
}

/// The items of encapsulated pixels. The first is the table of where frames begin.
fn fragments(decoder: &Decoder, data: &[u8], mut at: usize) -> Result<Stored, Bad> {
    let mut items = Vec::new();
    loop {
        match decoder.item(data, &mut at)? {
            SequenceItemHeader::Item { len } => {
                let range = within(data, at, len.0, ITEM)?;
                at = range.end;
                items.push(range);
            }
            SequenceItemHeader::SequenceDelimiter => break,
            SequenceItemHeader::ItemDelimiter => {
                return Err(Bad::corrupt("a fragment of the pixels ends that never began"));
            }
        }
        if items.len() > MAX_FRAGMENTS {
            return Err(Bad::corrupt(format!("its pixels lie in more than {MAX_FRAGMENTS} fragments")));
        }
    }
    if items.len() < 2 {
        return Err(Bad::corrupt("its pixel data has no fragment"));
    }
    let table = items.remove(0);
    Ok(Stored::Fragments(table, items))
}

impl Elements<'_> {
    /// Whether pixels are stored as the transfer syntax says: in fragments, or in one piece.
    pub(crate) fn check_packing(&self) -> Result<&Stored, Bad> {
        match (&self.stored, self.syntax.packing) {
            (None, _) => Err(Bad::new(
                Fault::Unsupported,
                "it has no pixels",
                "take it out of the folder, or set `on_bad` to \"drop\"",
            )),
            (Some(stored @ Stored::Native(..)), Packing::Native) => Ok(stored),
            (Some(stored @ Stored::Fragments(..)), Packing::Rle | Packing::Jpeg) => Ok(stored),
            (Some(_), _) => Err(Bad::corrupt(format!(
                "its pixels are not stored as its transfer syntax ({}) says",
                self.syntax.name
            ))),
        }
    }
}
