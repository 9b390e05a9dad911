use candle_core::cuda_backend::cudarc::driver::CudaContext;
use candle_core::cuda_backend::cudarc::{driver, nvrtc};

use crate::KernelError;

/// An NVIDIA GPU as its driver describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What `cuda:INDEX` counts.
    pub index: usize,
    /// The product's name.
    pub name: String,
    /// Compute capability: (9, 0) for an H100.
    pub capability: (i32, i32),
    /// Memory in bytes.
    pub memory: usize,
    /// Of which nobody uses these.
    pub free: usize,
}

/// CUDA versions, (13, 0) for 13.0. `None` where the library would not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// The newest that the driver supports.
    pub driver: Option<(i32, i32)>,
    /// The compiler's that is used at run time.
    pub nvrtc: Option<(i32, i32)>,
}

/// All GPUs that the driver shows.
///
/// # Errors
/// [`KernelError::Gpu`] with the driver's words.
pub fn cards() -> Result<Vec<Card>, KernelError> {
    let said =
        |e: driver::DriverError| KernelError::Gpu { what: "find devices".into(), message: e.to_string() };
    let count = usize::try_from(CudaContext::device_count().map_err(said)?).unwrap_or(0);
    (0..count)
        .map(|index| {
            let context = CudaContext::new(index).map_err(said)?;
            let (free, memory) = context.mem_get_info().map_err(said)?;
            let capability = context.compute_capability().map_err(said)?;
            Ok(Card { index, name: context.name().map_err(said)?, capability, memory, free })
        })
        .collect()
}

/// Versions of the driver and of the compiler.
#[must_use]
pub fn versions() -> Versions {
    let (mut version, mut major, mut minor) = (0, 0, 0);
    // SAFETY: the call writes one integer to the address given, which is that of one; it needs no context.
    #[expect(unsafe_code, reason = "the driver's own interface")]
    let known = unsafe { driver::sys::cuDriverGetVersion(&raw mut version) };
    let driver =
        (known == driver::sys::CUresult::CUDA_SUCCESS).then_some((version / 1000, version % 1000 / 10));
    // SAFETY: the call writes one integer to each of the addresses given, which are those of two.
    #[expect(unsafe_code, reason = "the compiler's own interface")]
    let known = unsafe { nvrtc::sys::nvrtcVersion(&raw mut major, &raw mut minor) };
    let nvrtc = (known == nvrtc::sys::nvrtcResult::NVRTC_SUCCESS).then_some((major, minor));
    Versions { driver, nvrtc }
}
