use super::{Element, Source};
use crate::KernelError;

/// Threads a block, for every kernel.
pub const THREADS: u32 = 256;

/// A device with memory of its own that runs the kernels of [`Source`].
pub trait Gpu {
    /// Device memory for `T`s.
    type Buffer<T: Element>;
    /// A call that is being put together.
    type Call<'a>: Call<'a, Self>
    where
        Self: 'a;

    /// Shared memory that a block can have, in bytes.
    fn shared_limit(&self) -> usize;

    /// A buffer of `len` values that are not set.
    ///
    /// # Errors
    /// [`KernelError::Gpu`] with what the device says.
    fn alloc<T: Element>(&self, len: usize) -> Result<Self::Buffer<T>, KernelError>;

    /// A copy on the device.
    ///
    /// # Errors
    /// [`KernelError::Gpu`] with what the device says.
    fn upload<T: Element>(&self, values: &[T]) -> Result<Self::Buffer<T>, KernelError>;

    /// A copy in the host's memory, once all that was launched before is done.
    ///
    /// # Errors
    /// [`KernelError::Gpu`] with what the device says.
    fn download<T: Element>(&self, buffer: &Self::Buffer<T>) -> Result<Vec<T>, KernelError>;

    /// Number of values.
    fn len<T: Element>(&self, buffer: &Self::Buffer<T>) -> usize;

    /// Begins a call of a kernel, which is compiled where this is its first.
    ///
    /// # Errors
    /// [`KernelError::Gpu`] with what the compiler or the device says.
    fn call<'a>(&'a self, source: Source, kernel: &str) -> Result<Self::Call<'a>, KernelError>;
}

/// A call of a kernel. Arguments are given in the order of its parameters.
pub trait Call<'a, G: Gpu + ?Sized + 'a>: Sized {
    /// A buffer that is read.
    #[must_use]
    fn input<T: Element>(self, buffer: &'a G::Buffer<T>) -> Self;
    /// A buffer that is written, or read and written.
    #[must_use]
    fn output<T: Element>(self, buffer: &'a mut G::Buffer<T>) -> Self;
    /// No buffer.
    #[must_use]
    fn null(self) -> Self;
    /// A number.
    #[must_use]
    fn value(self, value: impl Into<Scalar>) -> Self;

    /// Starts it and does not wait. Later copies and calls see its results.
    ///
    /// # Errors
    /// [`KernelError::Gpu`] with what the device says.
    ///
    /// # Safety
    /// The arguments are those that the kernel's parameters ask for, and every buffer is as large as the kernel takes it
    /// for: it checks nothing.
    #[expect(unsafe_code, reason = "the kernel believes its arguments")]
    unsafe fn launch(self, launch: Launch) -> Result<(), KernelError>;
}

/// How many threads run, in blocks of [`THREADS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Launch {
    /// Blocks along x and y.
    pub grid: [u32; 2],
    /// Shared memory a block, in bytes.
    pub shared: u32,
}

impl Launch {
    /// `x` by `y` blocks without shared memory.
    #[must_use]
    pub fn blocks(x: u32, y: u32) -> Self {
        Self { grid: [x, y], shared: 0 }
    }
}

/// A number that is a kernel's argument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar {
    /// Four bytes.
    U32(u32),
    /// Eight bytes.
    U64(u64),
    /// Four bytes.
    F32(f32),
}

impl Scalar {
    /// Its bytes, little-endian, and how many of them count.
    #[must_use]
    pub fn bits(self) -> (u64, usize) {
        match self {
            Self::U32(v) => (v.into(), 4),
            Self::U64(v) => (v, 8),
            Self::F32(v) => (v.to_bits().into(), 4),
        }
    }
}

impl From<u32> for Scalar {
    fn from(v: u32) -> Self {
        Self::U32(v)
    }
}

impl From<u64> for Scalar {
    fn from(v: u64) -> Self {
        Self::U64(v)
    }
}

impl From<f32> for Scalar {
    fn from(v: f32) -> Self {
        Self::F32(v)
    }
}
