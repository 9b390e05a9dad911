//! Each fill's slow and obvious twin.

use eyepatch_core::{Image, Mask, Pixels};
use eyepatch_testkit::strategy;
use proptest::prelude::*;

use super::blend::{Blend, Values};
use super::border::mirror;
use super::box_blur::box_sums;
use super::filler::inpainted;
use super::gaussian::gaussian;
use super::local_mean::local_mean;

/// An image of any kind with a mask of its size.
fn masked() -> impl Strategy<Value = (Image, Mask)> {
    (strategy::size(), strategy::channels(), strategy::depth()).prop_flat_map(|((w, h), channels, depth)| {
        (strategy::image(w, h, channels, depth), strategy::mask(w, h))
    })
}

/// Walks one pixel at a time and turns round at the ends.
fn mirrored_slowly(len: usize, before: usize, after: usize) -> Vec<usize> {
    let walk = |steps: usize, forward: bool| {
        let (mut at, mut forward) = (if forward { len - 1 } else { 0 }, forward);
        (0..steps)
            .map(|_| {
                if at == 0 && !forward {
                    forward = true;
                } else if at == len - 1 && forward {
                    forward = false;
                }
                if len > 1 {
                    at = if forward { at + 1 } else { at - 1 };
                }
                at
            })
            .collect::<Vec<usize>>()
    };
    walk(before, false).into_iter().rev().chain(0..len).chain(walk(after, true)).collect()
}

/// The value at any position of the mirrored image.
fn at(values: &[f32], size: (usize, usize, usize), x: isize, y: isize, channel: usize) -> f64 {
    let (width, height, channels) = size;
    let fold = |i: isize, len: usize| {
        let reach = i.unsigned_abs();
        mirrored_slowly(len, reach, reach)[(i + reach as isize) as usize]
    };
    f64::from(values[(fold(y, height) * width + fold(x, width)) * channels + channel])
}

fn size(image: &Image) -> (usize, usize, usize) {
    (image.width(), image.height(), image.channels())
}

/// Column, row and channel of each value.
fn places((width, height, channels): (usize, usize, usize)) -> impl Iterator<Item = (isize, isize, usize)> {
    (0..width * height * channels).map(move |i| {
        let pixel = i / channels;
        ((pixel % width) as isize, (pixel / width) as isize, i % channels)
    })
}

/// The unknown pixels become the mean of their neighbours, over and over.
fn inpainted_slowly(image: &Image, known: &[u8]) -> Vec<f64> {
    let (width, height, channels) = size(image);
    let mut values: Vec<f64> = image.to_f32().into_iter().map(f64::from).collect();
    for _ in 0..20_000 {
        let mut most: f64 = 0.0;
        for pixel in (0..known.len()).filter(|&pixel| known[pixel] == 0) {
            let (x, y) = (pixel % width, pixel / width);
            let mut near = Vec::new();
            near.extend((x > 0).then(|| pixel - 1));
            near.extend((x + 1 < width).then_some(pixel + 1));
            near.extend((y > 0).then(|| pixel - width));
            near.extend((y + 1 < height).then_some(pixel + width));
            for c in 0..channels {
                let sum: f64 = near.iter().map(|n| values[n * channels + c]).sum();
                let mean = sum / near.len() as f64;
                most = most.max((mean - values[pixel * channels + c]).abs());
                values[pixel * channels + c] = mean;
            }
        }
        if most < 1e-9 * f64::from(image.full_scale()) {
            break;
        }
    }
    values
}

