//! Residual networks of basic blocks, with the parameter names of published weights.
//!
//! Registers `resnet20`, `resnet32`, `resnet44`, `resnet56`, `resnet110` (He et al. 2015, §4.2) and `resnet18` with
//! the stem for small images. They average over the plane before the last layer, so images of any size and number of
//! channels fit.
#![forbid(unsafe_code)]

mod block;
mod cifar;
mod options;
mod resnet;
mod resnet18;

pub use block::{Block, Fan, Shortcut};
pub use resnet::ResNet;
