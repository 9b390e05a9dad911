//! DICOM files: pixels, or what is wrong with them. Nothing may be allocated that the limits do not allow.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plugin_dicom::{Limits, Window, read_pixels};

fuzz_target!(|data: &[u8]| {
    let limits = Limits { max_bytes: 1 << 20, max_pixels: 1 << 16, max_frames: 16 };
    for window in [Window::Stored, Window::File] {
        match read_pixels(data, &limits, window, Some(1)) {
            Ok(image) => assert!(image.width() * image.height() <= 1 << 16),
            Err(bad) => assert!(!bad.problem.is_empty() && !bad.remedy.is_empty()),
        }
    }
});
