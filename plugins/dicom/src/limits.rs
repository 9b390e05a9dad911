/// What a file may claim before it is refused. Nothing is allocated beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a file, and of its data set once inflated.
    pub max_bytes: u64,
    /// Rows x columns of a frame.
    pub max_pixels: u64,
    /// Frames.
    pub max_frames: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 1 << 30, max_pixels: 100_000_000, max_frames: 10_000 }
    }
}
