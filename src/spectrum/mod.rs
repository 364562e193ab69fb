//! Measuring curvature: the extreme eigenvalues of the loss's Hessian, and the checks that let one believe them.
//!
//! [`measure`] evaluates loss and gradient, tests the operator for a moment, and hands it to an eigensolver;
//! [`check`] tests the derivatives at length on this very problem. Both tell a [`Watch`] how far they are, and ask
//! it whether to stop; neither prints.
//!
//! Decided against: one function that returns text. The report structures are the JSON, and the text is made from them.
#![forbid(unsafe_code)]

mod check;
mod error;
mod hutchinson;
pub mod inputs;
mod layers;
mod matrix;
mod measure;
mod picture;
mod report;
mod shift;
mod sin_probe;
mod solve;
mod state;
mod tested;
mod text;
mod watch;

pub use check::{Check, CheckOptions, CheckReport, check};
pub use error::SpectrumError;
pub use hutchinson::{TraceEstimate, hutchinson, mean_and_error};
pub use layers::LayerSpectrum;
pub use matrix::MatrixName;
pub use measure::{Spectrum, SpectrumOptions, measure};
pub use picture::spectrum_figure;
pub use report::{CompletenessPart, LayerPart, Pair, SelfTestPart, SolverPart, SpectrumReport, TracePart};
pub use sin_probe::{SinProbe, sin_probe};
pub(crate) use text::problem_heading;
pub use text::{check_text, spectrum_text};
pub(crate) use watch::Stoppable;
pub use watch::{Event, Watch};
