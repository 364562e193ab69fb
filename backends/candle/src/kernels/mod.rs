//! Kernels on plain slices: row-major, `f32` or `f64`, parallel over the current rayon pool.
//!
//! No tensor type appears here, so that every kernel can be tested against a plain loop and used from any framework. Results
//! are the same bits whatever the number of threads: work is cut by shape, and sums are added in a fixed order. The
//! instruction set is chosen when the program runs.

mod avg_pool;
mod conv;
mod disjoint;
mod error;
mod gather;
pub mod math;
mod matmul;
mod max_pool;
mod real;
mod rows;
mod scratch;
mod simd;
mod softmax;
mod sum;
mod window;

pub use avg_pool::{avg_pool2d, avg_pool2d_grad};
pub use conv::{ConvShape, conv2d, conv2d_input_grad, conv2d_weight_grad, winograd};
pub use error::{KernelError, Result};
pub use gather::{gather_last, scatter_add_last};
pub use matmul::{Strides, batched_matmul, matmul};
pub use max_pool::max_pool2d_indices;
pub use real::Real;
pub use rows::{put_rows, take_rows};
pub use softmax::{
    arg_max, cross_entropy_gap, log_sum_exp, softmax, softmax_centre, softmax_covariance, softmax_residual,
};
pub use sum::sum_axes;
pub use window::PoolShape;

/// The instruction set that kernels use on this processor, for people.
pub fn processor() -> &'static str {
    simd::widest::<f32>().name
}
