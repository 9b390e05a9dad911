use proptest::prelude::*;

use super::*;

/// The slow twin of one value: look at the mask, take pixel or fill, normalise.
fn value(image: &Masked<'_>, shape: Shape, normalise: &Normalise, o: usize, p: usize) -> f32 {
    let c = if shape.channels == 1 { 0 } else { o };
    let at = |pixels: &Pixels<'_>| match pixels {
        Pixels::U8(v) => f32::from(v[p * shape.channels + c]),
        Pixels::U16(v) => f32::from(v[p * shape.channels + c]),
        Pixels::F32(v) => v[p * shape.channels + c],
    };
    let stored = match (image.visible[p], &image.fill) {
        (0, Fill::Constant(fill)) => fill[c],
        (0, Fill::Image(fill)) => at(fill),
        _ => at(&image.pixels),
    };
    stored * normalise.scale[o] + normalise.offset[o]
}

fn twin(images: &[Masked<'_>], shape: Shape, normalise: &Normalise) -> Vec<f32> {
    let mut out = Vec::new();
    for image in images {
        for o in 0..shape.out_channels {
            out.extend((0..shape.pixels()).map(|p| value(image, shape, normalise, o, p)));
        }
    }
    out
}

/// The slow twin of the rounding: of all halves the nearest, of two the even one.
fn nearest_half(value: f32) -> u16 {
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    let exact = f64::from(value.abs());
    // 65520 lies half-way to 2^16, which is even and stands for infinity.
    let distance = |bits: u16| (if bits == 0x7c00 { 65536.0 } else { half_value(bits) } - exact).abs();
    let best =
        (0..=0x7c00u16).min_by(|&a, &b| distance(a).total_cmp(&distance(b)).then((a & 1).cmp(&(b & 1))));
    sign | if exact >= 65536.0 { 0x7c00 } else { best.unwrap() }
}

fn half_value(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 0x3ff));
    if exponent == 0 { fraction * 2f64.powi(-24) } else { (1024.0 + fraction) * 2f64.powi(exponent - 25) }
}

#[test]
fn every_half_comes_back_and_ties_go_to_even() {
    for bits in 0..0x7c00u16 {
        let exact = half_value(bits) as f32;
        assert_eq!((f16_bits(exact), f16_bits(-exact)), (bits, bits | 0x8000));
        // Half-way to the next one, and one step to either side of that.
        let next = if bits == 0x7bff { 65536.0 } else { half_value(bits + 1) };
        let middle = ((half_value(bits) + next) / 2.0) as f32;
        assert_eq!(f16_bits(middle), bits + (bits & 1), "{middle}");
        assert_eq!(f16_bits(middle.next_down()), bits);
        assert_eq!(f16_bits(middle.next_up()), bits + 1);
    }
    assert_eq!((f16_bits(f32::INFINITY), f16_bits(f32::NEG_INFINITY)), (0x7c00, 0xfc00));
    assert!(f16_bits(f32::NAN) & 0x7fff > 0x7c00);
}

#[derive(Debug, Clone)]
struct Case {
    shape: Shape,
    /// One buffer a depth and image, so that a case can be read as any of the three.
    values: Vec<Vec<f32>>,
    fills: Vec<Vec<f32>>,
    visible: Vec<Vec<u8>>,
    constant: [f32; 3],
    normalise: Normalise,
}

fn cases() -> impl Strategy<Value = Case> {
    let channels = prop_oneof![Just((1, 1)), Just((1, 3)), Just((3, 3))];
    // Up to 1,600 pixels: more than one strip, and lengths that no vector divides.
    (1usize..41, 1usize..41, channels, 0usize..4).prop_flat_map(
        |(height, width, (channels, out_channels), n)| {
            let shape = Shape { height, width, channels, out_channels };
            let pixels = shape.pixels();
            let values = || prop::collection::vec(prop::collection::vec(0f32..300.0, pixels * channels), n);
            let three = || [-2f32..2.0, -2f32..2.0, -2f32..2.0];
            let visible = prop::collection::vec(prop::collection::vec(0u8..3, pixels), n);
            (values(), values(), visible, three(), three(), three()).prop_map(
                move |(values, fills, visible, constant, scale, offset)| Case {
                    shape,
                    values,
                    fills,
                    visible,
                    constant: constant.map(|x| x * 50.0),
                    normalise: Normalise { scale, offset },
                },
            )
        },
    )
}

