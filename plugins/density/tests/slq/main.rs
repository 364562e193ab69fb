//! Stochastic Lanczos quadrature on planted matrices.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

mod bars;
mod corners;
mod distance;

use hesse_core::LinearOperator;
use hesse_core::eigen::Control;
use hesse_core::estimate::{Density, DensityEstimator, DensityRequest, KnownPairs};
use hesse_core::planted::Planted;
use hesse_density::Slq;

pub(crate) fn request(steps: usize, probes: usize, seed: u64) -> DensityRequest<'static> {
    DensityRequest { steps, probes, seed, block: 4, known: None }
}

pub(crate) fn run(operator: &dyn LinearOperator, request: &DensityRequest<'_>) -> Density {
    Slq::default().estimate(operator, request, &mut |_| Control::Continue).unwrap()
}

/// Runs with the `count` first eigenvalues known.
pub(crate) fn with_known<T>(operator: &Planted, count: usize, f: impl FnOnce(KnownPairs<'_>) -> T) -> T {
    let indices: Vec<usize> = (0..count).collect();
    let vectors = operator.eigenvectors(&indices).unwrap();
    f(KnownPairs { values: &operator.eigenvalues()[..count], vectors: vectors.all() })
}
