//! Files that must be refused, each for its own reason.

use super::{corpus, file};
use eyepatch_nn::weights::{Refused, WeightFile};
use eyepatch_nn::{NnError, densenet};

/// Every file, and a part of why it is refused.
const WHY: &[(&str, &str)] = &[
    ("big-endian.pt", "its numbers are not little-endian"),
    ("checksum.pt", "`bad/data.pkl` is damaged: its checksum is wrong"),
    ("cut-legacy.pth", "the file ends within a storage at byte "),
    ("cut.pt", "it has no end: the file was cut off"),
    ("deep-lists.pt", "no dictionary of tensors is in the file"),
    ("deep-marks.pt", "nested containers of the pickle: 257, and at most 256 are read"),
    ("deep.safetensors", "recursion limit exceeded"),
    ("deflated.pt", "`bad/data.pkl` is compressed or encrypted"),
    ("dimensions.pt", "a tuple of sizes or arguments is too long"),
    ("dimensions.safetensors", "tensor `a`: it has 31 dimensions"),
    ("empty-stack.pt", "broken at its byte 2: it closes what is not open"),
    ("empty.pt", "the file is empty"),
    ("entry-count-64.pt", "entries of the zip container: 1152921504606846976, and at most 65536 are read"),
    ("entry-count.pt", "65535 entries in 173 bytes"),
    ("entry-size.pt", "`bad/data.pkl` claims 2147483648 bytes"),
    ("eval.pt", "asks for `builtins.eval` at its byte 35"),
    ("expanded.pt", "1099511627776 elements of shape [1099511627776], and 4 in its storage"),
    ("hdf5.h5", "an HDF5 file"),
    ("header-huge.safetensors", "bytes of the header: 9223372036854775808, and at most 4194304 are read"),
    ("header-long.safetensors", "the file ends within the header at byte 8"),
    ("hole.safetensors", "invalid offset for tensor `b`"),
    ("huge-memo.pt", "it recalls what is not there"),
    ("huge-string.pt", "the file ends within the pickle at byte 2"),
    ("huge-string8.pt", "the file ends within the pickle at byte 2"),
    ("instance.pt", "asks for `builtins.object` at its byte 2"),
    ("items-again.pt", "the items of a dictionary are no list"),
    ("itself.pt", "no dictionary of tensors is in the file"),
    ("laughs.pt", "no dictionary of tensors is in the file"),
    ("more-after-legacy.pth", "1 bytes follow the last storage"),
    ("more-after.pt", "bytes follow the end of data.pkl"),
    ("newobj.pt", "opcode 0x81 at its byte 28"),
    ("no-end.pt", "the file ends within the pickle at byte 3"),
    ("no-tensors.pt", "no dictionary of tensors is in the file"),
    ("no-tensors.safetensors", "no dictionary of tensors is in the file"),
    ("not-json.safetensors", "key must be a string"),
    ("offset-huge.pt", "it reaches element 9223372036854775810 of a storage of 4"),
    ("offset-outside.pt", "it reaches element 4 of a storage of 4"),
    ("overflow.safetensors", "overflow"),
    ("overlap.pt", "entries overlap at byte "),
    ("overlap.safetensors", "invalid offset for tensor `b`"),
    ("page.html", "a web page"),
    ("pickle.pkl", "a pickle that torch.save did not write"),
    ("python1.pt", "opcode 0x53 at its byte 1"),
    ("same-place.pt", "`bad/data/0` has another header than in the directory"),
    ("shape-overflow.pt", "tensor `w`: its shape overflows"),
    ("shared.pt", "bytes of tensors that share storages: 249856"),
    ("short.safetensors", "file not fully covered"),
    (
        "storage-huge.pt",
        "storage `0`: it should hold 4611686018427387904 elements of type f32, and has 16 bytes",
    ),
    ("storage-long.pt", "storage `0`: it should hold 3 elements of type f32, and has 16 bytes"),
    ("storage-missing.pt", "it has no entry `bad/data/1`"),
    ("storage-outside.pt", "it has no entry `bad/data/../data.pkl`"),
    ("storage-short.pt", "storage `0`: it should hold 5 elements of type f32, and has 16 bytes"),
    ("stride-negative.pt", "a size is negative"),
    ("stride-outside.pt", "it reaches element 6 of a storage of 4"),
    ("stride-overflow.pt", "it reaches element 9223372036854775808 of a storage of 4"),
    ("system-legacy.pt", "asks for `posix.system` at its byte 13"),
    ("system.pt", "asks for `posix.system` at its byte 13"),
    ("twice.pt", "`w` is in the dictionary twice"),
    ("twice.safetensors", "two tensors are named `w`"),
    ("two-networks.pt", "more than one dictionary could be the network: a, b"),
    ("two-pickles.pt", "more than one data.pkl"),
    ("type-complex.pt", "asks for `torch.ComplexFloatStorage` at its byte 57"),
    ("type.safetensors", "tensor `a`: its type is F8_E4M3"),
    ("under-mark.pt", "broken at its byte 4: its stack is empty"),
];

fn refused(bytes: &[u8]) -> Refused {
    let table = WeightFile::parse(bytes).and_then(|file| densenet::table(&file, None).map(drop));
    match table {
        Err(NnError::Refused(refused)) => refused,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn every_bad_file_is_refused_for_its_own_reason() {
    let files = corpus("bad-");
    let names: Vec<&str> = files.iter().map(|(name, _)| &name[4..]).collect();
    assert_eq!(names, WHY.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for ((name, bytes), (_, why)) in files.iter().zip(WHY) {
        let told = refused(bytes).to_string();
        assert!(told.contains(why), "{name}: {told}");
    }
}

/// Loading a malicious file must not run it; nothing here could, and the error says what it wanted.
#[test]
fn what_a_pickle_asks_for_is_named() {
    let expected = Refused::Global { name: "posix.system".to_owned(), at: 13 };
    assert_eq!(refused(&file("bad-system.pt")), expected);
    assert!(!std::path::Path::new("eyepatch-was-here").exists());
    assert_eq!(refused(&file("bad-newobj.pt")), Refused::Opcode { code: 0x81, at: 28 });
}

#[test]
fn files_cut_anywhere_are_refused() {
    for name in ["good-state.pt", "good-legacy.pth", "good-plain.safetensors"] {
        let bytes = file(name);
        for cut in (0..bytes.len()).step_by(61).chain([bytes.len() - 1]) {
            refused(&bytes[..cut]);
        }
    }
}