proptest! {
    #[test]
    fn mirror_turns_round_at_the_ends(len in 1usize..9, before in 0usize..40, after in 0usize..40) {
        prop_assert_eq!(mirror(len, before, after), mirrored_slowly(len, before, after));
    }

    #[test]
    fn box_sums_are_sums_over_boxes((image, _) in masked(), kx in 1usize..40, ky in 1usize..40) {
        let (values, size) = (image.to_f32(), size(&image));
        let mut fast = Vec::new();
        box_sums(&values, size, (kx, ky), |sums| fast.extend_from_slice(sums));
        for (&fast, (x, y, c)) in fast.iter().zip(places(size)) {
            let mut slow = 0.0;
            for dy in 0..ky as isize {
                for dx in 0..kx as isize {
                    slow += at(&values, size, x - kx as isize / 2 + dx, y - ky as isize / 2 + dy, c);
                }
            }
            match image.pixels() {
                Pixels::F32(_) => prop_assert!((fast - slow).abs() < 1e-9, "{} {}", fast, slow),
                _ => prop_assert_eq!(fast, slow),
            }
        }
    }

    #[test]
    fn gaussian_is_a_weighted_mean((image, _) in masked(), sigma in 0.25f32..4.0) {
        let (values, size) = (image.to_f32(), size(&image));
        let reach = (4.0 * f64::from(sigma) + 0.5) as isize;
        let weight = |d: isize| (-(d * d) as f64 / (2.0 * f64::from(sigma).powi(2))).exp();
        for (&fast, (x, y, c)) in gaussian(&image, sigma).iter().zip(places(size)).step_by(7) {
            let (mut sum, mut total) = (0.0, 0.0);
            for dy in -reach..=reach {
                for dx in -reach..=reach {
                    let weight = weight(dx) * weight(dy);
                    sum += weight * at(&values, size, x + dx, y + dy, c);
                    total += weight;
                }
            }
            let error = (f64::from(fast) - sum / total).abs() / f64::from(image.full_scale());
            prop_assert!(error < 1e-7, "{:e}", error);
        }
    }

    #[test]
    fn local_mean_is_a_mean_over_visible_pixels((image, visible) in masked(), radius in 1u32..6, feather in 0u32..3) {
        prop_assume!(!visible.is_empty());
        let Some(blend) = Blend::new(&visible, feather).unwrap() else { return Ok(()) };
        let (values, size) = (image.to_f32(), size(&image));
        for (i, (x, y, c)) in places(size).enumerate().filter(|(i, _)| blend.touches(i / size.2)) {
            let mut reach = radius as usize;
            let slow = loop {
                let within = |(a, b, channel): &(isize, isize, usize)| {
                    *channel == c && a.abs_diff(x) <= reach && b.abs_diff(y) <= reach
                };
                let seen = places(size)
                    .enumerate()
                    .filter(|(j, place)| visible.contains(j / size.2) && within(place))
                    .map(|(j, _)| f64::from(values[j]));
                let seen: Vec<f64> = seen.collect();
                if !seen.is_empty() {
                    break seen.iter().sum::<f64>() / seen.len() as f64;
                }
                reach *= 2;
            };
            let fast = local_mean(&image, &blend, radius)[i];
            match image.pixels() {
                Pixels::F32(_) => prop_assert!((f64::from(fast) - slow).abs() < 1e-7, "{} {}", fast, slow),
                _ => prop_assert_eq!(fast, slow as f32),
            }
        }
    }

    #[test]
    fn inpaint_makes_each_pixel_the_mean_of_its_neighbours((image, visible) in masked()) {
        prop_assume!(!visible.is_empty());
        let fast = inpainted(&image, visible.bits()).unwrap();
        for (fast, slow) in fast.iter().zip(inpainted_slowly(&image, visible.bits())) {
            let error = (f64::from(*fast) - slow).abs() / f64::from(image.full_scale());
            prop_assert!(error < 2e-4, "{:e}", error);
        }
    }

    #[test]
    fn blend_follows_its_formula((image, visible) in masked(), feather in 0u32..5, grey in 0.0f32..1.0) {
        let Some(blend) = Blend::new(&visible, feather).unwrap() else { return Ok(()) };
        let (width, height, channels) = size(&image);
        let fill = [grey, grey / 2.0, grey / 3.0].map(|fill| fill * image.full_scale());
        let each = (0..image.pixels().len()).map(|i| fill[i % channels]).collect();
        let (mut flat, mut painted) = (image.clone(), image.clone());
        blend.paint(&mut flat, &Values::Flat(fill));
        blend.paint(&mut painted, &Values::Each(each));
        prop_assert_eq!(&flat, &painted);
        let hidden = || (0..width * height).filter(|&pixel| !visible.contains(pixel));
        for i in 0..painted.pixels().len() {
            let (x, y) = (i / channels % width, i / channels / width);
            let from = |h: usize| (h % width).abs_diff(x) + (h / width).abs_diff(y);
            let distance = hidden().map(from).min().unwrap() as u32;
            prop_assert_eq!(blend.touches(i / channels), distance <= feather);
            let mut slow = image.clone();
            if distance <= feather {
                let share = f64::from(feather + 1 - distance) / f64::from(feather + 1);
                let mixed = share * f64::from(fill[i % channels]) + (1.0 - share) * f64::from(image.value(i));
                slow.set(i, mixed as f32);
            }
            prop_assert_eq!(painted.value(i).to_bits(), slow.value(i).to_bits());
        }
    }
}

#[test]
fn beyond_the_feather_something_is_left() {
    // Distances from the hidden pixel: 2 1 0 1 2 3.
    let visible = Mask::new(6, 1, vec![1, 1, 0, 1, 1, 1]).unwrap();
    for (feather, beyond) in [(0, [1, 1, 0, 1, 1, 1]), (1, [1, 0, 0, 0, 1, 1]), (2, [0, 0, 0, 0, 0, 1])] {
        for wider in if feather == 2 { vec![2, 3, 9, u32::MAX] } else { vec![feather] } {
            assert_eq!(Blend::new(&visible, wider).unwrap().unwrap().beyond(), beyond, "{wider}");
        }
    }
}
