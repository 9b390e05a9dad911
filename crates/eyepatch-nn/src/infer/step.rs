//! What a compiled network does, one step after the other.

use super::pointwise::Pointwise;
use super::strips::Strips;
use eyepatch_kernels::nhwc::{Buffer, Panels, Window, WinogradScratch};

/// Index of a buffer: a step's result.
pub(super) type BufferId = usize;

/// A value: buffers whose channels follow each other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub(super) parts: Vec<(BufferId, usize)>,
}

impl Value {
    pub(super) fn one(buffer: BufferId, channels: usize) -> Self {
        Self { parts: vec![(buffer, channels)] }
    }

    pub(super) fn channels(&self) -> usize {
        self.parts.iter().map(|p| p.1).sum()
    }

    /// All channels of one pixel.
    pub(super) fn pixel(&self, buffers: &[Buffer], pixel: usize) -> Vec<f32> {
        self.parts.iter().flat_map(|&(b, n)| &buffers[b][pixel * n..(pixel + 1) * n]).copied().collect()
    }
}

/// `scale * x + shift`, then the larger of that and 0, done while reading.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NormRelu {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

/// One step; its result is a new buffer.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// A 1 x 1 convolution with stride 1, maybe of means over 2 x 2 pixels.
    Pointwise {
        from: Value,
        conv: Pointwise,
        halve: bool,
    },
    /// A 3 x 3 convolution with stride 1 and padding 1, maybe behind a 1 x 1 convolution.
    Strips {
        from: Value,
        conv: Strips,
    },
    /// Any other convolution.
    Window {
        from: BufferId,
        window: Window,
        weights: Panels,
        relu: bool,
    },
    MaxPool {
        from: BufferId,
        window: Window,
    },
    AveragePool {
        from: BufferId,
        window: Window,
    },
    /// Mean over all pixels of `norm` of the value.
    GlobalAverage {
        from: Value,
        norm: Option<NormRelu>,
    },
    Linear {
        from: Value,
        weights: Panels,
    },
    /// The value in one buffer, changed channel by channel.
    Map {
        from: Value,
        map: Map,
    },
    Add {
        from: [BufferId; 2],
        relu: bool,
    },
}

/// A change of each channel on its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Map {
    Copy,
    Relu,
    Norm(Vec<f32>, Vec<f32>),
    NormRelu(NormRelu),
}

impl Step {
    /// Buffers that it reads.
    pub(super) fn reads(&self) -> Vec<BufferId> {
        match self {
            Self::Pointwise { from, .. }
            | Self::Strips { from, .. }
            | Self::GlobalAverage { from, .. }
            | Self::Linear { from, .. }
            | Self::Map { from, .. } => from.parts.iter().map(|p| p.0).collect(),
            Self::Window { from, .. } | Self::MaxPool { from, .. } | Self::AveragePool { from, .. } => {
                vec![*from]
            }
            Self::Add { from, .. } => from.to_vec(),
        }
    }

    /// Shape of its result, from that of the first buffer that it reads.
    pub(super) fn shape(&self, from: Shape) -> Shape {
        let of = |height, width, channels| Shape { height, width, channels };
        let slide = |w: &Window, channels| of(w.places(from.height), w.places(from.width), channels);
        match self {
            Self::Pointwise { conv, halve, .. } => {
                let by = if *halve { 2 } else { 1 };
                of(from.height / by, from.width / by, conv.outputs())
            }
            Self::Strips { conv, .. } => of(from.height, from.width, conv.filter.outputs()),
            Self::Window { window, weights, .. } => slide(window, weights.size().1),
            Self::MaxPool { window, .. } | Self::AveragePool { window, .. } => slide(window, from.channels),
            Self::GlobalAverage { from, .. } => of(1, 1, from.channels()),
            Self::Linear { weights, .. } => of(from.height, from.width, weights.size().1),
            Self::Map { from: value, .. } => of(from.height, from.width, value.channels()),
            Self::Add { .. } => from,
        }
    }

    /// A word for profiles.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Pointwise { halve: false, .. } => "1x1",
            Self::Pointwise { halve: true, .. } => "transition",
            Self::Strips { conv, .. } if conv.has_pointwise() => "1x1+3x3",
            Self::Strips { .. } => "3x3",
            Self::Window { .. } => "stem or strided",
            Self::MaxPool { .. } | Self::AveragePool { .. } => "pool",
            Self::GlobalAverage { .. } => "global average",
            Self::Linear { .. } => "linear",
            Self::Map { .. } => "map",
            Self::Add { .. } => "add",
        }
    }
}

/// Memory that a thread keeps from step to step.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Rows that a product reads.
    pub(super) rows: Buffer,
    /// Where it writes them.
    pub(super) places: Vec<usize>,
    /// As `rows`, rounded.
    pub(super) half_rows: Buffer<u16>,
    /// Sums of products of rounded rows.
    pub(super) sums: Buffer,
    /// Padded pixels that a 3 x 3 convolution reads, rounded.
    pub(super) half_strip: Buffer<u16>,
    /// As `carry`, rounded.
    pub(super) half_carry: Vec<u16>,
    /// Padded pixels that a 3 x 3 convolution reads.
    pub(super) strip: Buffer,
    /// The strip's last rows, which the next one begins with.
    pub(super) carry: Vec<f32>,
    pub(super) winograd: WinogradScratch,
}

/// Height, width and channels of a buffer's images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
}

impl Shape {
    pub(super) fn pixels(self) -> usize {
        self.height * self.width
    }

    /// As [`Shape::len`], if it is a number.
    pub(super) fn checked_len(self) -> Option<usize> {
        self.height.checked_mul(self.width)?.checked_mul(self.channels)
    }

    pub(super) fn len(self) -> usize {
        self.pixels() * self.channels
    }
}
