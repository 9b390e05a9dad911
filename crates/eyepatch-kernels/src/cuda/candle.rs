use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::cuda_backend::CudaDType;
use candle_core::cuda_backend::cudarc::cublas::{self, sys};
use candle_core::cuda_backend::cudarc::driver::sys::{CUdevice_attribute, CUfunction_attribute};
use candle_core::cuda_backend::cudarc::driver::{
    CudaFunction, CudaSlice, CudaStream, DevicePtr, DevicePtrMut, LaunchConfig, PushKernelArg, SyncOnDrop,
};
use candle_core::cuda_backend::cudarc::nvrtc::{CompileOptions, compile_ptx_with_opts};
use candle_core::op::BackpropOp;
use candle_core::{CudaDevice, CudaStorage, Shape, Storage, Tensor};

use super::{Call, Element, Gpu, Launch, Place, PlaceMut, Scalar, Source, THREADS};
use crate::KernelError;

/// candle's CUDA device as a [`Gpu`]: its buffers are `CudaSlice`s on candle's own stream, so what a kernel wrote becomes
/// a tensor ([`Candle::tensor`]), and a tensor's storage a kernel's input, without a copy.
#[derive(Debug, Clone)]
pub struct Candle {
    device: CudaDevice,
    stream: Arc<CudaStream>,
    shared_limit: usize,
    /// What NVRTC compiles for, `compute_90` for instance.
    architecture: String,
}

impl Candle {
    /// The kernels' side of a candle device.
    ///
    /// # Errors
    /// [`KernelError::Gpu`] with what the driver says.
    pub fn new(device: &CudaDevice) -> Result<Self, KernelError> {
        let stream = device.cuda_stream();
        let context = stream.context();
        let (major, minor) = context.compute_capability().map_err(|e| gpu("tell its capability", e))?;
        let limit = CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN;
        let limit = context.attribute(limit).map_err(|e| gpu("tell its shared memory", e))?;
        Ok(Self {
            device: device.clone(),
            shared_limit: usize::try_from(limit).unwrap_or(0),
            architecture: format!("compute_{major}{minor}"),
            stream,
        })
    }

    /// candle's device.
    #[must_use]
    pub fn device(&self) -> &CudaDevice {
        &self.device
    }

    /// Waits until all that was launched is done.
    ///
    /// # Errors
    /// [`KernelError::Gpu`] with what the device says.
    pub fn wait(&self) -> Result<(), KernelError> {
        self.stream.synchronize().map_err(|e| gpu("finish", e))
    }

