use std::any::Any;
use std::sync::Arc;

use candle_core::CudaDevice;
use candle_core::backend::BackendDevice;
use candle_core::cuda_backend::cudarc::driver::CudaSlice;
use eyepatch_core::{Batch, DType, Device, DeviceBuffer, Error, HostData, Layout, Place, Result};
use eyepatch_kernels::KernelError;
use eyepatch_kernels::coalition::Coalitions;
use eyepatch_kernels::cuda::{Bounds, Candle, Gpu, Kernels};

fn said(error: KernelError) -> Error {
    Error::plugin("the GPU", error)
}

/// The values of a batch that lies on a GPU in the order of [`Layout::Nchw`]; `None` for any other.
#[must_use]
pub fn values(batch: &Batch) -> Option<&CudaSlice<f32>> {
    match (batch.place(), batch.layout) {
        (Place::Device(buffer), Layout::Nchw) => {
            buffer.as_any().downcast_ref::<CudaBatch>().map(CudaBatch::values)
        }
        _ => None,
    }
}

/// A batch of f32 images on an NVIDIA GPU, complete when it is handed over.
pub struct CudaBatch {
    index: usize,
    gpu: Candle,
    values: CudaSlice<f32>,
}

impl CudaBatch {
    /// The values, in the batch's layout.
    #[must_use]
    pub fn values(&self) -> &CudaSlice<f32> {
        &self.values
    }
}

impl DeviceBuffer for CudaBatch {
    fn device(&self) -> Device {
        Device::Cuda(self.index)
    }

    fn dtype(&self) -> DType {
        DType::F32
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    fn to_host(&self) -> Result<HostData> {
        Ok(HostData::F32(self.gpu.download(&self.values).map_err(said)?))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

pub(crate) struct Inner {
    index: usize,
    kernels: Kernels<Candle>,
    image: CudaSlice<f32>,
    hidden: CudaSlice<f32>,
    /// Planes, rows, columns.
    shape: [usize; 3],
}

impl Inner {
    pub(crate) fn new(index: usize, image: &Batch, hidden: &Batch) -> Result<Option<Self>> {
        let device = CudaDevice::new(index).map_err(|e| {
            said(KernelError::Gpu { what: format!("open cuda:{index}"), message: e.to_string() })
        })?;
        let gpu = Candle::new(&device).map_err(said)?;
        let shape = [image.channels, image.height, image.width];
        let upload = |batch: &Batch| gpu.upload(&batch.host_f32()?).map_err(said);
        let (image, hidden) = (upload(image)?, upload(hidden)?);
        Ok(Some(Self { index, kernels: Kernels::new(gpu), image, hidden, shape }))
    }

    pub(crate) fn boxes(&self, coalitions: &[Vec<Bounds>]) -> Result<Batch> {
        let compose = || {
            let boxes = self.kernels.boxes(coalitions)?;
            let mut out = self.kernels.gpu().alloc(coalitions.len() * self.image.len())?;
            self.kernels.composite_boxes(&self.image, &self.hidden, &boxes, self.shape, &mut out)?;
            Ok(out)
        };
        self.batch(coalitions.len(), compose().map_err(said)?)
    }

    pub(crate) fn segments(&self, ids: &[u32], coalitions: &Coalitions) -> Result<Batch> {
        let compose = || {
            let ids = self.kernels.gpu().upload(ids)?;
            let coalitions = self.kernels.coalitions(coalitions)?;
            self.kernels.composite(&self.image, &self.hidden, &ids, &coalitions)
        };
        self.batch(coalitions.rows(), compose().map_err(said)?)
    }

    fn batch(&self, n: usize, values: CudaSlice<f32>) -> Result<Batch> {
        // Whoever reads it may do so on another stream.
        self.kernels.gpu().wait().map_err(said)?;
        let [planes, height, width] = self.shape;
        let values = CudaBatch { index: self.index, gpu: self.kernels.gpu().clone(), values };
        Batch::new([n, planes, height, width], Layout::Nchw, Place::Device(Arc::new(values)))
    }
}
