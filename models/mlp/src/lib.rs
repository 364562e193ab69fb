//! Multi-layer perceptrons: the smallest networks whose Hessian is worth looking at, and with `hidden=none` a convex
//! problem that checks everything else.
//!
//! Registers `mlp`.
#![forbid(unsafe_code)]

mod perceptron;
mod widths;

pub use perceptron::Perceptron;