fn run(images: &[Masked<'_>], case: &Case) -> (Vec<f32>, Vec<u16>) {
    let len = images.len() * case.shape.out_len();
    let (mut full, mut half) = (vec![f32::NAN; len], vec![0xffff; len]);
    compose(images, case.shape, &case.normalise, Out::F32(&mut full)).unwrap();
    compose(images, case.shape, &case.normalise, Out::F16(&mut half)).unwrap();
    // Batches that are large enough to go past the caches are too large for a property test.
    let writer = Writer { past_caches: true };
    for (i, image) in images.iter().enumerate() {
        let place = i * case.shape.out_len()..(i + 1) * case.shape.out_len();
        let (mut large, mut large_half) = (vec![f32::NAN; place.len()], vec![0xffff; place.len()]);
        strips::write_f32(image, &case.normalise, &mut large, writer);
        strips::write_f16(image, &case.normalise, &mut large_half, writer);
        assert_eq!(large, full[place.clone()]);
        assert_eq!(large_half, half[place]);
    }
    (full, half)
}

proptest! {
    #[test]
    fn equals_the_twin_bit_for_bit(case in cases(), depth in 0usize..3, cover: bool) {
        let bytes = |v: &Vec<Vec<f32>>| v.iter().map(|v| v.iter().map(|&x| x as u8).collect()).collect::<Vec<Vec<u8>>>();
        let words =
            |v: &Vec<Vec<f32>>| v.iter().map(|v| v.iter().map(|&x| (x * 200.0) as u16).collect()).collect::<Vec<Vec<u16>>>();
        let (b, w) = ((bytes(&case.values), bytes(&case.fills)), (words(&case.values), words(&case.fills)));
        let images: Vec<_> = (0..case.values.len()).map(|i| {
            let (pixels, fill) = match depth {
                0 => (Pixels::U8(&b.0[i]), Pixels::U8(&b.1[i])),
                1 => (Pixels::U16(&w.0[i]), Pixels::U16(&w.1[i])),
                _ => (Pixels::F32(&case.values[i]), Pixels::F32(&case.fills[i])),
            };
            let fill = if cover { Fill::Image(fill) } else { Fill::Constant(case.constant) };
            Masked { pixels, visible: &case.visible[i], fill }
        }).collect();
        let expected = twin(&images, case.shape, &case.normalise);
        let (full, half) = run(&images, &case);
        prop_assert!(full.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits()));
        prop_assert_eq!(half, expected.iter().map(|&x| f16_bits(x)).collect::<Vec<_>>());
    }

    #[test]
    fn rounds_to_the_nearest_half(bits: u32, plain in -70000f32..70000.0) {
        for value in [f32::from_bits(bits), plain, plain * 1e-7] {
            if !value.is_nan() {
                prop_assert_eq!(f16_bits(value), nearest_half(value), "{}", value);
            }
        }
    }

    #[test]
    fn hidden_pixels_never_matter(case in cases(), garbage in prop_oneof![Just(f32::NAN), Just(f32::INFINITY), Just(1e30f32)]) {
        let spoilt: Vec<Vec<f32>> = case.values.iter().zip(&case.visible).map(|(values, visible)| {
            let hidden = |i: usize| visible[i / case.shape.channels] == 0;
            values.iter().enumerate().map(|(i, &v)| if hidden(i) { garbage } else { v }).collect()
        }).collect();
        let masked = |values: &'_ [Vec<f32>]| {
            let images: Vec<_> = values.iter().zip(&case.visible).map(|(v, visible)| Masked {
                pixels: Pixels::F32(v), visible, fill: Fill::Constant(case.constant),
            }).collect();
            run(&images, &case)
        };
        prop_assert_eq!(masked(&case.values), masked(&spoilt));
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let shape = Shape { height: 2, width: 2, channels: 1, out_channels: 3 };
    let image = Masked { pixels: Pixels::U8(&[1; 4]), visible: &[1; 4], fill: Fill::Constant([0.0; 3]) };
    let mut out = [0.0; 12];
    let mut try_it = |image: Masked<'_>, shape: Shape, n: usize| {
        compose(&[image], shape, &Normalise::NONE, Out::F32(&mut out[..n]))
    };
    assert_eq!(try_it(image, shape, 12), Ok(()));
    assert!(matches!(try_it(image, shape, 11), Err(KernelError::Length { expected: 12, found: 11, .. })));
    let three_to_one = Shape { channels: 3, out_channels: 1, ..shape };
    assert_eq!(try_it(image, three_to_one, 12), Err(KernelError::Channels { input: 3, output: 1 }));
    let short = Masked { pixels: Pixels::U8(&[1; 3]), ..image };
    assert!(matches!(try_it(short, shape, 12), Err(KernelError::Length { what: "an image", .. })));
    let short = Masked { visible: &[1; 5], ..image };
    assert!(matches!(try_it(short, shape, 12), Err(KernelError::Length { what: "a mask", .. })));
    let short = Masked { fill: Fill::Image(Pixels::U8(&[1; 5])), ..image };
    assert!(matches!(try_it(short, shape, 12), Err(KernelError::Length { what: "a fill", .. })));
    let deeper = Masked { fill: Fill::Image(Pixels::U16(&[1; 4])), ..image };
    assert_eq!(try_it(deeper, shape, 12), Err(KernelError::Depth));
    let huge = Shape { height: 1 << 20, width: 1 << 20, ..shape };
    assert!(matches!(try_it(image, huge, 12), Err(KernelError::TooLarge { .. })));
    // No images, or images without pixels, are no error.
    assert_eq!(compose(&[], shape, &Normalise::NONE, Out::F16(&mut [])), Ok(()));
    let nothing = Masked { pixels: Pixels::U8(&[]), visible: &[], ..image };
    assert_eq!(try_it(nothing, Shape { height: 0, ..shape }, 0), Ok(()));
}
