//! What can go wrong while measuring time.

use crate::problem::ProblemError;
use hesse_core::backend::BackendError;
use hesse_core::error::GraphError;
use hesse_core::operator::OperatorError;
use hesse_core::vectors::VectorError;
use thiserror::Error;

/// A failure of `hesse bench`.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A name or an option is wrong.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// The network cannot be built for the samples.
    #[error("{model} on samples {input}: {cause}; choose their shape with --input CxHxW")]
    Network {
        /// As given.
        model: String,
        /// The shape tried.
        input: String,
        /// Why not.
        cause: GraphError,
    },
    /// One measured case failed.
    #[error("{case}: {cause}")]
    Case {
        /// Backend, device, network, batch and operation.
        case: String,
        /// Why.
        cause: OperatorError,
    },
    /// The ceiling could not be measured.
    #[error("measuring the ceilings: {0}")]
    Ceiling(String),
    /// Someone asked to stop before a round was complete.
    #[error("interrupted before the first round was complete; nothing was measured")]
    Interrupted,
}

impl From<BackendError> for BenchError {
    fn from(cause: BackendError) -> Self {
        BenchError::Ceiling(cause.to_string())
    }
}

impl From<VectorError> for BenchError {
    fn from(cause: VectorError) -> Self {
        BenchError::Ceiling(cause.to_string())
    }
}

impl From<GraphError> for BenchError {
    fn from(cause: GraphError) -> Self {
        BenchError::Ceiling(cause.to_string())
    }
}
