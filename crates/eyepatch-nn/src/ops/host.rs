//! Getting at the numbers of a contiguous f32 tensor in host memory.

use candle_core::{CpuStorage, Error, Layout, Result, Shape, Storage, Tensor};

/// The elements behind a storage and layout.
pub(super) fn slice<'a>(storage: &'a CpuStorage, layout: &Layout, op: &'static str) -> Result<&'a [f32]> {
    let CpuStorage::F32(values) = storage else {
        return Err(Error::Msg(format!("{op} works on f32 tensors")));
    };
    let Some((start, end)) = layout.contiguous_offsets() else {
        return Err(Error::RequiresContiguous { op });
    };
    values.get(start..end).ok_or(Error::RequiresContiguous { op })
}

/// Runs `f` on the elements of a tensor that lies in host memory.
pub(super) fn read<T>(tensor: &Tensor, op: &'static str, f: impl FnOnce(&[f32]) -> Result<T>) -> Result<T> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(cpu) => f(slice(cpu, layout, op)?),
        _ => Err(Error::Msg(format!("{op} works in host memory"))),
    }
}

/// A new tensor in host memory.
pub(super) fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> Result<Tensor> {
    Tensor::from_vec(values, shape.into(), &candle_core::Device::Cpu)
}

/// What `CustomOp::cpu_fwd` returns.
pub(super) fn output(values: Vec<f32>, shape: impl Into<Shape>) -> Result<(CpuStorage, Shape)> {
    Ok((CpuStorage::F32(values), shape.into()))
}
