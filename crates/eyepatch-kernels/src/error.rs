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
    /// A run-length code that cannot be read.
    #[error("number {position} of the run-length code, `{token}`: {problem}")]
    RunLength {
        /// Which number of the code, from 1.
        position: usize,
        /// What stands there, cut after 24 characters.
        token: String,
        /// What is wrong with it.
        problem: crate::roi::rle::RunProblem,
    },
    /// An image of which nothing is known cannot be continued.
    #[error("no pixel is known: there is nothing to continue")]
    NothingKnown,
    /// A slice or a device buffer that is not as long as the other arguments say.
    #[error("{what} must hold {expected} values and holds {found}")]
    Length {
        /// Which one.
        what: &'static str,
        /// Values needed.
        expected: usize,
        /// Values given.
        found: usize,
    },
    /// A pair of channel numbers that nothing is defined for.
    #[error("images of {input} channels cannot be written with {output}: 1 becomes 1 or 3, 3 stays 3")]
    Channels {
        /// Channels of the images.
        input: usize,
        /// Channels wanted.
        output: usize,
    },
    /// A fill image is stored at another depth than the image that it covers.
    #[error("a fill must be stored at its image's depth: 8 bit, 16 bit or float")]
    Depth,
    /// An index that points past what it chooses from.
    #[error("{what} {index} was asked for, there are {len}")]
    Index {
        /// What is chosen: a coalition, a player.
        what: &'static str,
        /// The index given.
        index: usize,
        /// How many there are.
        len: usize,
    },
    /// More than a kernel or a device can take.
    #[error("{what} of {found} is more than the {limit} that are possible: use smaller images or batches")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        found: usize,
        /// The largest size possible.
        limit: usize,
    },
    /// The device refused: its driver's words.
    #[error("the GPU could not {what}: {message}")]
    Gpu {
        /// What was tried.
        what: String,
        /// The driver's or the compiler's answer.
        message: String,
    },
}

impl KernelError {
    /// [`KernelError::Length`] where the two differ.
    pub(crate) fn length(what: &'static str, expected: usize, found: usize) -> Result<(), Self> {
        if expected == found { Ok(()) } else { Err(Self::Length { what, expected, found }) }
    }
}
