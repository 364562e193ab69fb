//! Plain convolutional networks of the literature on curvature and robustness: LeNet-5 for MNIST, three CIFAR-10
//! networks, and the MNIST networks of TRADES and FastAT.
//!
//! Registers `m1`, `c1`, `c2`, `c3`, `smallcnn` and `fastcnn`. Each is made for one sample shape, because its first dense layer
//! follows from it and published weights would not fit another.
#![forbid(unsafe_code)]

mod fast;
mod lenet;
mod options;
mod paper;
mod samples;
mod trades;

pub use fast::FastCnn;
pub use lenet::Lenet5;
pub use options::Common;
pub use paper::{C1, C2};
pub use trades::SmallCnn;
