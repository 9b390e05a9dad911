/// One `.cu` file: what is compiled together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Distance transform and thresholds.
    Roi,
    /// Masked, normalised batches.
    Compose,
    /// Coalition compositing and reduction.
    Coalition,
    /// What a network does between its matrix products.
    Network,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Roi, Self::Compose, Self::Coalition, Self::Network];

    /// Its name, and the compiled module's.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Roi => "eyepatch_roi",
            Self::Compose => "eyepatch_compose",
            Self::Coalition => "eyepatch_coalition",
            Self::Network => "eyepatch_network",
        }
    }

    /// Its text, complete: NVRTC is given no files to include.
    #[must_use]
    pub fn text(self) -> &'static str {
        macro_rules! with_common {
            ($file:literal) => {
                concat!(include_str!("../../cuda/common.cuh"), include_str!(concat!("../../cuda/", $file)))
            };
        }
        match self {
            Self::Roi => with_common!("roi.cu"),
            Self::Compose => with_common!("compose.cu"),
            Self::Coalition => with_common!("coalition.cu"),
            Self::Network => with_common!("network.cu"),
        }
    }
}
