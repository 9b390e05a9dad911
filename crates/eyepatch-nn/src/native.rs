//! The operations of [`crate::ops`] composed from candle's own: for CUDA devices, and the slow twin in tests.

use crate::ops::{ChannelStats, ConvShape, Learning, Part, Statistics};
use candle_core::{D, Result, Tensor};
use std::sync::Arc;

/// See [`crate::ops::conv2d`].
///
/// # Errors
/// Shapes that do not fit.
pub fn conv2d(x: &Tensor, weight: &Tensor, shape: ConvShape) -> Result<Tensor> {
    let (_, _, h, w) = x.dims4()?;
    let (k, ConvShape { stride, padding }) = (weight.dim(2)?, shape);
    let unused = |n: usize| (n + 2 * padding).saturating_sub(k) % stride.max(1);
    if unused(h) == unused(w) {
        return x.contiguous()?.conv2d(weight, padding, stride, 1, 1);
    }
    // candle's backward takes the columns left over to be as many as the rows: cut both off beforehand.
    let padded = x.pad_with_zeros(2, padding, padding)?.pad_with_zeros(3, padding, padding)?;
    let used = padded.narrow(2, 0, h + 2 * padding - unused(h))?.narrow(3, 0, w + 2 * padding - unused(w))?;
    used.contiguous()?.conv2d(weight, 0, stride, 1, 1)
}

/// See [`crate::ops::bn_relu`].
///
/// # Errors
/// Shapes that do not fit.
pub fn bn_relu(
    x: &Tensor,
    gamma: &Tensor,
    beta: &Tensor,
    statistics: &Statistics,
    eps: f64,
) -> Result<(Tensor, Option<Arc<ChannelStats>>)> {
    let (n, c, h, w) = x.dims4()?;
    let channel = |t: &Tensor| t.reshape((1, c, 1, 1));
    let (mean, var, stats) = match statistics {
        Statistics::Batch => {
            let mean = x.mean_keepdim(0)?.mean_keepdim(2)?.mean_keepdim(3)?;
            let var = x.broadcast_sub(&mean)?.sqr()?.mean_keepdim(0)?.mean_keepdim(2)?.mean_keepdim(3)?;
            let values = |t: &Tensor| t.flatten_all()?.to_vec1::<f32>();
            let stats = ChannelStats { mean: values(&mean)?, var: values(&var)?, count: n * h * w };
            (mean, var, Some(Arc::new(stats)))
        }
        Statistics::Frozen(stats) => {
            let tensor = |v: &[f32]| Tensor::from_slice(v, (1, c, 1, 1), x.device());
            (tensor(&stats.mean)?, tensor(&stats.var)?, None)
        }
    };
    let normal = x.broadcast_sub(&mean)?.broadcast_div(&(var + eps)?.sqrt()?)?;
    let y = normal.broadcast_mul(&channel(gamma)?)?.broadcast_add(&channel(beta)?)?.relu()?;
    Ok((y, stats))
}

/// See [`crate::ops::max_pool`]; only for inputs that are nowhere negative, because it pads with zeros. Equal values
/// share the gradient here.
///
/// # Errors
/// Shapes that do not fit.
pub fn max_pool(x: &Tensor) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    let (oh, ow) = (h.div_ceil(2), w.div_ceil(2));
    // One zero before, enough after for 2 (o + 1) rows and columns: then every window is nine of four sub-images.
    let padded = x.pad_with_zeros(2, 1, 2 * oh + 1 - h)?.pad_with_zeros(3, 1, 2 * ow + 1 - w)?;
    let split = padded.reshape((n, c, oh + 1, 2, ow + 1, 2))?;
    let mut best: Option<Tensor> = None;
    for (dy, dx) in (0..9).map(|i| (i / 3, i % 3)) {
        let part = split.narrow(3, dy % 2, 1)?.narrow(5, dx % 2, 1)?.squeeze(5)?.squeeze(3)?;
        let part = part.narrow(2, dy / 2, oh)?.narrow(3, dx / 2, ow)?.contiguous()?;
        best = Some(match best {
            Some(best) => best.maximum(&part)?,
            None => part,
        });
    }
    best.ok_or_else(|| candle_core::Error::Msg("max_pool: no window".into()))
}

/// See [`crate::ops::avg_pool2`].
///
/// # Errors
/// Shapes that do not fit.
pub fn avg_pool2(x: &Tensor) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    let even = x.narrow(2, 0, h / 2 * 2)?.narrow(3, 0, w / 2 * 2)?.contiguous()?;
    even.reshape((n, c, h / 2, 2, w / 2, 2))?.mean(5)?.mean(3)
}

/// See [`crate::ops::global_avg_pool`].
///
/// # Errors
/// Shapes that do not fit.
pub fn global_avg_pool(x: &Tensor) -> Result<Tensor> {
    x.flatten_from(2)?.mean(D::Minus1)
}

/// One [`Part`] of [`crate::ops::network`], with its parameters one by one, each flat or in its own shape.
///
/// # Errors
/// Shapes that do not fit.
pub fn part(
    x: &Tensor,
    params: &[Tensor],
    part: &Part,
    learning: &Learning,
    eps: f64,
) -> Result<(Tensor, Vec<Option<Arc<ChannelStats>>>)> {
    let mut stats = vec![];
    let statistics = |at: usize| match learning {
        Learning::Frozen(given) => given.get(at).cloned().map(Statistics::Frozen).ok_or_else(missing),
        Learning::Learns | Learning::Drifts => Ok(Statistics::Batch),
    };
    let param = |at: usize| params.get(at).ok_or_else(missing);
    let mut norm = |x: &Tensor, at: usize| {
        let (y, seen) = bn_relu(x, param(at)?, param(at + 1)?, &statistics(stats.len())?, eps)?;
        stats.push(seen);
        Ok::<_, candle_core::Error>(y)
    };
    let point = ConvShape { stride: 1, padding: 0 };
    let y = match *part {
        Part::Stem { input, output, kernel, shape, pool } => {
            let weight = param(0)?.reshape((output, input, kernel, kernel))?;
            let y = norm(&conv2d(x, &weight, shape)?, 1)?;
            if pool { max_pool(&y)? } else { y }
        }
        Part::Dense(shape) => {
            let (b, mut y) = (shape.bottleneck, x.clone());
            for layer in 0..shape.layers {
                let (c, at) = (shape.channels(layer), 6 * layer);
                let z = conv2d(&norm(&y, at)?, &param(at + 2)?.reshape((b, c, 1, 1))?, point)?;
                let weight = param(at + 5)?.reshape((shape.growth, b, 3, 3))?;
                let z = conv2d(&norm(&z, at + 3)?, &weight, ConvShape { stride: 1, padding: 1 })?;
                y = Tensor::cat(&[&y, &z], 1)?;
            }
            y
        }
        // The mean and the 1 x 1 convolution commute; this order is a quarter of the work.
        Part::Shrink { input } => {
            conv2d(&avg_pool2(&norm(x, 0)?)?, &param(2)?.reshape((input / 2, input, 1, 1))?, point)?
        }
        Part::Pooled { .. } => global_avg_pool(&norm(x, 0)?)?,
    };
    Ok((y, stats))
}

fn missing() -> candle_core::Error {
    candle_core::Error::Msg("a part lacks parameters or statistics".into())
}
