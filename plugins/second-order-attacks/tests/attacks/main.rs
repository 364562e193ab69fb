//! What closed forms say of second-order attacks; the suite of every attack is in the root package and finds them there.
#![allow(missing_docs)] // helpers of a test
#![allow(clippy::unwrap_used, reason = "helpers of tests; clippy exempts only the tests themselves")]

#[allow(dead_code, reason = "shared with the suite of every attack, which uses all of it")]
#[path = "../../../../tests/attacks/host.rs"]
mod host;
#[allow(dead_code, reason = "as above")]
#[path = "../../../../tests/attacks/samples.rs"]
mod samples;
#[path = "../../../../tests/attacks/toy.rs"]
mod toy;

mod linear;
mod orderings;
mod piecewise_linear;
mod quadratic;
mod refusals;

use hesse_core::attack::Norm;
use hesse_gradient_attacks as _;
use hesse_second_order_attacks as _;
pub(crate) use samples::{Samples, attack, drive, propose, propose_for, threat};

/// Every attack of this crate.
pub(crate) fn names() -> Vec<&'static str> {
    vec!["fhsm", "l2hess", "linear-trust-region", "saddle-free", "top-eigenvector", "trust-region"]
}

/// The norms that an attack has a form for.
pub(crate) fn norms(name: &str) -> Vec<Norm> {
    match name {
        "fhsm" => vec![Norm::Linf],
        "l2hess" => vec![Norm::L2],
        _ => vec![Norm::Linf, Norm::L2],
    }
}

pub(crate) fn length(v: &[f64]) -> f64 {
    Norm::L2.of(v)
}

/// Distance of two directions.
pub(crate) fn apart(a: &[f64], b: &[f64]) -> f64 {
    let (la, lb) = (length(a), length(b));
    length(&a.iter().zip(b).map(|(a, b)| a / la - b / lb).collect::<Vec<f64>>())
}
