//! Values with gradients of their own, on any device: where candle's are slow, or keep too much.

use candle_core::backend::BackendStorage;
use candle_core::{
    CpuStorage, CudaStorage, CustomOp2, CustomOp3, Error, Layout, Result, Shape, Storage, Tensor,
};
use std::sync::Mutex;

/// A value that was computed beforehand, which an operation is to return.
struct Value(Mutex<Option<Tensor>>);

impl Value {
    fn new(value: &Tensor) -> Result<Self> {
        let plain = value.is_contiguous() && value.layout().start_offset() == 0;
        Ok(Self(Mutex::new(Some(if plain { value.detach() } else { value.force_contiguous()?.detach() }))))
    }

    /// Its storage, copied by `copy`, and its shape. It is let go, so that it is not kept twice.
    fn take<S>(&self, copy: impl FnOnce(&Storage, &Layout) -> Result<S>) -> Result<(S, Shape)> {
        let value = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let value = value.ok_or_else(|| Error::Msg("an operation ran forward twice".into()))?;
        let (storage, layout) = value.storage_and_layout();
        Ok((copy(&storage, layout)?, layout.shape().clone()))
    }

    fn cpu(&self) -> Result<(CpuStorage, Shape)> {
        self.take(|storage, _| match storage {
            Storage::Cpu(values) => Ok(values.clone()),
            _ => Err(Error::Msg("a value on another device than its arguments".into())),
        })
    }

    fn cuda(&self) -> Result<(CudaStorage, Shape)> {
        self.take(|storage, layout| match storage {
            Storage::Cuda(values) => values.try_clone(layout),
            _ => Err(Error::Msg("a value on another device than its arguments".into())),
        })
    }
}

struct Of2<F>(Value, F);
struct Of3<F>(Value, F);

impl<F> CustomOp2 for Of2<F>
where
    F: Fn([&Tensor; 2], &Tensor) -> Result<[Option<Tensor>; 2]> + Send + Sync,
{
    fn name(&self) -> &'static str {
        "eyepatch-given-2"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        self.0.cpu()
    }

    fn cuda_fwd(
        &self,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.0.cuda()
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let [a, b] = (self.1)([&a.detach(), &b.detach()], &dy.detach())?;
        Ok((a, b))
    }
}

impl<F> CustomOp3 for Of3<F>
where
    F: Fn([&Tensor; 3], &Tensor, &Tensor) -> Result<[Option<Tensor>; 3]> + Send + Sync,
{
    fn name(&self) -> &'static str {
        "eyepatch-given-3"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.0.cpu()
    }

    fn cuda_fwd(
        &self,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.0.cuda()
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        c: &Tensor,
        y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [a, b, c] = (self.1)([&a.detach(), &b.detach(), &c.detach()], &y.detach(), &dy.detach())?;
        Ok((a, b, c))
    }
}

/// `value`, whose gradients by `a` and `b` are what `backward` makes of `(a, b)` and the gradient by `value`.
pub(crate) fn given2(
    [a, b]: [&Tensor; 2],
    value: &Tensor,
    backward: impl Fn([&Tensor; 2], &Tensor) -> Result<[Option<Tensor>; 2]> + Send + Sync + 'static,
) -> Result<Tensor> {
    a.apply_op2(b, Of2(Value::new(value)?, backward))
}

/// As [`given2`], of three; `backward` is given the value too, so that it need not keep it.
pub(crate) fn given3(
    [a, b, c]: [&Tensor; 3],
    value: &Tensor,
    backward: impl Fn([&Tensor; 3], &Tensor, &Tensor) -> Result<[Option<Tensor>; 3]> + Send + Sync + 'static,
) -> Result<Tensor> {
    a.apply_op3(b, c, Of3(Value::new(value)?, backward))
}
