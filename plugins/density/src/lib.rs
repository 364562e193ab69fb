//! Spectral densities by stochastic Lanczos quadrature (SLQ).
//!
//! For a random unit vector v, the Lanczos recurrence gives a tridiagonal T whose eigenvalues θ and squared first
//! components w are the Gauss quadrature of v's spectral distribution Σ (uᵢᵀv)² δ(λᵢ); its mean over v is the density
//! of eigenvalues (Golub and Meurant, *Matrices, Moments and Quadrature*; Chen, Trogdon and Ubaru, *Analysis of
//! stochastic Lanczos quadrature for spectrum approximation*, ICML 2021).
//!
//! Decisions:
//!
//! * **Known pairs are left out.** The height of an isolated eigenvalue has a relative deviation of √(2/probes), and a
//!   rule of m nodes spends several of them on each. Probes orthogonal to the known eigenvectors, weights scaled to
//!   (n − k)/n, and exact sticks of mass 1/n make the distance to the true distribution 6 to 12 times smaller at equal
//!   steps (Bhattacharjee, Jayaram, Musco and others, SODA 2025).
//! * **Two Gram–Schmidt passes**, with β taken after them. Without reorthogonalisation ghosts share the weight of the
//!   eigenvalue that they copy, so the *density* survives; `reorthogonalize=false` keeps 3 vectors instead of m for
//!   each probe. It must not be used for counting.
//! * **A breakdown ends a probe.** Its quadrature is then the distribution itself; starting again would add mass that is
//!   not there.
//! * **Only a symmetric tridiagonal eigensolver**, own and small (`tridiagonal.rs`): weights are squares of one row of
//!   eigenvectors, and that row is all it computes.
//!
//! ```
//! use hesse_core::eigen::Control;
//! use hesse_core::estimate::{DensityEstimator, DensityRequest};
//! use hesse_core::{host::HostOperator, vectors::Precision};
//!
//! // Half of the eigenvalues are 1, half are 3.
//! let operator = HostOperator::new(100, Precision::F64, |x: &[f64]| {
//!     x.iter().enumerate().map(|(i, v)| if i < 50 { *v } else { 3.0 * v }).collect()
//! });
//! let request = DensityRequest { steps: 10, probes: 20, seed: 0, block: 4, known: None };
//! let density = hesse_density::Slq::default().estimate(&operator, &request, &mut |_| Control::Continue)?;
//! let half = density.cumulative(2.0, 0.95);
//! assert!(half.low < 0.5 && 0.5 < half.high && half.high - half.low < 0.2);
//! # Ok::<(), hesse_core::estimate::EstimateError>(())
//! ```
#![forbid(unsafe_code)]

mod recurrence;
mod slq;
mod tridiagonal;

pub use slq::Slq;
pub use tridiagonal::gauss_quadrature;

use hesse_core::estimate::DensityEstimator;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::registry::DensityEntry;

/// What can be set on the command line.
pub const OPTIONS: &[OptionSpec] = &[OptionSpec {
    name: "reorthogonalize",
    kind: OptionKind::Bool,
    default: "true",
    help: "false keeps 2 vectors for each probe instead of one for each step; nodes may then be repeated",
}];

fn make(options: &Options) -> Result<Box<dyn DensityEstimator>, OptionError> {
    options.check("slq", OPTIONS)?;
    let reorthogonalize = options.choice("reorthogonalize", "true", &["false", "true"])? == "true";
    Ok(Box::new(Slq { reorthogonalize }))
}

hesse_core::submit! {
    DensityEntry {
        name: "slq",
        summary: "stochastic Lanczos quadrature, with known eigenpairs as exact sticks",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
