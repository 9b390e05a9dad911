//! The standard normal distribution.

use std::f64::consts::FRAC_1_SQRT_2;

/// P(Z <= z) for a standard normal Z.
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// P(Z > z), exact far into the tail, where `1 - normal_cdf(z)` is 0.
#[must_use]
pub fn normal_upper_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * FRAC_1_SQRT_2)
}

/// log10 of [`normal_upper_tail`], also where that is too small for a number (beyond z = 38); relative error of the tail about
/// 1e-14.
#[must_use]
pub fn log10_normal_upper_tail(z: f64) -> f64 {
    if z < 20.0 {
        return normal_upper_tail(z).log10();
    }
    // Mills' ratio as Laplace's continued fraction, 1 / (z + 1 / (z + 2 / (z + ...))).
    let below = (1..=40).rev().fold(z, |rest, k| z + f64::from(k) / rest);
    let log_density = -0.5 * z * z - 0.5 * (2.0 * std::f64::consts::PI).ln();
    (log_density - below.ln()) * std::f64::consts::LOG10_E
}

/// The z with `normal_cdf(z) = p`; minus infinity at 0, infinity at 1, NaN outside 0 to 1.
///
/// Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988),
/// routine PPND16; relative error about 1e-16.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if p == 0.0 || p == 1.0 {
        return if p == 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(&CENTRE, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-tail.ln()).sqrt();
    let z = if r <= 5.0 { ratio(&MIDDLE, r - 1.6) } else { ratio(&FAR, r - 5.0) };
    if q < 0.0 { -z } else { z }
}

/// Numerator and denominator coefficients, from the constant upwards.
type Rational = [[f64; 8]; 2];

fn ratio([numerator, denominator]: &Rational, x: f64) -> f64 {
    let polynomial = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * x + c);
    polynomial(numerator) / polynomial(denominator)
}

const CENTRE: Rational = [
    [
        3.387_132_872_796_366_5,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_545e3,
    ],
];

const MIDDLE: Rational = [
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
];

const FAR: Rational = [
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../tests/golden/stats.json")).expect("golden file");
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-13 * b.abs().max(1e-300);
        let rows = golden["normal"].as_array().expect("rows");
        for row in rows {
            let [z, cdf, upper] = [0, 1, 2].map(|i| row[i].as_f64().expect("number"));
            assert!(close(normal_cdf(z), cdf), "cdf({z}) = {}, not {cdf}", normal_cdf(z));
            assert!(close(normal_upper_tail(z), upper), "tail({z}) = {}, not {upper}", normal_upper_tail(z));
        }
        let quantiles = golden["quantile"].as_array().expect("rows");
        for row in quantiles {
            let [p, z] = [0, 1].map(|i| row[i].as_f64().expect("number"));
            assert!(
                (normal_quantile(p) - z).abs() <= 1e-12 * z.abs().max(1.0),
                "{p}: {} != {z}",
                normal_quantile(p)
            );
        }
        assert!(rows.len() > 50 && quantiles.len() > 50);
    }

    #[test]
    fn ends_and_outside() {
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert_eq!(normal_quantile(0.5), 0.0);
        for p in [-0.1, 1.1, f64::NAN] {
            assert!(normal_quantile(p).is_nan());
        }
    }
}
