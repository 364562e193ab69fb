//! Why curvature could not be measured.

use crate::problem::ProblemError;
use hesse_core::attack::OracleError;
use hesse_core::eigen::SolverError;
use hesse_core::estimate::EstimateError;
use hesse_core::operator::OperatorError;
use hesse_core::vectors::VectorError;
use std::path::PathBuf;
use thiserror::Error;

/// A measurement that came to nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SpectrumError {
    /// The problem does not fit together.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// The solver refused or failed.
    #[error(transparent)]
    Solver(#[from] SolverError),
    /// An estimator refused or failed.
    #[error(transparent)]
    Estimate(#[from] EstimateError),
    /// A product or evaluation failed.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// Block arithmetic failed.
    #[error(transparent)]
    Vectors(#[from] VectorError),
    /// The network failed, seen from its inputs.
    #[error(transparent)]
    Oracle(#[from] OracleError),
    /// Input Hessians are not defined for what was asked.
    #[error("{what}: expected {expected}, found {found}")]
    Inputs {
        /// Which part of the request.
        what: &'static str,
        /// What would have been accepted.
        expected: String,
        /// What was asked.
        found: String,
    },
    /// The operator is not what it should be.
    #[error(
        "self-test: {figure} is {found:.1e}, more than rounding in {dtype} explains; \
         try --dtype f64, see `hesse check`, or measure all the same with --no-self-test"
    )]
    SelfTest {
        /// Which figure.
        figure: &'static str,
        /// Its value.
        found: f64,
        /// The compute type.
        dtype: String,
    },
    /// The solver cannot go on from a state.
    #[error("--state: {solver} cannot save its state and go on from it; `lanczos` can")]
    CannotResume {
        /// As given.
        solver: String,
    },
    /// A state file cannot be read or written.
    #[error("state file {}: {cause}", path.display())]
    StateFile {
        /// Where.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A state file does not fit.
    #[error("state file {}: {cause}; remove it to begin anew, or name another with --state", path.display())]
    State {
        /// Where.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// Someone asked to stop before there was a result.
    #[error("interrupted before there was a result")]
    Interrupted,
}

impl SpectrumError {
    /// Whether someone asked to stop.
    pub fn is_interruption(&self) -> bool {
        match self {
            SpectrumError::Interrupted | SpectrumError::Operator(OperatorError::Interrupted) => true,
            SpectrumError::Estimate(error) => error.is_interruption(),
            _ => false,
        }
    }
}
