use proptest::prelude::*;

use super::super::rle::{RunProblem, decode, decode_into, encode};
use super::*;

proptest! {
    #[test]
    fn decoding_what_was_encoded_gives_the_mask((mask, w, h) in prop_oneof![masks(), wide_masks()]) {
        let code = encode(&mask);
        prop_assert_eq!(decode([code.as_str()], w, h).unwrap(), complement(&complement(&mask)));
        // The slow twin reads pixel by pixel.
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for i in (0..w * h).filter(|&i| mask[i] != 0) {
            match runs.last_mut() {
                Some((start, length)) if *start + *length == i + 1 => *length += 1,
                _ => runs.push((i + 1, 1)),
            }
        }
        let slow: Vec<String> = runs.iter().map(|(start, length)| format!("{start} {length}")).collect();
        prop_assert_eq!(code, slow.join(" "));
    }

    #[test]
    fn runs_in_any_order_and_overlapping(
        (w, h) in (1usize..40, 1usize..9),
        runs in prop::collection::vec((0usize..1000, 0usize..1000), 0..12),
        before in 0usize..2,
    ) {
        let n = w * h;
        let runs: Vec<(usize, usize)> = runs.iter().map(|&(a, b)| (a % n, 1 + b % (n - a % n))).collect();
        let mut slow = vec![before as u8 * 7; n];
        for &(start, length) in &runs {
            slow[start..start + length].fill(1);
        }
        let code: Vec<String> = runs.iter().map(|(start, length)| format!(" {}\t{length}\n", start + 1)).collect();
        let mut out = vec![before as u8 * 7; n];
        decode_into(&code.concat(), w, h, &mut out).unwrap();
        prop_assert_eq!(&out, &slow);
        if before == 0 {
            let code = encode(&out);
            prop_assert_eq!(&encode(&decode([code.as_str()], w, h).unwrap()), &code);
        }
    }

    #[test]
    fn structures_are_united(a in bytes(60), b in bytes(60)) {
        let codes = [encode(&a), encode(&b)];
        let united = decode(codes.iter().map(String::as_str), 10, 6).unwrap();
        let slow: Vec<u8> = a.iter().zip(&b).map(|(a, b)| u8::from(a | b != 0)).collect();
        prop_assert_eq!(united, slow);
    }

    #[test]
    fn no_text_is_too_odd(code in "[0-9 ]{0,24}|\\PC{0,16}") {
        let mut out = [0; 12];
        match decode_into(&code, 4, 3, &mut out) {
            Ok(()) => prop_assert_eq!(code.split_ascii_whitespace().count() % 2, 0),
            Err(error) => {
                let right = matches!(error, KernelError::RunLength { position, .. } if position >= 1);
                prop_assert!(right);
            }
        }
    }
}

#[test]
fn bad_codes_are_refused_with_their_place() {
    let refused = |code: &str| match decode([code], 4, 3).unwrap_err() {
        KernelError::RunLength { position, token, problem } => (position, token, problem),
        other => panic!("{other}"),
    };
    let beyond = |end| RunProblem::BeyondImage { end, pixels: 12 };
    let cases = [
        ("1 2 3", 3, "3", RunProblem::NoLength),
        ("1 2 0 4", 3, "0", RunProblem::ZeroStart),
        ("1 2 3 0", 4, "0", RunProblem::ZeroLength),
        ("1 2 x 4", 3, "x", RunProblem::NotANumber),
        ("1 -2", 2, "-2", RunProblem::NotANumber),
        ("1 2.0", 2, "2.0", RunProblem::NotANumber),
        ("12 2", 2, "2", beyond(13)),
        ("14 1", 2, "1", beyond(14)),
        ("1 99999999999999999999999", 2, "99999999999999999999999", beyond(usize::MAX)),
    ];
    for (code, position, token, problem) in cases {
        assert_eq!(refused(code), (position, token.to_owned(), problem), "{code}");
    }
    assert_eq!(
        decode(["1 2 12 2"], 4, 3).unwrap_err().to_string(),
        "number 4 of the run-length code, `2`: its run ends at pixel 13 of an image of 12: is this the image's own size?"
    );
    assert_eq!(refused(&"é".repeat(100)).1.chars().count(), 24);
}

#[test]
fn codes_at_the_borders() {
    assert_eq!(decode([""], 2, 2).unwrap(), [0; 4]);
    assert_eq!(decode([" \n"], 2, 2).unwrap(), [0; 4]);
    assert_eq!(decode([] as [&str; 0], 2, 2).unwrap(), [0; 4]);
    assert_eq!(decode(["1 4"], 2, 2).unwrap(), [1; 4]);
    // A run goes on in the next row.
    assert_eq!(decode(["2 2"], 2, 2).unwrap(), [0, 1, 1, 0]);
    assert_eq!(encode(&[1; 256]), "1 256");
    assert_eq!(encode(&[]), "");
    assert!(matches!(decode([""], 0, 2), Err(KernelError::MaskShape { .. })));
    assert!(matches!(decode([""], usize::MAX, 2), Err(KernelError::MaskShape { .. })));
    assert!(matches!(decode_into("", 2, 2, &mut [0; 5]), Err(KernelError::MaskShape { .. })));
}

/// A hundred thousand runs over the whole image would be 10^11 pixels if each were painted.
#[test]
fn overlaps_cost_no_more_than_their_code() {
    let code = "1 1000000 ".repeat(50_000) + &"2 999999 1 1000000 ".repeat(50_000);
    assert!(decode([code.as_str()], 1000, 1000).unwrap().iter().all(|&b| b == 1));
}
