//! Weights and images by formula: `formula.py` says the same, to the bit.

use candle_core::Device;
use eyepatch_nn::{DenseNet, DenseNetConfig, NnError};
use safetensors::tensor::{Dtype, TensorView};

/// Numbers in [-1, 1): SplitMix64 (Steele et al. 2014) from the FNV-1a hash of a name.
fn uniform(name: &str, count: usize) -> impl Iterator<Item = f64> + use<> {
    let key =
        name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    (1..=count as u64).map(move |i| {
        let z = key.wrapping_add(i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f64 / f64::from(1 << 23) - 1.0
    })
}

/// A tensor of the network called `net`, f32, little-endian.
fn parameter(net: &str, name: &str, shape: &[usize]) -> Vec<u8> {
    let (offset, factor) = match (name, shape) {
        (n, _) if n.ends_with("running_var") => (1.0, 0.5),
        (n, _) if n.ends_with("running_mean") => (0.0, 0.3),
        ("classifier.weight", s) => (0.0, (6.0 / s[1] as f64).sqrt()),
        (n, _) if n.ends_with("bias") => (0.0, 0.25),
        (_, [_]) => (1.0, 0.3),
        (_, s) => (0.0, (6.0 / (s[1] * s[2] * s[3]) as f64).sqrt()),
    };
    let numbers = uniform(&format!("{net}.{name}"), shape.iter().product());
    numbers.flat_map(|u| ((offset + factor * u) as f32).to_le_bytes()).collect()
}

/// The DenseNet of this shape with the weights of `name`.
pub(crate) fn network(name: &str, config: DenseNetConfig) -> eyepatch_nn::Result<DenseNet> {
    let mut net = DenseNet::new(config, 0, &Device::Cpu)?;
    let mut wanted: Vec<(String, Vec<usize>)> = vec![];
    for (parameter, var, _) in net.parameters() {
        if let (Some(norm), [n]) = (parameter.strip_suffix(".weight"), var.dims()) {
            wanted.extend(["running_mean", "running_var"].map(|s| (format!("{norm}.{s}"), vec![*n])));
        }
        wanted.push((parameter, var.dims().to_vec()));
    }
    let bytes: Vec<Vec<u8>> = wanted.iter().map(|(key, shape)| parameter(name, key, shape)).collect();
    let wrong = |e: safetensors::SafeTensorError| NnError::Weights(e.to_string());
    let views = wanted.into_iter().zip(&bytes);
    let views = views.map(|((key, shape), data)| Ok((key, TensorView::new(Dtype::F32, shape, data)?)));
    let views = views.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    let bytes = safetensors::serialize(views, None).map_err(wrong)?;
    net.load_bytes(&bytes)?;
    Ok(net)
}

/// `n` images, `[n, 3, height, width]`: noise of a contrast that differs from image to image.
pub(crate) fn images(n: usize, (height, width): (usize, usize)) -> Vec<f32> {
    let image = 3 * height * width;
    let contrast = |i: usize| 0.5 + 0.25 * (i / image) as f64;
    let numbers = uniform(&format!("{n}x{height}x{width}"), n * image);
    numbers.enumerate().map(|(i, u)| (contrast(i) * u) as f32).collect()
}
