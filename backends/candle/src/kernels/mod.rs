//! Kernels on plain slices: row-major, `f32` or `f64`, parallel over the current rayon pool.
//!
//! No tensor type appears here, so that every kernel can be tested against a plain loop and used from any framework. Results
//! are the same bits whatever the number of threads: work is cut by shape, and sums are added in a fixed order. The
//! instruction set is chosen when the program runs.

mod conv;
mod disjoint;
mod error;
mod matmul;
mod real;
mod scratch;
mod simd;

pub use conv::{ConvShape, conv2d, conv2d_input_grad, conv2d_weight_grad};
pub use error::{KernelError, Result};
pub use matmul::{Strides, batched_matmul, matmul};
pub use real::Real;

/// The instruction set that kernels use on this processor, for people.
pub fn processor() -> &'static str {
    <f32 as simd::Dispatch>::kernels(16).name
}
