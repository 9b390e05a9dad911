//! Run-length codes as CheXmask writes them: a code decodes to a mask of the size given, or is refused.

#![no_main]

use eyepatch_kernels::roi::rle;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (u8, u8, &str)| {
    let (height, width, code) = (usize::from(data.0) + 1, usize::from(data.1) + 1, data.2);
    let mut mask = vec![0; height * width];
    if rle::decode_into(code, width, height, &mut mask).is_ok() {
        assert!(mask.iter().all(|&b| b <= 1));
        // What was read is written again, and read as the same mask.
        let again = rle::encode(&mask);
        let mut second = vec![0; height * width];
        rle::decode_into(&again, width, height, &mut second).expect("our own code");
        assert_eq!(mask, second);
    }
});
