//! Colours of the AUC heat map: neutral at chance, blue above, ochre below. 21 steps of 0.05, each with the ink
//! that reads best on it.

use std::fmt::Write as _;

type Rgb = [u8; 3];

/// AUC and colour, for light and dark.
const LIGHT: [(f64, Rgb); 9] = [
    (0.0, [0x6b, 0x3d, 0x0a]),
    (0.25, [0xc7, 0x8d, 0x45]),
    (0.4, [0xf1, 0xe0, 0xc8]),
    (0.5, [0xf4, 0xf5, 0xf7]),
    (0.6, [0xd9, 0xe8, 0xf1]),
    (0.7, [0xab, 0xce, 0xe3]),
    (0.8, [0x6f, 0xad, 0xd2]),
    (0.9, [0x25, 0x72, 0xa6]),
    (1.0, [0x0a, 0x42, 0x6b]),
];
const DARK: [(f64, Rgb); 9] = [
    (0.0, [0xef, 0xc0, 0x8a]),
    (0.25, [0x9a, 0x66, 0x2b]),
    (0.4, [0x3b, 0x30, 0x24]),
    (0.5, [0x20, 0x24, 0x29]),
    (0.6, [0x1d, 0x33, 0x43]),
    (0.7, [0x1e, 0x4a, 0x66]),
    (0.8, [0x22, 0x66, 0x8d]),
    (0.9, [0x5a, 0xa6, 0xd3]),
    (1.0, [0xa9, 0xdb, 0xf8]),
];

/// The step of an AUC, 0 to 20.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=20")]
pub(crate) fn step(auc: f64) -> usize {
    if auc.is_nan() { 10 } else { (auc * 20.0).round().clamp(0.0, 20.0) as usize }
}

/// Declarations `--h0:#rrggbb;--k0:#rrggbb;…`: ground and ink of every step.
pub(crate) fn tokens(dark: bool) -> String {
    let mut css = String::new();
    for step in 0..=20_u32 {
        let ground = colour(if dark { &DARK } else { &LIGHT }, f64::from(step) / 20.0);
        let _ = write!(css, "--h{step}:{};--k{step}:{};", hex(ground), hex(ink(ground)));
    }
    css
}

/// Rules that give class `h0` to `h20` its colours.
pub(crate) fn rules() -> String {
    (0..=20).map(|i| format!(".h{i}{{background:var(--h{i});color:var(--k{i})}}")).collect()
}

fn colour(stops: &[(f64, Rgb)], auc: f64) -> Rgb {
    let after = stops.partition_point(|s| s.0 < auc).clamp(1, stops.len() - 1);
    let ((x0, a), (x1, b)) = (stops[after - 1], stops[after]);
    let part = (auc - x0) / (x1 - x0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
    std::array::from_fn(|i| (f64::from(a[i]) + part * (f64::from(b[i]) - f64::from(a[i]))).round() as u8)
}

fn ink(ground: Rgb) -> Rgb {
    // Pure black and white: one of the two has a contrast of at least 4.58 on any ground.
    let [dark, light] = [[0; 3], [0xff; 3]];
    if contrast(ground, dark) >= contrast(ground, light) { dark } else { light }
}

fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").
pub(crate) fn contrast(a: Rgb, b: Rgb) -> f64 {
    let luminance = |c: Rgb| {
        let [r, g, b] = c.map(|v| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_reads_well_in_light_and_dark() {
        for stops in [&LIGHT, &DARK] {
            for i in 0..=20 {
                let ground = colour(stops, f64::from(i) / 20.0);
                let found = contrast(ground, ink(ground));
                assert!(found >= 4.5, "step {i} of {}: {found:.2}", hex(stops[3].1));
            }
        }
    }

    #[test]
    fn contrast_agrees_with_the_standards_extremes() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
        assert!((contrast([7, 90, 200], [7, 90, 200]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn steps_are_nearest_and_clamped() {
        assert_eq!([0.0, 0.5, 0.524, 0.53, 1.0, 9.0, -1.0].map(step), [0, 10, 10, 11, 20, 20, 0]);
        assert_eq!(step(f64::NAN), 10);
    }
}
