//! The operations of [`crate::ops`] composed from candle's own: for CUDA devices, and the slow twin in tests.
//!
//! Convolutions and normalisations bring their backward passes along. candle's own convolve with kernels as large as the
//! image, or transpose convolutions one output at a time, both far from what a GPU can do; here all of it is products of
//! matrices and forward convolutions. candle's own for a normalisation keeps eight tensors as large as the image.

use crate::given::{given2, given3};
use crate::ops::{ChannelStats, ConvShape, Learning, Part, Statistics};
use candle_core::{D, DType, Result, Tensor};
use std::sync::Arc;

/// See [`crate::ops::conv2d`].
///
/// # Errors
/// Shapes that do not fit.
pub fn conv2d(x: &Tensor, weight: &Tensor, shape: ConvShape) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    let (o, _, k, _) = weight.dims4()?;
    let (x, ConvShape { stride, padding }) = (x.contiguous()?, shape);
    if (k, stride, padding) == (1, 1, 0) {
        let weight = weight.reshape((1, o, c))?.expand((n, o, c))?;
        return weight.matmul(&x.reshape((n, c, h * w))?)?.reshape((n, o, h, w));
    }
    let (inputs, weights) = (x.track_op(), weight.track_op());
    if !(inputs || weights) {
        return x.conv2d(weight, padding, stride, 1, 1);
    }
    if (stride == 1 && padding < k) || !inputs {
        let value = x.detach().conv2d(&weight.detach(), padding, stride, 1, 1)?;
        return given2([&x, weight], &value, move |[x, weight], dy| {
            let dy = dy.contiguous()?;
            let dx = || {
                let turned = weight.transpose(0, 1)?.contiguous()?.flip(&[2, 3])?;
                dy.conv2d(&turned, k - 1 - padding, 1, 1, 1)
            };
            let dw = || weight_gradient(x, &dy, k, shape);
            Ok([inputs.then(dx).transpose()?, weights.then(dw).transpose()?])
        });
    }
    let unused = |n: usize| (n + 2 * padding).saturating_sub(k) % stride.max(1);
    if unused(h) == unused(w) {
        return x.conv2d(weight, padding, stride, 1, 1);
    }
    // candle's backward takes the columns left over to be as many as the rows: cut both off beforehand.
    let padded = x.pad_with_zeros(2, padding, padding)?.pad_with_zeros(3, padding, padding)?;
    let used = padded.narrow(2, 0, h + 2 * padding - unused(h))?.narrow(3, 0, w + 2 * padding - unused(w))?;
    used.contiguous()?.conv2d(weight, 0, stride, 1, 1)
}

/// Gradient of a convolution by its weights: for each place in the kernel a product of `dy` `[n, o, h', w']` with the
/// part of `x` that this place met.
fn weight_gradient(x: &Tensor, dy: &Tensor, k: usize, shape: ConvShape) -> Result<Tensor> {
    let (ConvShape { stride, padding }, (n, c, _, _)) = (shape, x.dims4()?);
    let (_, o, oh, ow) = dy.dims4()?;
    // Rows and columns at a distance of `stride` become dimensions of their own, once there is a multiple of them.
    let mut x = x.clone();
    for (dim, out) in [(2, oh), (3, ow)] {
        let (have, want) = (x.dim(dim)? + padding, stride * (out + (k - 1) / stride));
        x = x.pad_with_zeros(dim, padding, want.saturating_sub(have))?.narrow(dim, 0, want)?;
    }
    let (rows, columns) = (x.dim(2)? / stride, x.dim(3)? / stride);
    let x = x.reshape((n, c, rows, stride, columns, stride))?;
    let dy = dy.reshape((n, o, oh * ow))?;
    let mut places = Vec::with_capacity(k * k);
    for (y, z) in (0..k * k).map(|i| (i / k, i % k)) {
        let met = x.narrow(2, y / stride, oh)?.narrow(3, y % stride, 1)?;
        let met = met.narrow(4, z / stride, ow)?.narrow(5, z % stride, 1)?;
        let met = met.contiguous()?.reshape((n, c, oh * ow))?;
        places.push(dy.matmul(&met.transpose(1, 2)?)?.sum(0)?);
    }
    Tensor::stack(&places, 2)?.reshape((o, c, k, k))
}

/// Sum over the batch and the plane of `[n, c, q]`: `[1, c, 1]`. Planes first, which lie in one piece.
fn channel_sum(x: &Tensor) -> Result<Tensor> {
    x.sum_keepdim(2)?.sum_keepdim(0)
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
    let (count, batch) = (n * h * w, matches!(statistics, Statistics::Batch));
    let x = x.contiguous()?.reshape((n, c, h * w))?;
    let channel = move |t: &Tensor| t.detach().reshape((1, c, 1));
    let plain = x.detach();
    let (mean, var) = match statistics {
        Statistics::Batch => {
            let mean = (channel_sum(&plain)? / count as f64)?;
            (mean.clone(), (channel_sum(&plain.broadcast_sub(&mean)?.sqr()?)? / count as f64)?)
        }
        Statistics::Frozen(stats) => {
            let tensor = |v: &[f32]| Tensor::from_slice(v, (1, c, 1), x.device());
            (tensor(&stats.mean)?, tensor(&stats.var)?)
        }
    };
    let stats = batch.then(|| -> Result<_> {
        // One transfer, not two.
        let mut values = Tensor::cat(&[&mean, &var], 1)?.flatten_all()?.to_vec1::<f32>()?;
        let var = values.split_off(c);
        Ok(Arc::new(ChannelStats { mean: values, var, count }))
    });
    let inv_std = (var + eps)?.sqrt()?.recip()?;
    let scale = (channel(gamma)? * &inv_std)?;
    let value = plain.broadcast_sub(&mean)?.broadcast_mul(&scale)?.broadcast_add(&channel(beta)?)?.relu()?;
    if ![&x, gamma, beta].iter().any(|t| t.track_op()) {
        return Ok((value.reshape((n, c, h, w))?, stats.transpose()?));
    }
    let y = given3([&x, gamma, beta], &value, move |[x, gamma, beta], y, dy| {
        let g = (dy * y.gt(0f32)?.to_dtype(DType::F32)?)?;
        let centred = x.broadcast_sub(&mean)?;
        let (sum, moment) = (channel_sum(&g)?, channel_sum(&(&g * &centred)?)?);
        let scale = (channel(gamma)? * &inv_std)?;
        let mut dx = g.broadcast_mul(&scale)?;
        if batch {
            // The batch's mean and variance move with every value.
            let along = ((&scale * inv_std.sqr()?)? * &moment)?;
            dx = dx.broadcast_sub(&((&scale * &sum)? / count as f64)?)?;
            dx = (dx - centred.broadcast_mul(&(along / count as f64)?)?)?;
        }
        let (dgamma, dbeta) = ((moment * &inv_std)?.reshape(gamma.shape())?, sum.reshape(beta.shape())?);
        Ok([Some(dx), Some(dgamma), Some(dbeta)])
    })?;
    Ok((y.reshape((n, c, h, w))?, stats.transpose()?))
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
