//! The same with bfloat16 factors and 32-bit sums, where the CPU multiplies them faster: AMX tiles or `avx512_bf16`.
//!
//! Each factor is two bfloat16 numbers, its nearest and what is left, so products are good to about 16 bits. They are split while
//! they are gathered; sums and results stay 32 bits wide. A twin in plain code exists for every CPU, for tests.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod amx;
mod pairs;
mod product;
mod rows;

pub use pairs::Pairs;
pub use product::{HalfRows, Unit, product};
pub use rows::{
    copy_rows, finish_half_rows, finish_rows, norm_relu_mean_rows, norm_relu_rows, round, split, widen,
};
