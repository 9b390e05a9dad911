use super::*;

/// City-block distance has a closed form for a single pixel.
fn pixel_and_its_diamonds(w: usize, h: usize, (x, y): (usize, usize), radii: &[i32]) {
    let mut mask = vec![0; w * h];
    mask[y * w + x] = 1;
    for (&radius, swept) in radii.iter().zip(sweep_of(&mask, w, h, radii, &mut Scratch::new())) {
        let at = |i: usize| (i % w).abs_diff(x) + (i / w).abs_diff(y);
        let wrong = swept
            .iter()
            .enumerate()
            .position(|(i, &b)| b != u8::from(i32::try_from(at(i)).unwrap() <= radius));
        assert_eq!(wrong, None, "{w}x{h}, radius {radius}");
        assert!(dilate(&mask, w, h, radius).unwrap() == swept, "{w}x{h}, radius {radius}");
    }
}

#[test]
fn single_pixels() {
    pixel_and_its_diamonds(4096, 4096, (0, 0), &[1, 100, 4095, 8189, 8190]);
    pixel_and_its_diamonds(4096, 4095, (2048, 77), &[2, 3000]);
    pixel_and_its_diamonds(1, 5000, (0, 4999), &[-1, 0, 1, 4998]);
    pixel_and_its_diamonds(5000, 1, (17, 0), &[1, 63, 64, 4982, 4983]);
    // The largest size with levels of 16 bits, and the next one.
    pixel_and_its_diamonds(32_765, 1, (0, 0), &[32_763, 32_764, i32::MAX]);
    pixel_and_its_diamonds(1, 32_765, (0, 0), &[32_763, 32_764, i32::MAX]);
    pixel_and_its_diamonds(32_766, 1, (32_765, 0), &[32_764, 32_765, i32::MAX]);
    pixel_and_its_diamonds(3, 70_000, (1, 0), &[32_767, 32_768, 65_536, 69_999, 70_000]);
}

#[test]
fn sixteen_million_pixels() {
    let (w, h) = (4096, 4096);
    let mut mask = super::sweep::noise(w * h, 3);
    // A calm part beside the noise, with both in one row.
    for (y, row) in mask.chunks_exact_mut(w).enumerate() {
        row[500..3000].fill(u8::from((1000..2500).contains(&y)));
    }
    let mut scratch = Scratch::new();
    let radii = [-700, -9, -1, 0, 1, 9, 700];
    let swept = sweep_of(&mask, w, h, &radii, &mut scratch);
    for (k, radius) in radii.into_iter().enumerate() {
        let other = complement(&swept[radii.len() - 1 - k]);
        assert!(dilate(&complement(&mask), w, h, radius).unwrap() == other, "{radius}");
        if radius != -700 && radius != 700 {
            assert!(dilate_slowly(&mask, w, h, radius) == swept[k], "{radius}");
        }
    }
    let target = super::super::area(&swept[5]);
    assert_eq!(to_area(&mask, w, h, target).unwrap(), 9);
}
