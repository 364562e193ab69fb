//! How sharp a loss is at a point: the measures that papers compare, side by side.
//!
//! * λ₁ of the Hessian, λ₁/λ₅ and the trace, with residuals and standard error;
//! * what the loss gains within a radius of the weights: along random directions, along the gradient (the step of
//!   sharpness-aware minimisation, Foret et al., arXiv:2010.01412), and by projected ascent; the same in coordinates
//!   scaled by the weights themselves (adaptive sharpness, Kwon et al., arXiv:2102.11600), which rescaling a network's
//!   layers does not change; and over mini-batches, each with its own worst direction (m-sharpness);
//! * batch sharpness, the mean over mini-batches of gᵀHg/‖g‖² (arXiv:2412.20553);
//! * all of them beside 2/η where the learning rate is known.
//!
//! [`measure`] computes and tells a [`Watch`](crate::spectrum::Watch); it does not print.
#![forbid(unsafe_code)]

mod ascent;
mod measure;
mod minibatch;
mod options;
mod point;
mod report;
#[cfg(test)]
mod tests;
mod text;

pub use ascent::Ascent;
pub use measure::{Sharpness, measure};
pub use minibatch::OverBatches;
pub use options::SharpnessOptions;
pub use report::{AscentPart, EdgePart, MeanPart, SharpnessReport};
pub use text::sharpness_text;

pub(crate) use minibatch::draw as draw_mini_batches;