    /// `c = a b` through cuBLAS, all row by row: `a` is `[rows, columns of a]`, `b` dense `[columns of a, columns of c]`.
    /// With `narrow` factors are rounded to TF32 (11 bits) for the tensor cores; sums are f32 always.
    ///
    /// # Errors
    /// [`KernelError::Length`] where buffers or columns do not fit, [`KernelError::Gpu`].
    #[expect(unsafe_code, reason = "cuBLAS takes addresses")]
    pub fn product(
        &self,
        (a, from): Place<'_, CudaSlice<f32>>,
        b: &CudaSlice<f32>,
        (c, to): PlaceMut<'_, CudaSlice<f32>>,
        rows: usize,
        narrow: bool,
    ) -> Result<(), KernelError> {
        for (what, at, len) in [("a", from, a.len()), ("c", to, c.len())] {
            KernelError::length(what, at.stride.max(at.offset + at.channels), at.stride)?;
            KernelError::length(what, rows.saturating_mul(at.stride), len)?;
        }
        KernelError::length("b", from.channels * to.channels, b.len())?;
        if rows * from.channels * to.channels == 0 {
            return Ok(());
        }
        let size = |what: &'static str, n: usize| super::count(what, n).map(|n| n as i32);
        let (m, n, k) = (size("columns", to.channels)?, size("rows", rows)?, size("columns", from.channels)?);
        let (lda, ldc) = (size("columns", from.stride)?, size("columns", to.stride)?);
        let compute = match narrow {
            true => sys::cublasComputeType_t::CUBLAS_COMPUTE_32F_FAST_TF32,
            false => sys::cublasComputeType_t::CUBLAS_COMPUTE_32F,
        };
        let (one, zero, kind) = (1f32, 0f32, sys::cudaDataType_t::CUDA_R_32F);
        let blas = self.device.cublas_handle();
        let (a, _a) = a.device_ptr(&self.stream);
        let (b, _b) = b.device_ptr(&self.stream);
        let (c, _c) = c.device_ptr_mut(&self.stream);
        let plain = sys::cublasOperation_t::CUBLAS_OP_N;
        let address = |base: u64, offset: usize| base + (offset * size_of::<f32>()) as u64;
        // cuBLAS counts by columns, where rows are columns: it is asked for c^T = b^T a^T.
        // SAFETY: the handle is this stream's; every row that is read or written lies within its buffer, whose lengths were
        // checked, and the buffers are held until the call is in the stream.
        unsafe {
            cublas::result::gemm_ex(
                *blas.handle(),
                plain,
                plain,
                m,
                n,
                k,
                (&raw const one).cast(),
                b as *const _,
                kind,
                m,
                address(a, from.offset) as *const _,
                kind,
                lda,
                (&raw const zero).cast(),
                address(c, to.offset) as *mut _,
                kind,
                ldc,
                compute,
                sys::cublasGemmAlgo_t::CUBLAS_GEMM_DEFAULT,
            )
        }
        .map_err(|e| gpu("multiply matrices", e))
    }

    /// A buffer as a candle tensor, handed over without a copy.
    ///
    /// # Errors
    /// [`KernelError::Length`] where the shape has another number of values.
    pub fn tensor<T: CudaDType>(
        &self,
        buffer: CudaSlice<T>,
        shape: impl Into<Shape>,
    ) -> Result<Tensor, KernelError> {
        let shape = shape.into();
        KernelError::length("the tensor", shape.elem_count(), buffer.len())?;
        let storage = Storage::Cuda(CudaStorage::wrap_cuda_slice(buffer, self.device.clone()));
        Ok(Tensor::from_storage(storage, shape, BackpropOp::none(), false))
    }
}

fn gpu(what: impl Into<String>, message: impl Display) -> KernelError {
    KernelError::Gpu { what: what.into(), message: message.to_string() }
}

/// Compiles a source to PTX with NVRTC for an architecture (`compute_90`), once a process. Needs no GPU.
///
/// # Errors
/// [`KernelError::Gpu`] with the compiler's words.
pub fn compile(source: Source, architecture: &str) -> Result<Arc<str>, KernelError> {
    static COMPILED: Mutex<BTreeMap<(Source, String), Arc<str>>> = Mutex::new(BTreeMap::new());
    // A thread that panicked here has put nothing half-made into the map.
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (source, architecture.to_owned());
    if let Some(ptx) = compiled.get(&key) {
        return Ok(ptx.clone());
    }
    let options = CompileOptions {
        // Fused, a multiply and an add would round once, where the CPU rounds twice.
        fmad: Some(false),
        name: Some(format!("{}.cu", source.name())),
        options: vec![format!("--gpu-architecture={architecture}"), "--std=c++17".to_owned()],
        ..CompileOptions::default()
    };
    let ptx = compile_ptx_with_opts(source.text(), options)
        .map_err(|e| gpu(format!("compile {}", source.name()), e))?;
    let ptx: Arc<str> = ptx.to_src().into();
    compiled.insert(key, ptx.clone());
    Ok(ptx)
}

impl Gpu for Candle {
    type Buffer<T: Element> = CudaSlice<T>;
    type Call<'a> = CandleCall<'a>;

    fn shared_limit(&self) -> usize {
        self.shared_limit
    }

