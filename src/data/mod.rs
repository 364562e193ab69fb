//! Labelled pictures to measure on: generated glyphs, MNIST, CIFAR-10 and CIFAR-100.
//!
//! Every set becomes the same [`Dataset`] of 8-bit planes in file order, so that nothing after this module knows where
//! the pictures came from. Files are read from a folder of the user's; nothing is downloaded unless
//! [`fetch()`] is called.
//!
//! Decided against: the ready-made `mnist` and `cifar-ten` crates (unmaintained, and they panic on a damaged file);
//! floating-point pixels here (four to eight times the memory, and scaling is part of a model's input, not of a file);
//! mapping files into memory (a file cut while it is mapped kills the process).
#![forbid(unsafe_code)]

mod dataset;
mod error;
mod file;
mod kind;
mod range;
mod spec;
mod split;

pub mod cifar;
pub mod fetch;
pub mod glyphs;
pub mod mnist;

pub use dataset::Dataset;
pub use error::DataError;
pub use fetch::{FetchOptions, FetchReport, Progress, fetch};
pub use glyphs::GlyphOptions;
pub use kind::DataKind;
pub use range::SampleRange;
pub use spec::DataSpec;
pub use split::Split;
