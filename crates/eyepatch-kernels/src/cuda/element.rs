/// A number that buffers hold.
pub trait Element: Copy + Send + Sync + Plain + 'static {
    /// Its type's name in the kernels' names; half floats are their bits there.
    const NAME: &'static str;
}

/// What the device can hold: with feature `cuda`, cudarc's `DeviceRepr`.
#[cfg(feature = "cuda")]
pub trait Plain: candle_core::cuda_backend::cudarc::driver::DeviceRepr {}
#[cfg(feature = "cuda")]
impl<T: candle_core::cuda_backend::cudarc::driver::DeviceRepr> Plain for T {}

/// What the device can hold: with feature `cuda`, cudarc's `DeviceRepr`.
#[cfg(not(feature = "cuda"))]
pub trait Plain {}
#[cfg(not(feature = "cuda"))]
impl<T> Plain for T {}

macro_rules! elements {
    ($($t:ty = $name:literal),* $(,)?) => { $(impl Element for $t { const NAME: &'static str = $name; })* };
}

elements!(u8 = "u8", u16 = "u16", u32 = "u32", u64 = "u64", i32 = "i32", f32 = "f32", f64 = "f64");

/// A depth that images are stored at.
pub trait Depth: Element {}
impl Depth for u8 {}
impl Depth for u16 {}
impl Depth for f32 {}

/// A precision that batches are written in: `f32`, or half floats as bits (`u16`) or as `half::f16`.
pub trait Output: Element {}
impl Output for f32 {}
impl Output for u16 {}

#[cfg(feature = "cuda")]
impl Element for half::f16 {
    const NAME: &'static str = "u16";
}
#[cfg(feature = "cuda")]
impl Output for half::f16 {}

/// A width of segment ids.
pub trait Id: Element {}
impl Id for u16 {}
impl Id for u32 {}