    #[expect(unsafe_code, reason = "memory that is not set")]
    fn alloc<T: Element>(&self, len: usize) -> Result<CudaSlice<T>, KernelError> {
        // SAFETY: every `Element` is a plain number, for which any bits will do until a kernel has written them.
        let slice = unsafe { self.stream.alloc::<T>(len.max(1)) }
            .map_err(|e| gpu(format!("allocate {len} values"), e))?;
        if len > 0 {
            return Ok(slice);
        }
        // The driver makes no empty buffers: one value's memory, of which nothing is used.
        let address = slice.leak();
        // SAFETY: the address was just allocated on this stream, and only this buffer frees it.
        Ok(unsafe { self.stream.upgrade_device_ptr(address, 0) })
    }

    fn upload<T: Element>(&self, values: &[T]) -> Result<CudaSlice<T>, KernelError> {
        if values.is_empty() {
            return self.alloc(0);
        }
        self.stream.clone_htod(values).map_err(|e| gpu(format!("take {} values", values.len()), e))
    }

    fn download<T: Element>(&self, buffer: &CudaSlice<T>) -> Result<Vec<T>, KernelError> {
        if buffer.is_empty() {
            return Ok(Vec::new());
        }
        self.stream.clone_dtoh(buffer).map_err(|e| gpu(format!("give {} values", buffer.len()), e))
    }

    fn len<T: Element>(&self, buffer: &CudaSlice<T>) -> usize {
        buffer.len()
    }

    fn call<'a>(&'a self, source: Source, kernel: &str) -> Result<CandleCall<'a>, KernelError> {
        let ptx = compile(source, &self.architecture)?;
        // candle keeps the loaded module for as long as the device lives.
        let function = self
            .device
            .get_or_load_custom_func(kernel, source.name(), &ptx)
            .map_err(|e| gpu(format!("load {kernel}"), e))?
            .into_cuda_function();
        Ok(CandleCall { stream: &self.stream, function, values: Vec::new(), holds: Vec::new() })
    }
}

/// A call on candle's stream.
pub struct CandleCall<'a> {
    stream: &'a CudaStream,
    function: CudaFunction,
    /// Arguments: addresses, and numbers in their lowest bytes, from which the driver takes as many as the parameter has.
    values: Vec<u64>,
    /// Keep other streams waiting until the launch is in this one.
    holds: Vec<SyncOnDrop<'a>>,
}

impl<'a> Call<'a, Candle> for CandleCall<'a> {
    fn input<T: Element>(mut self, buffer: &'a CudaSlice<T>) -> Self {
        let (address, hold) = buffer.device_ptr(self.stream);
        self.values.push(address);
        self.holds.push(hold);
        self
    }

    fn output<T: Element>(mut self, buffer: &'a mut CudaSlice<T>) -> Self {
        let (address, hold) = buffer.device_ptr_mut(self.stream);
        self.values.push(address);
        self.holds.push(hold);
        self
    }

    fn null(mut self) -> Self {
        self.values.push(0);
        self
    }

    fn value(mut self, value: impl Into<Scalar>) -> Self {
        self.values.push(value.into().bits().0);
        self
    }

    #[expect(unsafe_code, reason = "launches a kernel")]
    unsafe fn launch(self, launch: Launch) -> Result<(), KernelError> {
        if launch.shared > 48 * 1024 {
            // More than every device has must be asked for.
            let attribute = CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
            let bytes = i32::try_from(launch.shared).unwrap_or(i32::MAX);
            self.function.set_attribute(attribute, bytes).map_err(|e| gpu("give shared memory", e))?;
        }
        let config = LaunchConfig {
            grid_dim: (launch.grid[0], launch.grid[1], 1),
            block_dim: (THREADS, 1, 1),
            shared_mem_bytes: launch.shared,
        };
        let mut builder = self.stream.launch_builder(&self.function);
        for value in &self.values {
            builder.arg(value);
        }
        // SAFETY: the caller vouches for the arguments; their buffers are held until the launch is in the stream.
        unsafe { builder.launch(config) }.map(drop).map_err(|e| gpu("launch a kernel", e))
    }
}
