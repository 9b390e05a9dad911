//! Transfer syntaxes: how a file's data set and pixels are written.

use dicom_dictionary_std::uids;
use dicom_encoding::TransferSyntaxIndex as _;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use eyepatch_data::{Bad, Fault};

/// How pixels are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    /// As they are.
    Native,
    /// Run lengths (PS3.5 annex G).
    Rle,
    /// JPEG: 8-bit DCT or lossless.
    Jpeg,
}

/// A transfer syntax that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Syntax {
    pub(crate) uid: &'static str,
    pub(crate) name: &'static str,
    /// Whether elements state their value representation.
    pub(crate) explicit: bool,
    pub(crate) big_endian: bool,
    /// Whether all after the file's meta group is one deflated stream.
    pub(crate) deflated: bool,
    pub(crate) packing: Packing,
}

const fn little(uid: &'static str, name: &'static str, packing: Packing) -> Syntax {
    Syntax { uid, name, explicit: true, big_endian: false, deflated: false, packing }
}

/// All that are read. The README lists the same.
pub(crate) const SUPPORTED: [Syntax; 9] = [
    Syntax {
        explicit: false,
        ..little(uids::IMPLICIT_VR_LITTLE_ENDIAN, "Implicit VR Little Endian", Packing::Native)
    },
    little(uids::EXPLICIT_VR_LITTLE_ENDIAN, "Explicit VR Little Endian", Packing::Native),
    Syntax {
        deflated: true,
        ..little(
            uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
            "Deflated Explicit VR Little Endian",
            Packing::Native,
        )
    },
    Syntax { big_endian: true, ..little("1.2.840.10008.1.2.2", "Explicit VR Big Endian", Packing::Native) },
    little(uids::RLE_LOSSLESS, "RLE Lossless", Packing::Rle),
    little(uids::JPEG_BASELINE8_BIT, "JPEG Baseline (Process 1)", Packing::Jpeg),
    little(uids::JPEG_EXTENDED12_BIT, "JPEG Extended (Process 2 and 4), 8 bit only", Packing::Jpeg),
    little(uids::JPEG_LOSSLESS, "JPEG Lossless, Non-Hierarchical (Process 14)", Packing::Jpeg),
    little(
        uids::JPEG_LOSSLESS_SV1,
        "JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14, Selection Value 1)",
        Packing::Jpeg,
    ),
];

impl Syntax {
    /// The syntax of this UID.
    ///
    /// # Errors
    /// A [`Bad`] that names UID, name and the remedy.
    pub(crate) fn of(uid: &str) -> Result<Self, Bad> {
        if let Some(known) = SUPPORTED.iter().find(|s| s.uid == uid) {
            return Ok(*known);
        }
        let name = TransferSyntaxRegistry.get(uid).map(|ts| format!(" ({})", ts.name()));
        let uid: String = uid.chars().filter(|c| c.is_ascii_digit() || *c == '.').take(64).collect();
        Err(Bad::new(
            Fault::Unsupported,
            format!("its transfer syntax {uid}{} is not read", name.unwrap_or_default()),
            "decompress it: `gdcmconv --raw IN OUT`, or `dcmdjpeg`, `dcmdjpls` or `dcmdrle` of DCMTK",
        ))
    }
}
