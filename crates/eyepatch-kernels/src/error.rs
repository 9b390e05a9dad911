/// What can go wrong in a kernel: only arguments that do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// A mask's length is not its width times its height, or a side is 0.
    #[error("a mask of {height} rows and {width} columns has {len} bytes")]
    MaskShape {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// Bytes given.
        len: usize,
    },
    /// An output buffer is not as long as it must be.
    #[error("the buffer must hold {expected} values and holds {found}")]
    BufferLength {
        /// Values needed.
        expected: usize,
        /// Values given.
        found: usize,
    },
}
