//! The Hessian of each sample's own loss with respect to its pixels, over a set of samples.
//!
//! The loss is the cross-entropy of that sample alone, not divided by the number of samples, and pixels lie in [0, 1].
//! Two methods (see [`hesse_core::input_hessian`]): on a piecewise-linear network all C − 1 non-zero eigenvalues follow
//! in f64 from C backward passes; on any network Lanczos finds the ends of every sample's spectrum through exact
//! products. The first knows that nothing is negative; only the second can find that out, so where the smallest
//! eigenvalues are asked for it is taken.
//!
//! Decided against: other losses than the plain cross-entropy. On a piecewise-linear network all curvature is the loss's,
//! so a figure without its loss means nothing, and this is the one that the theorem is about.

mod chunk;
mod distribution;
mod lanczos;
mod logits;
mod measure;
mod options;
mod picture;
mod report;
#[cfg(test)]
mod tests;
mod text;
mod trace;

pub use chunk::SampleResult;
pub use distribution::Distribution;
pub use measure::{InputSpectrum, measure_inputs};
pub use options::{InputMethod, InputOptions};
pub use picture::input_spectrum_figure;
pub use report::{InputSpectrumReport, SummaryPart};
pub use text::input_spectrum_text;
