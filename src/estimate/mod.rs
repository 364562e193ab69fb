//! What random probes say of a loss's Hessian: trace, Frobenius norm, diagonal, density, each with its error; and how
//! far these and the eigenvalues would move with other samples.
//!
//! [`run`] is called by [`crate::spectrum::measure`] after the solver, with the same operator and whatever eigenpairs
//! there are: what is known exactly need not be estimated. An estimate that is interrupted is returned as far as it
//! came, and what comes after it is left out.
//!
//! Decided against: one standard error. Solver residual, probe noise and data sampling have different causes and
//! different cures (more products, more probes, more samples), so they are never added.
#![forbid(unsafe_code)]

mod data_error;
mod density_part;
mod diagonal_file;
mod exact;
mod options;
mod part;
mod run;
mod text;

pub use data_error::{DataError, DataErrorOptions, Quantity, SampledFigure};
pub use density_part::{CumulativeCurve, Curve, DensityPart, MassPart, MassesPart, QuadraturePart, StickPart};
pub use options::{DensityOptions, DiagonalOptions, EstimateOptions, ScalarOptions};
pub use part::{DataErrorPart, DiagonalPart, EstimateParts, FigurePart, ScalarPart};
pub use run::{Diagonal, Estimates, Point, Scalar, run};
pub use text::estimates_text;
