//! Damaged files: an error or an image, never a panic, and never more memory than allowed.

use plugin_dicom::{Limits, Window, read_pixels};
use proptest::prelude::*;

use crate::build::seeds;

const LIMITS: Limits = Limits { max_bytes: 1 << 20, max_pixels: 1 << 16, max_frames: 64 };

fn read(bytes: &[u8]) {
    for (window, frame) in [(Window::Stored, None), (Window::File, Some(2))] {
        if let Ok(image) = read_pixels(bytes, &LIMITS, window, frame) {
            assert!((image.width() * image.height()) as u64 <= LIMITS.max_pixels);
        }
    }
}

#[test]
fn every_seed_is_read_or_refused_as_meant() {
    for (name, bytes) in seeds() {
        let frame = name.contains("frames").then_some(1);
        let read = read_pixels(&bytes, &LIMITS, Window::Stored, frame);
        assert_eq!(read.is_err(), name == "no_pixels", "{name}: {:?}", read.err());
    }
}

#[test]
fn files_cut_anywhere_are_no_panic() {
    for (_, bytes) in seeds() {
        (0..bytes.len()).for_each(|end| read(&bytes[..end]));
    }
}

#[test]
fn every_byte_of_the_header_may_be_any_other() {
    for (_, bytes) in seeds() {
        let mut changed = bytes.clone();
        for at in 128..bytes.len().min(700) {
            for value in [0, 0x7f, 0xff, bytes[at] ^ 1] {
                changed[at] = value;
                let _ = read_pixels(&changed, &LIMITS, Window::File, Some(1));
            }
            changed[at] = bytes[at];
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn changed_files_are_no_panic(
        seed in 0..seeds().len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
        twice in prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>())),
    ) {
        let mut bytes = seeds()[seed].1.clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some((from, to)) = twice {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let part = bytes[from.min(to)..from.max(to)].to_vec();
            bytes.splice(from..from, part);
        }
        if let Some(end) = cut {
            let end = end.index(bytes.len());
            bytes.truncate(end);
        }
        read(&bytes);
    }

    #[test]
    fn anything_behind_the_mark_is_no_panic(rest in prop::collection::vec(any::<u8>(), 0..400)) {
        read(&[&[0; 128][..], b"DICM", &rest].concat());
    }
}
