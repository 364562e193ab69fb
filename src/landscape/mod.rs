//! The loss (and accuracy) along one or two directions, with the quadratic model that the Hessian gives.
//!
//! ```text
//! options ──► centre, directions, model ──► grid, point by point ──► JSON, CSV, picture
//! ```
//!
//! A picture that verifies itself: the model L + gᵀd + ½dᵀHd is made from the exact gradient and exact products, and the
//! report says how far the measured loss is from it next to the centre, whether an eigenvector's Rayleigh quotient is its
//! eigenvalue, and what finite differences of the loss say. Lengths, normalisation and seeds of the directions are part
//! of the result, because a picture without its scale cannot be compared with another.
//!
//! Other tools' mistakes that are avoided: directions made orthogonal before they are normalised, weights that drift
//! through additions in place, uniform instead of normal directions, rows and columns exchanged, a zig-zag of one step.
#![forbid(unsafe_code)]

mod begun;
mod direction;
mod error;
mod filter;
mod grid;
mod identity;
mod measure;
mod on_input;
mod on_weights;
mod options;
mod picture;
mod prepare_input;
mod prepare_weights;
mod quadratic;
mod report;
mod store;
mod surface;
#[cfg(test)]
mod tests;
mod text;
mod watch;

pub use begun::Centre;
pub use direction::{DirectionPart, EigenPart};
pub use error::LandscapeError;
pub use grid::Grid;
pub use measure::{Landscape, landscape};
pub use options::{Along, LandscapeOptions, Target};
pub use picture::landscape_figure;
pub use quadratic::Quadratic;
pub use report::{AxisPart, LandscapeReport};
pub use surface::Height;
pub use text::{landscape_csv, landscape_text};
pub use watch::{Event, Watch};
