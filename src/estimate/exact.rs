//! Trace and diagonal without probes, where the network allows it.
//!
//! The Gauss–Newton matrix has them from backward passes of single samples, and on a network that is linear in each parameter
//! they are the Hessian's ([`hesse_core::operator::exact_diagonal`]). No estimator of a registry can do this: it is given
//! products alone, and this needs the network.

use super::Point;
use crate::problem::Session;
use crate::spectrum::{Event, MatrixName, SpectrumError, Watch};
use hesse_core::estimate::EstimateError;
use hesse_core::operator::{ExactDiagonal, exact_diagonal};
use hesse_core::program::Wrt;

/// What this is called on the command line.
pub const EXACT: &str = "exact";

/// Outputs of one sample up to which it is the default: with more, probes are likely to cost less.
const MOST_OUTPUTS: usize = 128;

/// Why a matrix has no exact diagonal here, in the words of an error; none where it has one.
fn obstacle(session: &Session, matrix: MatrixName, wrt: &Wrt) -> Option<&'static str> {
    let problem = session.problem();
    if problem.couples_samples() {
        return Some("batch norm in train mode, in which samples see each other");
    }
    match matrix {
        MatrixName::GaussNewton => None,
        MatrixName::Hessian if problem.is_linear_in_each_parameter(wrt) => None,
        MatrixName::Hessian => Some("a network that is not piecewise linear in each parameter"),
        MatrixName::Fisher | MatrixName::MonteCarloFisher { .. } => Some("a Fisher matrix"),
    }
}

/// Refuses `exact` where it cannot be done.
pub(super) fn check(session: &Session, matrix: MatrixName, wrt: &Wrt, flag: &'static str) -> Result<(), SpectrumError> {
    let expected =
        "the Hessian of a piecewise-linear network such as one with ReLU, or a Gauss-Newton matrix, for `exact`";
    obstacle(session, matrix, wrt).map_or(Ok(()), |found| Err(EstimateError::request(flag, expected, found).into()))
}

/// Whether it is the default.
pub(super) fn preferred(point: &Point<'_>) -> bool {
    let graph = point.session.problem().graph();
    let outputs = graph.output().map_or(usize::MAX, |value| graph.shape(value).elements().at(1));
    outputs <= MOST_OUTPUTS && obstacle(point.session, point.matrix, point.wrt).is_none()
}

/// The trace and, where `entries` says so, the diagonal.
pub(super) fn compute(point: &Point<'_>, entries: bool, watch: &mut Watch<'_>) -> Result<ExactDiagonal, SpectrumError> {
    let session = point.session;
    let network = (session.backend(), session.problem(), session.weights());
    let (stop, total) = (watch.stop, session.source().len());
    let mut progress = |done| {
        (watch.observe)(Event::Part { what: "samples", done, total });
        !stop()
    };
    Ok(exact_diagonal(network, point.wrt, point.source, point.evaluation.weight, entries, &mut progress)?)
}
