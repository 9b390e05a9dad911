//! Python's lists of strings, as PadChest writes labels: read, or refused with a place in the text.

#![no_main]

use eyepatch_data::python_list;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(items) = python_list(text) {
        // What was read, written plainly, is read as the same.
        let plain = |s: &String| {
            let escaped: String = s.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
            format!("'{escaped}'")
        };
        let again: Vec<String> = items.iter().map(|i| i.as_ref().map_or("nan".into(), plain)).collect();
        assert_eq!(python_list(&format!("[{}]", again.join(", "))).expect("our own list"), items);
    }
});
