//! Why an estimate could not be made.

use crate::operator::OperatorError;
use crate::vectors::VectorError;
use thiserror::Error;

/// A failure inside an estimator.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EstimateError {
    /// The request makes no sense for this operator.
    #[error("{what}: expected {expected}, found {found}")]
    Request {
        /// Which part of it.
        what: &'static str,
        /// What would have been accepted.
        expected: String,
        /// What was asked.
        found: String,
    },
    /// The operator failed.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// Block arithmetic failed.
    #[error(transparent)]
    Vectors(#[from] VectorError),
    /// The operator returned NaN or infinity.
    #[error("product {product} of the operator is not finite")]
    NotFinite {
        /// Which one.
        product: usize,
    },
    /// The eigenvalues of a tridiagonal matrix were not found.
    #[error("tridiagonal eigenproblem of size {size} did not converge")]
    Tridiagonal {
        /// Its size.
        size: usize,
    },
    /// Someone asked to stop before there was anything to report.
    #[error("interrupted before there was an estimate")]
    Interrupted,
}

impl EstimateError {
    /// Whether someone asked to stop.
    pub fn is_interruption(&self) -> bool {
        matches!(self, EstimateError::Interrupted | EstimateError::Operator(OperatorError::Interrupted))
    }

    /// Refuses a part of a request.
    pub fn request(what: &'static str, expected: impl ToString, found: impl ToString) -> Self {
        EstimateError::Request { what, expected: expected.to_string(), found: found.to_string() }
    }
}
