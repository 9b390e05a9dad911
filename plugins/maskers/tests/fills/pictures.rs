//! Fills made of training images: the average one, and some that are drawn.

use std::collections::BTreeSet;

use eyepatch_core::{Ctx, Image, Mask, Pixels, Roi, Sample, Seed};
use eyepatch_testkit::Memory;
use plugin_maskers::{Fill, Filler};

const SIZE: (usize, usize) = (5, 3);

/// Grey level of a pixel of training image `index`.
fn level(index: usize, pixel: usize) -> u8 {
    ((index * 37 + pixel * 11) % 200) as u8
}

fn image(index: usize) -> Image {
    let pixels = (0..SIZE.0 * SIZE.1).map(|pixel| level(index, pixel)).collect();
    Image::new(SIZE.0, SIZE.1, 1, Pixels::U8(pixels)).unwrap()
}

fn training(images: impl IntoIterator<Item = Image>) -> Memory {
    let sample = |(i, image): (usize, Image)| Sample {
        id: format!("s{i}"),
        patient: format!("p{i}"),
        labels: Vec::new(),
        roi: Roi::single(Mask::filled(image.width(), image.height(), true)).unwrap(),
        image,
    };
    Memory(images.into_iter().enumerate().map(sample).collect())
}

/// What every pixel becomes where nothing is visible, for one sample.
fn filled(filler: &Filler, sample: u64) -> Vec<u8> {
    let mut hidden = Image::new(SIZE.0, SIZE.1, 1, Pixels::U8(vec![255; SIZE.0 * SIZE.1])).unwrap();
    let ctx = Ctx::for_tests(0).with_seed(Seed::root(sample));
    filler.fill(&mut hidden, &Mask::filled(SIZE.0, SIZE.1, false), 0, &ctx).unwrap();
    match hidden.pixels() {
        Pixels::U8(v) => v.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_average_is_that_of_each_pixel_at_any_number_of_threads() {
    // More than a block of them.
    let n = 150;
    let known: Vec<u8> = (0..SIZE.0 * SIZE.1)
        .map(|pixel| ((0..n).map(|i| f64::from(level(i, pixel))).sum::<f64>() / n as f64).round() as u8)
        .collect();
    let training = training((0..n).map(image));
    let of = |threads| {
        let ctx = Ctx::new(Seed::root(1), threads).unwrap();
        Fill::Average.prepare(&training, &ctx).unwrap()
    };
    assert_eq!(filled(&of(1), 1), known);
    assert_eq!(of(1), of(3));
}

#[test]
fn a_donor_is_a_training_image_and_samples_have_several() {
    let training = training((0..100).map(image));
    let all: BTreeSet<Vec<u8>> =
        (0..100).map(|i| (0..SIZE.0 * SIZE.1).map(|pixel| level(i, pixel)).collect()).collect();
    let filler = Fill::Donors { n: 1 }.prepare(&training, &Ctx::for_tests(0)).unwrap();
    let found: BTreeSet<Vec<u8>> = (0..500).map(|sample| filled(&filler, sample)).collect();
    assert!(found.is_subset(&all));
    assert_eq!(found.len(), Fill::DONORS as usize, "every one that is kept is drawn some time");
    let other = Fill::Donors { n: 1 }.prepare(&training, &Ctx::for_tests(1)).unwrap();
    assert_ne!(filler, other, "which are kept depends on the seed");
}

#[test]
fn several_donors_are_different_ones_and_all_of_them_are_the_average() {
    let few = training((0..3).map(image));
    let ctx = Ctx::for_tests(0);
    let pair = Fill::Donors { n: 2 }.prepare(&few, &ctx).unwrap();
    let mean = |a: usize, b: usize| -> Vec<u8> {
        let of = |pixel| ((f32::from(level(a, pixel)) + f32::from(level(b, pixel))) / 2.0).round() as u8;
        (0..SIZE.0 * SIZE.1).map(of).collect()
    };
    let pairs: BTreeSet<Vec<u8>> = [mean(0, 1), mean(0, 2), mean(1, 2)].into();
    let found: BTreeSet<Vec<u8>> = (0..60).map(|sample| filled(&pair, sample)).collect();
    assert_eq!(found, pairs);
    let all = Fill::Donors { n: 32 }.prepare(&few, &ctx).unwrap();
    let average = Fill::Average.prepare(&few, &ctx).unwrap();
    assert_eq!(filled(&all, 4), filled(&average, 4));
}

#[test]
fn other_sizes_are_refused() {
    let ctx = Ctx::for_tests(0);
    let odd = || Image::new(3, 5, 1, Pixels::U8(vec![0; 15])).unwrap();
    for fill in [Fill::Average, Fill::Donors { n: 1 }] {
        let refusal = fill.prepare(&training([image(0), odd()]), &ctx).unwrap_err().to_string();
        assert!(refusal.contains("3x5") && refusal.contains("5x3") && refusal.contains("s"), "{refusal}");
        let filler = fill.prepare(&training([image(0)]), &ctx).unwrap();
        let refusal = filler.fill(&mut odd(), &Mask::filled(3, 5, false), 0, &ctx).unwrap_err().to_string();
        assert!(refusal.contains("as in the training part") && refusal.contains("5x3"), "{refusal}");
        let refusal = fill.prepare(&Memory::default(), &ctx).unwrap_err().to_string();
        assert!(refusal.contains("from which the fill is learnt"), "{refusal}");
    }
}
