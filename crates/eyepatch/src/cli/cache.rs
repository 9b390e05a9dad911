//! What a run may keep of a trunk that all its models share.

use clap::ValueEnum;
use eyepatch_engine::{Options, Precision};

/// What is kept of the frozen trunk that all models of an audit share.
#[derive(clap::Args)]
pub(crate) struct CacheArgs {
    /// Disk that features of a shared trunk may take, for instance 20G; 0 keeps none and computes more. Results do not depend
    /// on it [default: half of what is free].
    #[arg(long, value_name = "BYTES", value_parser = super::bytes::parse)]
    pub(crate) cache_budget: Option<u64>,
    /// Number type of a shared trunk's features; f16 takes half the room and rounds them, which the result says.
    #[arg(long, value_enum, default_value = "f32")]
    pub(crate) cache_precision: PrecisionArg,
}

/// Number type of features.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum PrecisionArg {
    /// As the trunk gives them.
    F32,
    /// Rounded to 11 significant bits.
    F16,
}

impl From<PrecisionArg> for Precision {
    fn from(precision: PrecisionArg) -> Self {
        match precision {
            PrecisionArg::F32 => Self::F32,
            PrecisionArg::F16 => Self::F16,
        }
    }
}

/// Options of a run with what may be kept of a shared trunk.
pub(crate) fn with_cache(options: Options, cache: &CacheArgs) -> Options {
    let (cache_budget, cache_precision) = (cache.cache_budget, cache.cache_precision.into());
    Options { cache_budget, cache_precision, ..options }
}
