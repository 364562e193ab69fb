//! Trace and diagonal estimators on planted matrices, rotated so that random signs are not exact.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

mod accuracy;
mod bars;
mod corners;
mod diagonals;

use hesse_core::eigen::Control;
use hesse_core::estimate::{EstimateError, Goal, KnownPairs, Quantity, TraceEstimate, TraceEstimator, TraceRequest};
use hesse_core::planted::Planted;
use hesse_trace::{HutchPlusPlus, Hutchinson, XTrace};

/// A goal that is never reached: the budget is spent.
pub(crate) const SPEND: Goal = Goal { relative_error: 1e-300, confidence: 0.95, least_samples: 2 };

pub(crate) fn request(max_products: usize, seed: u64) -> TraceRequest<'static> {
    TraceRequest { quantity: Quantity::Trace, goal: SPEND, max_products, seed, block: 4, known: None }
}

pub(crate) fn run(
    estimator: &dyn TraceEstimator,
    operator: &dyn hesse_core::LinearOperator,
    request: &TraceRequest<'_>,
) -> Result<TraceEstimate, EstimateError> {
    estimator.estimate(operator, request, &mut |_| Control::Continue)
}

/// Every estimator, by name.
pub(crate) fn all() -> [(&'static str, Box<dyn TraceEstimator>); 3] {
    [
        ("hutchinson", Box::new(Hutchinson)),
        ("hutch++", Box::new(HutchPlusPlus::default())),
        ("xtrace", Box::new(XTrace)),
    ]
}

/// Runs with the ten largest pairs known.
pub(crate) fn with_known<T>(operator: &Planted, f: impl FnOnce(KnownPairs<'_>) -> T) -> T {
    let indices: Vec<usize> = (0..10).collect();
    let vectors = operator.eigenvectors(&indices).unwrap();
    f(KnownPairs { values: &operator.eigenvalues()[..10], vectors: vectors.all() })
}
