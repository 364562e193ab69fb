//! Two-dimensional convolution and its two adjoints, with stride, padding, dilation and groups.
//!
//! `y = conv(x, w)`, `gx = conv_input_grad(gy, w)` and `gw = conv_weight_grad(x, gy)` are one trilinear form summed over
//! different operands, so derivatives of every order need these three only. Each can add to its result at the cost of
//! reading it, which is how sums of two convolutions (tangents) are computed.

mod filter;
mod forward;
mod input_grad;
mod reading;
mod scatter;
mod sets;
mod shape;
mod weight_grad;
pub mod winograd;

pub use forward::conv2d;
pub use input_grad::conv2d_input_grad;
pub use shape::ConvShape;
pub(super) use shape::windows;
pub use weight_grad::conv2d_weight_grad;

#[cfg(test)]
mod tests;
