//! Elements as numbers and text.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_encoding::text::{SpecificCharacterSet, TextCodec as _};

use crate::elements::Elements;

impl Elements<'_> {
    /// A number of 16 bits.
    pub(crate) fn u16(&self, tag: Tag) -> Option<u16> {
        let bytes: [u8; 2] = self.bytes(tag)?.get(..2)?.try_into().ok()?;
        Some(if self.syntax.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    /// ASCII without padding; `None` where nothing is left or a character is none that codes and numbers are made of.
    pub(crate) fn code(&self, tag: Tag) -> Option<&str> {
        let text = std::str::from_utf8(self.bytes(tag)?).ok()?.trim_matches([' ', '\0']);
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ')).then_some(text)
    }

    /// The finite numbers of a decimal or integer string, as far as they are numbers.
    pub(crate) fn numbers(&self, tag: Tag) -> Vec<f64> {
        let text = self.code(tag).unwrap_or_default();
        let number = |part: &str| part.trim().parse().ok().filter(|x: &f64| x.is_finite());
        text.split('\\').map_while(number).collect()
    }

    /// The first of [`Elements::numbers`].
    pub(crate) fn number(&self, tag: Tag) -> Option<f64> {
        self.numbers(tag).first().copied()
    }

    /// Short text in the file's character set, without control characters; `None` where nothing is left.
    pub(crate) fn text(&self, tag: Tag) -> Option<String> {
        let bytes = self.bytes(tag)?;
        let bytes = &bytes[..bytes.len().min(256)];
        let set = self.code(tags::SPECIFIC_CHARACTER_SET).and_then(|s| s.split('\\').next()).unwrap_or("");
        let set = SpecificCharacterSet::from_code(set.trim()).unwrap_or_default();
        let text = set.decode(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned());
        let text: String = text.chars().filter(|c| !c.is_control()).take(64).collect();
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}
