//! Pooling: 3 x 3 maximum with stride 2 and padding 1 (torchvision's stem), 2 x 2 mean, mean over the whole plane.

use super::host;
use candle_core::{CpuStorage, CustomOp1, Error, Layout, Result, Shape, Tensor};
use eyepatch_kernels::planes;
use eyepatch_kernels::pool::{max_pool_backward, max_pool_len};
use std::sync::OnceLock;

#[derive(Default)]
struct MaxPool {
    /// Where in its window each maximum was met.
    index: OnceLock<Vec<u8>>,
}

impl CustomOp1 for MaxPool {
    fn name(&self) -> &'static str {
        "eyepatch-max-pool"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, c, h, w) = layout.shape().dims4()?;
        let x = host::slice(x, layout, self.name())?;
        let (oh, ow) = (max_pool_len(h), max_pool_len(w));
        let mut out = vec![0f32; n * c * oh * ow];
        let mut index = vec![0u8; out.len()];
        if !out.is_empty() {
            let outs = out.chunks_exact_mut(oh * ow).zip(index.chunks_exact_mut(oh * ow));
            for (x, (out, index)) in x.chunks_exact(h * w).zip(outs) {
                eyepatch_kernels::pool::max_pool(x, (h, w), out, index);
            }
        }
        self.index.set(index).map_err(|_| Error::Msg(format!("{} ran forward twice", self.name())))?;
        host::output(out, (n, c, oh, ow))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let (_, _, h, w) = x.dims4()?;
        let out_len = max_pool_len(h) * max_pool_len(w);
        let mut dx = vec![0f32; x.elem_count()];
        let index =
            self.index.get().ok_or_else(|| Error::Msg(format!("{}: no forward pass", self.name())))?;
        if out_len > 0 {
            host::read(dy, self.name(), |dy| {
                let gradients = dy.chunks_exact(out_len).zip(index.chunks_exact(out_len));
                for ((g, index), dx) in gradients.zip(dx.chunks_exact_mut(h * w)) {
                    max_pool_backward(g, index, (h, w), dx);
                }
                Ok(())
            })?;
        }
        Ok(Some(host::tensor(dx, x.shape())?))
    }
}

struct AvgPool2;

impl CustomOp1 for AvgPool2 {
    fn name(&self) -> &'static str {
        "eyepatch-avg-pool"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, c, h, w) = layout.shape().dims4()?;
        let x = host::slice(x, layout, self.name())?;
        let mut out = vec![0f32; n * c * (h / 2) * (w / 2)];
        if !out.is_empty() {
            for (x, out) in x.chunks_exact(h * w).zip(out.chunks_exact_mut((h / 2) * (w / 2))) {
                planes::avg_pool2(x, w, out);
            }
        }
        host::output(out, (n, c, h / 2, w / 2))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let (_, _, h, w) = x.dims4()?;
        let mut dx = vec![0f32; x.elem_count()];
        let out_len = (h / 2) * (w / 2);
        if out_len > 0 {
            host::read(dy, self.name(), |dy| {
                for (dy, dx) in dy.chunks_exact(out_len).zip(dx.chunks_exact_mut(h * w)) {
                    planes::avg_pool2_backward(dy, w, dx);
                }
                Ok(())
            })?;
        }
        Ok(Some(host::tensor(dx, x.shape())?))
    }
}

struct GlobalAvgPool;

impl CustomOp1 for GlobalAvgPool {
    fn name(&self) -> &'static str {
        "eyepatch-global-avg-pool"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, c, h, w) = layout.shape().dims4()?;
        let x = host::slice(x, layout, self.name())?;
        let plane = (h * w).max(1);
        let out = x.chunks_exact(plane).map(|x| (planes::sum(x) / plane as f64) as f32).collect();
        host::output(out, (n, c))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let (_, _, h, w) = x.dims4()?;
        let plane = (h * w).max(1);
        let dx = host::read(dy, self.name(), |dy| {
            Ok(dy.iter().flat_map(|&g| std::iter::repeat_n(g / plane as f32, plane)).collect())
        })?;
        Ok(Some(host::tensor(dx, x.shape())?))
    }
}

/// Maximum of 3 x 3 windows, stride 2, padding 1: `[n, c, h, w]` to `[n, c, (h + 1) / 2, (w + 1) / 2]`. Among equal
/// values the first in reading order gets the gradient, as in PyTorch. CPU, f32.
///
/// # Errors
/// A tensor that is not four-dimensional f32 in host memory.
pub fn max_pool(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(MaxPool::default())
}

/// Mean of 2 x 2 squares: `[n, c, h, w]` to `[n, c, h / 2, w / 2]`; a last odd row or column is dropped. CPU, f32.
///
/// # Errors
/// A tensor that is not four-dimensional f32 in host memory.
pub fn avg_pool2(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(AvgPool2)
}

/// Mean over each plane: `[n, c, h, w]` to `[n, c]`. CPU, f32.
///
/// # Errors
/// A tensor that is not four-dimensional f32 in host memory.
pub fn global_avg_pool(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(GlobalAvgPool)
}
