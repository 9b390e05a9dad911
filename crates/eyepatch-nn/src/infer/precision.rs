use crate::error::{NnError, Result};
use eyepatch_kernels::nhwc::Isa;
use eyepatch_kernels::nhwc::half::Unit;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How wide the factors of products are. Sums and what is kept between layers are always 32 bits wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit numbers.
    #[default]
    F32,
    /// Split in two bfloat16 numbers, good to about 16 bits, where the CPU multiplies them in hardware; rounded to TF32, good to
    /// 11 bits, on a GPU.
    Bf16,
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        })
    }
}

/// What a network is compiled for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) isa: Isa,
    /// What multiplies 1 x 1 and 3 x 3 convolutions, where they are rounded.
    pub(super) half: Option<Unit>,
}

impl Target {
    /// The best that this CPU has.
    pub(super) fn best(precision: Precision) -> Result<Self> {
        let half = match precision {
            Precision::F32 => None,
            Precision::Bf16 => Some(Unit::best().ok_or_else(|| {
                let why = "this CPU has neither AMX nor avx512_bf16: take f32";
                NnError::config("precision", "bf16", why)
            })?),
        };
        Ok(Self { isa: Isa::best(), half })
    }
}
