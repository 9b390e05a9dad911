use std::any::Any;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Device, Error, Result};

/// Number type of a batch's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DType {
    /// 32-bit float.
    F32,
    /// IEEE half.
    F16,
    /// bfloat16.
    Bf16,
}

/// Order of a batch's axes in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Image, channel, row, column.
    Nchw,
    /// Image, row, column, channel.
    Nhwc,
}

/// Values in the host's memory, dense, in the batch's layout. Half types are kept as their bits.
#[derive(Debug, Clone, PartialEq)]
pub enum HostData {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// IEEE half bits.
    F16(Vec<u16>),
    /// bfloat16 bits.
    Bf16(Vec<u16>),
}

impl HostData {
    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F32(v) => v.len(),
            Self::F16(v) | Self::Bf16(v) => v.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their type.
    #[must_use]
    pub fn dtype(&self) -> DType {
        match self {
            Self::F32(_) => DType::F32,
            Self::F16(_) => DType::F16,
            Self::Bf16(_) => DType::Bf16,
        }
    }
}

/// A buffer on an accelerator, owned by whoever made it (a kernel, a network). Its owner downcasts it; everybody
/// else can bring it to the host.
pub trait DeviceBuffer: Send + Sync {
    /// Where it lives.
    fn device(&self) -> Device;
    /// Its number type.
    fn dtype(&self) -> DType;
    /// Number of values.
    fn len(&self) -> usize;
    /// Whether it holds none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// A copy in the host's memory.
    ///
    /// # Errors
    /// Whatever the device says.
    fn to_host(&self) -> Result<HostData>;
    /// For downcasting by the owner.
    fn as_any(&self) -> &dyn Any;
}

/// Where a batch's values live.
#[derive(Clone)]
pub enum Place {
    /// In the host's memory.
    Host(Arc<HostData>),
    /// On a device, handed over without a copy.
    Device(Arc<dyn DeviceBuffer>),
}

/// Network input: `n` images of `channels` x `height` x `width`, normalised, with number type, layout and place,
/// so that kernels and networks hand it over without copies.
#[derive(Clone)]
pub struct Batch {
    /// Number of images.
    pub n: usize,
    /// Channels an image.
    pub channels: usize,
    /// Rows an image.
    pub height: usize,
    /// Columns an image.
    pub width: usize,
    /// Order of the axes.
    pub layout: Layout,
    place: Place,
}

impl Batch {
    /// A batch of 32-bit floats on the host, in NCHW order.
    ///
    /// # Errors
    /// [`Error::Shape`] where the length does not fit.
    pub fn nchw(n: usize, channels: usize, height: usize, width: usize, values: Vec<f32>) -> Result<Self> {
        Self::new([n, channels, height, width], Layout::Nchw, Place::Host(Arc::new(HostData::F32(values))))
    }

    /// A batch of `[n, channels, height, width]` images, whatever their order in memory.
    ///
    /// # Errors
    /// [`Error::Shape`] where the number of values does not fit.
    pub fn new(nchw: [usize; 4], layout: Layout, place: Place) -> Result<Self> {
        let [n, channels, height, width] = nchw;
        let len = match &place {
            Place::Host(v) => v.len(),
            Place::Device(v) => v.len(),
        };
        if len != n * channels * height * width {
            return Err(Error::shape("batch", format!("{nchw:?}"), format!("{len} values")));
        }
        Ok(Self { n, channels, height, width, layout, place })
    }

    /// The values and where they live.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Number type of the values.
    #[must_use]
    pub fn dtype(&self) -> DType {
        match &self.place {
            Place::Host(v) => v.dtype(),
            Place::Device(v) => v.dtype(),
        }
    }

    /// The values as 32-bit floats in NCHW order, in the host's memory. No copy where they are so already.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for half types on the host (no plugin makes them yet), or what the device says.
    pub fn host_f32(&self) -> Result<std::borrow::Cow<'_, [f32]>> {
        use std::borrow::Cow;
        let unsupported =
            || Error::Unsupported { what: "a half-precision batch".into(), capability: "32-bit view".into() };
        let values = match &self.place {
            Place::Host(v) => match v.as_ref() {
                HostData::F32(v) => Cow::Borrowed(v.as_slice()),
                _ => return Err(unsupported()),
            },
            Place::Device(v) => match v.to_host()? {
                HostData::F32(v) => Cow::Owned(v),
                _ => return Err(unsupported()),
            },
        };
        Ok(match self.layout {
            Layout::Nchw => values,
            Layout::Nhwc => {
                Cow::Owned(nhwc_to_nchw(&values, self.n, self.channels, self.height * self.width))
            }
        })
    }
}

fn nhwc_to_nchw(values: &[f32], n: usize, channels: usize, pixels: usize) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    for i in 0..n {
        for p in 0..pixels {
            for c in 0..channels {
                out[(i * channels + c) * pixels + p] = values[(i * pixels + p) * channels + c];
            }
        }
    }
    out
}
