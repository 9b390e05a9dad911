use eyepatch_core::{ContentHash, Mask};
use proptest::prelude::*;

use super::*;
use crate::packed::unpack;
use crate::resize::roi as edges_of;

#[derive(serde::Deserialize)]
struct Case {
    size: (usize, usize),
    to: (usize, usize),
    depth: String,
    pixels: Vec<u16>,
    saved: Vec<u8>,
    loaded: Vec<f32>,
    external: Vec<f32>,
}

fn plan(size: (usize, usize), values: Values, depth: Element, structures: &[&str]) -> Plan {
    Plan {
        format: super::super::FORMAT.into(),
        dataset: "test/none".into(),
        revision: 1,
        rows: 1,
        table: ContentHash::of(b""),
        size,
        method: ResizeMethod::Study,
        resize_revision: resize::REVISION,
        values,
        depth,
        any_depth: false,
        channels: 1,
        structures: structures.iter().map(|s| (*s).to_owned()).collect(),
        skip_bad: false,
        block: 1,
    }
}

/// The study's two value paths, as NumPy computes them; the generator is beside the file.
#[test]
fn the_study_s_values_are_numpy_s() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("golden/values.json")).unwrap();
    for Case { size: (h, w), to, depth, pixels, saved, loaded, external } in cases {
        let most = f32::from(*pixels.iter().max().unwrap());
        let source = match depth.as_str() {
            "uint8" => Pixels::U8(pixels.into_iter().map(|v| v.try_into().unwrap()).collect()),
            _ => Pixels::U16(pixels),
        };
        let image = Image::new(w, h, 1, source).unwrap();
        let study = super::pixels(image.clone(), &plan(to, Values::Study, Element::U8, &[])).unwrap();
        assert_eq!(study, (saved, Some(most)), "{h}x{w}");
        // On loading, dividing by the image's maximum is dividing by 255.
        for (ours, wanted) in study.0.iter().zip(&loaded) {
            assert!((f32::from(*ours) / 255.0 - wanted).abs() < 1e-6);
        }
        let (bytes, _) =
            super::pixels(image.clone(), &plan(to, Values::StudyExternal, Element::F32, &[])).unwrap();
        let ours: Vec<f32> = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        assert_eq!(ours.len(), external.len());
        for (ours, wanted) in ours.iter().zip(&external) {
            assert!((ours - wanted).abs() < 1e-6, "{ours} {wanted}");
        }
        let (bytes, _) =
            super::pixels(image.clone(), &plan(to, Values::StudyExternal, Element::U16, &[])).unwrap();
        for (bytes, wanted) in bytes.as_chunks().0.iter().zip(&external) {
            assert!((f32::from(u16::from_le_bytes(*bytes)) / 65535.0 - wanted).abs() < 1e-5);
        }
    }
}

#[test]
fn black_and_even_images_are_refused_instead_of_nan() {
    for (value, problem) in [(0, "all black"), (7, "more than one value")] {
        let image = Image::new(4, 4, 1, Pixels::U8(vec![value; 16])).unwrap();
        let error = super::pixels(image.clone(), &plan((4, 4), Values::Study, Element::U8, &[])).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[test]
fn depths_widen_exactly_and_narrow_only_when_asked() {
    let of = |pixels: Pixels, depth, any_depth| {
        let n = pixels.len();
        stored(Image::new(n, 1, 1, pixels).unwrap(), depth, any_depth)
    };
    let wide = of(Pixels::U8(vec![0, 1, 128, 255]), Element::U16, false).unwrap();
    assert_eq!(wide, [0u16, 257, 32896, 65535].iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>());
    let deep = || Pixels::U16(vec![0, 128, 129, 385, 386, 65406, 65407, 65535]);
    assert_eq!(of(deep(), Element::U8, true).unwrap(), [0, 0, 1, 1, 2, 254, 255, 255]);
    assert!(of(deep(), Element::U8, false).unwrap_err().to_string().contains("--depth"));
    assert_eq!(of(Pixels::F32(vec![0.0, 0.5, 1.0]), Element::U8, true).unwrap(), [0, 128, 255]);
}

#[test]
fn grey_becomes_colour_but_not_the_reverse() {
    let grey = Image::new(2, 1, 1, Pixels::U16(vec![3, 4])).unwrap();
    let colour = to_channels(grey, 3).unwrap();
    assert_eq!(colour.pixels(), &Pixels::U16(vec![3, 3, 3, 4, 4, 4]));
    assert!(to_channels(colour, 1).unwrap_err().to_string().contains("--channels 3"));
}

#[test]
fn a_structure_that_only_later_rois_have_is_refused() {
    let roi_of = |name: &str| Roi::new([(name.to_owned(), Mask::filled(3, 2, true))]).unwrap();
    let plan = plan((2, 3), Values::Stored, Element::U8, &["heart", "lung"]);
    let edges = edges_of(&roi_of("lung"), (2, 3), ResizeMethod::Study).unwrap();
    assert_eq!(roi(&edges.outer, &edges.inner, &plan).unwrap(), [0, 0, 0, 0, 0xe0, 0xe0, 0xe0, 0xe0]);
    let edges = edges_of(&roi_of("disc"), (2, 3), ResizeMethod::Study).unwrap();
    assert!(roi(&edges.outer, &edges.inner, &plan).unwrap_err().to_string().contains("disc"));
}

proptest! {
    /// `np.packbits` by its definition.
    #[test]
    fn bits_are_packed_as_numpy_does(width in 1usize..40, height in 1usize..5, seed in any::<u64>()) {
        use rand_core::RngCore;
        let mut rng = eyepatch_core::Seed::root(seed).rng();
        let bits: Vec<u8> = (0..width * height).map(|_| (rng.next_u32() & 1) as u8).collect();
        let mut packed = Vec::new();
        pack(&bits, width, &mut packed);
        let line = width.div_ceil(8);
        for (i, byte) in packed.iter().enumerate() {
            let (y, x) = (i / line, i % line * 8);
            for bit in 0..8 {
                let wanted = if x + bit < width { bits[y * width + x + bit] } else { 0 };
                prop_assert_eq!(byte >> (7 - bit) & 1, wanted);
            }
        }
        prop_assert_eq!(unpack(&packed, width), bits);
    }
}
