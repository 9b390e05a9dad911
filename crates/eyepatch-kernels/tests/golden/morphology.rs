use eyepatch_kernels::roi::{Levels, Scratch, dilate_into, sweep};

use super::{crc32, mask_crc, pack, records, unpack};

/// Bit for bit what OpenCV computes, at every radius from -60 to 500, whichever way it is asked for.
#[test]
fn dilations_equal_opencv() {
    let mut seen = 0;
    let mut scratch = Scratch::new();
    for fields in records(include_str!("morphology.txt")) {
        let (w, h): (usize, usize) = (fields[1].parse().unwrap(), fields[2].parse().unwrap());
        let mask = unpack(fields[3], w * h);
        let radii: Vec<i32> = (-60..=500).collect();
        let mut swept = vec![vec![9; w * h]; radii.len()];
        let mut outs: Vec<&mut [u8]> = swept.iter_mut().map(Vec::as_mut_slice).collect();
        sweep(&mask, w, h, &radii, &mut outs, &mut scratch).unwrap();
        let levels = Levels::new(&mask, w, h).unwrap();
        let mut one = vec![9; w * h];
        for (&radius, swept) in radii.iter().zip(&swept) {
            assert!(levels.at(radius) == *swept, "{} {w}x{h}, radius {radius}: levels", fields[0]);
            dilate_into(&mask, w, h, radius, &mut one, &mut scratch).unwrap();
            assert!(one == *swept, "{} {w}x{h}, radius {radius}: one dilation", fields[0]);
        }
        for field in &fields[4..] {
            let (radius, expected) = field.split_once(':').unwrap();
            let crc = match radius.parse::<i32>() {
                Ok(r) => mask_crc(&swept[usize::try_from(r + 60).unwrap()]),
                Err(_) => format!("{:08x}", swept.iter().fold(0, |crc, mask| crc32(&pack(mask), crc))),
            };
            assert_eq!(crc, expected, "{} {w}x{h}, radius {radius}", fields[0]);
        }
        seen += 1;
    }
    assert!(seen >= 40, "{seen} masks");
}
