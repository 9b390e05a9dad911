//! DICOM files, written element by element.

use std::collections::BTreeMap;

pub(crate) const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub(crate) const RLE: &str = "1.2.840.10008.1.2.5";
pub(crate) const JPEG: &str = "1.2.840.10008.1.2.4.50";

/// A file in Explicit VR Little Endian, or with pixels packed otherwise.
#[derive(Clone)]
pub(crate) struct Build {
    syntax: String,
    elements: BTreeMap<(u16, u16), (String, Vec<u8>)>,
    /// Written as they are, after all elements.
    tail: Vec<u8>,
}

impl Build {
    /// A grey image of 12 bits in 16, of patient `patient` and instance `uid`.
    pub(crate) fn grey(rows: u16, columns: u16, values: &[u16]) -> Self {
        let pixels = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self { syntax: EXPLICIT.into(), elements: BTreeMap::new(), tail: Vec::new() }
            .text(0x0008, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.1")
            .text(0x0008, 0x0018, "UI", "1.2.3")
            .text(0x0008, 0x0060, "CS", "DX")
            .text(0x0010, 0x0020, "LO", "PAT")
            .number(0x0028, 0x0002, 1)
            .text(0x0028, 0x0004, "CS", "MONOCHROME2")
            .number(0x0028, 0x0010, rows)
            .number(0x0028, 0x0011, columns)
            .number(0x0028, 0x0100, 16)
            .number(0x0028, 0x0101, 12)
            .number(0x0028, 0x0102, 11)
            .number(0x0028, 0x0103, 0)
            .value(0x7fe0, 0x0010, "OW", pixels)
    }

    /// A gradient of 8 x 12 that differs with `n`.
    pub(crate) fn gradient(n: u16) -> Self {
        let values: Vec<u16> = (0..96).map(|i| 31 * (i % 12) + 7 * (i / 12) + 13 * n).collect();
        Self::grey(8, 12, &values).text(0x0008, 0x0018, "UI", &format!("1.2.3.{n}"))
    }

    pub(crate) fn syntax(mut self, uid: &str) -> Self {
        self.syntax = uid.into();
        self
    }

    pub(crate) fn value(mut self, group: u16, element: u16, vr: &str, bytes: Vec<u8>) -> Self {
        self.elements.insert((group, element), (vr.into(), bytes));
        self
    }

    pub(crate) fn text(self, group: u16, element: u16, vr: &str, text: &str) -> Self {
        let mut bytes = text.as_bytes().to_vec();
        if bytes.len() % 2 == 1 {
            bytes.push(if vr == "UI" { 0 } else { b' ' });
        }
        self.value(group, element, vr, bytes)
    }

    pub(crate) fn number(self, group: u16, element: u16, number: u16) -> Self {
        self.value(group, element, "US", number.to_le_bytes().into())
    }

    pub(crate) fn without(mut self, group: u16, element: u16) -> Self {
        self.elements.remove(&(group, element));
        self
    }

    pub(crate) fn tail(mut self, bytes: Vec<u8>) -> Self {
        self.tail = bytes;
        self
    }

    /// Pixels in fragments, with an empty table before them.
    pub(crate) fn fragments(self, parts: &[&[u8]]) -> Self {
        let mut bytes = header(0x7fe0, 0x0010, "OB", u32::MAX);
        for part in std::iter::once(&&[][..]).chain(parts) {
            bytes.extend([0xfe, 0xff, 0x00, 0xe0]);
            bytes.extend((part.len() as u32).to_le_bytes());
            bytes.extend(*part);
        }
        bytes.extend([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
        self.without(0x7fe0, 0x0010).tail(bytes)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; 128];
        bytes.extend(b"DICM");
        let mut uid = self.syntax.clone().into_bytes();
        uid.resize(uid.len().next_multiple_of(2), 0);
        bytes.extend(header(0x0002, 0x0010, "UI", uid.len() as u32));
        bytes.extend(uid);
        for ((group, element), (vr, value)) in &self.elements {
            bytes.extend(header(*group, *element, vr, value.len() as u32));
            bytes.extend(value);
        }
        bytes.extend(&self.tail);
        bytes
    }
}

/// An element's header in Explicit VR Little Endian.
pub(crate) fn header(group: u16, element: u16, vr: &str, length: u32) -> Vec<u8> {
    let mut bytes = [group.to_le_bytes(), element.to_le_bytes()].concat();
    bytes.extend(vr.as_bytes());
    if matches!(vr, "OB" | "OW" | "SQ" | "UN" | "UT") {
        bytes.extend([0, 0]);
        bytes.extend(length.to_le_bytes());
    } else {
        bytes.extend((length as u16).to_le_bytes());
    }
    bytes
}

/// Small files of every kind that is read, and some that are refused: what fuzzing starts from.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let rgb = |b: Build, photometric: &str| {
        let pixels = (0..8 * 12 * 3).map(|i| (i * 5 % 251) as u8).collect();
        let b = b.number(0x0028, 0x0002, 3).text(0x0028, 0x0004, "CS", photometric).number(0x0028, 0x0006, 0);
        b.number(0x0028, 0x0100, 8)
            .number(0x0028, 0x0101, 8)
            .number(0x0028, 0x0102, 7)
            .value(0x7fe0, 0x0010, "OB", pixels)
    };
    let nested = [
        header(0x0040, 0x0275, "SQ", u32::MAX),
        vec![0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff],
        header(0x0008, 0x0060, "CS", 2),
        b"CR".to_vec(),
        vec![0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0, 0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0],
    ]
    .concat();
    let pixels = Build::gradient(1).bytes();
    let (head, tail) = pixels.split_at(pixels.len() - 96 * 2 - 12);
    let golden = |name: &str| {
        std::fs::read(format!("{}/tests/golden/{name}.dcm", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    vec![
        ("grey", Build::gradient(1).bytes()),
        ("monochrome1", Build::gradient(2).text(0x0028, 0x0004, "CS", "MONOCHROME1").bytes()),
        ("signed", Build::gradient(3).number(0x0028, 0x0103, 1).text(0x0028, 0x1053, "DS", "2.5").bytes()),
        (
            "window",
            Build::gradient(4).text(0x0028, 0x1050, "DS", "100").text(0x0028, 0x1051, "DS", "50\\60").bytes(),
        ),
        ("rgb", rgb(Build::gradient(5), "RGB").bytes()),
        ("ybr", rgb(Build::gradient(6), "YBR_FULL").bytes()),
        ("nested", [head, &nested, tail].concat()),
        ("no_pixels", Build::gradient(7).without(0x7fe0, 0x0010).bytes()),
        ("implicit", golden("implicit")),
        ("big_endian", golden("big_endian_16")),
        ("deflated", golden("deflated")),
        ("rle", golden("rle_12")),
        ("rle_frames", golden("rle_frames")),
        ("jpeg_baseline", golden("jpeg_baseline_ybr")),
        ("jpeg_lossless", golden("jpeg_lossless_12")),
    ]
}
