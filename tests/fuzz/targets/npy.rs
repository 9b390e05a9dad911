//! Headers of NPY files: read and written again as the same numbers and shape, or refused.

#![no_main]

use eyepatch_data::npy::{Header, header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(read) = Header::parse(data) {
        assert!(read.start <= data.len());
        let again = Header::parse(&header(read.element.descr(), &read.shape, 0)).expect("our own header");
        assert_eq!((again.element, again.shape), (read.element, read.shape));
    }
});
